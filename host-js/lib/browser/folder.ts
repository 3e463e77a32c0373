import { BisyncError } from "../error.js";
import { type Capabilities, type Fingerprint, type Found, isStill, type Item, type Side, type WriteOptions } from "../side.js";
import { failure, inBrowser, isNothing } from "./failure.js";

const PAGE = 200;
const MILLISECOND_NS = 1_000_000;

/** What the types of the platform lack. */
declare global {
  interface FileSystemHandle {
    queryPermission?(descriptor: { mode: "read" | "readwrite" }): Promise<PermissionState>;
  }
  interface FileSystemFileHandle {
    move?(directory: FileSystemDirectoryHandle, name: string): Promise<void>;
  }
  interface FileSystemDirectoryHandle {
    entries(): AsyncIterableIterator<[string, FileSystemFileHandle | FileSystemDirectoryHandle]>;
  }
}

/** The folders that were made here, for `checkApart`. */
const roots = new WeakMap<Side, FileSystemDirectoryHandle>();

/**
 * Makes a side of a folder that a person picked (`showDirectoryPicker({ mode: "readwrite" })`), or of the page's own storage
 * (`navigator.storage.getDirectory()`).
 *
 * The name tells it from others in the names of the state, and has to be the same in every run. Browsers set no times: a file that
 * is written gets the time of its writing.
 */
export function browserFolder(root: FileSystemDirectoryHandle, name = root.name || "opfs"): Side {
  const side = new Folder(root, name);
  roots.set(side, root);
  return side;
}

class Folder implements Side {
  readonly name: string;
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle, name: string) {
    this.name = `${name}/`;
    this.#root = root;
  }

  async open(): Promise<Capabilities> {
    if ((await this.#root.queryPermission?.({ mode: "readwrite" })) === "prompt") {
      throw new BisyncError("permissionDenied", "the page may not write there yet: call `requestPermission` when the user clicks");
    }
    return {
      timePrecisionNs: MILLISECOND_NS,
      setsTime: false,
      hashes: [],
      slowHashes: false,
      caseInsensitive: await inBrowser("", () => ignoresCase(this.#root)),
    };
  }

  async *list(path: string): AsyncGenerator<Item[]> {
    const directory = await this.#directory(path);
    let waiting: Promise<Item | undefined>[] = [];
    try {
      for await (const [name, handle] of directory.entries()) {
        waiting.push(item(name, handle));
        if (waiting.length < PAGE) continue;
        yield await items(waiting);
        waiting = [];
      }
      yield await items(waiting);
    } catch (error) {
      throw failure(error, path);
    }
  }

  async describe(path: string): Promise<Found | undefined> {
    try {
      const handle = await this.#handle(path);
      return handle.kind === "file" ? found(await handle.getFile()) : DIRECTORY;
    } catch (error) {
      const described = failure(error, path);
      // Below a file there is nothing either.
      if (described.code === "notFound" || described.code === "wrongKind") return undefined;
      throw described;
    }
  }

  async *read(path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
    const { handle, file } = await this.#version(path, version, "changed");
    const reader = file.stream().getReader();
    try {
      for (;;) {
        const { done, value } = await inBrowser(path, () => reader.read());
        if (done) break;
        yield value;
      }
      const after = await inBrowser(path, () => handle.getFile());
      if (!isStill(version, found(after).fingerprint)) throw new BisyncError("changed", "it changed while it was read", { path });
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  async write(path: string, content: AsyncIterable<Uint8Array>, { expect, temporary }: WriteOptions): Promise<Found> {
    const [directory, name] = await this.#place(path, true);
    const staged = await inBrowser(path, () => directory.getFileHandle(lastName(temporary), { create: true }));
    try {
      await fill(staged, content, path);
      // RACE: browsers have no way to replace a file only if it is still the one that was looked at.
      if (expect) await this.#version(path, expect, "refused");
      else await this.#checkAbsent(path);
      return await inBrowser(path, () => rename(staged, directory, name, directory));
    } catch (error) {
      await directory.removeEntry(lastName(temporary)).catch(() => {});
      throw error;
    }
  }

  async move(path: string, expect: Fingerprint, target: string): Promise<Found> {
    const { handle } = await this.#version(path, expect, "refused");
    const [from] = await this.#place(path, false);
    const [directory, name] = await this.#place(target, true);
    // RACE: what comes there from here on is replaced.
    await this.#checkAbsent(target);
    return inBrowser(path, () => rename(handle, directory, name, from));
  }

  async remove(path: string, expect: Fingerprint): Promise<void> {
    await this.#version(path, expect, "refused");
    const [directory, name] = await this.#place(path, false);
    // RACE: a version that is written from here on is deleted.
    await inBrowser(path, () => directory.removeEntry(name));
  }

  async makeDirectory(path: string): Promise<Found> {
    await this.#directory(path, true);
    return DIRECTORY;
  }

  async removeDirectory(path: string): Promise<void> {
    try {
      const [directory, name] = await this.#place(path, false);
      const handle = await directory.getDirectoryHandle(name);
      for await (const _ of handle.entries()) throw new BisyncError("notEmpty", "directory not empty", { path });
      // Without `recursive` it is removed only when it is empty.
      await directory.removeEntry(name);
    } catch (error) {
      if (!isNothing(error) && failure(error, path).code !== "notFound") throw failure(error, path);
    }
  }

  async setTime(path: string): Promise<Found> {
    throw new BisyncError("other", "browsers set no times", { path });
  }

  /** What is closed is saved, as far as a page can tell. */
  async flush(): Promise<void> {}

  async checkApart(other: Side): Promise<void> {
    const theirs = roots.get(other);
    if (!theirs) return;
    // It gives the names that lead from one folder to the other, none where they are the same.
    const inside = (await this.#root.resolve(theirs)) ?? (await theirs.resolve(this.#root));
    if (inside) throw new BisyncError("usage", "both sides are the same folder, or one lies in the other", { path: other.name });
  }

  async #directory(path: string, create = false): Promise<FileSystemDirectoryHandle> {
    let directory = this.#root;
    for (const name of path === "" ? [] : path.split("/")) {
      directory = await inBrowser(path, () => directory.getDirectoryHandle(name, { create }));
    }
    return directory;
  }

  /** The directory that a path lies in, and its last name. */
  async #place(path: string, create: boolean): Promise<[FileSystemDirectoryHandle, string]> {
    const name = lastName(path);
    if (name === "") throw new BisyncError("wrongKind", "the folder itself cannot be replaced");
    return [await this.#directory(path.slice(0, -name.length - 1), create), name];
  }

  async #handle(path: string): Promise<FileSystemFileHandle | FileSystemDirectoryHandle> {
    if (path === "") return this.#root;
    const [directory, name] = await this.#place(path, false);
    return inBrowser(path, async () => {
      try {
        return await directory.getFileHandle(name);
      } catch (error) {
        if ((error as Partial<DOMException>).name !== "TypeMismatchError") throw error;
        return directory.getDirectoryHandle(name);
      }
    });
  }

  /** A file as it is now; throws this code unless it is the version that is expected. */
  async #version(path: string, expect: Fingerprint, code: "refused" | "changed") {
    const gone = (cause?: unknown) => new BisyncError(code, "it is gone", { path, cause });
    try {
      const handle = await this.#handle(path);
      if (handle.kind !== "file") throw gone();
      const file = await handle.getFile();
      if (!isStill(expect, found(file).fingerprint)) throw new BisyncError(code, "it has changed in the meantime", { path });
      return { handle, file };
    } catch (error) {
      const thrown = failure(error, path);
      throw thrown.code === "notFound" ? gone(error) : thrown;
    }
  }

  async #checkAbsent(path: string): Promise<void> {
    if (await this.describe(path)) throw new BisyncError("refused", "something is there already", { path });
  }
}

const DIRECTORY: Found = { kind: "directory", fingerprint: {} };
const lastName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function found({ size, lastModified }: File): Found {
  const seconds = Math.floor(lastModified / 1000);
  return { kind: "file", fingerprint: { size, modified: { seconds, nanoseconds: (lastModified - seconds * 1000) * MILLISECOND_NS } } };
}

async function item(name: string, handle: FileSystemFileHandle | FileSystemDirectoryHandle): Promise<Item | undefined> {
  if (handle.kind === "directory") return { name, ...DIRECTORY };
  try {
    return { name, ...found(await handle.getFile()) };
  } catch (error) {
    // It was deleted since the directory was read.
    if (isNothing(error)) return undefined;
    throw error;
  }
}

async function items(waiting: Promise<Item | undefined>[]): Promise<Item[]> {
  return (await Promise.all(waiting)).filter((item) => item !== undefined);
}

/** Writes a file anew. What the browser keeps meanwhile lies elsewhere, until it is closed. */
async function fill(handle: FileSystemFileHandle, content: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const stream = await inBrowser(path, () => handle.createWritable());
  let length = 0;
  try {
    for await (const chunk of content) {
      length += chunk.length;
      await stream.write(chunk as Uint8Array<ArrayBuffer>);
    }
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => {});
    // Chromium says at times that its way to the disk was closed, where there is no space: then it is asked once more.
    const isClear = error instanceof BisyncError || (error as Partial<DOMException>).name !== "AbortError";
    throw failure(isClear ? error : ((await refusedRoom(handle, length)) ?? error), path);
  }
}

