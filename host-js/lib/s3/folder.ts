import { BisyncError } from "../error.js";
import type { Capabilities, Fingerprint, Found, Instant, Item, Side, WriteOptions } from "../side.js";
import { Bucket, fileOf } from "./bucket.js";
import { move, remove, setTime } from "./change.js";
import { DIRECTORY, list } from "./directory.js";
import { read } from "./download.js";
import { KnownObjects } from "./known.js";
import { pagesOf } from "./listing.js";
import { toKey } from "./names.js";
import type { S3Options } from "./options.js";
import { Server } from "./server.js";
import { write } from "./upload.js";

const PART = 8 << 20;
const COPIED_PART = 4 * 2 ** 30;

/** The folders that were made here, for `checkApart`. */
const roots = new WeakMap<Side, string>();

export function s3Folder(options: S3Options): Side {
  const side = new Folder(options);
  roots.set(side, side.name);
  return side;
}

class Folder implements Side {
  readonly name: string;
  readonly isServer = true;
  readonly #bucket: Bucket;
  readonly #partSize: number;
  readonly #copyPartSize: number;
  readonly #known = new KnownObjects();

  constructor(options: S3Options) {
    const { prefix = "", partSize = PART, copyPartSize = COPIED_PART } = options;
    const server = new Server(options);
    const folder = prefix.replace(/^\/+|\/+$/g, "");
    const key = folder === "" ? "" : toKey("", folder);
    if (key === undefined) throw new BisyncError("usage", "`prefix` is no path", { path: "prefix" });
    for (const [name, value] of Object.entries({ partSize, copyPartSize })) {
      if (!Number.isSafeInteger(value) || value < 1) throw new BisyncError("usage", `\`${name}\` has to be a number of bytes`, { path: name });
    }
    this.#bucket = new Bucket(server, key === "" ? "" : `${key}/`);
    this.#partSize = partSize;
    this.#copyPartSize = copyPartSize;
    this.name = `s3:${server.address}/${this.#bucket.prefix}`;
  }

  async open(): Promise<Capabilities> {
    this.#bucket.server.begin();
    await this.#bucket.isEmpty(this.#bucket.prefix, "");
    return { timePrecisionNs: 1, setsTime: true, hashes: ["md5"], slowHashes: false, caseInsensitive: false, keepsEmptyDirectories: false };
  }

  list(path: string, hash: string | undefined): AsyncIterable<Item[]> {
    return list(this.#bucket, this.#known, path, hash);
  }

  async describe(path: string): Promise<Found | undefined> {
    const { server, prefix } = this.#bucket;
    if (path === "") {
      // There is no folder without files, but one can be written to where there is a bucket.
      await this.#bucket.isEmpty(prefix, path);
      return DIRECTORY;
    }
    const key = toKey(prefix, path);
    if (key === undefined) return undefined;
    const object = await server.look(key, path);
    if (object) return fileOf(key, object, undefined);
    return (await this.#bucket.isEmpty(`${key}/`, path)) ? undefined : DIRECTORY;
  }

  read(path: string, version: Fingerprint): AsyncIterable<Uint8Array> {
    return read(this.#bucket, path, version);
  }

  write(path: string, content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Found> {
    return write(this.#bucket, path, content, options, this.#partSize);
  }

  move(path: string, expect: Fingerprint, target: string): Promise<Found> {
    return move(this.#bucket, path, expect, target, this.#copyPartSize);
  }

  remove(path: string, expect: Fingerprint): Promise<void> {
    return remove(this.#bucket, path, expect);
  }

  async makeDirectory(path: string): Promise<Found> {
    // It is there as soon as something is in it.
    if (path !== "" && (await this.#bucket.server.look(this.#bucket.key(path), path))) throw new BisyncError("wrongKind", "a file is in the way", { path });
    return DIRECTORY;
  }

  async removeDirectory(path: string): Promise<void> {
    for await (const { objects } of pagesOf(this.#bucket.server, this.#bucket.prefixOf(path), path)) {
      if (objects.some(({ key, size }) => !key.endsWith("/") || size > 0)) throw new BisyncError("notEmpty", "directory not empty", { path });
    }
  }

  setTime(path: string, expect: Fingerprint, modified: Instant): Promise<Found> {
    return setTime(this.#bucket, path, expect, modified, this.#copyPartSize);
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
}
