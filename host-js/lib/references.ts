// Folders in which a file may be found instead of being copied from the other side: `--compare-dest` and `--copy-dest`.

import { BisyncError } from "./error.js";
import { sameContent } from "./content.js";
import type { Fingerprint, Found, Instant, Side } from "./side.js";

/** A folder, and how a person knows it. */
export interface Reference {
  name: string;
  side: Side;
}

/** Which folders there are, and what becomes of a file that one of them holds: it is not copied at all, or copied from there. */
export interface Wanted {
  compare: Reference[];
  copy: Reference[];
}

/** What tells whether a file is the one that is to be copied. */
export interface Likeness {
  /** The smallest difference of times that counts, in nanoseconds; left out when only the size does. */
  windowNs?: number;
  /** Whether the contents are compared as well. */
  comparesContent: boolean;
}

/** The file that is to be copied. */
export interface Wish {
  path: string;
  source: Fingerprint;
  target: string;
}

export class References {
  readonly #folders: Reference[];
  readonly #copies: boolean;
  readonly #windowNs: number | undefined;
  readonly #comparesContent: boolean;

  private constructor({ compare, copy }: Wanted, { windowNs, comparesContent }: Likeness) {
    this.#copies = copy.length > 0;
    this.#folders = this.#copies ? copy : compare;
    this.#windowNs = windowNs;
    // What is copied from there is recorded as the source's content. Size and time may be the same by chance.
    this.#comparesContent = this.#copies || comparesContent;
  }

  /** Opens the folders. */
  static async open(wanted: Wanted, likeness: Likeness): Promise<References> {
    const references = new References(wanted, likeness);
    for (const { name, side } of references.#folders) {
      await side.open().catch((error: unknown) => {
        const { code, message } = error instanceof BisyncError ? error : new BisyncError("other", String(error));
        throw new BisyncError(code === "usage" ? "other" : code, `the directory \`${name}\` cannot be opened: ${message}`, { path: name, cause: error });
      });
    }
    return references;
  }

  /** Looks for a file that is to be copied; returns where it is to be copied from instead, if it is. Throws the code `elsewhere` when it is not to be copied. */
  async find({ path, source, target }: Wish, from: Side): Promise<{ side: Side; version: Fingerprint } | undefined> {
    for (const { name, side } of this.#folders) {
      // What cannot be looked at is as good as not there: the file is then copied from the other side.
      const there = await side.describe(target).catch(() => undefined);
      if (!there || !this.#mayBeSame(source, there)) continue;
      const version = there.fingerprint;
      if (this.#comparesContent && !(await sameContent(from.read(path, source), side.read(target, version)).catch(() => false))) continue;
      if (!this.#copies) throw new BisyncError("elsewhere", `\`${name}\` holds it`, { path });
      return { side, version };
    }
    return undefined;
  }

  #mayBeSame(source: Fingerprint, { kind, fingerprint }: Found): boolean {
    const isSize = source.size !== undefined && source.size === fingerprint.size;
    return kind === "file" && isSize && !this.#timesDiffer(source.modified, fingerprint.modified);
  }

  /** As the engine has it: both times are known, and lie at least so far apart. */
  #timesDiffer(one: Instant | undefined, two: Instant | undefined): boolean {
    if (!one || !two || this.#windowNs === undefined) return false;
    const distance = BigInt(one.seconds - two.seconds) * 1_000_000_000n + BigInt(one.nanoseconds - two.nanoseconds);
    return (distance < 0n ? -distance : distance) >= BigInt(Math.max(this.#windowNs, 1));
  }
}
