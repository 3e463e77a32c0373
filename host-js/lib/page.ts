// A page of a listing, as bytes for the engine. `src/page.rs` reads what is written here.

import type { Item, Kind } from "./side.js";

const KINDS: Kind[] = ["file", "directory", "link", "special", "otherFileSystem"];
/** The longest item without its texts. */
const FIXED = 2 + 4 + 8 + 12 + 4 + 16;
const encoder = new TextEncoder();

/** Packs the items of a page. */
export function pack(items: Item[]): Uint8Array {
  // A character of UTF-16 is at most three bytes of UTF-8.
  const longest = items.reduce((sum, { name, fingerprint }) => sum + FIXED + 3 * (name.length + (fingerprint.hash?.length ?? 0)), 0);
  const bytes = new Uint8Array(longest);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const text = (text: string) => {
    const { written } = encoder.encodeInto(text, bytes.subarray(at + 4));
    view.setUint32(at, written, true);
    at += 4 + written;
  };
  for (const { kind, name, fingerprint } of items) {
    const { size, modified, hash, id } = fingerprint;
    bytes[at++] = KINDS.indexOf(kind);
    bytes[at++] = (size === undefined ? 0 : 1) | (modified ? 2 : 0) | (hash ? 4 : 0) | (id === undefined ? 0 : 8);
    text(name);
    if (size !== undefined) {
      view.setBigUint64(at, BigInt(size), true);
      at += 8;
    }
    if (modified) {
      view.setBigInt64(at, BigInt(modified.seconds), true);
      view.setUint32(at + 8, modified.nanoseconds, true);
      at += 12;
    }
    if (hash) text(hash);
    if (id !== undefined) {
      view.setBigUint64(at, BigInt.asUintN(64, id), true);
      view.setBigUint64(at + 8, id >> 64n, true);
      at += 16;
    }
  }
  return bytes.subarray(0, at);
}
