// Reads files, and links that count as files.

import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { BisyncError } from "../error.js";
import { type Fingerprint, isStill } from "../side.js";
import { onDisk } from "./failure.js";
import { found } from "./found.js";
import { type Place, targetOf } from "./links.js";
import type { Tree } from "./tree.js";
import { changed, expected } from "./version.js";

/** So much is read at once, in bytes. */
const CHUNK = 256 * 1024;
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
/** How a file is opened for reading, by what its place stands for. */
export const READING: Record<Place["form"], number> = { plain: READ | constants.O_NOFOLLOW, link: READ | constants.O_NOFOLLOW, followed: READ };

/** Reads this version of a file. */
export async function* read(tree: Tree, path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
  const place = await tree.fileAt(path);
  if (place.form === "link") {
    // A link keeps its target for life, so it is enough that it is still the same link.
    const before = await expected(path, place, version, "changed");
    const target = await onDisk(path, () => targetOf(place.at));
    if ((await expected(path, place, version, "changed")).ino !== before.ino) throw changed(path, "changed");
    yield target;
    return;
  }
  const file = await onDisk(path, () => open(place.at, READING[place.form]));
  try {
    const check = async (message: string) => {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile() || !isStill(version, found(stats).fingerprint)) throw new BisyncError("changed", message, { path });
    };
    await check("it has changed in the meantime");
    for (;;) {
      const { bytesRead, buffer } = await onDisk(path, () => file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK));
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
    }
    await check("it changed while it was read");
  } finally {
    await file.close();
  }
}
