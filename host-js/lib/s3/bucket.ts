// What is at the keys of a folder, and whether it is what is expected there.

import { BisyncError } from "../error.js";
import { type Fingerprint, type Found, type Instant, isStill } from "../side.js";
import { pagesOf } from "./listing.js";
import { toKey } from "./names.js";
import { type Details, fingerprintOf, MTIME, type S3Object } from "./object.js";
import type { Condition, Server } from "./server.js";

/** The part of a bucket that is a folder. */
export class Bucket {
  readonly server: Server;
  /** What the keys of its files begin with: empty, or with `/` at its end. */
  readonly prefix: string;

  constructor(server: Server, prefix: string) {
    this.server = server;
    this.prefix = prefix;
  }

  /** Returns the key of a file. */
  key(path: string): string {
    const key = path === "" ? undefined : toKey(this.prefix, path);
    if (key === undefined) throw new BisyncError("impossibleName", "this name is not possible here", { path });
    return key;
  }

  /** Returns what the keys in a directory begin with. */
  prefixOf(path: string): string {
    return path === "" ? this.prefix : `${this.key(path)}/`;
  }

  /** Whether no key begins with a prefix. Throws when there is no bucket. */
  async isEmpty(prefix: string, path: string): Promise<boolean> {
    for await (const { objects } of pagesOf(this.server, prefix, path, { most: 1 })) if (objects.length > 0) return false;
    return true;
  }

  /** Makes sure that what is at a key is what is expected, and returns it. */
  async check(key: string, path: string, expect: Fingerprint | undefined): Promise<S3Object | undefined> {
    return expect ? this.version(key, path, expect, "refused") : this.checkAbsent(key, path);
  }

  /** A file as it is now; throws this code unless it is the version that is expected. */
  async version(key: string, path: string, expect: Fingerprint, code: "refused" | "changed"): Promise<S3Object> {
    const object = await this.server.look(key, path);
    if (!object) throw new BisyncError(code, "it is gone", { path });
    if (isStill(expect, fingerprintOf(key, object))) return object;
    throw new BisyncError(code, "it has changed in the meantime", { path });
  }

  /** Makes sure that neither a file nor a directory is at a key. */
  async checkAbsent(key: string, path: string): Promise<undefined> {
    const [object, isEmpty] = await Promise.all([this.server.look(key, path), this.isEmpty(`${key}/`, path)]);
    if (object || !isEmpty) throw new BisyncError("refused", "something is there already", { path });
  }

  /** What is at a key after a change. */
  async now(key: string, path: string, size: number, modified: Instant | undefined): Promise<Found> {
    const object = await this.server.look(key, path);
    if (object?.size !== size) throw new BisyncError("changed", "it changed just after it was written", { path });
    // Without it every file would look changed. Browsers hide it where the server does not say that they may show it.
    if (modified && !object.headers.has(MTIME)) {
      throw new BisyncError("other", `the server gives no \`${MTIME}\`: for pages, the CORS rules of the bucket have to expose it`, { path });
    }
    return fileOf(key, object, undefined);
  }
}

/** A file, with its hash where that is wanted and known. */
export function fileOf(key: string, object: { size: number; etag: string } & Details, hash: string | undefined): Found {
  const fingerprint = fingerprintOf(key, object);
  return { kind: "file", fingerprint: hash === "md5" && object.md5 !== undefined ? { ...fingerprint, hash: `md5:${object.md5}` } : fingerprint };
}

export function conditionOn(there: S3Object | undefined): Condition {
  return there ? { etag: there.etag } : "absent";
}
