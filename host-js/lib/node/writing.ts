// Writes files, and links that count as files: all at once or not at all.

import type { BigIntStats } from "node:fs";
import { lstat, open, rename, unlink } from "node:fs/promises";

import type { Found, WriteOptions } from "../side.js";
import { renameNew, setTimes, writeAll } from "./disk.js";
import { onDisk } from "./failure.js";
import { found } from "./found.js";
import { checkHash } from "./hash.js";
import { writeInPlace } from "./in-place.js";
import { isFollowedLink, look, makeLink, type Place, targetIn, targetOf } from "./links.js";
import { read } from "./reading.js";
import type { Tree } from "./tree.js";
import { changed, expected } from "./version.js";

/** Writes a file, with missing parents. */
export async function write(tree: Tree, path: string, content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Found> {
  const { expect } = options;
  const place = await tree.newFileAt(path, expect === undefined);
  if (place.form === "link") return writeLink(tree, path, place, content, options);
  const inPlace = options.inPlace && !(expect && (await onDisk(path, () => hasOtherNames(place))));
  if (inPlace) return writeInPlace(tree, path, place, content, options);
  return writeFile(tree, path, place, content, options, expect && (await expected(path, place, expect)));
}

/** Whether a file has other names, or a link leads to it: what is written into it would look like an edit of each of them. */
async function hasOtherNames(place: Place): Promise<boolean> {
  return (await isFollowedLink(place)) || (await look(place)).nlink > 1n;
}

/** Writes a file, with the permissions of another if it is to be like that. */
export async function writeFile(tree: Tree, path: string, place: Place, content: AsyncIterable<Uint8Array>, options: WriteOptions, like: BigIntStats | undefined): Promise<Found> {
  const { expect, modified, verify } = options;
  const temporary = await tree.at(options.temporary);
  const mode = like ? Number(like.mode & 0o777n) : 0o666;
  const file = await onDisk(path, () => open(temporary, "wx", mode));
  try {
    try {
      if (like) await file.chmod(mode).catch(() => {});
      for await (const chunk of content) await onDisk(path, () => writeAll(file, chunk));
      if (modified) await onDisk(path, () => setTimes(file, modified));
      // Before it takes the place of another version: after a loss of power there is the one or the other, never an empty file.
      await onDisk(path, () => file.sync());
    } finally {
      await file.close();
    }
    const written = found(await onDisk(path, () => lstat(temporary, { bigint: true })));
    if (verify) await checkHash(read(tree, options.temporary, written.fingerprint), verify, path);
    if (expect) {
      // RACE: Node cannot exchange two files; a change after this check is lost.
      await expected(path, place, expect);
      await onDisk(path, () => rename(temporary, place.at));
    } else {
      await onDisk(path, () => renameNew(temporary, place.at));
    }
    tree.changes.nameAt(place.at);
    return written;
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

async function writeLink(tree: Tree, path: string, place: Place, content: AsyncIterable<Uint8Array>, { expect, temporary, modified, verify }: WriteOptions): Promise<Found> {
  if (expect) await expected(path, place, expect);
  const target = await targetIn(content, path);
  if (verify) await checkHash([target], verify, path);
  // What is told is what was written, also when somebody puts another link there at once.
  let written: Found;
  if (!expect) {
    // Unlike a renaming, a link is never made over something.
    await onDisk(path, () => makeLink(place.at, target, modified));
    written = found(await onDisk(path, () => look(place)), place.form);
    if (written.kind !== "file" || !target.equals(await onDisk(path, () => targetOf(place.at)))) throw changed(path, "changed");
  } else {
    const staged: Place = { at: await tree.at(temporary), form: "link" };
    await onDisk(path, () => makeLink(staged.at, target, modified));
    try {
      written = found(await onDisk(path, () => look(staged)), staged.form);
      // RACE: Node cannot exchange two files; a change after this check is lost.
      await expected(path, place, expect);
      await onDisk(path, () => rename(staged.at, place.at));
    } catch (error) {
      await unlink(staged.at).catch(() => {});
      throw error;
    }
  }
  tree.changes.nameAt(place.at);
  return written;
}
