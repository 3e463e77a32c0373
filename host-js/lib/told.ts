// What a side says, as far as it can be seen whether that is possible: sides are written by many hands, and not all in TypeScript.

import { BisyncError } from "./error.js";
import type { Capabilities, Fingerprint, Found, Item, Kind } from "./side.js";

/** All kinds, in the order in which the engine for JavaScript counts them. */
export const KINDS: Kind[] = ["file", "directory", "link", "special", "otherFileSystem"];

/** Returns what a side says that it can do; throws when it cannot be so. */
export function checkedCapabilities(able: Capabilities): Capabilities {
  const { timePrecisionNs = 1, setsTime, hashes, slowHashes, caseInsensitive } = able ?? {};
  if (!(Number.isSafeInteger(timePrecisionNs) && timePrecisionNs >= 0)) throw impossible("`timePrecisionNs` is no number of nanoseconds");
  if (!Array.isArray(hashes) || hashes.some((hash) => typeof hash !== "string")) throw impossible("`hashes` is no list of names");
  for (const [name, is] of Object.entries({ setsTime, slowHashes, caseInsensitive })) {
    if (typeof is !== "boolean") throw impossible(`\`${name}\` is neither \`true\` nor \`false\``);
  }
  return able;
}

/** Throws when a page of the listing of `path` holds what cannot be. */
export function checkPage(items: Item[], path: string): void {
  for (const item of items) {
    if (typeof item?.name !== "string") throw impossible("an item has no `name`", path);
    // It has no UTF-8: the engine would get another name, of which the side knows nothing.
    if (/\p{Surrogate}/u.test(item.name)) throw impossible("a `name` has half of a character, a surrogate without its other", path);
    check(item, path === "" ? item.name : `${path}/${item.name}`);
  }
}

/** Returns what a side found at a path; throws when it cannot be. */
export function checked(found: Found, path: string): Found {
  check(found, path);
  return found;
}

function check(found: Found, path: string): void {
  const { kind, fingerprint } = found ?? {};
  if (!KINDS.includes(kind)) throw impossible(`\`kind\` is none of ${KINDS.join(", ")}`, path);
  if (typeof fingerprint !== "object" || fingerprint === null) throw impossible("there is no `fingerprint`", path);
  const { size, modified, hash, id } = fingerprint;
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) throw impossible("`size` is no number of bytes", path);
  if (modified !== undefined) {
    const { seconds, nanoseconds } = modified ?? {};
    const isTime = Number.isSafeInteger(seconds) && Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9;
    if (!isTime) throw impossible("`modified` is no time in `seconds` and `nanoseconds`", path);
  }
  if (hash !== undefined && !/^[a-z0-9-]+:[0-9a-f]+$/.test(hash)) throw impossible("`hash` is not `algorithm:hexadecimal`", path);
  if (id !== undefined && !(typeof id === "bigint" && id > 0n && id < 1n << 128n)) throw impossible("`id` is no `bigint` above 0 and below 2^128", path);
}

/** Passes on what a side reads of a version of a file; throws unless it is bytes, and as many as that version has. */
export async function* checkedContent(content: AsyncIterable<Uint8Array>, { size }: Fingerprint, path: string): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of content) {
    if (!ArrayBuffer.isView(chunk) || chunk.length !== chunk.byteLength) throw impossible("a chunk of content is no `Uint8Array`", path);
    length += chunk.length;
    // What grows all the time has no end.
    if (size !== undefined && length > size) break;
    yield chunk;
  }
  if (size !== undefined && length !== size) throw new BisyncError("changed", "it has another size than it was listed with", { path });
}

function impossible(words: string, path?: string): BisyncError {
  return new BisyncError("other", `the side tells what cannot be: ${words}`, path === undefined ? {} : { path });
}
