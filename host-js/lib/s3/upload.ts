// Writes objects: whole, or in parts where they are large.

import { BisyncError } from "../error.js";
import { discard } from "../http/client.js";
import { Pieces } from "../http/pieces.js";
import { base64, beginMd5, fromHexadecimal, hexadecimal, type Md5 } from "../md5.js";
import type { Fingerprint, Found, Instant, WriteOptions } from "../side.js";
import { type Bucket, conditionOn } from "./bucket.js";
import { MD5, MTIME, type S3Object } from "./object.js";
import { Parts } from "./parts.js";
import { writeTime } from "./times.js";

/** What is to be written. */
interface Upload {
  key: string;
  path: string;
  expect: Fingerprint | undefined;
  modified: Instant | undefined;
  /** The MD5 that it must have, in hexadecimal. */
  verify: string | undefined;
}

/** Writes a file. One of more bytes than a part is written in parts of this size. */
export async function write(bucket: Bucket, path: string, content: AsyncIterable<Uint8Array>, { expect, modified, verify }: WriteOptions, partSize: number): Promise<Found> {
  const upload: Upload = { key: bucket.key(path), path, expect, modified, verify: verify?.startsWith("md5:") ? verify.slice(4) : undefined };
  const pieces = new Pieces(content);
  try {
    const first = await pieces.take(partSize);
    return await ((await pieces.isAtEnd()) ? putWhole(bucket, upload, first) : putParts(bucket, upload, first, pieces, partSize));
  } finally {
    await pieces.close();
  }
}

async function putWhole(bucket: Bucket, upload: Upload, body: Uint8Array<ArrayBuffer>): Promise<Found> {
  const { server } = bucket;
  const { key, path, expect, modified } = upload;
  const sum = await beginMd5();
  sum.update(body);
  const digest = checked(sum, upload);
  // RACE: on a server that does not look itself, a change after this check is lost.
  const there = await bucket.check(key, path, expect);
  const headers = { ...headersOf(upload, there), "content-md5": base64(digest), ...server.conditioned(conditionOn(there)) };
  try {
    await discard(await server.ask({ method: "PUT", key, path, headers, body }));
  } catch (error) {
    // The answer to a first try may have been lost: then this is what it made.
    const isOurs = (object: S3Object) => object.md5 === hexadecimal(digest) && isTime(object.modified, modified);
    const now = error instanceof BisyncError && error.code === "refused" ? await server.look(key, path) : undefined;
    if (!now || !isOurs(now)) throw error;
  }
  return bucket.now(key, path, body.length, modified);
}

async function putParts(bucket: Bucket, upload: Upload, first: Uint8Array<ArrayBuffer>, pieces: Pieces, partSize: number): Promise<Found> {
  const { key, path, expect } = upload;
  // Nothing large is sent for nothing.
  const before = await bucket.check(key, path, expect);
  const headers = { ...headersOf(upload, before), ...(upload.verify !== undefined && { [MD5]: base64(fromHexadecimal(upload.verify)) }) };
  let size = 0;
  const fill = async (parts: Parts) => {
    const sum = await beginMd5();
    size = await parts.send(first, pieces, partSize, sum);
    checked(sum, upload);
  };
  // RACE: on a server that does not look itself, a change after this check is lost.
  await Parts.make(bucket.server, key, path, headers, fill, async () => conditionOn(await bucket.check(key, path, expect)));
  return bucket.now(key, path, size, upload.modified);
}

/** What an object gets besides its content. One that takes another's place stays of its type. */
function headersOf({ modified }: Upload, there: S3Object | undefined): Record<string, string> {
  return { "content-type": there?.headers.get("content-type") ?? "application/octet-stream", ...(modified && { [MTIME]: writeTime(modified) }) };
}

/** Returns the checksum of what was read, which has to be the one that it must have. */
function checked(sum: Md5, { verify, path }: Upload): Uint8Array {
  const digest = sum.digest();
  if (verify !== undefined && hexadecimal(digest) !== verify) {
    throw new BisyncError("temporary", "what was read is not what was listed: its checksum differs", { path });
  }
  return digest;
}

function isTime(one: Instant | undefined, other: Instant | undefined): boolean {
  return one !== undefined && one.seconds === other?.seconds && one.nanoseconds === other.nanoseconds;
}
