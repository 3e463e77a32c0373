import { BisyncError } from "../error.js";
import { discard, piecesOf } from "../http/client.js";
import { plainEtag } from "../http/version-id.js";
import { nameOf } from "../names.js";
import { type Capabilities, type Fingerprint, type Found, type Instant, isStill, type Item, type Side, type WriteOptions } from "../side.js";
import { Late } from "./late.js";
import { namesOf, type Resource } from "./multistatus.js";
import type { WebdavOptions } from "./options.js";
import { Server } from "./server.js";
import { STREAMS, upload } from "./upload.js";

const SECOND_NS = 1_000_000_000;
/** So many directories are remembered to be there. */
const REMEMBERED = 10_000;
const DIRECTORY: Found = { kind: "directory", fingerprint: {} };

/** The folders that were made here, for `checkApart`. */
const roots = new WeakMap<Side, { root: string; user: string }>();

export function webdavFolder(options: WebdavOptions): Side {
  const server = new Server(options);
  const side = new Folder(server, options);
  roots.set(side, { root: server.root, user: server.user });
  return side;
}

class Folder implements Side {
  readonly name: string;
  readonly isServer = true;
  readonly #server: Server;
  readonly #streams: boolean;
  #setsTime: boolean | undefined;
  /** Whether the server looks itself, where it is told what is expected: known not to, or worth a try. */
  #conditions = true;
  readonly #late = new Late();
  /** Directories that were there a moment ago. */
  readonly #directories = new Set<string>();

  constructor(server: Server, { setsTime, streams = STREAMS }: WebdavOptions) {
    this.name = server.user === "" ? server.root : server.root.replace("://", `://${encodeURIComponent(server.user)}@`);
    this.#server = server;
    this.#setsTime = setsTime;
    this.#streams = streams;
  }

  async open(): Promise<Capabilities> {
    this.#server.begin();
    const root = await this.#server.look("");
    if (!root) throw new BisyncError("notFound", "there is no such folder");
    if (root.found.kind !== "directory") throw new BisyncError("usage", "it is not a folder");
    this.#setsTime ??= root.hasSign && (await this.#server.takes("x-oc-mtime", "0"));
    this.#conditions &&= await this.#server.takes("if-match", "*");
    return { timePrecisionNs: SECOND_NS, setsTime: this.#setsTime, hashes: [], slowHashes: false, caseInsensitive: false };
  }

  async *list(path: string): AsyncGenerator<Item[]> {
    const entries = await this.#entries(path);
    this.#remember(path);
    yield entries.map(({ name, resource }) => ({ name, ...resource.found }));
  }

  /** What is in a directory. What no path leads to takes no part, and neither does what has the name of another. */
  async #entries(path: string): Promise<{ name: string; resource: Resource }[]> {
    const resources = await this.#server.resources(path, 1, true);
    const base = namesOf(this.#server.url(path, true));
    const depthOf = (resource: Resource) => {
      if (base.some((name, index) => resource.names[index] !== name)) {
        throw new BisyncError("other", "the server lists what was not asked for", { path });
      }
      return resource.names.length - base.length;
    };
    let itself: Resource | undefined;
    const entries = new Map<string, Resource>();
    for (const resource of resources) {
      const depth = depthOf(resource);
      if (depth === 0) itself = resource;
      if (depth !== 1) continue;
      const { name, isUsable } = nameIn(resource.names.at(-1) as string);
      const isOne = isUsable && !entries.has(name);
      entries.set(name, isOne ? resource : { ...resource, found: { kind: "special", fingerprint: {} } });
    }
    // A listing begins with the directory itself: one without it is none.
    if (!itself) throw new BisyncError("other", "the server lists something else than the directory", { path });
    if (itself.found.kind !== "directory") throw new BisyncError("wrongKind", "it is not a directory", { path });
    return [...entries].map(([name, resource]) => ({ name, resource }));
  }

  async describe(path: string): Promise<Found | undefined> {
    return (await this.#server.look(path))?.found;
  }

  async *read(path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
    const { found, etag } = await this.#version(path, version, "changed");
    // What is stored compressed is sent as it is meant, whatever this says; a count of bytes sees to that.
    const response = await this.#server.ask({ method: "GET", path, headers: { "accept-encoding": "identity" } }).catch((error: unknown) => {
      throw error instanceof BisyncError && error.code === "notFound" ? new BisyncError("changed", "it is gone", { path, cause: error }) : error;
    });
    const sent = response.headers.get("etag");
    if (etag !== undefined && sent !== null && response.headers.get("content-encoding") === null && plainEtag(sent) !== plainEtag(etag)) {
      await discard(response);
      throw new BisyncError("changed", "it has changed in the meantime", { path });
    }
    let length = 0;
    for await (const piece of piecesOf(response, path)) {
      length += piece.length;
      yield piece;
    }
    await this.#version(path, version, "changed");
    const { size } = found.fingerprint;
    if (size !== undefined && length !== size) {
      throw new BisyncError("temporary", `${length} bytes were received, and the file has ${size}`, { path });
    }
  }

