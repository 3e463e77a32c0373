// Which directories lie in each other, wherever links lead and whatever is mounted where.

import { realpath, stat } from "node:fs/promises";
import { basename, dirname, resolve, sep } from "node:path";

import { BisyncError } from "../error.js";
import { failure, isCode } from "./failure.js";

/** Where a directory really is, whether it exists yet or not. */
export class Whereabouts {
  readonly #path: string;
  /** What tells the directory from all others, if it exists. */
  readonly #identity: string | undefined;
  /** The same of itself and of everything above it: a directory may be mounted in two places. */
  readonly #above: string[];

  private constructor(path: string, identity: string | undefined, above: string[]) {
    this.#path = path;
    this.#identity = identity;
    this.#above = above;
  }

  static async of(path: string): Promise<Whereabouts> {
    const at = await real(path);
    const places = [at];
    for (let place = at; dirname(place) !== place; place = dirname(place)) places.push(dirname(place));
    const identities = await Promise.all(places.map(identityOf));
    return new Whereabouts(at, identities[0], identities.filter((identity) => identity !== undefined));
  }

  /** Whether this is the other directory, or lies in it. */
  isWithin(other: Whereabouts): boolean {
    const begin = other.#path.endsWith(sep) ? other.#path : other.#path + sep;
    return `${this.#path}${sep}`.startsWith(begin) || (other.#identity !== undefined && this.#above.includes(other.#identity));
  }
}

/** Throws unless two directories are apart; `one` may hold `two` when only one direction matters. */
export async function checkApart(one: string, two: string, words: string, mayHold = false): Promise<void> {
  const [left, right] = [await Whereabouts.of(one), await Whereabouts.of(two)];
  if (left.isWithin(right) || (right.isWithin(left) && !mayHold)) throw new BisyncError("usage", words, { path: one });
}

/** Resolves the links in a path, of which the end may not exist yet. */
export async function real(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isCode(error, "ENOENT") || parent === path) throw failure(error, path);
    // What is missing will be made, as directories: from there `..` leads back.
    return resolve(await real(parent), basename(path));
  }
}

async function identityOf(path: string): Promise<string | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats && `${stats.dev}:${stats.ino}`;
}
