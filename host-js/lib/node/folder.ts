import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { resolve } from "node:path";

import { BisyncError } from "../error.js";
import { type Fingerprint, type Found, type Instant, isStill, type Item, type Side, type WriteOptions } from "../side.js";
import { cleaned } from "./absolute.js";
import { checkApart, real } from "./apart.js";
import { Backups } from "./backups.js";
import { checkDirectory, join, makeDirectory, modifiedAt, renameNew, setDirectoryTimes, setTimes, syncDirectory, writeAll } from "./disk.js";
import { failure, isCode, onDisk } from "./failure.js";
import { found } from "./found.js";
import { ALGORITHMS, checkHash, hashOf } from "./hash.js";
import { isFollowedLink, type Links, look, makeLink, type Place, resolved, setLinkTimes, targetIn, targetOf } from "./links.js";
import { Lister, withFollowed, withLinks } from "./lister.js";
import { fromDisk, splitPath, stateName } from "./names.js";

/** A page of a listing holds so many names. */
const PAGE = 1000;
/** So much is read at once, in bytes. */
const CHUNK = 256 * 1024;
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
/** How a file is opened for reading, by what its place stands for. */
const READING: Record<Place["form"], number> = { plain: READ | constants.O_NOFOLLOW, link: READ | constants.O_NOFOLLOW, followed: READ };

/** How a file is opened that is written where it is: a pipe must not be waited for, and a link not be followed. */
const REWRITING = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** The folders that were made here, for `checkApart`. */
const roots = new WeakMap<Side, string>();

/** What a folder of this computer can have besides. */
export interface NodeFolderOptions {
  /** The directory in which what is replaced or deleted is kept, under the same path. It is made when it is needed. */
  backups?: string;
  /**
   * `keep`: symbolic links take part as files whose names end in `.rclonelink`, and which hold where they lead. `follow`: what they lead to takes part in their
   * place, outside the folder too. Left out, they take no part. Two folders are told the same, or what is a link in one is something else in the other.
   */
  links?: "keep" | "follow";
  /** Directories that are on another file system take no part. */
  oneFileSystem?: boolean;
}

/** Makes a side of a folder of this computer. It has to exist when a run begins. */
export function nodeFolder(path: string, { backups, links, oneFileSystem }: NodeFolderOptions = {}): Side {
  const root = directoryAt(path, "of a side");
  const side = new Folder(path, root, { ...(backups !== undefined && { backups: directoryAt(backups, "of backups") }), links, oneFileSystem });
  roots.set(side, root);
  return side;
}

/**
 * Returns the absolute path of a directory, cleaned by its text alone, as rclone and the program clean it. An empty one is a mistake: it would be that of
 * the directory in which the program was started.
 */
function directoryAt(path: string, which: string): string {
  if (path === "") throw new BisyncError("usage", `the path of the directory ${which} is empty: give a directory`, { path });
  return resolve(path);
}

class Folder implements Side {
  readonly name: string;
  readonly nameAsGiven: string;
  readonly root: string;
  readonly writesInPlace = true;
  readonly #root: Buffer;
  readonly #oneFileSystem: boolean;
  /** The file system of which directories take part, if not all do. */
  #onlyDevice: bigint | undefined;
  /** Directories that were made since the last flush, as paths in the folder. */
  readonly #made = new Set<string>();
  /** Directories in which names came or went since the last flush, as `latin1` of their bytes. */
  readonly #unsaved = new Set<string>();
  readonly #lister = new Lister();
  readonly backups: string | undefined;
  readonly links: Links | undefined;
  readonly keep?: NonNullable<Side["keep"]>;

