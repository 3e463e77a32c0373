// Copies that the server makes by itself.

import { type Instant } from "../side.js";
import { MTIME, type S3Object } from "./object.js";
import { Parts } from "./parts.js";
import { type Condition, encoded, type Server } from "./server.js";
import { writeTime } from "./times.js";

/** What an object keeps when it is written anew, besides the metadata of its owner. */
const KEPT = ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires", "x-amz-website-redirect-location"];
/** What every copy keeps. */
const ALWAYS_KEPT = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class"];

/** A copy within the bucket. */
export interface Copy {
  key: string;
  /** What is copied; nothing else is. */
  object: S3Object;
  target: string;
  /** The path that errors name. */
  path: string;
  /** The time that it gets; left out to keep the one that it has. */
  modified?: Instant;
  /** What is expected at the target, if that is looked at. */
  condition?: Condition;
  /** Objects of more bytes than this go in parts of this size. */
  partSize: number;
}

/** Copies an object. */
export async function copyObject(server: Server, { key, object, target, path, modified, condition, partSize }: Copy): Promise<void> {
  const inParts = object.size > partSize;
  const replaces = inParts || modified !== undefined;
  const headers = { ...kept(object.headers, replaces), ...(modified && { [MTIME]: writeTime(modified) }) };
  const source = {
    "x-amz-copy-source": `/${server.bucket}/${key.split("/").map(encoded).join("/")}`,
    "x-amz-copy-source-if-match": `"${object.etag}"`,
  };
  if (!inParts) {
    const directive = { "x-amz-metadata-directive": replaces ? "REPLACE" : "COPY" };
    const conditions = condition ? server.conditioned(condition) : {};
    await server.told({ method: "PUT", key: target, path, headers: { ...headers, ...source, ...directive, ...conditions } });
    return;
  }
  const fill = async (parts: Parts) => {
    for (let at = 0; at < object.size; at += partSize) {
      await parts.copy({ ...source, "x-amz-copy-source-range": `bytes=${at}-${Math.min(at + partSize, object.size) - 1}` });
    }
  };
  await Parts.make(server, target, path, headers, fill, async () => condition ?? { etag: object.etag });
}

/** Returns the headers with which an object stays what it is; all of them when its metadata is written anew. */
function kept(headers: Headers, replaces: boolean): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (!ALWAYS_KEPT.includes(name) && !(replaces && (KEPT.includes(name) || name.startsWith("x-amz-meta-")))) continue;
    // It says how an upload was encoded, not the object.
    const plain = name === "content-encoding" ? value.replace(/^aws-chunked,?\s*/, "") : value;
    if (plain !== "") kept[name] = plain;
  }
  return kept;
}
