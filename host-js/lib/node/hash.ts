import { createHash } from "node:crypto";

import { BisyncError } from "../error.js";

/** The hash algorithms that files here are asked for. */
export const ALGORITHMS = ["md5", "sha1"];

/** Returns the hash of content as listings hold it: `md5:…`. */
export async function hashOf(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of content) hash.update(chunk);
  return `${algorithm}:${hash.digest("hex")}`;
}

/** Throws unless content has a hash, where that can be computed here. */
export async function checkHash(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, hash: string, path: string): Promise<void> {
  const algorithm = hash.slice(0, hash.indexOf(":"));
  if (!ALGORITHMS.includes(algorithm) || (await hashOf(content, algorithm)) === hash) return;
  throw new BisyncError("temporary", "what was written is not what was listed: its checksum differs", { path });
}
