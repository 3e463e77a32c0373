import { BisyncError } from "../error.js";
import { type Capabilities, type Fingerprint, type Found, isStill, type Item, type Side, type WriteOptions } from "../side.js";
import { fill, look, MILLISECOND_NS, readVersion, settled } from "./content.js";
import { failure, inBrowser, isNamed } from "./failure.js";
import { enter, type Handle, lookUp, makeFile } from "./handles.js";
import { checkKnown } from "./known.js";
import { ignoresCase } from "./letter-case.js";
import { clear, create, isMark, isPlaceholder, markOf, tidy, unmark } from "./placeholder.js";
import { pathInOwn, pathWithin } from "./within.js";

const PAGE = 200;
const DIRECTORY: Found = { kind: "directory", fingerprint: {} };
const SPECIAL: Found = { kind: "special", fingerprint: {} };

/** The folders that were made here, for `checkApart`. */
const roots = new WeakMap<Side, FileSystemDirectoryHandle>();

/**
 * Makes a side of a folder that a person picked (`showDirectoryPicker({ mode: "readwrite" })`), or of the page's own storage
 * (`navigator.storage.getDirectory()`).
 *
 * The name tells it from others in the names of the state: it has to be the same in every run, and that of no other folder. Without one it
 * is the folder's own; the page then remembers which folder that was, and refuses another of that name.
 *
 * Browsers set no times: a file that is written gets the time of its writing.
 */
export function browserFolder(handle: FileSystemDirectoryHandle, name?: string): Side {
  const side = new Folder(handle, name);
  roots.set(side, handle);
  return side;
}

/** What there is at a path, and where. */
interface Place {
  found: Found;
  handle: Handle;
  directory: FileSystemDirectoryHandle;
  name: string;
}

interface Version extends Place {
  handle: FileSystemFileHandle;
}

class Folder implements Side {
  readonly name: string;
  readonly #root: FileSystemDirectoryHandle;
  readonly #isNamed: boolean;
  /** Whether files can be renamed, which makes a file complete all at once: known to be so, or worth a try. */
  #renames = false;
  /** Whether there may be marks of files that are not complete. */
  #hasMarks = true;
  /** Directories in which a page that was closed may have left something. */
  readonly #untidy = new Map<string, FileSystemDirectoryHandle>();

  constructor(root: FileSystemDirectoryHandle, name: string | undefined) {
    this.name = `${name ?? (root.name || "opfs")}/`;
    this.#isNamed = name !== undefined;
    this.#root = root;
  }