/** Returns what the browser throws when a file is to be so long, and nothing else. */
async function refusedRoom(handle: FileSystemFileHandle, length: number): Promise<unknown> {
  try {
    const stream = await handle.createWritable();
    try {
      await stream.truncate(length);
    } finally {
      await stream.abort().catch(() => {});
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Gives a file another name, in place of what has that name. */
async function rename(
  handle: FileSystemFileHandle,
  directory: FileSystemDirectoryHandle,
  name: string,
  from: FileSystemDirectoryHandle,
): Promise<Found> {
  if (handle.move) {
    await handle.move(directory, name);
    return found(await (await directory.getFileHandle(name)).getFile());
  }
  // Where a browser cannot do that, the content is copied. A new file is empty until the copy is complete.
  const target = await directory.getFileHandle(name, { create: true });
  await (await handle.getFile()).stream().pipeTo(await target.createWritable());
  const done = found(await target.getFile());
  await from.removeEntry(handle.name);
  return done;
}

/** Whether names that differ only by case are one; found out by a name that is there, else by the kind of computer. */
async function ignoresCase(root: FileSystemDirectoryHandle): Promise<boolean> {
  const own = await navigator.storage.getDirectory();
  if (await own.resolve(root)) return false;
  for await (const [name, handle] of root.entries()) {
    const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
    if (other === name) continue;
    try {
      const same = handle.kind === "file" ? await root.getFileHandle(other) : await root.getDirectoryHandle(other);
      return await same.isSameEntry(handle);
    } catch {
      return false;
    }
  }
  return /Mac|Win/.test(navigator.platform);
}
