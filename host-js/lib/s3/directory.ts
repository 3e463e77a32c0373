// What is in a directory: objects, and what other keys have in common up to the next `/`.

import { BisyncError } from "../error.js";
import type { Found, Item } from "../side.js";
import { type Bucket, fileOf } from "./bucket.js";
import type { KnownObjects } from "./known.js";
import { type Listed, pagesOf } from "./listing.js";
import { fromKey } from "./names.js";
import type { S3Object } from "./object.js";

/** So many objects of a directory are asked for at a time. */
const ASKED_AT_ONCE = 8;
export const DIRECTORY: Found = { kind: "directory", fingerprint: {} };
const SPECIAL: Found = { kind: "special", fingerprint: {} };

/** Lists a directory, page by page as the server does. What only each object itself tells is asked for, unless it is known. */
export async function* list(bucket: Bucket, remembered: KnownObjects, path: string, hash: string | undefined): AsyncGenerator<Item[]> {
  const prefix = bucket.prefixOf(path);
  const known = remembered.listing(prefix);
  let isThere = path === "";
  for await (const { objects, prefixes } of pagesOf(bucket.server, prefix, path, { delimiter: "/" })) {
    const listedAt = known.now();
    isThere ||= objects.length > 0 || prefixes.length > 0;
    const files = await inLanes(objects, ASKED_AT_ONCE, async (listed): Promise<Item | undefined> => {
      // An empty object of this name stands for the directory itself.
      if (listed.key === prefix && listed.size === 0) return undefined;
      const { name, isUsable } = fromKey(listed.key.slice(prefix.length));
      // What no path leads to takes no part, and for some such keys there is no address either.
      if (!isUsable) return { name, ...SPECIAL };
      const details = known.find(listed);
      if (details) return { name, ...fileOf(listed.key, { ...listed, ...details }, hash) };
      const object = await tell(bucket, listed, path);
      if (object && object.etag === listed.etag && object.size === listed.size) known.learn(listed, { modified: object.modified, md5: object.md5 }, listedAt);
      return object && { name, ...fileOf(listed.key, object, hash) };
    });
    const directories = prefixes.map((key) => {
      const { name, isUsable } = fromKey(key.slice(prefix.length).replace(/\/$/, ""));
      return { name, ...(isUsable ? DIRECTORY : SPECIAL) };
    });
    // What is a file and a directory at once comes twice, on pages that may be far apart: to the engine that is neither.
    yield [...directories, ...files.filter((file) => file !== undefined)];
  }
  if (!isThere) throw new BisyncError("notFound", "there is no such directory", { path });
  known.end();
}

/** Asks for an object that was listed; `undefined` when it is gone again. */
async function tell({ server }: Bucket, listed: Listed, path: string): Promise<S3Object | undefined> {
  const object = await server.look(listed.key, path);
  if (object) return object;
  // Only what is not listed any more either is gone, and may be taken for deleted.
  for await (const { objects } of pagesOf(server, listed.key, path, { most: 1 })) {
    if (!objects.some(({ key }) => key === listed.key)) return undefined;
    break;
  }
  throw new BisyncError("other", `\`${listed.key}\` is listed, but the server does not find it`, { path });
}

/** Does something with each, so many at a time, and returns what comes of it in the order given. */
async function inLanes<T, R>(given: T[], width: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < given.length) {
      const index = next++;
      results[index] = await work(given[index] as T);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
