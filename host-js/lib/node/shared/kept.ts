// The state of a pair as this machine keeps it, and which shared state it follows.

import type { BigIntStats } from "node:fs";
import { type FileHandle, open, readFile, rename, stat } from "node:fs/promises";

import { forgetCommit, type StateNames, sessionName, stateNames } from "../../engine.js";
import { inside } from "../absolute.js";
import { makeDirectories, syncDirectory, writeAll } from "../disk.js";
import { isCode } from "../failure.js";
import { removeIfThere } from "../state.js";
import { type Part, PARTS, type Version, versionName, versionOf } from "./names.js";

/** So much of a listing is read at once, in bytes. */
const PIECE = 256 * 1024;
const SECOND = 1_000_000_000n;

/** What this machine remembers of the shared state. */
export interface Record {
  /** The shared state that the listings here follow. */
  version: Version;
  /** What the listings here looked like when they were the shared ones. */
  stamp: string;
}

/** A file that has no name yet. */
interface Unnamed {
  path: string;
  file: FileHandle;
}

export class Kept {
  readonly #directory: string;
  readonly #paths: { path1: string; path2: string };
  readonly #names: StateNames;

  /** Names the state of two paths in a directory. */
  constructor(directory: string, paths: { path1: string; path2: string }) {
    this.#directory = directory;
    this.#paths = paths;
    this.#names = stateNames(paths.path1, paths.path2);
  }

  /** The same state in another directory. */
  elsewhere(directory: string): Kept {
    return new Kept(directory, this.#paths);
  }

  /** Returns what is remembered of the shared state; `undefined` when these folders never shared any. What cannot be read names a state that does not exist. */
  async record(): Promise<Record | undefined> {
    const text = await readIfThere(this.#record());
    if (!text) return undefined;
    const [name = "", ...stamp] = text.toString().trimEnd().split("\n");
    const nobody = "0".repeat(16);
    return { version: versionOf(`${name}.path1`) ?? { number: 0, pair: nobody, run: nobody }, stamp: stamp.join("\n") };
  }

  /** Remembers that the listings here are those of a shared state. */
  async remember(version: Version): Promise<void> {
    const stamp = (await this.stamp()) ?? "";
    await this.#finish(await this.#written(`${versionName(version)}\n${stamp}\n`), this.#record());
  }

  /** Returns what changes whenever a listing does; `undefined` while there are not both. */
  async stamp(): Promise<string | undefined> {
    const stamps: string[] = [];
    for (const part of PARTS) {
      const stats = await statIfThere(this.#path(part));
      if (!stats && part !== "metadata") return undefined;
      stamps.push(stats ? stampOf(stats) : "-");
    }
    return stamps.join(" ");
  }

  /** Gives the content of a part; `undefined` when there is none. */
  async open(part: Part): Promise<AsyncIterable<Uint8Array> | undefined> {
    const path = this.#path(part);
    return (await statIfThere(path)) && contentOf(path);
  }

  /** Makes a file that `install` may give its name. */
  async begin(): Promise<Unnamed> {
    await makeDirectories(this.#directory, 0o700);
    const path = inside(this.#directory, `.tmp${crypto.randomUUID()}`);
    return { path, file: await open(path, "wx", 0o600) };
  }

  /** Writes on at the end of a file. */
  async write({ file }: Unnamed, piece: Uint8Array): Promise<void> {
    await writeAll(file, piece);
  }

  /** Takes a file away that will have no name. */
  async discard({ path, file }: Unnamed): Promise<void> {
    await file.close();
    await removeIfThere(path);
  }

  /** Puts a shared state in the place of the one here. Broken off, it leaves no listing that goes with the other one's state. */
  async install(version: Version, parts: [Part, Unnamed][]): Promise<void> {
    await this.#forgetCommit();
    for (const part of PARTS) await removeIfThere(this.#path(part));
    await this.#forgetTheLastButOne();
    await syncDirectory(Buffer.from(this.#directory));
    for (const [part, file] of parts) await this.#finish(file, this.#path(part));
    await this.remember(version);
  }

  /** Renames the listings as after a critical error: nothing follows from them any more, `--recover` or not. */
  async setAside(): Promise<void> {
    await this.#forgetCommit();
    await this.#forgetTheLastButOne();
    await removeIfThere(this.#path("metadata"));
    for (const [index, name] of this.#names.listing.entries()) {
      await rename(this.#at(name), this.#at(this.#names.error[index] as string)).catch((error: unknown) => {
        if (!isCode(error, "ENOENT")) throw error;
      });
    }
  }

  /** `--recover` would go on from there. */
  async #forgetTheLastButOne(): Promise<void> {
    for (const name of this.#names.old) await removeIfThere(this.#at(name));
  }

  /** The listings that a killed run was about to install are those of a state that counts no more. */
  async #forgetCommit(): Promise<void> {
    const journal = this.#at(this.#names.journal);
    const bytes = await readIfThere(journal);
    if (bytes) await this.#finish(await this.#written(forgetCommit(bytes)), journal);
  }

  async #written(content: string | Uint8Array): Promise<Unnamed> {
    const unnamed = await this.begin();
    await this.write(unnamed, Buffer.from(content as Uint8Array));
    return unnamed;
  }

  /** Makes a file durable and gives it its name. */
  async #finish({ path, file }: Unnamed, name: string): Promise<void> {
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, name);
    await syncDirectory(Buffer.from(this.#directory));
  }

  #record(): string {
    return this.#at(`${sessionName(this.#paths.path1, this.#paths.path2)}.shared`);
  }

  #path(part: Part): string {
    return this.#at(part === "metadata" ? this.#names.metadata : (this.#names.listing[part === "path1" ? 0 : 1] as string));
  }

  #at(name: string): string {
    return inside(this.#directory, name);
  }
}

/** What the program writes of a file, too: both know whether the listings are those that the other one left. */
function stampOf({ ino, mtimeNs, size }: BigIntStats): string {
  const nanoseconds = ((mtimeNs % SECOND) + SECOND) % SECOND;
  return `${ino}.${(mtimeNs - nanoseconds) / SECOND}.${nanoseconds}.${size}`;
}

async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  // It is opened by who reads it: nobody else would close it.
  const file = await open(path, "r");
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function statIfThere(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
