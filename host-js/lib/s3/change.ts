// Moves and deletes objects, and sets their times.

import { BisyncError } from "../error.js";
import { discard } from "../http/client.js";
import type { Fingerprint, Found, Instant } from "../side.js";
import { type Bucket, fileOf } from "./bucket.js";
import { copyObject } from "./copy.js";
import type { S3Object } from "./object.js";

/** Moves this version of a file: the server copies it, in parts where it is larger than one, and the original is deleted. */
export async function move(bucket: Bucket, path: string, expect: Fingerprint, target: string, partSize: number): Promise<Found> {
  const { server } = bucket;
  const [key, targetKey] = [bucket.key(path), bucket.key(target)];
  const object = await bucket.version(key, path, expect, "refused");
  await bucket.checkAbsent(targetKey, target);
  // RACE: on a server that does not look itself, what comes to the target after this check is replaced.
  await copyObject(server, { key, object, target: targetKey, path: target, condition: "absent", partSize });
  const copy = await server.look(targetKey, target);
  if (!copy || copy.size !== object.size || (copy.md5 !== undefined && object.md5 !== undefined && copy.md5 !== object.md5)) {
    throw new BisyncError("temporary", "the server's copy is not what was copied", { path: target });
  }
  try {
    // RACE: on such a server a change after this check is lost; what was listed is at the target.
    await deleteObject(bucket, key, path, await bucket.version(key, path, expect, "refused"));
  } catch (error) {
    // Without a clear refusal the deletion may have been done: then the copy is all there is.
    const isRefused = error instanceof BisyncError && error.code === "refused";
    if (isRefused && (await server.look(key, path))) await deleteObject(bucket, targetKey, target, copy).catch(() => {});
    throw error;
  }
  return fileOf(targetKey, copy, undefined);
}

/** Deletes this version of a file. */
export async function remove(bucket: Bucket, path: string, expect: Fingerprint): Promise<void> {
  const key = bucket.key(path);
  // RACE: on a server that does not look itself, a change after this check is lost.
  await deleteObject(bucket, key, path, await bucket.version(key, path, expect, "refused"));
}

/** Sets the time of this version of a file: it is copied onto itself. */
export async function setTime(bucket: Bucket, path: string, expect: Fingerprint, modified: Instant, partSize: number): Promise<Found> {
  const key = bucket.key(path);
  const object = await bucket.version(key, path, expect, "refused");
  // The server copies this version only.
  await copyObject(bucket.server, { key, object, target: key, path, modified, partSize });
  return bucket.now(key, path, object.size, modified);
}

async function deleteObject({ server }: Bucket, key: string, path: string, { etag }: S3Object): Promise<void> {
  try {
    await discard(await server.ask({ method: "DELETE", key, path, headers: server.conditioned({ etag }) }));
  } catch (error) {
    const isUnclear = error instanceof BisyncError && (error.code === "refused" || error.code === "notFound");
    // A first try may have done it, and its answer been lost.
    if (!isUnclear || (await server.look(key, path))) throw error;
  }
}
