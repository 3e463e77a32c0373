// What there is in a directory, by names that were read from it.

import { type BigIntStats, lstatSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

import { BisyncError } from "../error.js";
import type { Item } from "../side.js";
import { join } from "./disk.js";
import { failure, isCode } from "./failure.js";
import { found } from "./found.js";
import { listedName, look } from "./links.js";
import { fromDisk, toDisk } from "./names.js";

/** So many files are looked at before anything else of the program has its turn. */
const BATCH = 50;
/** A disk is asked in place as long as a look takes less than this on average. */
const FAST_MS = 0.1;
/** After a slow answer, so many pages are left to Node's threads, which ask for several files at a time. */
const SLOW_PAGES = 20;

/** Looks at many names. */
export class Lister {
  /** So many pages are listed as on a slow disk. */
  #slowPages = 0;

  /** Looks at what a directory holds: right here while the disk answers at once, since to hand each look to a thread costs several times as much. */
  async items(directory: Buffer, names: Buffer[], onlyDevice: bigint | undefined): Promise<Item[]> {
    const items: Item[] = [];
    let at = 0;
    if (this.#slowPages > 0) this.#slowPages -= 1;
    for (; this.#slowPages === 0 && at < names.length; at += BATCH) {
      const begin = performance.now();
      for (const name of names.slice(at, at + BATCH)) {
        const item = itemNow(directory, name, onlyDevice);
        if (item) items.push(item);
      }
      if (performance.now() - begin > BATCH * FAST_MS) this.#slowPages = SLOW_PAGES;
      // What else the program does goes on in between.
      await setImmediate();
    }
    const rest = await Promise.all(names.slice(at).map((name) => itemSoon(directory, name, onlyDevice)));
    return items.concat(rest.filter((item) => item !== undefined));
  }
}

/** Shows links as files that hold where they lead. One that has vanished is left out. */
export function withLinks(directory: Buffer, items: Item[]): Promise<Item[]> {
  return withShown(items, async (name, item) => {
    const stats = await lstat(join(directory, name), { bigint: true });
    if (!stats.isSymbolicLink()) return { name: item.name, ...found(stats) };
    return { name: await listedName(directory, name), ...found(stats, "link") };
  });
}

/**
 * Shows what links lead to. One that leads nowhere, or to a directory that it lies in, remains a link, which takes no part: it would have no end. `above` gives
 * the directory itself and those above it, by which it was reached.
 */
export function withFollowed(directory: Buffer, items: Item[], above: () => Promise<BigIntStats[]>, onlyDevice: bigint | undefined): Promise<Item[]> {
  return withShown(items, async (name, item) => {
    const stats = await look({ at: join(directory, name), form: "followed" });
    const isCircle = stats.isDirectory() && (await above()).some(({ dev, ino }) => dev === stats.dev && ino === stats.ino);
    return isCircle ? item : { name: item.name, ...found(stats, "followed", onlyDevice) };
  });
}

/** Shows each link in another way. */
async function withShown(items: Item[], show: (name: Buffer, item: Item) => Promise<Item>): Promise<Item[]> {
  const shown = items.map(async (item) => {
    const name = item.kind === "link" && toDisk(item.name);
    if (!name) return item;
    try {
      return await show(name, item);
    } catch (error) {
      if (isCode(error, "ENOENT")) return undefined;
      throw unseen(error, item.name);
    }
  });
  return (await Promise.all(shown)).filter((item) => item !== undefined);
}

/** What there is in a directory by this name; nothing when it was deleted since the directory was read. */
function itemNow(directory: Buffer, name: Buffer, onlyDevice: bigint | undefined): Item | undefined {
  try {
    const stats = lstatSync(join(directory, name), { bigint: true, throwIfNoEntry: false });
    return stats && { name: fromDisk(name), ...found(stats, "plain", onlyDevice) };
  } catch (error) {
    throw unseen(error, fromDisk(name));
  }
}

/** The same, asked of a thread. */
async function itemSoon(directory: Buffer, name: Buffer, onlyDevice: bigint | undefined): Promise<Item | undefined> {
  try {
    return { name: fromDisk(name), ...found(await lstat(join(directory, name), { bigint: true }), "plain", onlyDevice) };
  } catch (error) {
    // It was deleted since the directory was read.
    if (isCode(error, "ENOENT")) return undefined;
    throw unseen(error, fromDisk(name));
  }
}

/** What cannot be looked at fails the listing: a listing without it would say that it was deleted. */
function unseen(error: unknown, name: string): BisyncError {
  if (error instanceof BisyncError) return error;
  const { code, message } = failure(error, name);
  return new BisyncError(code, `cannot look at \`${name}\`: ${message}`, { path: name, cause: error });
}
