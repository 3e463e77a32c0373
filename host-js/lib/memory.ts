import { BisyncError } from "./error.js";
import { isStill, type Fingerprint, type Found, type Instant, type Side, type WriteOptions } from "./side.js";
import type { StateStore } from "./state.js";

interface File {
  bytes: Uint8Array;
  modified: Instant;
  id: bigint;
}

/** A side in memory. */
export interface MemoryFolder extends Side {
  /** Puts a file there, with missing parents. */
  put(path: string, content: string | Uint8Array, modified?: Date): void;
  /** Takes a file away. */
  delete(path: string): void;
  /** Returns what is in a file; `undefined` when there is none. */
  text(path: string): string | undefined;
  /** Returns the paths of all files, sorted. */
  paths(): string[];
}

let lastId = 0n;

/** So many items are in a page of a listing. */
const PAGE = 1000;
const DIRECTORY: Found = { kind: "directory", fingerprint: {} };

/** Throws when a path leads out of the root, or nowhere. */
function checkPath(path: string): void {
  if (path.split("/").some((name) => ["", ".", ".."].includes(name))) throw new BisyncError("impossibleName", "a path is names joined by `/`", { path });
}

/** Makes an empty side in memory. The name tells it from others in the names of the state. */
export function memoryFolder(name: string): MemoryFolder {
  const files = new Map<string, File>();
  /** The names in each directory. */
  const directories = new Map<string, Set<string>>([["", new Set()]]);

  const found = ({ bytes, modified, id }: File): Found => ({ kind: "file", fingerprint: { size: bytes.length, modified, id } });
  const foundAt = (path: string): Found | undefined => {
    const file = files.get(path);
    if (file) return found(file);
    return directories.has(path) ? DIRECTORY : undefined;
  };
  const split = (path: string): [parent: string, name: string] => {
    const slash = path.lastIndexOf("/");
    return [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
  };
  const makeDirectory = (path: string): Set<string> => {
    const there = directories.get(path);
    if (there) return there;
    checkPath(path);
    if (files.has(path)) throw new BisyncError("wrongKind", "a file is in the way");
    const [parent, name] = split(path);
    makeDirectory(parent).add(name);
    const made = new Set<string>();
    directories.set(path, made);
    return made;
  };
  const place = (path: string, file: File): Found => {
    checkPath(path);
    const [parent, name] = split(path);
    makeDirectory(parent).add(name);
    files.set(path, file);
    return found(file);
  };
  const drop = (path: string) => {
    if (!files.delete(path) && !directories.delete(path)) return;
    const [parent, name] = split(path);
    directories.get(parent)?.delete(name);
  };
  const expected = (path: string, expect: Fingerprint): File => {
    const file = files.get(path);
    if (!file) throw new BisyncError("refused", "it is gone");
    if (!isStill(expect, found(file).fingerprint)) throw new BisyncError("refused", "it has changed in the meantime");
    return file;
  };
  const checkAbsent = (path: string) => {
    if (foundAt(path)) throw new BisyncError("refused", "something is there already");
  };

  return {
    name: `${name}/`,
    put(path, content, modified = new Date()) {
      if (directories.has(path)) throw new BisyncError("wrongKind", "a directory is in the way");
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
      const seconds = Math.floor(modified.getTime() / 1000);
      const nanoseconds = (modified.getTime() - seconds * 1000) * 1_000_000;
      place(path, { bytes, modified: { seconds, nanoseconds }, id: ++lastId });
    },
    delete(path) {
      if (files.has(path)) drop(path);
    },
    text: (path) => {
      const file = files.get(path);
      return file && new TextDecoder().decode(file.bytes);
    },
    paths: () => [...files.keys()].sort(),

    open: async () => ({ timePrecisionNs: 1, setsTime: true, hashes: [], slowHashes: false, caseInsensitive: false }),
    async *list(path) {
      const names = directories.get(path);
      if (!names) throw new BisyncError("notFound", "no such directory");
      const all = [...names];
      for (let at = 0; at < all.length; at += PAGE) {
        yield all.slice(at, at + PAGE).flatMap((name) => {
          const there = foundAt(path === "" ? name : `${path}/${name}`);
          return there ? { name, ...there } : [];
        });
      }
    },
    describe: async (path) => foundAt(path),
    async *read(path, version) {
      const file = files.get(path);
      if (!file || !isStill(version, found(file).fingerprint)) throw new BisyncError("changed", "it has changed in the meantime");
      yield file.bytes;
      if (files.get(path) !== file) throw new BisyncError("changed", "it changed while it was read");
    },
    async write(path, content, { expect, modified }: WriteOptions) {
      const parts: Uint8Array[] = [];
      for await (const chunk of content) parts.push(chunk.slice());
      const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
      // From here to the end nothing else runs.
      if (expect) expected(path, expect);
      else checkAbsent(path);
      return place(path, { bytes, modified: modified ?? { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 }, id: ++lastId });
    },
    async move(path, expect, target) {
      const file = expected(path, expect);
      checkAbsent(target);
      const moved = place(target, file);
      drop(path);
      return moved;
    },
    async remove(path, expect) {
      expected(path, expect);
      drop(path);
    },
    async makeDirectory(path) {
      makeDirectory(path);
      return DIRECTORY;
    },
    async removeDirectory(path) {
      if ((directories.get(path)?.size ?? 0) > 0) throw new BisyncError("notEmpty", "directory not empty");
      if (path !== "" && directories.has(path)) drop(path);
    },
    async setTime(path, expect, modified) {
      const file = { ...expected(path, expect), modified };
      files.set(path, file);
      return found(file);
    },
    flush: async () => {},
  };
}

/** Keeps listings in memory: for tests, and for sides that do not outlive the program either. */
export function memoryState(): StateStore {
  const blobs = new Map<string, Uint8Array>();
  const locked = new Set<string>();
  return {
    async lock(session) {
      if (locked.has(session)) throw new BisyncError("busy", "another run of these sides is at work: wait for its end");
      locked.add(session);
      return async () => void locked.delete(session);
    },
    read: async (name, offset, length) => blobs.get(name)?.slice(offset, offset + length),
    async write(name, offset, bytes) {
      const whole = new Uint8Array(offset + bytes.length);
      whole.set(blobs.get(name)?.subarray(0, offset) ?? []);
      whole.set(bytes, offset);
      blobs.set(name, whole);
    },
    async replace(name, target) {
      const blob = blobs.get(name);
      if (!blob) throw new BisyncError("notFound", `there is no blob \`${name}\``);
      blobs.set(target, blob);
      if (name !== target) blobs.delete(name);
    },
    async keep(name, target) {
      const blob = blobs.get(name);
      if (blob) blobs.set(target, blob);
    },
    remove: async (name) => void blobs.delete(name),
  };
}
