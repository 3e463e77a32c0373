// Lists directories.

import type { BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";

import { BisyncError } from "../error.js";
import type { Fingerprint, Item } from "../side.js";
import { onDisk } from "./failure.js";
import { hashOf } from "./hash.js";
import { type Lister, withFollowed, withLinks } from "./lister.js";
import { read } from "./reading.js";
import type { Tree } from "./tree.js";

/** A page of a listing holds so many names. */
const PAGE = 1000;

/** Lists a directory in pages, with this hash, if one is named. */
export async function* list(tree: Tree, lister: Lister, path: string, hash: string | undefined): AsyncGenerator<Item[]> {
  const directory = await tree.at(path);
  // As texts, each letter of which is a byte, names take a quarter of the memory.
  const names = await onDisk(path, () => readdir(directory, { encoding: "latin1" }));
  for (let at = 0; at < names.length; at += PAGE) {
    const bytes = names.slice(at, at + PAGE).map((name) => Buffer.from(name, "latin1"));
    const page = await shown(tree, path, directory, await lister.items(directory, bytes, tree.onlyDevice));
    if (hash !== undefined) {
      for (const { name, kind, fingerprint } of page) {
        if (kind === "file") await addHash(tree, path === "" ? name : `${path}/${name}`, hash, fingerprint);
      }
    }
    yield page;
  }
}

/** Shows links as what they count for. */
async function shown(tree: Tree, path: string, directory: Buffer, items: Item[]): Promise<Item[]> {
  if (tree.links === "keep") return withLinks(directory, items);
  if (tree.links !== "follow") return items;
  let above: Promise<BigIntStats[]> | undefined;
  return withFollowed(directory, items, () => (above ??= tree.above(path)), tree.onlyDevice);
}

/** Adds a hash to a fingerprint; none when the file cannot be read now. */
async function addHash(tree: Tree, path: string, algorithm: string, fingerprint: Fingerprint): Promise<void> {
  try {
    fingerprint.hash = await hashOf(read(tree, path, fingerprint), algorithm);
  } catch (error) {
    if (!(error instanceof BisyncError)) throw error;
  }
}
