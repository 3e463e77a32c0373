// A page of a listing, as bytes for the engine. `src/page.rs` reads what is written here.

import type { Item } from "./side.js";
import { KINDS } from "./told.js";

/** The longest item without its texts, in bytes. */
const FIXED = 2 + 4 + 8 + 12 + 4 + 16;
const HALF = 2 ** 32;
const encoder = new TextEncoder();

/** All pages are written here: memory of their own would keep the garbage collector busy. */
let bytes = new Uint8Array(1 << 16);
let view = new DataView(bytes.buffer);
let at = 0;

/** Packs the items of a page. What is returned counts until the next page is packed. */
export function pack(items: Item[]): Uint8Array {
  // A character of UTF-16 is at most three bytes of UTF-8.
  const longest = items.reduce((sum, { name, fingerprint }) => sum + FIXED + 3 * (name.length + (fingerprint.hash?.length ?? 0)), 0);
  if (longest > bytes.length) {
    bytes = new Uint8Array(2 * longest);
    view = new DataView(bytes.buffer);
  }
  at = 0;
  for (const { kind, name, fingerprint } of items) {
    const { size, modified, hash, id } = fingerprint;
    bytes[at++] = KINDS.indexOf(kind);
    bytes[at++] = (size === undefined ? 0 : 1) | (modified ? 2 : 0) | (hash ? 4 : 0) | (id === undefined ? 0 : 8);
    putText(name);
    if (size !== undefined) putInteger(size);
    if (modified) {
      putInteger(modified.seconds);
      view.setUint32(at, modified.nanoseconds, true);
      at += 4;
    }
    if (hash) putText(hash);
    if (id !== undefined) {
      view.setBigUint64(at, BigInt.asUintN(64, id), true);
      view.setBigUint64(at + 8, id >> 64n, true);
      at += 16;
    }
  }
  return bytes.subarray(0, at);
}

function putText(text: string): void {
  const length = putAscii(text, at + 4) ?? encoder.encodeInto(text, bytes.subarray(at + 4)).written;
  view.setUint32(at, length, true);
  at += 4 + length;
}

/** Writes text, and returns its length; `undefined` when it is more than ASCII. */
function putAscii(text: string, start: number): number | undefined {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return undefined;
    bytes[start + index] = code;
  }
  return text.length;
}

/** Writes a whole number as 64 bits, two's complement. */
function putInteger(number: number): void {
  const high = Math.floor(number / HALF);
  view.setUint32(at, number - high * HALF, true);
  view.setInt32(at + 4, high, true);
  at += 8;
}
