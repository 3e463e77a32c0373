// What was changed in a folder since it was made durable the last time.

import { syncDirectory } from "./disk.js";
import { failure } from "./failure.js";

export class Changes {
  /** Directories that were made, as paths in the folder. */
  readonly #made = new Set<string>();
  /** Directories in which names came or went, as `latin1` of their bytes. */
  readonly #unsaved = new Set<string>();

  /** Remembers that a name came to a directory, or went. */
  nameAt(place: Buffer): void {
    this.#unsaved.add(place.subarray(0, place.lastIndexOf(0x2f)).toString("latin1"));
  }

  /** Remembers that a directory was made. */
  directoryAt(path: string, place: Buffer): void {
    this.nameAt(place);
    this.#made.add(path);
  }

  /** Takes out the directories that were made. */
  takeMade(): string[] {
    const made = [...this.#made];
    this.#made.clear();
    return made;
  }

  /** Makes names durable. Node has no call for a whole file system: files were saved when they were written, what remains is their names. */
  async save(): Promise<void> {
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
}