  constructor(given: string, root: string, { backups, links, oneFileSystem = false }: { backups?: string; links: Links | undefined; oneFileSystem: boolean | undefined }) {
    this.name = stateName(root);
    this.nameAsGiven = stateName(cleaned(given));
    this.root = root;
    this.#root = Buffer.from(root);
    this.#oneFileSystem = oneFileSystem;
    this.backups = backups;
    this.links = links;
    if (backups === undefined) return;
    const kept = new Backups(backups);
    this.keep = async (path, expect, backup) => {
      const place = await this.#fileAt(path);
      await kept.keep(place, splitPath(backup), path, () => this.#expected(path, place, expect));
    };
  }

  async realName(): Promise<string> {
    return stateName(await real(this.root));
  }

  async open() {
    const path = this.#root.toString();
    const stats = await onDisk(path, () => stat(this.#root, { bigint: true }));
    this.#onlyDevice = this.#lister.onlyDevice = this.#oneFileSystem ? stats.dev : undefined;
    if (!stats.isDirectory()) throw new BisyncError("usage", "not a directory", { path });
    if (this.backups !== undefined) await checkApart(path, this.backups, `the directory of backups \`${this.backups}\` has to lie apart from it`);
    // Node takes times as floating-point numbers, which hold microseconds.
    return { timePrecisionNs: 1000, setsTime: true, hashes: ALGORITHMS, slowHashes: true, caseInsensitive: false };
  }

  async *list(path: string, hash: string | undefined): AsyncGenerator<Item[]> {
    const directory = await this.#at(path);
    // As texts, each letter of which is a byte, names take a quarter of the memory.
    const names = await onDisk(path, () => readdir(directory, { encoding: "latin1" }));
    for (let at = 0; at < names.length; at += PAGE) {
      const bytes = names.slice(at, at + PAGE).map((name) => Buffer.from(name, "latin1"));
      const seen = await this.#lister.items(directory, bytes);
      const page = await this.#shown(path, directory, seen);
      if (hash !== undefined) {
        for (const { name, kind, fingerprint } of page) {
          if (kind === "file") await this.#addHash(path === "" ? name : `${path}/${name}`, hash, fingerprint);
        }
      }
      yield page;
    }
  }

  /** Shows links as what they count for. */
  async #shown(path: string, directory: Buffer, items: Item[]): Promise<Item[]> {
    if (this.links === "keep") return withLinks(directory, items);
    if (this.links !== "follow") return items;
    let above: Promise<BigIntStats[]> | undefined;
    return withFollowed(directory, items, () => (above ??= this.#above(path)), this.#onlyDevice);
  }

  /** Looks at a directory and at all above it, by which it is reached. */
  #above(path: string): Promise<BigIntStats[]> {
    let at = this.#root;
    const places = [at, ...splitPath(path).map((name) => (at = join(at, name)))];
    return onDisk(path, () => Promise.all(places.map((place) => stat(place, { bigint: true }))));
  }

  /** Adds a hash to a fingerprint; none when the file cannot be read now. */
  async #addHash(path: string, algorithm: string, fingerprint: Fingerprint): Promise<void> {
    try {
      fingerprint.hash = await hashOf(this.read(path, fingerprint), algorithm);
    } catch (error) {
      if (!(error instanceof BisyncError)) throw error;
    }
  }

  async describe(path: string): Promise<Found | undefined> {
    try {
      const place = await this.#fileAt(path);
      return found(await look(place), place.form);
    } catch (error) {
      const described = failure(error, path);
      if (described.code === "notFound") return undefined;
      throw described;
    }
  }

  async *read(path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
    const place = await this.#fileAt(path);
    if (place.form === "link") {
      // A link keeps its target for life, so it is enough that it is still the same link.
      const before = await this.#expected(path, place, version, "changed");
      const target = await onDisk(path, () => targetOf(place.at));
      if ((await this.#expected(path, place, version, "changed")).ino !== before.ino) throw changed(path, "changed");
      yield target;
      return;
    }
    const file = await onDisk(path, () => open(place.at, READING[place.form]));
    try {
      const check = async (message: string) => {
        const stats = await file.stat({ bigint: true });
        if (!stats.isFile() || !isStill(version, found(stats).fingerprint)) throw new BisyncError("changed", message, { path });
      };
      await check("it has changed in the meantime");
      for (;;) {
        const { bytesRead, buffer } = await onDisk(path, () => file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK));
        if (bytesRead === 0) break;
        yield buffer.subarray(0, bytesRead);
      }
      await check("it changed while it was read");
    } finally {
      await file.close();
    }
  }

  async write(path: string, content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Found> {
    const { expect } = options;
    const place = await this.#newFileAt(path, expect === undefined);
    if (place.form === "link") return this.#writeLink(path, place, content, options);
    // A link cannot be written into.
    const isLink = expect !== undefined && (await onDisk(path, () => isFollowedLink(place)));
    if (options.inPlace && !isLink) return this.#writeInPlace(path, place, content, options);
    return this.#writeFile(path, place, content, options, expect && (await this.#expected(path, place, expect)));
  }

  /** Writes a file, with the permissions of another if it is to be like that. */
  async #writeFile(path: string, place: Place, content: AsyncIterable<Uint8Array>, options: WriteOptions, like: BigIntStats | undefined): Promise<Found> {
    const { expect, modified, verify } = options;
    const temporary = await this.#at(options.temporary);
    const mode = like ? Number(like.mode & 0o777n) : 0o666;
    const file = await onDisk(path, () => open(temporary, "wx", mode));
    try {
      try {
        if (like) await file.chmod(mode).catch(() => {});
        for await (const chunk of content) await onDisk(path, () => writeAll(file, chunk));
        if (modified) await onDisk(path, () => setTimes(file, modified));
        // Before it takes the place of another version: after a loss of power there is the one or the other, never an empty file.
        await onDisk(path, () => file.sync());
      } finally {
        await file.close();
      }
      const written = found(await onDisk(path, () => lstat(temporary, { bigint: true })));
      if (verify) await checkHash(this.read(options.temporary, written.fingerprint), verify, path);
      if (expect) {
        // RACE: Node cannot exchange two files; a change after this check is lost.
        await this.#expected(path, place, expect);
        await onDisk(path, () => rename(temporary, place.at));
      } else {
        await onDisk(path, () => renameNew(temporary, place.at));
      }
      this.#changed(place.at);
      return written;
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
  }

  async #writeLink(path: string, place: Place, content: AsyncIterable<Uint8Array>, { expect, temporary, modified, verify }: WriteOptions): Promise<Found> {
    if (expect) await this.#expected(path, place, expect);
    const target = await targetIn(content, path);
    if (verify) await checkHash([target], verify, path);
    // What is told is what was written, also when somebody puts another link there at once.
    let written: Found;
    if (!expect) {
      // Unlike a renaming, a link is never made over something.
      await onDisk(path, () => makeLink(place.at, target, modified));
      written = found(await onDisk(path, () => look(place)), place.form);
      if (written.kind !== "file" || !target.equals(await onDisk(path, () => targetOf(place.at)))) throw changed(path, "changed");
    } else {
      const staged: Place = { at: await this.#at(temporary), form: "link" };
      await onDisk(path, () => makeLink(staged.at, target, modified));
      try {
        written = found(await onDisk(path, () => look(staged)), staged.form);
        // RACE: Node cannot exchange two files; a change after this check is lost.
        await this.#expected(path, place, expect);
        await onDisk(path, () => rename(staged.at, place.at));
      } catch (error) {
        await unlink(staged.at).catch(() => {});
        throw error;
      }
    }
    this.#changed(place.at);
    return written;
  }

  /** Writes into the file itself. */
  async #writeInPlace(path: string, place: Place, content: AsyncIterable<Uint8Array>, { expect, modified, verify }: WriteOptions): Promise<Found> {
    const chunks = content[Symbol.asyncIterator]();
    try {
      // What cannot be read is no reason to empty a file.
      const first = await chunks.next();
      const file = await onDisk(path, () => open(place.at, expect ? REWRITING : "wx+", 0o666));
      let isBegun = false;
      try {
        const before = await onDisk(path, () => file.stat({ bigint: true }));
        if (expect) {
          // RACE: a change after this check is lost.
          const { kind, fingerprint } = found(before);
          if (kind !== "file" || !isStill(expect, fingerprint)) throw changed(path);
        }
        isBegun = true;
        if (expect) await onDisk(path, () => file.truncate(0));
        for (let next = first; !next.done; next = await chunks.next()) {
          const chunk = next.value;
          await onDisk(path, () => writeAll(file, chunk));
        }
        if (modified) await onDisk(path, () => setTimes(file, modified));
        await onDisk(path, () => file.sync());
        const written = found(await onDisk(path, () => file.stat({ bigint: true })));
        if (verify) await checkHash(this.read(path, written.fingerprint), verify, path);
        if (!expect) this.#changed(place.at);
        return written;
      } catch (error) {
        if (isBegun) await this.#brokenOff(file, place, expect).catch(() => {});
        throw error;
      } finally {
        await file.close();
      }
    } finally {
      await chunks.return?.();
    }
  }

  /** Leaves no half of a file that is new, and none that could pass for the newer version. */
  async #brokenOff(file: FileHandle, place: Place, expect: Fingerprint | undefined): Promise<void> {
    if (expect) {
      if (expect.modified) await setTimes(file, expect.modified);
      return;
    }
    const [ours, there] = [await file.stat({ bigint: true }), await lstat(place.at, { bigint: true })];
    if (ours.ino === there.ino && ours.dev === there.dev) await unlink(place.at);
  }

  async move(path: string, expect: Fingerprint, target: string, temporary = `${target}.partial`): Promise<Found> {
    const place = await this.#fileAt(path);
    const stats = await this.#expected(path, place, expect);
    const before = found(stats);
    const targetPlace = await this.#newFileAt(target, true);
    if (place.form === "link" || targetPlace.form === "link") return this.#moveLink(path, place, expect, target, temporary);
    const copied = async () => {
      const options = { expect: undefined, temporary, modified: modifiedAt(stats), verify: undefined };
      const written = await this.#writeFile(target, targetPlace, this.read(path, expect), options, stats);
      return this.#movedTo(target, written, path, expect);
    };
    // From where it is moved to, a link may lead elsewhere.
    if (await onDisk(path, () => isFollowedLink(place))) return copied();
    try {
      await renameNew(place.at, targetPlace.at);
    } catch (error) {
      // It goes to another file system.
      if (isCode(error, "EXDEV")) return copied();
      throw failure(error, target);
    }
    this.#changed(place.at);
    this.#changed(targetPlace.at);
    const moved = found(await onDisk(target, () => look(targetPlace)));
    // What somebody else put there at once, or in the place of what was to be moved, is not what was moved.
    if (moved.kind !== "file" || !isStill(before.fingerprint, moved.fingerprint)) throw changed(target, "changed");
    return moved;
  }

  /** Moves what is a link, or becomes one: it is made anew, and goes from where it was. */
  async #moveLink(path: string, place: Place, expect: Fingerprint, target: string, temporary: string): Promise<Found> {
    const modified = modifiedAt(await this.#expected(path, place, expect));
    const written = await this.write(target, this.read(path, expect), { expect: undefined, temporary, modified, verify: undefined });
    return this.#movedTo(target, written, path, expect);
  }

  /** Removes what was copied to where it is to be, or else the copy. */
  async #movedTo(target: string, written: Found, path: string, expect: Fingerprint): Promise<Found> {
    try {
      await this.remove(path, expect);
    } catch (error) {
      await this.remove(target, written.fingerprint).catch(() => {});
      throw error;
    }
    return written;
  }

  async remove(path: string, expect: Fingerprint): Promise<void> {
    const place = await this.#fileAt(path);
    // RACE: a change after this check goes with the file.
    await this.#expected(path, place, expect);
    await onDisk(path, () => unlink(place.at));
    this.#changed(place.at);
  }

  async makeDirectory(path: string): Promise<Found> {
    const place = await this.#parentsMade(path);
    await this.#makeDirectory(path, place);
    return found(await onDisk(path, () => (this.links === "follow" ? stat : lstat)(place, { bigint: true })));
  }

  async removeDirectory(path: string): Promise<void> {
    try {
      const place = await this.#at(path);
      const isLink = this.links === "follow" && (await onDisk(path, () => lstat(place))).isSymbolicLink();
      await (isLink ? this.#removeLinkTo(path, place) : onDisk(path, () => rmdir(place)));
      this.#changed(place);
    } catch (error) {
      const removed = failure(error, path);
      if (removed.code === "notFound") return;
      // Some systems say that the name exists when they mean what is in the directory.
      throw removed.code === "refused" ? new BisyncError("notEmpty", "directory not empty", { path, cause: error }) : removed;
    }
  }

  /** Removes a link to a directory that is empty; the directory itself stays. */
  async #removeLinkTo(path: string, place: Buffer): Promise<void> {
    // RACE: what is put into the directory after this look stays, but is no longer reached from here.
    const names = await onDisk(path, () => readdir(place));
    if (names.length > 0) throw new BisyncError("notEmpty", "directory not empty", { path });
    await onDisk(path, () => unlink(place));
  }

  async removeTree(path: string): Promise<void> {
    const directories = [path];
    for (const directory of directories) {
      const place = await this.#at(directory);
      const entries = await onDisk(directory, () => readdir(place, { withFileTypes: true, encoding: "buffer" })).catch((error: unknown) => {
        if (directory === path && error instanceof BisyncError && error.code === "notFound") return undefined;
        throw error;
      });
      if (!entries) return;
      for (const entry of entries) {
        // What a link leads to is not in the directory, also where it counts as if it were.
        if (!entry.isDirectory() || (await this.#isBeyond(directory, join(place, entry.name)))) throw new BisyncError("notEmpty", "there are files in it", { path });
        directories.push(`${directory}/${fromDisk(entry.name)}`);
      }
    }
    // RACE: when a file is made in one of them now, that directory and those above it stay; the empty ones below are gone.
    for (const directory of directories.reverse()) await this.removeDirectory(directory);
  }

  /** Whether a directory is on a file system that takes no part. */
  async #isBeyond(path: string, place: Buffer): Promise<boolean> {
    if (this.#onlyDevice === undefined) return false;
    return (await onDisk(path, () => lstat(place, { bigint: true }))).dev !== this.#onlyDevice;
  }

  async setTime(path: string, expect: Fingerprint, modified: Instant): Promise<Found> {
    const place = await this.#fileAt(path);
    if (place.form === "link") {
      // RACE: a link that is made after this check gets the time as well.
      const { fingerprint } = found(await this.#expected(path, place, expect), place.form);
      await onDisk(path, () => setLinkTimes(place.at, modified));
      const set = found(await onDisk(path, () => look(place)), place.form);
      if (set.kind !== "file" || set.fingerprint.id !== fingerprint.id) throw changed(path, "changed");
      return set;
    }
    const file = await onDisk(path, () => open(place.at, READING[place.form]));
    try {
      // RACE: a file that is written after this check gets the time as well.
      const is = found(await file.stat({ bigint: true }));
      if (is.kind !== "file" || !isStill(expect, is.fingerprint)) throw changed(path);
      await onDisk(path, () => setTimes(file, modified));
      await onDisk(path, () => file.sync());
      return found(await file.stat({ bigint: true }));
    } finally {
      await file.close();
    }
  }

  async flush(other?: Side): Promise<void> {
    await this.#setTimesLike(other);
    // Node has no call for a whole file system: files were saved when they were written, what remains is their names.
    const directories = [...this.#unsaved];
    this.#unsaved.clear();
    for (const [index, directory] of directories.entries()) {
      try {
        await syncDirectory(Buffer.from(directory, "latin1"));
      } catch (error) {
        for (const left of directories.slice(index)) this.#unsaved.add(left);
        throw failure(error, "");
      }
    }
  }

  /**
   * Gives the directories that were made the times of those of another folder, now that nothing more comes into them. One that is gone, or that the other does
   * not have, stays as it is: no run fails for a time.
   */
  async #setTimesLike(other: Side | undefined): Promise<void> {
    const made = [...this.#made];
    this.#made.clear();
    if (!other || !roots.has(other)) return;
    for (const path of made) {
      const there = await other.describe(path).catch(() => undefined);
      const { modified } = there?.kind === "directory" ? there.fingerprint : {};
      if (modified) await this.#at(path).then((place) => setDirectoryTimes(place, modified, this.links === "follow")).catch(() => {});
    }
  }

  /** Remembers that a name came to a directory, or went. */
  #changed(place: Buffer): void {
    this.#unsaved.add(place.subarray(0, place.lastIndexOf(0x2f)).toString("latin1"));
  }

  async #makeDirectory(path: string, place: Buffer): Promise<void> {
    if (!(await onDisk(path, () => makeDirectory(place, this.links === "follow")))) return;
    this.#changed(place);
    this.#made.add(path);
  }

  async checkApart(other: Side): Promise<void> {
    const root = roots.get(other);
    if (root) await checkApart(this.#root.toString(), root, "two directories apart from each other are needed");
  }

  async #expected(path: string, place: Place, expect: Fingerprint, code: "refused" | "changed" = "refused"): Promise<BigIntStats> {
    try {
      const stats = await look(place);
      const { kind, fingerprint } = found(stats, place.form);
      if (kind === "file" && isStill(expect, fingerprint)) return stats;
    } catch (error) {
      if (isCode(error, "ENOENT", "ENOTDIR")) throw new BisyncError(code, "it is gone", { path, cause: error });
      throw failure(error, path);
    }
    throw changed(path, code);
  }

  /** Returns where a path is, having seen that no link leads to it unless links are followed. RACE: a link that comes after that is followed. */
  async #at(path: string): Promise<Buffer> {
    let at = this.#root;
    const names = splitPath(path);
    if (this.links === "follow") return names.reduce(join, at);
    for (const [index, name] of names.entries()) {
      at = join(at, name);
      const directory = at;
      if (index < names.length - 1) checkDirectory(await onDisk(path, () => lstat(directory, { bigint: true })), path);
    }
    return at;
  }

  /** Returns where the file at a path is, and whether it is a link. */
  async #fileAt(path: string): Promise<Place> {
    const at = await this.#at(path);
    return onDisk(path, () => resolved(this.links, at, false));
  }

  /** The same for a file that is to come there, with missing parents. */
  async #newFileAt(path: string, isNew: boolean): Promise<Place> {
    const at = await this.#parentsMade(path);
    return onDisk(path, () => resolved(this.links, at, isNew));
  }

  async #parentsMade(path: string): Promise<Buffer> {
    let place = this.#root;
    const names = splitPath(path);
    for (const [index, name] of names.entries()) {
      place = join(place, name);
      if (index < names.length - 1) await this.#makeDirectory(path.split("/").slice(0, index + 1).join("/"), place);
    }
    return place;
  }
}

function changed(path: string, code: "refused" | "changed" = "refused"): BisyncError {
  return new BisyncError(code, "it has changed in the meantime", { path });
}
