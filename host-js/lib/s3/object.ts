// What the server says of an object.

import { BisyncError } from "../error.js";
import { idOf, plainEtag } from "../http/version-id.js";
import type { Fingerprint, Instant } from "../side.js";
import { readTime } from "./times.js";

/** Where rclone keeps the modification time. */
export const MTIME = "x-amz-meta-mtime";
/** Where rclone keeps the MD5 of what was uploaded in parts, in base 64. */
export const MD5 = "x-amz-meta-md5chksum";

/** What is told of an object only when it is asked for alone. */
export interface Details {
  modified: Instant | undefined;
  /** In hexadecimal. */
  md5: string | undefined;
}

/** An object as the server describes it. */
export interface S3Object extends Details {
  /** In bytes. */
  size: number;
  /** What the server calls this version, without quotes. */
  etag: string;
  headers: Headers;
}

/** Reads what an answer says of the object that it is about. */
export function objectOf({ headers }: Response, path: string): S3Object {
  const size = headers.get("content-length") ?? "";
  const etag = plainEtag(headers.get("etag") ?? "");
  // Without it no version is told from another. Browsers hide it where the server does not say that they may show it.
  if (etag === "") throw new BisyncError("other", "the server gives no `ETag`: for pages, the CORS rules of the bucket have to expose it", { path });
  if (!/^\d+$/.test(size)) throw new BisyncError("other", "the server does not say how large it is", { path });
  const encryption = headers.get("x-amz-server-side-encryption");
  const saysContent = (encryption === null || encryption === "AES256") && !headers.has("x-amz-server-side-encryption-customer-algorithm");
  return {
    size: Number(size),
    etag,
    modified: readTime(headers.get(MTIME) ?? "") ?? writtenAt(headers.get("last-modified")),
    md5: storedMd5(headers.get(MD5)) ?? (saysContent ? md5OfEtag(etag) : undefined),
    headers,
  };
}

/** When the server wrote an object, in whole seconds: it says more only in listings, and has to say the same everywhere. */
function writtenAt(date: string | null): Instant | undefined {
  const time = Date.parse(date ?? "");
  return Number.isNaN(time) ? undefined : { seconds: Math.floor(time / 1000), nanoseconds: 0 };
}

/** Returns what identifies a version of the object at a key. */
export function fingerprintOf(key: string, { size, etag, modified }: { size: number; etag: string; modified: Instant | undefined }): Fingerprint {
  const id = idOf(etag, key);
  return { size, ...(modified && { modified }), ...(id !== undefined && { id }) };
}

/** Returns the MD5 that a tag is; `undefined` when it is something else, as with what was uploaded in parts. */
export function md5OfEtag(etag: string): string | undefined {
  return /^[0-9a-f]{32}$/i.test(etag) ? etag.toLowerCase() : undefined;
}

function storedMd5(text: string | null): string | undefined {
  if (text === null || !/^[A-Za-z0-9+/]{22}==$/.test(text)) return undefined;
  return Array.from(atob(text), (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
