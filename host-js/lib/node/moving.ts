// Moves files within a folder.

import { type Fingerprint, type Found, isStill } from "../side.js";
import { modifiedAt, renameNew } from "./disk.js";
import { failure, isCode, onDisk } from "./failure.js";
import { found } from "./found.js";
import { isFollowedLink, look, type Place } from "./links.js";
import { read } from "./reading.js";
import { remove } from "./removing.js";
import type { Tree } from "./tree.js";
import { changed, expected } from "./version.js";
import { write, writeFile } from "./writing.js";

/** Moves this version of a file to where nothing may be. What has to be copied is first written to `temporary`. */
export async function move(tree: Tree, path: string, expect: Fingerprint, target: string, temporary: string): Promise<Found> {
  const place = await tree.fileAt(path);
  const stats = await expected(path, place, expect);
  const before = found(stats);
  const targetPlace = await tree.newFileAt(target, true);
  if (place.form === "link" || targetPlace.form === "link") return moveLink(tree, path, place, expect, target, temporary);
  const copied = async () => {
    const options = { expect: undefined, temporary, modified: modifiedAt(stats), verify: undefined };
    const written = await writeFile(tree, target, targetPlace, read(tree, path, expect), options, stats);
    return movedTo(tree, target, written, path, expect);
  };
  // From where it is moved to, a link may lead elsewhere.
  if (await onDisk(path, () => isFollowedLink(place))) return copied();
  try {
    await renameNew(place.at, targetPlace.at);
  } catch (error) {
    // It goes to another file system.
    if (isCode(error, "EXDEV")) return copied();
    throw failure(error, target);
  }
  tree.changes.nameAt(place.at);
  tree.changes.nameAt(targetPlace.at);
  const moved = found(await onDisk(target, () => look(targetPlace)));
  // What somebody else put there at once, or in the place of what was to be moved, is not what was moved.
  if (moved.kind !== "file" || !isStill(before.fingerprint, moved.fingerprint)) throw changed(target, "changed");
  return moved;
}

/** Moves what is a link, or becomes one: it is made anew, and goes from where it was. */
async function moveLink(tree: Tree, path: string, place: Place, expect: Fingerprint, target: string, temporary: string): Promise<Found> {
  const modified = modifiedAt(await expected(path, place, expect));
  const written = await write(tree, target, read(tree, path, expect), { expect: undefined, temporary, modified, verify: undefined });
  return movedTo(tree, target, written, path, expect);
}

/** Removes what was copied to where it is to be, or else the copy. */
async function movedTo(tree: Tree, target: string, written: Found, path: string, expect: Fingerprint): Promise<Found> {
  try {
    await remove(tree, path, expect);
  } catch (error) {
    await remove(tree, target, written.fingerprint).catch(() => {});
    throw error;
  }
  return written;
}
