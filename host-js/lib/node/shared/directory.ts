// The directory `.bisync` of a side, in which files are made, read and removed, and never changed.

import { BisyncError } from "../../error.js";
import type { SideName } from "../../protocol.js";
import type { Fingerprint, Side } from "../../side.js";
import type { Files } from "./base.js";
import { random } from "./names.js";

/** The name that no run synchronises. */
export const RESERVED = ".bisync";

/** So much of a file that should be small is read, in bytes. */
const SMALL = 64 * 1024;
/** What was left half written is taken away after this time, in milliseconds. */
const LEFT_BEHIND_MS = 24 * 3600 * 1000;
/** Files that are being written, of this program and of others. */
const TEMPORARY = /^\.bisync-[0-9a-f]{16}-[0-9a-f]/i;

export class Directory {
  /** Whose it is. */
  readonly side: SideName;
  /** What tells the side's folder from every other, copies of it included, as far as anything does. */
  readonly identity: string;
  readonly #folder: Side;

  constructor(side: SideName, identity: string, folder: Side) {
    this.side = side;
    this.identity = identity;
    this.#folder = folder;
  }

  /** Returns the names and versions of the files in it; none where it is not there. */
  async list(): Promise<Files> {
    const files: Files = new Map();
    try {
      for await (const page of this.#folder.list(RESERVED, undefined)) {
        for (const { name, kind, fingerprint } of page) if (kind === "file") files.set(name, fingerprint);
      }
    } catch (error) {
      if (!isGone(error)) throw error;
      return new Map();
    }
    return files;
  }

  /** Makes the directory, where it is not there yet. */
  async make(): Promise<void> {
    await this.#folder.makeDirectory(RESERVED);
  }

  /** Returns the content of a small file; throws when it is not there in that version. */
  async read(name: string, version: Fingerprint): Promise<string> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of this.fetch(name, version)) {
      pieces.push(piece);
      length += piece.length;
      if (length > SMALL) throw new BisyncError("other", "it is far too large");
    }
    return Buffer.concat(pieces).toString();
  }

  /** Gives the content of a file, piece by piece. */
  fetch(name: string, version: Fingerprint): AsyncIterable<Uint8Array> {
    return this.#folder.read(path(name), version);
  }

  /** Makes a small file, where nothing is. */
  create(name: string, text: string): Promise<Fingerprint> {
    return this.put(name, (async function* () {
      yield Buffer.from(text);
    })());
  }

  /** Makes a file, where nothing is. */
  async put(name: string, content: AsyncIterable<Uint8Array>): Promise<Fingerprint> {
    const now = Date.now();
    const modified = { seconds: Math.floor(now / 1000), nanoseconds: (now % 1000) * 1_000_000 };
    const temporary = path(`.bisync-${random()}-0.partial`);
    return (await this.#folder.write(path(name), content, { expect: undefined, temporary, modified, verify: undefined })).fingerprint;
  }

  /** Removes a file that is still this version. One that is gone is fine. */
  async remove(name: string, version: Fingerprint): Promise<void> {
    try {
      await this.takeAway(name, version);
    } catch (error) {
      if (!isGoneOrAnother(error) || (await this.list()).has(name)) throw error;
    }
  }

  /** Removes a file as `remove` does; it has to be there. */
  async takeAway(name: string, version: Fingerprint): Promise<void> {
    await this.#folder.remove(path(name), version);
  }

  /** Removes what was left half written long ago. What cannot be removed stays. */
  async tidy(files: Files): Promise<void> {
    const longAgo = (Date.now() - LEFT_BEHIND_MS) / 1000;
    for (const [name, version] of files) {
      const isLeft = TEMPORARY.test(name) && version.modified !== undefined && version.modified.seconds < longAgo;
      if (isLeft) await this.remove(name, version).catch(() => {});
    }
  }

  /** Makes what was written durable. */
  flush(): Promise<void> {
    return this.#folder.flush();
  }
}

const path = (name: string) => `${RESERVED}/${name}`;

const isGone = (error: unknown) => error instanceof BisyncError && error.code === "notFound";

/** Whether a file that was to be there is gone, or another one. */
export function isGoneOrAnother(error: unknown): boolean {
  return isGone(error) || (error instanceof BisyncError && error.code === "refused");
}
