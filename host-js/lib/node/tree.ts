// Where the paths of a folder are on the disk.

import type { BigIntStats } from "node:fs";
import { lstat, stat } from "node:fs/promises";

import { Changes } from "./changes.js";
import { checkDirectory, join, makeDirectory } from "./disk.js";
import { onDisk } from "./failure.js";
import { type Links, type Place, resolved } from "./links.js";
import { splitPath } from "./names.js";

/** A folder of this computer, by paths. */
export class Tree {
  readonly root: Buffer;
  readonly links: Links | undefined;
  /** The file system of which directories take part; left out, all do. */
  onlyDevice: bigint | undefined;
  readonly changes = new Changes();

  constructor(root: string, links: Links | undefined) {
    this.root = Buffer.from(root);
    this.links = links;
  }

  /** Whether links stand for what they lead to. */
  get isFollowing(): boolean {
    return this.links === "follow";
  }

  /** Returns where a path is, having seen that no link leads to it unless links are followed. RACE: a link that comes after that is followed. */
  async at(path: string): Promise<Buffer> {
    let at = this.root;
    const names = splitPath(path);
    if (this.isFollowing) return names.reduce(join, at);
    for (const [index, name] of names.entries()) {
      at = join(at, name);
      const directory = at;
      if (index < names.length - 1) checkDirectory(await onDisk(path, () => lstat(directory, { bigint: true })), path);
    }
    return at;
  }

  /** Returns where the file at a path is, and whether it is a link. */
  async fileAt(path: string): Promise<Place> {
    const at = await this.at(path);
    return onDisk(path, () => resolved(this.links, at, false));
  }

  /** The same for a file that is to come there, with missing parents. */
  async newFileAt(path: string, isNew: boolean): Promise<Place> {
    const at = await this.#parentsMade(path);
    return onDisk(path, () => resolved(this.links, at, isNew));
  }

  /** Makes a directory and its missing parents; returns where it is. */
  async madeDirectory(path: string): Promise<Buffer> {
    const place = await this.#parentsMade(path);
    await this.#make(path, place);
    return place;
  }

  /** Looks at a directory and at all above it, by which it is reached. */
  above(path: string): Promise<BigIntStats[]> {
    let at = this.root;
    const places = [at, ...splitPath(path).map((name) => (at = join(at, name)))];
    return onDisk(path, () => Promise.all(places.map((place) => stat(place, { bigint: true }))));
  }

  async #parentsMade(path: string): Promise<Buffer> {
    let place = this.root;
    const names = splitPath(path);
    for (const [index, name] of names.entries()) {
      place = join(place, name);
      if (index < names.length - 1) await this.#make(path.split("/").slice(0, index + 1).join("/"), place);
    }
    return place;
  }

  async #make(path: string, place: Buffer): Promise<void> {
    if (await onDisk(path, () => makeDirectory(place, this.isFollowing))) this.changes.directoryAt(path, place);
  }
}
