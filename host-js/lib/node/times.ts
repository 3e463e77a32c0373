// Sets times.

import { open } from "node:fs/promises";

import { type Fingerprint, type Found, type Instant, isStill, type Side } from "../side.js";
import { setDirectoryTimes, setTimes } from "./disk.js";
import { onDisk } from "./failure.js";
import { found } from "./found.js";
import { look, type Place, setLinkTimes } from "./links.js";
import { READING } from "./reading.js";
import type { Tree } from "./tree.js";
import { changed, expected } from "./version.js";

/** Sets the time of this version of a file. */
export async function setTime(tree: Tree, path: string, expect: Fingerprint, modified: Instant): Promise<Found> {
  const place = await tree.fileAt(path);
  if (place.form === "link") return setLinkTime(path, place, expect, modified);
  const file = await onDisk(path, () => open(place.at, READING[place.form]));
  try {
    // RACE: a file that is written after this check gets the time as well.
    const is = found(await file.stat({ bigint: true }));
    if (is.kind !== "file" || !isStill(expect, is.fingerprint)) throw changed(path);
    await onDisk(path, () => setTimes(file, modified));
    await onDisk(path, () => file.sync());
    return found(await file.stat({ bigint: true }));
  } finally {
    await file.close();
  }
}

async function setLinkTime(path: string, place: Place, expect: Fingerprint, modified: Instant): Promise<Found> {
  // RACE: a link that is made after this check gets the time as well.
  const { fingerprint } = found(await expected(path, place, expect), place.form);
  await onDisk(path, () => setLinkTimes(place.at, modified));
  const set = found(await onDisk(path, () => look(place)), place.form);
  if (set.kind !== "file" || set.fingerprint.id !== fingerprint.id) throw changed(path, "changed");
  return set;
}

/**
 * Gives directories the times of those of another folder. One that is gone, or that the other does not have, stays as it is: no run fails for a time.
 */
export async function setTimesLike(tree: Tree, directories: string[], other: Side): Promise<void> {
  for (const path of directories) {
    const there = await other.describe(path).catch(() => undefined);
    const { modified } = there?.kind === "directory" ? there.fingerprint : {};
    if (modified) await tree.at(path).then((place) => setDirectoryTimes(place, modified, tree.isFollowing)).catch(() => {});
  }
}
