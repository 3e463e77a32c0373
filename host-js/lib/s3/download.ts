// Reads the content of an object.

import { BisyncError } from "../error.js";
import { discard, piecesOf } from "../http/client.js";
import { plainEtag } from "../http/version-id.js";
import { beginMd5, hexadecimal } from "../md5.js";
import type { Fingerprint } from "../side.js";
import type { Bucket } from "./bucket.js";

/** Reads this version of a file. */
export async function* read(bucket: Bucket, path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
  const key = bucket.key(path);
  const changed = (words: string, cause?: unknown) => new BisyncError("changed", words, { path, cause });
  const object = await bucket.version(key, path, version, "changed");
  // Whatever comes to be there meanwhile, it is this version or none.
  const response = await bucket.server.ask({ method: "GET", key, path, headers: { "if-match": `"${object.etag}"` } }).catch((error: unknown) => {
    const isGone = error instanceof BisyncError && (error.code === "notFound" || error.code === "refused");
    throw isGone ? changed("it has changed in the meantime", error) : error;
  });
  if (plainEtag(response.headers.get("etag") ?? "") !== object.etag) {
    await discard(response);
    throw changed("it has changed in the meantime");
  }
  const sum = await beginMd5();
  let length = 0;
  for await (const piece of piecesOf(response, path)) {
    length += piece.length;
    sum.update(piece);
    yield piece;
  }
  if (length === object.size && object.md5 === hexadecimal(sum.digest())) return;
  await bucket.version(key, path, version, "changed");
  if (response.headers.get("content-encoding")) {
    throw new BisyncError("other", "it is stored compressed, and `fetch` gives it unpacked only", { path });
  }
  if (length !== object.size) throw new BisyncError("temporary", `${length} bytes were received, and the file has ${object.size}`, { path });
  if (object.md5 !== undefined) throw new BisyncError("temporary", "what was received is not what the server holds: its checksum differs", { path });
}
