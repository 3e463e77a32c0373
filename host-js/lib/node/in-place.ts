// Writes into the file itself, for the option `inplace`: what breaks off leaves half a file.

import { constants } from "node:fs";
import { type FileHandle, lstat, open, unlink } from "node:fs/promises";

import { type Fingerprint, type Found, isStill, type WriteOptions } from "../side.js";
import { setTimes, writeAll } from "./disk.js";
import { onDisk } from "./failure.js";
import { found } from "./found.js";
import { checkHash } from "./hash.js";
import type { Place } from "./links.js";
import { read } from "./reading.js";
import type { Tree } from "./tree.js";
import { changed } from "./version.js";

/** How a file is opened that is written where it is: a pipe must not be waited for, and a link not be followed. */
const REWRITING = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Writes into the file itself. */
export async function writeInPlace(tree: Tree, path: string, place: Place, content: AsyncIterable<Uint8Array>, { expect, modified, verify }: WriteOptions): Promise<Found> {
  const chunks = content[Symbol.asyncIterator]();
  try {
    // What cannot be read is no reason to empty a file.
    const first = await chunks.next();
    const file = await onDisk(path, () => open(place.at, expect ? REWRITING : "wx+", 0o666));
    let isBegun = false;
    try {
      const before = await onDisk(path, () => file.stat({ bigint: true }));
      if (expect) {
        // RACE: a change after this check is lost.
        const { kind, fingerprint } = found(before);
        if (kind !== "file" || !isStill(expect, fingerprint)) throw changed(path);
      }
      isBegun = true;
      if (expect) await onDisk(path, () => file.truncate(0));
      for (let next = first; !next.done; next = await chunks.next()) {
        const chunk = next.value;
        await onDisk(path, () => writeAll(file, chunk));
      }
      if (modified) await onDisk(path, () => setTimes(file, modified));
      await onDisk(path, () => file.sync());
      const written = found(await onDisk(path, () => file.stat({ bigint: true })));
      if (verify) await checkHash(read(tree, path, written.fingerprint), verify, path);
      if (!expect) tree.changes.nameAt(place.at);
      return written;
    } catch (error) {
      if (isBegun) await brokenOff(file, place, expect).catch(() => {});
      throw error;
    } finally {
      await file.close();
    }
  } finally {
    await chunks.return?.();
  }
}

/** Leaves no half of a file that is new, and none that could pass for the newer version. */
async function brokenOff(file: FileHandle, place: Place, expect: Fingerprint | undefined): Promise<void> {
  if (expect) {
    if (expect.modified) await setTimes(file, expect.modified);
    return;
  }
  const [ours, there] = [await file.stat({ bigint: true }), await lstat(place.at, { bigint: true })];
  if (ours.ino === there.ino && ours.dev === there.dev) await unlink(place.at);
}
