// Removes files and directories.

import { lstat, readdir, rmdir, unlink } from "node:fs/promises";

import { BisyncError } from "../error.js";
import type { Fingerprint } from "../side.js";
import { join } from "./disk.js";
import { failure, onDisk } from "./failure.js";
import { fromDisk } from "./names.js";
import type { Tree } from "./tree.js";
import { expected } from "./version.js";

/** Removes this version of a file. */
export async function remove(tree: Tree, path: string, expect: Fingerprint): Promise<void> {
  const place = await tree.fileAt(path);
  // RACE: a change after this check goes with the file.
  await expected(path, place, expect);
  await onDisk(path, () => unlink(place.at));
  tree.changes.nameAt(place.at);
}

/** Removes an empty directory; one that is gone is fine. */
export async function removeDirectory(tree: Tree, path: string): Promise<void> {
  try {
    const place = await tree.at(path);
    const isLink = tree.isFollowing && (await onDisk(path, () => lstat(place))).isSymbolicLink();
    await (isLink ? removeLinkTo(path, place) : onDisk(path, () => rmdir(place)));
    tree.changes.nameAt(place);
  } catch (error) {
    const removed = failure(error, path);
    if (removed.code === "notFound") return;
    // Some systems say that the name exists when they mean what is in the directory.
    throw removed.code === "refused" ? new BisyncError("notEmpty", "directory not empty", { path, cause: error }) : removed;
  }
}

/** Removes a link to a directory that is empty; the directory itself stays. */
async function removeLinkTo(path: string, place: Buffer): Promise<void> {
  // RACE: what is put into the directory after this look stays, but is no longer reached from here.
  const names = await onDisk(path, () => readdir(place));
  if (names.length > 0) throw new BisyncError("notEmpty", "directory not empty", { path });
  await onDisk(path, () => unlink(place));
}

/** Removes a directory in which there is nothing but directories, however deep; one that is gone is fine. */
export async function removeTree(tree: Tree, path: string): Promise<void> {
  const directories = [path];
  for (const directory of directories) {
    const place = await tree.at(directory);
    const entries = await onDisk(directory, () => readdir(place, { withFileTypes: true, encoding: "buffer" })).catch((error: unknown) => {
      if (directory === path && error instanceof BisyncError && error.code === "notFound") return undefined;
      throw error;
    });
    if (!entries) return;
    for (const entry of entries) {
      // What a link leads to is not in the directory, also where it counts as if it were.
      if (!entry.isDirectory() || (await isBeyond(tree, directory, join(place, entry.name)))) throw new BisyncError("notEmpty", "there are files in it", { path });
      directories.push(`${directory}/${fromDisk(entry.name)}`);
    }
  }
  // RACE: when a file is made in one of them now, that directory and those above it stay; the empty ones below are gone.
  for (const directory of directories.reverse()) await removeDirectory(tree, directory);
}

/** Whether a directory is on a file system that takes no part. */
async function isBeyond({ onlyDevice }: Tree, path: string, place: Buffer): Promise<boolean> {
  if (onlyDevice === undefined) return false;
  return (await onDisk(path, () => lstat(place, { bigint: true }))).dev !== onlyDevice;
}