  async write(path: string, content: AsyncIterable<Uint8Array>, { expect, temporary, modified }: WriteOptions): Promise<Found> {
    const check = () => (expect ? this.#version(path, expect, "refused") : this.#checkAbsent(path));
    // Nothing large is sent for nothing.
    await check();
    await this.#makeParents(path);
    // Only where it is known to help: a page may not send headers that the server has not named.
    const headers = { ...(this.#setsTime && modified && { "x-oc-mtime": String(modified.seconds) }), "content-type": "application/octet-stream" };
    try {
      const size = await this.#placed(() => upload(this.#server, temporary, content, headers, this.#streams, this.#late), temporary);
      const staged = await this.#server.look(temporary);
      if (staged?.found.kind !== "file" || (staged.found.fingerprint.size ?? size) !== size) {
        throw new BisyncError("temporary", `the server has not kept what was sent: ${size} bytes`, { path });
      }
      // RACE: on a server that does not look itself, a change after this check is lost.
      const there = await check();
      await this.#placed(() => this.#moveResource(temporary, staged, path, there), path);
      return await this.#now(path, size);
    } catch (error) {
      // RACE: a server that has not noticed yet that the upload broke off may finish it after this: see `late`.
      await this.#server.ask({ method: "DELETE", path: temporary }).then(discard).catch(() => {});
      throw error;
    }
  }

  async move(path: string, expect: Fingerprint, target: string): Promise<Found> {
    const resource = await this.#version(path, expect, "refused");
    await this.#checkAbsent(target);
    await this.#makeParents(target);
    await this.#placed(() => this.#moveResource(path, resource, target, undefined), target);
    return this.#now(target, resource.found.fingerprint.size);
  }

  /** Moves a resource over another one, or to where nothing may be. */
  async #moveResource(path: string, resource: Resource, target: string, there: Resource | undefined): Promise<void> {
    const destination = this.#server.url(target);
    const conditions = { ...ifMatch(resource), ...(there?.etag !== undefined && { if: `<${destination}> ([${there.etag}])` }) };
    const headers = { destination, overwrite: there ? "T" : "F" };
    await this.#changed("MOVE", path, headers, conditions, async () => {
      const [left, now] = [await this.#server.look(path), await this.#server.look(target)];
      // It has another id at another place.
      if (!left && now && isSame({ ...now, found: withoutId(now.found) }, resource)) return "done";
      return left && isSame(left, resource) && (there ? now && isSame(now, there) : !now) ? "unchanged" : "changed";
    });
  }

  async remove(path: string, expect: Fingerprint): Promise<void> {
    // RACE: on a server that does not look itself, a change after this check is lost.
    const resource = await this.#version(path, expect, "refused");
    await this.#changed("DELETE", path, {}, ifMatch(resource), async () => {
      const now = await this.#server.look(path);
      return !now ? "done" : isSame(now, resource) ? "unchanged" : "changed";
    });
  }

  /**
   * Changes something, on conditions where the server knows them. Looks at what is there when that fails: the answer to a first try may
   * have been lost, and some servers refuse every condition.
   */
  async #changed(
    method: string,
    path: string,
    headers: Record<string, string>,
    conditions: Record<string, string>,
    look: () => Promise<"done" | "unchanged" | "changed">,
  ): Promise<void> {
    const isConditional = this.#conditions && Object.keys(conditions).length > 0;
    try {
      await discard(await this.#server.ask({ method, path, headers: { ...headers, ...(isConditional && conditions) } }));
    } catch (error) {
      const state = await look();
      if (state === "done") return;
      if (!isConditional || state === "changed" || !(error instanceof BisyncError && error.code === "refused")) throw error;
      this.#conditions = false;
      await this.#changed(method, path, headers, {}, look);
    }
  }

  async makeDirectory(path: string): Promise<Found> {
    await this.#makeDirectories(path);
    return DIRECTORY;
  }

  async removeDirectory(path: string): Promise<void> {
    if (path === "") throw new BisyncError("other", "the folder itself is not removed");
    const there = await this.#server.look(path);
    if (!there) return;
    if (there.found.kind !== "directory") throw new BisyncError("wrongKind", "it is not a directory", { path });
    // RACE: WebDAV deletes a directory with all that is in it; what comes into it after this look is lost.
    if ((await this.#entries(path)).length > 0) throw new BisyncError("notEmpty", "directory not empty", { path });
    this.#directories.clear();
    await this.#server.ask({ method: "DELETE", path, isDirectory: true }).then(discard, (error: unknown) => {
      if (!(error instanceof BisyncError && error.code === "notFound")) throw error;
    });
  }

  async setTime(path: string, expect: Fingerprint, modified: Instant, temporary = ownTemporary(path)): Promise<Found> {
    if (!this.#setsTime) throw new BisyncError("other", "this server sets no times", { path });
    // Times come with contents: what `PROPPATCH` sets, rclone forgets again. The same content is written once more.
    return this.write(path, this.#asRefused(this.read(path, expect)), { expect, temporary, modified, verify: undefined });
  }

  /** Content that has changed refuses the change that it was read for. */
  async *#asRefused(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* content;
    } catch (error) {
      throw error instanceof BisyncError && error.code === "changed" ? new BisyncError("refused", error.message, { cause: error }) : error;
    }
  }

  async flush(): Promise<void> {
    // WebDAV has nothing for it: what a server said it has, it has.
  }

  removeLate(beginning: string): Promise<boolean> {
    return this.#late.remove(this.#server, beginning);
  }

  async checkApart(other: Side): Promise<void> {
    const [one, two] = [roots.get(this), roots.get(other)];
    if (!one || !two || one.user !== two.user) return;
    if (one.root.startsWith(two.root) || two.root.startsWith(one.root)) {
      throw new BisyncError("usage", "both sides are the same folder, or one lies in the other", { path: other.name });
    }
  }

  /** What is at a path after a change. */
  async #now(path: string, size: number | undefined): Promise<Found> {
    const now = await this.#server.look(path);
    if (now?.found.kind === "file" && (now.found.fingerprint.size ?? size) === size) return now.found;
    throw new BisyncError("changed", "it changed just after it was written", { path });
  }

  /** A file as it is now; throws this code unless it is the version that is expected. */
  async #version(path: string, expect: Fingerprint, code: "refused" | "changed"): Promise<Resource> {
    const resource = await this.#server.look(path);
    if (!resource) throw new BisyncError(code, "it is gone", { path });
    if (resource.found.kind === "file" && isStill(expect, resource.found.fingerprint)) return resource;
    throw new BisyncError(code, "it has changed in the meantime", { path });
  }

  async #checkAbsent(path: string): Promise<undefined> {
    if (await this.#server.look(path)) throw new BisyncError("refused", "something is there already", { path });
  }

  /** Does what wants the directory of a path, which may be gone although it was there a moment ago. */
  async #placed<T>(work: () => Promise<T>, path: string): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BisyncError && error.code === "notFound")) throw error;
      this.#directories.clear();
      throw new BisyncError("temporary", "its directory is gone", { path, cause: error });
    }
  }

  async #makeParents(path: string): Promise<void> {
    const slash = path.lastIndexOf("/");
    // No address is looked at before the whole of it is known to be possible.
    this.#server.url(path);
    if (slash > 0) await this.#makeDirectories(path.slice(0, slash));
  }

  /** Makes a directory and its parents, unless they are there. */
  async #makeDirectories(path: string): Promise<void> {
    if (path === "" || this.#directories.has(path)) return;
    const there = await this.#server.look(path);
    if (!there) {
      await this.#makeParents(path);
      await this.#server.ask({ method: "MKCOL", path, isDirectory: true }).then(discard, async (error: unknown) => {
        // Somebody else was faster, or the answer to a first try was lost.
        if ((await this.#server.look(path))?.found.kind !== "directory") throw error;
      });
    } else if (there.found.kind !== "directory") {
      throw new BisyncError("wrongKind", "a file is in the way", { path });
    }
    this.#remember(path);
  }

  #remember(directory: string): void {
    if (this.#directories.size >= REMEMBERED) this.#directories.clear();
    this.#directories.add(directory);
  }
}

/** Names a temporary file beside a path, where no run does. */
function ownTemporary(path: string): string {
  const run = crypto.getRandomValues(new BigUint64Array(1))[0] as bigint;
  return `${path.slice(0, path.lastIndexOf("/") + 1)}.bisync-${run.toString(16).padStart(16, "0")}-0.partial`;
}

function isSame(one: Resource, other: Resource): boolean {
  return one.found.kind === other.found.kind && isStill(one.found.fingerprint, other.found.fingerprint);
}

function withoutId({ kind, fingerprint: { id: _, ...fingerprint } }: Found): Found {
  return { kind, fingerprint };
}

/** A condition on the resource that a request is about. */
function ifMatch({ etag }: Resource): Record<string, string> {
  return etag === undefined ? {} : { "if-match": etag };
}

/** Returns the name that a listing has for a name of the server's, a character for each byte. */
function nameIn(bytes: string): { name: string; isUsable: boolean } {
  const name = nameOf(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
  if (!/[/\0]/.test(name)) return { name, isUsable: true };
  return { name: name.replaceAll("/", "／").replaceAll("\0", "␀"), isUsable: false };
}
