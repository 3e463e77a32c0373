import { BisyncError } from "../error.js";
import { discard, piecesOf } from "../http/client.js";
import { Pieces } from "../http/pieces.js";
import { plainEtag } from "../http/version-id.js";
import type { S3Options } from "../s3.js";
import { type Capabilities, type Fingerprint, type Found, type Instant, isStill, type Item, type Side, type WriteOptions } from "../side.js";
import { copyObject } from "./copy.js";
import { KnownObjects } from "./known.js";
import { type Listed, pagesOf } from "./listing.js";
import { base64, beginMd5, fromHexadecimal, hexadecimal, type Md5 } from "../md5.js";
import { fromKey, toKey } from "./names.js";
import { type Details, fingerprintOf, MD5, MTIME, type S3Object } from "./object.js";
import { Parts } from "./parts.js";
import { type Condition, Server } from "./server.js";
import { writeTime } from "./times.js";

const PART = 8 << 20;
const COPIED_PART = 4 * 2 ** 30;
/** So many objects of a directory are asked for at a time. */
const ASKED_AT_ONCE = 8;
const DIRECTORY: Found = { kind: "directory", fingerprint: {} };
const SPECIAL: Found = { kind: "special", fingerprint: {} };

/** The folders that were made here, for `checkApart`. */
const roots = new WeakMap<Side, string>();

export function s3Folder(options: S3Options): Side {
  const side = new Folder(options);
  roots.set(side, side.name);
  return side;
}

/** What is to be written. */
interface Upload {
  key: string;
  path: string;
  expect: Fingerprint | undefined;
  modified: Instant | undefined;
  /** The MD5 that it must have, in hexadecimal. */
  verify: string | undefined;
}

class Folder implements Side {
  readonly name: string;
  readonly isServer = true;
  readonly #server: Server;
  /** What the keys of its files begin with: empty, or with `/` at its end. */
  readonly #prefix: string;
  readonly #partSize: number;
  readonly #copyPartSize: number;
  readonly #known = new KnownObjects();

  constructor(options: S3Options) {
    const { prefix = "", partSize = PART, copyPartSize = COPIED_PART } = options;
    this.#server = new Server(options);
    const folder = prefix.replace(/^\/+|\/+$/g, "");
    const key = folder === "" ? "" : toKey("", folder);
    if (key === undefined) throw new BisyncError("usage", "`prefix` is no path", { path: "prefix" });
    for (const [name, value] of Object.entries({ partSize, copyPartSize })) {
      if (!Number.isSafeInteger(value) || value < 1) throw new BisyncError("usage", `\`${name}\` has to be a number of bytes`, { path: name });
    }
    this.#prefix = key === "" ? "" : `${key}/`;
    this.#partSize = partSize;
    this.#copyPartSize = copyPartSize;
    this.name = `s3:${this.#server.address}/${this.#prefix}`;
  }

  async open(): Promise<Capabilities> {
    await this.#isEmpty(this.#prefix, "");
    return { timePrecisionNs: 1, setsTime: true, hashes: ["md5"], slowHashes: false, caseInsensitive: false, keepsEmptyDirectories: false };
  }

