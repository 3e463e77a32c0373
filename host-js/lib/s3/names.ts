// Keys, and names in listings: as host-native/src/backend/s3/names.rs. rclone writes a name into a key as it writes it onto a disk, save for
// bytes that are not UTF-8: a key cannot hold them, so they are quoted, `‛FF`.

import { bytesOf, nameOf } from "../names.js";

const QUOTE = "‛";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a part of a key between two `/` is in a listing. No path leads to what is not usable: its name is only for reports. */
export interface KeyName {
  name: string;
  isUsable: boolean;
}

/** Returns the name of a part of a key. */
export function fromKey(part: string): KeyName {
  if (part === "") return { name: "／", isUsable: false };
  if (part === "." || part === "..") return { name: part.replaceAll(".", "．"), isUsable: false };
  if (part.includes("\0")) return { name: part.replaceAll("\0", "␀"), isUsable: false };
  return { name: nameOf(unquoted(part)), isUsable: true };
}

/** Returns the key of a path below a prefix, which is empty or ends with `/`; `undefined` for names that have no place in a key. */
export function toKey(prefix: string, path: string): string | undefined {
  const parts = path.split("/").map(toPart);
  return parts.every((part) => part !== undefined) ? prefix + parts.join("/") : undefined;
}

function toPart(name: string): string | undefined {
  const bytes = bytesOf(name);
  if (!bytes) return undefined;
  const part = quoted(bytes);
  // A name that would be listed as another one is not taken.
  const { name: listed, isUsable } = fromKey(part);
  return isUsable && listed === name ? part : undefined;
}

/** Writes bytes as text, with those that are not UTF-8 quoted. */
function quoted(bytes: Uint8Array): string {
  let part = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = at + length <= bytes.length ? decoded(bytes.subarray(at, at + length)) : undefined;
    part += character ?? QUOTE + first.toString(16).toUpperCase().padStart(2, "0");
    at += character === undefined ? 1 : length;
  }
  return part;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns the bytes that were quoted; a part that nobody would have quoted that way is what it says. */
function unquoted(part: string): Uint8Array {
  if (!part.includes(QUOTE)) return encoder.encode(part);
  const bytes: number[] = [];
  for (const [index, piece] of part.split(QUOTE).entries()) {
    const digits = index > 0 && /^[0-9A-Fa-f]{2}/.test(piece);
    if (digits) bytes.push(Number.parseInt(piece.slice(0, 2), 16), ...encoder.encode(piece.slice(2)));
    else bytes.push(...encoder.encode(index > 0 ? QUOTE + piece : piece));
  }
  const whole = Uint8Array.from(bytes);
  return quoted(whole) === part ? whole : encoder.encode(part);
}
