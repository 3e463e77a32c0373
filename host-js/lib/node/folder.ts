import { lstat, stat } from "node:fs/promises";
import { resolve } from "node:path";

import { BisyncError } from "../error.js";
import type { Fingerprint, Found, Instant, Item, Side, WriteOptions } from "../side.js";
import { cleaned } from "./absolute.js";
import { checkApart, real } from "./apart.js";
import { Backups } from "./backups.js";
import { failure, onDisk } from "./failure.js";
import { found } from "./found.js";
import { ALGORITHMS } from "./hash.js";
import { type Links, look } from "./links.js";
import { Lister } from "./lister.js";
import { list } from "./listing.js";
import { move } from "./moving.js";
import { splitPath, stateName } from "./names.js";
import { read } from "./reading.js";
import { remove, removeDirectory, removeTree } from "./removing.js";
import { setTime, setTimesLike } from "./times.js";
import { Tree } from "./tree.js";
import { expected } from "./version.js";
import { write } from "./writing.js";

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
  readonly #oneFileSystem: boolean;
  readonly #tree: Tree;
  readonly #lister = new Lister();
  readonly backups: string | undefined;
  readonly links: Links | undefined;
  readonly keep?: NonNullable<Side["keep"]>;

  constructor(given: string, root: string, { backups, links, oneFileSystem = false }: { backups?: string; links: Links | undefined; oneFileSystem: boolean | undefined }) {
    this.name = stateName(root);
    this.nameAsGiven = stateName(cleaned(given));
    this.root = root;
    this.#oneFileSystem = oneFileSystem;
    this.#tree = new Tree(root, links);
    this.backups = backups;
    this.links = links;
    if (backups === undefined) return;
    const kept = new Backups(backups);
    this.keep = async (path, expect, backup) => {
      const place = await this.#tree.fileAt(path);
      await kept.keep(place, splitPath(backup), path, () => expected(path, place, expect));
    };
  }

  async realName(): Promise<string> {
    return stateName(await real(this.root));
  }

  async open() {
    const path = this.root;
    const stats = await onDisk(path, () => stat(path, { bigint: true }));
    this.#tree.onlyDevice = this.#oneFileSystem ? stats.dev : undefined;
    if (!stats.isDirectory()) throw new BisyncError("usage", "not a directory", { path });
    if (this.backups !== undefined) await checkApart(path, this.backups, `the directory of backups \`${this.backups}\` has to lie apart from it`);
    // Node takes times as floating-point numbers, which hold microseconds.
    return { timePrecisionNs: 1000, setsTime: true, hashes: ALGORITHMS, slowHashes: true, caseInsensitive: false };
  }

  list(path: string, hash: string | undefined): AsyncIterable<Item[]> {
    return list(this.#tree, this.#lister, path, hash);
  }

  async describe(path: string): Promise<Found | undefined> {
    try {
      const place = await this.#tree.fileAt(path);
      return found(await look(place), place.form);
    } catch (error) {
      const described = failure(error, path);
      if (described.code === "notFound") return undefined;
      throw described;
    }
  }

  read(path: string, version: Fingerprint): AsyncIterable<Uint8Array> {
    return read(this.#tree, path, version);
  }

  write(path: string, content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<Found> {
    return write(this.#tree, path, content, options);
  }

  move(path: string, expect: Fingerprint, target: string, temporary = `${target}.partial`): Promise<Found> {
    return move(this.#tree, path, expect, target, temporary);
  }

  remove(path: string, expect: Fingerprint): Promise<void> {
    return remove(this.#tree, path, expect);
  }

  async makeDirectory(path: string): Promise<Found> {
    const place = await this.#tree.madeDirectory(path);
    return found(await onDisk(path, () => (this.links === "follow" ? stat : lstat)(place, { bigint: true })));
  }

  removeDirectory(path: string): Promise<void> {
    return removeDirectory(this.#tree, path);
  }

  removeTree(path: string): Promise<void> {
    return removeTree(this.#tree, path);
  }

  setTime(path: string, expect: Fingerprint, modified: Instant): Promise<Found> {
    return setTime(this.#tree, path, expect, modified);
  }

  async flush(other?: Side): Promise<void> {
    const { changes } = this.#tree;
    const made = changes.takeMade();
    // Now that nothing more comes into them.
    if (other && roots.has(other)) await setTimesLike(this.#tree, made, other);
    await changes.save();
  }

  async checkApart(other: Side): Promise<void> {
    const root = roots.get(other);
    if (root) await checkApart(this.root, root, "two directories apart from each other are needed");
  }
}