  async *list(path: string, hash: string | undefined): AsyncGenerator<Item[]> {
    const prefix = this.#prefixOf(path);
    const known = this.#known.listing(prefix);
    const items = new Map<string, Found>();
    let isThere = path === "";
    for await (const { objects, prefixes } of pagesOf(this.#server, prefix, path, { delimiter: "/" })) {
      const listedAt = known.now();
      isThere ||= objects.length > 0 || prefixes.length > 0;
      const add = (key: string, found: Found) => {
        const { name, isUsable } = fromKey(key.slice(prefix.length));
        // What no path leads to, and what is a file and a directory at once, takes no part.
        items.set(name, isUsable && !items.has(name) ? found : SPECIAL);
      };
      for (const key of prefixes) add(key.replace(/\/$/, ""), DIRECTORY);
      const told = await inLanes(objects, ASKED_AT_ONCE, async (listed) => {
        // An empty object of this name stands for the directory itself.
        if (listed.key === prefix && listed.size === 0) return undefined;
        // For some keys to which no path leads there is no address either.
        if (!fromKey(listed.key.slice(prefix.length)).isUsable) return SPECIAL;
        const details = known.find(listed);
        if (details) return fileOf(listed.key, { ...listed, ...details }, hash);
        const object = await this.#tell(listed, path);
        if (object && object.etag === listed.etag && object.size === listed.size) known.learn(listed, { modified: object.modified, md5: object.md5 }, listedAt);
        return object && fileOf(listed.key, object, hash);
      });
      objects.forEach(({ key }, index) => {
        const found = told[index];
        if (found) add(key, found);
      });
    }
    if (!isThere) throw new BisyncError("notFound", "there is no such directory", { path });
    known.end();
    yield [...items].map(([name, found]) => ({ name, ...found }));
  }

  /** Asks for an object that was listed; `undefined` when it is gone again. */
  async #tell(listed: Listed, path: string): Promise<S3Object | undefined> {
    const object = await this.#server.look(listed.key, path);
    if (object) return object;
    // Only what is not listed any more either is gone, and may be taken for deleted.
    for await (const { objects } of pagesOf(this.#server, listed.key, path, { most: 1 })) {
      if (!objects.some(({ key }) => key === listed.key)) return undefined;
      break;
    }
    throw new BisyncError("other", `\`${listed.key}\` is listed, but the server does not find it`, { path });
  }

  async describe(path: string): Promise<Found | undefined> {
    if (path === "") {
      // There is no folder without files, but one can be written to where there is a bucket.
      await this.#isEmpty(this.#prefix, path);
      return DIRECTORY;
    }
    const key = toKey(this.#prefix, path);
    if (key === undefined) return undefined;
    const object = await this.#server.look(key, path);
    if (object) return fileOf(key, object, undefined);
    return (await this.#isEmpty(`${key}/`, path)) ? undefined : DIRECTORY;
  }

  async *read(path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
    const key = this.#key(path);
    const changed = (words: string, cause?: unknown) => new BisyncError("changed", words, { path, cause });
    const object = await this.#version(key, path, version, "changed");
    // Whatever comes to be there meanwhile, it is this version or none.
    const response = await this.#server.ask({ method: "GET", key, path, headers: { "if-match": `"${object.etag}"` } }).catch((error: unknown) => {
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
    await this.#version(key, path, version, "changed");
    if (response.headers.get("content-encoding")) {
      throw new BisyncError("other", "it is stored compressed, and `fetch` gives it unpacked only", { path });
    }
    if (length !== object.size) throw new BisyncError("temporary", `${length} bytes were received, and the file has ${object.size}`, { path });
    if (object.md5 !== undefined) throw new BisyncError("temporary", "what was received is not what the server holds: its checksum differs", { path });
  }

  async write(path: string, content: AsyncIterable<Uint8Array>, { expect, modified, verify }: WriteOptions): Promise<Found> {
    const upload: Upload = { key: this.#key(path), path, expect, modified, verify: verify?.startsWith("md5:") ? verify.slice(4) : undefined };
    const pieces = new Pieces(content);
    try {
      const first = await pieces.take(this.#partSize);
      return await ((await pieces.isAtEnd()) ? this.#putWhole(upload, first) : this.#putParts(upload, first, pieces));
    } finally {
      await pieces.close();
    }
  }

  async #putWhole(upload: Upload, body: Uint8Array<ArrayBuffer>): Promise<Found> {
    const { key, path, expect, modified } = upload;
    const sum = await beginMd5();
    sum.update(body);
    const digest = checked(sum, upload);
    // RACE: on a server that does not look itself, a change after this check is lost.
    const there = await this.#check(key, path, expect);
    const headers = { ...headersOf(upload, there), "content-md5": base64(digest), ...this.#server.conditioned(conditionOn(there)) };
    try {
      await discard(await this.#server.ask({ method: "PUT", key, path, headers, body }));
    } catch (error) {
      // The answer to a first try may have been lost: then this is what it made.
      const isOurs = (object: S3Object) => object.md5 === hexadecimal(digest) && isTime(object.modified, modified);
      const now = error instanceof BisyncError && error.code === "refused" ? await this.#server.look(key, path) : undefined;
      if (!now || !isOurs(now)) throw error;
    }
    return this.#now(key, path, body.length, modified);
  }

  async #putParts(upload: Upload, first: Uint8Array<ArrayBuffer>, pieces: Pieces): Promise<Found> {
    const { key, path, expect } = upload;
    // Nothing large is sent for nothing.
    const before = await this.#check(key, path, expect);
    const headers = { ...headersOf(upload, before), ...(upload.verify !== undefined && { [MD5]: base64(fromHexadecimal(upload.verify)) }) };
    let size = 0;
    const fill = async (parts: Parts) => {
      const sum = await beginMd5();
      size = await parts.send(first, pieces, this.#partSize, sum);
      checked(sum, upload);
    };
    // RACE: on a server that does not look itself, a change after this check is lost.
    await Parts.make(this.#server, key, path, headers, fill, async () => conditionOn(await this.#check(key, path, expect)));
    return this.#now(key, path, size, upload.modified);
  }

  async move(path: string, expect: Fingerprint, target: string): Promise<Found> {
    const [key, targetKey] = [this.#key(path), this.#key(target)];
    const object = await this.#version(key, path, expect, "refused");
    await this.#checkAbsent(targetKey, target);
    // RACE: on a server that does not look itself, what comes to the target after this check is replaced.
    await copyObject(this.#server, { key, object, target: targetKey, path: target, condition: "absent", partSize: this.#copyPartSize });
    const copy = await this.#server.look(targetKey, target);
    if (!copy || copy.size !== object.size || (copy.md5 !== undefined && object.md5 !== undefined && copy.md5 !== object.md5)) {
      throw new BisyncError("temporary", "the server's copy is not what was copied", { path: target });
    }
    try {
      // RACE: on such a server a change after this check is lost; what was listed is at the target.
      await this.#delete(key, path, await this.#version(key, path, expect, "refused"));
    } catch (error) {
      // Without a clear refusal the deletion may have been done: then the copy is all there is.
      const isRefused = error instanceof BisyncError && error.code === "refused";
      if (isRefused && (await this.#server.look(key, path))) await this.#delete(targetKey, target, copy).catch(() => {});
      throw error;
    }
    return fileOf(targetKey, copy, undefined);
  }

  async remove(path: string, expect: Fingerprint): Promise<void> {
    const key = this.#key(path);
    // RACE: on a server that does not look itself, a change after this check is lost.
    await this.#delete(key, path, await this.#version(key, path, expect, "refused"));
  }

  async #delete(key: string, path: string, { etag }: S3Object): Promise<void> {
    try {
      await discard(await this.#server.ask({ method: "DELETE", key, path, headers: this.#server.conditioned({ etag }) }));
    } catch (error) {
      const isUnclear = error instanceof BisyncError && (error.code === "refused" || error.code === "notFound");
      // A first try may have done it, and its answer been lost.
      if (!isUnclear || (await this.#server.look(key, path))) throw error;
    }
  }

  async makeDirectory(path: string): Promise<Found> {
    // It is there as soon as something is in it.
    if (path !== "" && (await this.#server.look(this.#key(path), path))) throw new BisyncError("wrongKind", "a file is in the way", { path });
    return DIRECTORY;
  }

  async removeDirectory(path: string): Promise<void> {
    for await (const { objects } of pagesOf(this.#server, this.#prefixOf(path), path)) {
      if (objects.some(({ key, size }) => !key.endsWith("/") || size > 0)) throw new BisyncError("notEmpty", "directory not empty", { path });
    }
  }

  async setTime(path: string, expect: Fingerprint, modified: Instant): Promise<Found> {
    const key = this.#key(path);
    const object = await this.#version(key, path, expect, "refused");
    // It is copied onto itself; the server copies this version only.
    await copyObject(this.#server, { key, object, target: key, path, modified, partSize: this.#copyPartSize });
    return this.#now(key, path, object.size, modified);
  }

  async flush(): Promise<void> {
    // What a server said it has, it has.
  }

  async checkApart(other: Side): Promise<void> {
    const [one, two] = [roots.get(this), roots.get(other)];
    if (one !== undefined && two !== undefined && (one.startsWith(two) || two.startsWith(one))) {
      throw new BisyncError("usage", "both sides are the same folder, or one lies in the other", { path: other.name });
    }
  }

  #key(path: string): string {
    const key = path === "" ? undefined : toKey(this.#prefix, path);
    if (key === undefined) throw new BisyncError("impossibleName", "this name is not possible here", { path });
    return key;
  }

  #prefixOf(path: string): string {
    return path === "" ? this.#prefix : `${this.#key(path)}/`;
  }

  /** Whether no key begins with a prefix. Throws when there is no bucket. */
  async #isEmpty(prefix: string, path: string): Promise<boolean> {
    for await (const { objects } of pagesOf(this.#server, prefix, path, { most: 1 })) if (objects.length > 0) return false;
    return true;
  }

  /** What is at a key after a change. */
  async #now(key: string, path: string, size: number, modified: Instant | undefined): Promise<Found> {
    const object = await this.#server.look(key, path);
    if (object?.size !== size) throw new BisyncError("changed", "it changed just after it was written", { path });
    // Without it every file would look changed. Browsers hide it where the server does not say that they may show it.
    if (modified && !object.headers.has(MTIME)) {
      throw new BisyncError("other", `the server gives no \`${MTIME}\`: for pages, the CORS rules of the bucket have to expose it`, { path });
    }
    return fileOf(key, object, undefined);
  }

  /** Makes sure that what is at a key is what is expected, and returns it. */
  async #check(key: string, path: string, expect: Fingerprint | undefined): Promise<S3Object | undefined> {
    return expect ? this.#version(key, path, expect, "refused") : this.#checkAbsent(key, path);
  }

  /** A file as it is now; throws this code unless it is the version that is expected. */
  async #version(key: string, path: string, expect: Fingerprint, code: "refused" | "changed"): Promise<S3Object> {
    const object = await this.#server.look(key, path);
    if (!object) throw new BisyncError(code, "it is gone", { path });
    if (isStill(expect, fingerprintOf(key, object))) return object;
    throw new BisyncError(code, "it has changed in the meantime", { path });
  }

  async #checkAbsent(key: string, path: string): Promise<undefined> {
    const [object, isEmpty] = await Promise.all([this.#server.look(key, path), this.#isEmpty(`${key}/`, path)]);
    if (object || !isEmpty) throw new BisyncError("refused", "something is there already", { path });
  }
}

function fileOf(key: string, object: { size: number; etag: string } & Details, hash: string | undefined): Found {
  const fingerprint = fingerprintOf(key, object);
  return { kind: "file", fingerprint: hash === "md5" && object.md5 !== undefined ? { ...fingerprint, hash: `md5:${object.md5}` } : fingerprint };
}

function conditionOn(there: S3Object | undefined): Condition {
  return there ? { etag: there.etag } : "absent";
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
