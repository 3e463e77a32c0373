// What folders and their backups do on a disk.

import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, link, lstat, mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

import { BisyncError } from "../error.js";
import type { Instant } from "../side.js";
import { isCode } from "./failure.js";

const SECOND = 1_000_000_000n;

/** Returns the path of something in a directory. */
export function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
}

/** Makes a directory of any path, and its missing parents. Node's own way does not end where no directory can be made, as in `/proc`. */
export async function makeDirectories(path: string, mode?: number): Promise<void> {
  const make = () => mkdir(path, mode);
  try {
    await make();
  } catch (error) {
    if (isCode(error, "EEXIST")) {
      if ((await stat(path)).isDirectory()) return;
      throw error;
    }
    if (!isCode(error, "ENOENT") || dirname(path) === path) throw error;
    await makeDirectories(dirname(path), mode);
    await make().catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
  }
}

/** Makes a directory unless there is one, to which a link may lead where links are followed; returns whether it made it. */
export async function makeDirectory(place: Buffer, isFollowing = false): Promise<boolean> {
  try {
    await mkdir(place);
    return true;
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
    checkDirectory(await (isFollowing ? stat : lstat)(place, { bigint: true }), place.toString());
    return false;
  }
}

/** Throws unless it is a directory, and no link to one. */
export function checkDirectory(stats: BigIntStats, path: string): void {
  if (stats.isSymbolicLink()) throw new BisyncError("wrongKind", "a symbolic link is in the way", { path });
  if (!stats.isDirectory()) throw new BisyncError("wrongKind", "not a directory", { path });
}

/** Makes the names in a directory durable. One that is gone needs nothing: its parent is told of that. */
export async function syncDirectory(place: Buffer): Promise<void> {
  // Windows opens no directories, and saves names by itself.
  if (process.platform === "win32") return;
  let directory: FileHandle;
  try {
    directory = await open(place.length === 0 ? "/" : place, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) return;
    throw error;
  }
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** When a file was modified. */
export function modifiedAt({ mtimeNs }: BigIntStats): Instant {
  const nanoseconds = ((mtimeNs % SECOND) + SECOND) % SECOND;
  return { seconds: Number((mtimeNs - nanoseconds) / SECOND), nanoseconds: Number(nanoseconds) };
}

/** Gives a file a time, to the microsecond. */
export async function setTimes(file: FileHandle, modified: Instant): Promise<void> {
  await file.utimes(timeOf(modified), timeOf(modified));
}

/** Gives a directory a time, to the microsecond. */
export async function setDirectoryTimes(place: Buffer, modified: Instant, isFollowing: boolean): Promise<void> {
  // Windows opens no directories.
  if (process.platform === "win32") return;
  const directory = await open(place, constants.O_RDONLY | constants.O_DIRECTORY | (isFollowing ? 0 : constants.O_NOFOLLOW));
  try {
    await setTimes(directory, modified);
  } finally {
    await directory.close();
  }
}

/** A time as Node takes it. */
export function timeOf({ seconds, nanoseconds }: Instant): number {
  // Node takes a floating-point number and cuts it off at the microsecond: from the middle of one, it cannot fall into the one before.
  return seconds + (Math.floor(nanoseconds / 1000) + 0.5) / 1e6;
}

/** Gives a file a name that nothing has: a link is never made over something, unlike a renaming. */
export async function renameNew(from: Buffer, to: Buffer): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!isCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
    const isThere = await lstat(to).then(() => true, () => false);
    if (isThere) throw new BisyncError("refused", "file exists");
    // RACE: without links, what comes to be there after this look is lost.
    return rename(from, to);
  }
  await unlink(from);
}

/** Writes all of a chunk. */
export async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}