  async open(): Promise<Capabilities> {
    const { prototype } = FileSystemFileHandle;
    if (!("createWritable" in prototype)) throw new BisyncError("readOnly", "pages cannot write files in this browser");
    await checkPermission(this.#root);
    // A folder that is gone says so here.
    const caseInsensitive = await inBrowser("", () => ignoresCase(this.#root));
    const inOwn = await inBrowser("", () => pathInOwn(this.#root));
    this.#renames = "move" in prototype;
    // Some browsers have the method, and rename nothing in folders that a person picked.
    this.#hasMarks = !this.#renames || inOwn === null;
    if (!this.#isNamed) await checkKnown(this.#root, this.name.slice(0, -1));
    return { timePrecisionNs: MILLISECOND_NS, setsTime: false, hashes: [], slowHashes: false, caseInsensitive };
  }

  async *list(path: string): AsyncGenerator<Item[]> {
    const directory = await this.#directory(path);
    const marks = new Set<string>();
    const empty: Item[] = [];
    const pageOf = async (entries: [string, Handle][]): Promise<Item[]> => {
      const items = await Promise.all(entries.map(([name, handle]) => itemOf(name, handle, join(path, name))));
      const there = items.filter((item) => item !== undefined);
      if (!this.#hasMarks) return there;
      // An empty file may be none, which is known when all names are.
      for (const { name } of there) if (isMark(name)) marks.add(name);
      empty.push(...there.filter(isEmpty));
      return there.filter((item) => !isEmpty(item));
    };
    let entries: [string, Handle][] = [];
    try {
      for await (const entry of directory.entries()) {
        entries.push(entry);
        if (entries.length < PAGE) continue;
        yield await pageOf(entries);
        entries = [];
      }
      yield await pageOf(entries);
      if (marks.size > 0) this.#untidy.set(path, directory);
      const isVersion = await Promise.all(empty.map(async ({ name }) => marks.size === 0 || !marks.has(await markOf(name))));
      yield empty.filter((_, index) => isVersion[index]);
    } catch (error) {
      throw failure(error, path);
    }
  }

  async describe(path: string): Promise<Found | undefined> {
    try {
      const place = await this.#find(path);
      if (!place || !(await this.#isUnfinished(place, path))) return place?.found;
    } catch (error) {
      const described = failure(error, path);
      if (described.code !== "notFound") throw described;
    }
    return undefined;
  }

  async *read(path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
    const { handle } = await this.#version(path, version, "changed");
    yield* readVersion(handle, path, version);
  }

  async write(path: string, content: AsyncIterable<Uint8Array>, { expect, temporary }: WriteOptions): Promise<Found> {
    checkName(path);
    // RACE: browsers cannot replace a file only if it is still the one that was looked at.
    const check = () => (expect ? this.#version(path, expect, "refused") : this.#checkAbsent(path));
    const there = await check();
    const [directory, name] = await this.#place(path, true);
    const put = (content: AsyncIterable<Uint8Array>) =>
      there ? this.#replace(there, content, path, check) : create(directory, name, content, path);
    if (there && !this.#renames) return put(content);
    const staged = await makeFile(directory, lastName(temporary), path);
    try {
      const { fingerprint } = await fill(staged, content, path, async () => {});
      await check();
      return (await this.#rename(staged, directory, name, path)) ?? (await put(readVersion(staged, path, fingerprint)));
    } finally {
      // It is gone already when it was renamed.
      await directory.removeEntry(lastName(temporary)).catch(() => {});
    }
  }

  async #replace({ handle, directory, name }: Version, content: AsyncIterable<Uint8Array>, path: string, check: () => Promise<unknown>): Promise<Found> {
    return fill(handle, content, path, async () => {
      await unmark(directory, name, path);
      await check();
    });
  }

  async move(path: string, expect: Fingerprint, target: string): Promise<Found> {
    checkName(target);
    const { handle, directory: from, name } = await this.#version(path, expect, "refused");
    const [directory, targetName] = await this.#place(target, true);
    await this.#checkAbsent(target);
    // RACE: what comes there after this check is replaced.
    await this.#version(path, expect, "refused");
    const moved = await this.#rename(handle, directory, targetName, target);
    if (moved) {
      if (!isStill(expect, moved.fingerprint)) throw new BisyncError("changed", "it changed while it was moved", { path });
      return moved;
    }
    const copy = await create(directory, targetName, readVersion(handle, path, expect), target);
    try {
      // RACE: a version that is written after this check is deleted.
      await this.#version(path, expect, "refused");
      await inBrowser(path, () => from.removeEntry(name));
    } catch (error) {
      await this.remove(target, copy.fingerprint).catch(() => {});
      throw error;
    }
    return copy;
  }

  /** Gives a file another name, in place of what has that name; gives nothing where the browser does not do that. */
  async #rename(handle: FileSystemFileHandle, directory: FileSystemDirectoryHandle, name: string, path: string): Promise<Found | undefined> {
    if (!this.#renames) return undefined;
    const movable = handle as FileSystemFileHandle & { move(directory: FileSystemDirectoryHandle, name: string): Promise<void> };
    try {
      await movable.move(directory, name);
    } catch (error) {
      // It is in use. Every other reason is one for doing without, which has its own checks.
      if (isNamed(error, "NoModificationAllowedError")) throw failure(error, path);
      this.#renames = false;
      this.#hasMarks = true;
      return undefined;
    }
    if (this.#hasMarks) await unmark(directory, name, path);
    return look(await inBrowser(path, () => directory.getFileHandle(name)), path);
  }

  async remove(path: string, expect: Fingerprint): Promise<void> {
    // RACE: a version that is written after this check is deleted.
    const { directory, name } = await this.#version(path, expect, "refused");
    await inBrowser(path, () => directory.removeEntry(name));
  }

  async makeDirectory(path: string): Promise<Found> {
    await this.#directory(path, true);
    return DIRECTORY;
  }

  async removeDirectory(path: string): Promise<void> {
    try {
      const [parent, name] = await this.#place(path, false);
      const directory = await enter(parent, name, path, false);
      if (!(await inBrowser(path, () => clear(directory, path)))) throw new BisyncError("notEmpty", "directory not empty", { path });
      // Without `recursive` it is removed only when it is empty.
      await inBrowser(path, () => parent.removeEntry(name));
    } catch (error) {
      const removed = failure(error, path);
      if (removed.code !== "notFound") throw removed;
    }
  }

  async setTime(path: string): Promise<Found> {
    throw new BisyncError("other", "browsers set no times", { path });
  }

  async flush(): Promise<void> {
    // A page can ask for nothing more: files that were closed are with the browser.
    const untidy = [...this.#untidy];
    this.#untidy.clear();
    // What is in the way of that is in the way of nothing else. RACE: a page that makes a new file there now fails to.
    for (const [path, directory] of untidy) await tidy(directory, path).catch(() => {});
  }

  async checkApart(other: Side): Promise<void> {
    const theirs = roots.get(other);
    if (!theirs) return;
    const inside = (await pathWithin(this.#root, theirs)) ?? (await pathWithin(theirs, this.#root));
    if (inside) throw new BisyncError("usage", "both sides are the same folder, or one lies in the other", { path: other.name });
  }

  async #directory(path: string, create = false): Promise<FileSystemDirectoryHandle> {
    let directory = this.#root;
    for (const name of path === "" ? [] : path.split("/")) directory = await enter(directory, name, path, create);
    return directory;
  }

  /** The directory that a path lies in, and its last name. */
  async #place(path: string, create: boolean): Promise<[FileSystemDirectoryHandle, string]> {
    const name = lastName(path);
    if (path === "") throw new BisyncError("wrongKind", "the folder itself can be neither replaced nor removed");
    return [await this.#directory(path.slice(0, -name.length - 1), create), name];
  }

  /** What there is at a path, and where. */
  async #find(path: string): Promise<Place | undefined> {
    if (path === "") return { found: DIRECTORY, handle: this.#root, directory: this.#root, name: "" };
    const [directory, name] = await this.#place(path, false);
    const handle = await lookUp(directory, name, path);
    if (!handle) return undefined;
    const there = handle.kind === "directory" ? DIRECTORY : isSwap(name) ? SPECIAL : await look(handle, path);
    return { found: there, handle, directory, name };
  }

  async #isUnfinished({ found, directory, name }: Place, path: string): Promise<boolean> {
    return this.#hasMarks && isEmpty(found) && (await isPlaceholder(directory, name, path));
  }

  /** A file as it is now, and where; throws this code unless it is the version that is expected. */
  async #version(path: string, expect: Fingerprint, code: "refused" | "changed"): Promise<Version> {
    let place: Place | undefined;
    try {
      place = await this.#find(path);
    } catch (error) {
      const thrown = failure(error, path);
      if (thrown.code !== "notFound" && thrown.code !== "wrongKind") throw thrown;
    }
    if (!place) throw new BisyncError(code, "it is gone", { path });
    const { found, handle, directory, name } = place;
    if (found.kind !== "file" || handle.kind !== "file" || !isStill(expect, found.fingerprint)) {
      throw new BisyncError(code, "it has changed in the meantime", { path });
    }
    return { found, handle, directory, name };
  }

  async #checkAbsent(path: string): Promise<undefined> {
    if (await this.describe(path)) throw new BisyncError("refused", "something is there already", { path });
  }
}

const join = (directory: string, name: string) => (directory === "" ? name : `${directory}/${name}`);
const lastName = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const isEmpty = ({ kind, fingerprint }: Found) => kind === "file" && fingerprint.size === 0;

/** Whether it is what Chromium writes until a file is complete. That of a staged copy is known by its run, as the copy is. */
function isSwap(name: string): boolean {
  return name.endsWith(".crswap") && !name.startsWith(".bisync-");
}

/** Throws for names that cannot take part, since they are those of unfinished files. */
function checkName(path: string): void {
  if (isSwap(lastName(path))) throw new BisyncError("impossibleName", "browsers keep unfinished files under such names", { path });
}

async function checkPermission(root: FileSystemDirectoryHandle): Promise<void> {
  const { queryPermission } = root as { queryPermission?(descriptor: { mode: "readwrite" }): Promise<PermissionState> };
  const permission = await inBrowser("", async () => queryPermission?.call(root, { mode: "readwrite" }));
  if (permission === "prompt") throw new BisyncError("permissionDenied", "the page may not write there yet: call `requestPermission` when the user clicks");
  if (permission === "denied") throw new BisyncError("permissionDenied", "the page may not write there");
}

async function itemOf(name: string, handle: Handle, path: string): Promise<Item | undefined> {
  if (handle.kind === "directory") return { name, ...DIRECTORY };
  if (isSwap(name)) return { name, ...SPECIAL };
  try {
    return { name, ...(await settled(handle)) };
  } catch (error) {
    // It was deleted since the directory was read.
    if (isNamed(error, "NotFoundError")) return undefined;
    throw failure(error, path);
  }
}
