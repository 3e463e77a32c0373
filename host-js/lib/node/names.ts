import { sep } from "node:path";

import { BisyncError } from "../error.js";
import { bytesOf, nameOf } from "../names.js";

/** Returns the name that a listing has for a name on the disk. */
export const fromDisk = nameOf;

/** Returns the path on the disk of a path in a listing; `undefined` when a disk cannot hold it. */
export function toDisk(path: string): Buffer | undefined {
  const bytes = bytesOf(path);
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Returns the names in a path of a listing, as the disk has them. */
export function splitPath(path: string): Buffer[] {
  if (path === "") return [];
  return path.split("/").map((name) => {
    const bytes = toDisk(name);
    if (!bytes || bytes.length === 0 || name === "." || name === ".." || bytes.includes(0) || bytes.includes(0x2f)) {
      throw new BisyncError("impossibleName", "this name is not possible here", { path });
    }
    return bytes;
  });
}

/** Returns what the names of the state are made from: the path with a `/` at its end, as in the program. `.` and `..`, too, are names there. */
export function stateName(path: string): string {
  const names = path.split(sep).map((name) => (name === "." || name === ".." ? name.replaceAll(".", "\uff0e") : fromDisk(Buffer.from(name))));
  return `${names.join("/")}/`.replace(/^\/\/$/, "/");
}
