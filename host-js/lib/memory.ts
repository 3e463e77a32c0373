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

/** Throws when a path leads out of the root, or nowhere. */
function checkPath(path: string): void {
  if (path.split("/").some((name) => ["", ".", ".."].includes(name))) throw new BisyncError("impossibleName", "a path is names joined by `/`", { path });
}

/** Makes an empty side in memory. The name tells it from others in the names of the state. */
export function memoryFolder(name: string): MemoryFolder {
  const files = new Map<string, File>();
  const directories = new Set([""]);

  const found = ({ bytes, modified, id }: File): Found => ({ kind: "file", fingerprint: { size: bytes.length, modified, id } });
  const makeParents = (path: string) => {
    checkPath(path);
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) makeDirectory(path.slice(0, end));
  };
  const makeDirectory = (path: string) => {
    if (files.has(path)) throw new BisyncError("wrongKind", "a file is in the way");
    directories.add(path);
  };
  const expected = (path: string, expect: Fingerprint): File => {
    const file = files.get(path);
    if (!file) throw new BisyncError("refused", "it is gone");
    if (!isStill(expect, found(file).fingerprint)) throw new BisyncError("refused", "it has changed in the meantime");
    return file;
  };
  const checkAbsent = (path: string) => {
    if (files.has(path) || directories.has(path)) throw new BisyncError("refused", "something is there already");
  };
  const inside = (path: string) => (path === "" ? "" : `${path}/`);

  return {
    name: `${name}/`,
    put(path, content, modified = new Date()) {
      makeParents(path);
      if (directories.has(path)) throw new BisyncError("wrongKind", "a directory is in the way");
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
      const seconds = Math.floor(modified.getTime() / 1000);
      const nanoseconds = (modified.getTime() - seconds * 1000) * 1_000_000;
      files.set(path, { bytes, modified: { seconds, nanoseconds }, id: ++lastId });
    },
    delete: (path) => void files.delete(path),
    text: (path) => {
      const file = files.get(path);
      return file && new TextDecoder().decode(file.bytes);
    },
    paths: () => [...files.keys()].sort(),

    open: async () => ({ timePrecisionNs: 1, setsTime: true, hashes: [], slowHashes: false, caseInsensitive: false }),
    async *list(path) {
      if (!directories.has(path)) throw new BisyncError("notFound", "no such directory");
      const prefix = inside(path);
      const here = (name: string) => name !== "" && name.startsWith(prefix) && !name.includes("/", prefix.length);
      const names = (all: Iterable<string>) => [...all].filter(here);
      yield [
        ...names(files.keys()).map((name) => ({ name: name.slice(prefix.length), ...found(files.get(name) as File) })),
        ...names(directories).map((name) => ({ name: name.slice(prefix.length), kind: "directory" as const, fingerprint: {} })),
      ];
    },
    async describe(path) {
      const file = files.get(path);
      if (file) return found(file);
      return directories.has(path) ? { kind: "directory", fingerprint: {} } : undefined;
    },
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
      makeParents(path);
      const file = { bytes, modified: modified ?? { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 }, id: ++lastId };
      files.set(path, file);
      return found(file);
    },
    async move(path, expect, target) {
      const file = expected(path, expect);
      checkAbsent(target);
      makeParents(target);
      files.delete(path);
      files.set(target, file);
      return found(file);
    },
    async remove(path, expect) {
      expected(path, expect);
      files.delete(path);
    },
    async makeDirectory(path) {
      if (path !== "") makeParents(path);
      makeDirectory(path);
      return { kind: "directory", fingerprint: {} };
    },
    async removeDirectory(path) {
      const below = inside(path);
      const holds = [...files.keys(), ...directories].some((name) => name !== path && name.startsWith(below));
      if (holds) throw new BisyncError("notEmpty", "directory not empty");
      if (path !== "") directories.delete(path);
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
