import { bytesOf, nameOf } from "../names.js";

/** Returns the name that a listing has for a name on the disk. */
export const fromDisk = nameOf;

/** Returns the path on the disk of a path in a listing; `undefined` when a disk cannot hold it. */
export function toDisk(path: string): Buffer | undefined {
  const bytes = bytesOf(path);
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
