import { randomBytes } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { copyFile, open, rename, unlink, writeFile } from "node:fs/promises";

import { join, makeDirectories, makeDirectory, modifiedAt, setTimes, syncDirectory } from "./disk.js";
import { onDisk } from "./failure.js";
import { type Place, targetOf } from "./links.js";

/** A directory that keeps what is replaced or deleted in a folder. */
export class Backups {
  /** It is made with the first file. */
  readonly #directory: Buffer;

  constructor(directory: string) {
    this.#directory = Buffer.from(directory);
  }

  /**
   * Copies a file there, in the place of an older one. The file stays: what comes after may still be refused.
   *
   * `check` returns the file as it has to be, and is asked before and after the copying. A link that counts as a file is a file there: under its own name
   * it could replace another backup.
   */
  async keep({ at, form }: Place, names: Buffer[], path: string, check: () => Promise<BigIntStats>): Promise<void> {
    const modified = modifiedAt(await check());
    const directory = await onDisk(path, () => this.#made(names.slice(0, -1)));
    const staged = join(directory, Buffer.from(`.bisync-${randomBytes(8).toString("hex")}-0.partial`));
    try {
      await onDisk(path, async () => {
        if (form === "link") await writeFile(staged, await targetOf(at), { flag: "wx" });
        else await copyFile(at, staged, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      });
      // It may be one that cannot be written to, as only Windows needs it.
      const copy = await onDisk(path, () => open(staged, process.platform === "win32" ? "r+" : "r"));
      try {
        await onDisk(path, () => setTimes(copy, modified));
        await onDisk(path, () => copy.sync());
      } finally {
        await copy.close();
      }
      await check();
      await onDisk(path, () => rename(staged, join(directory, names.at(-1) as Buffer)));
      await onDisk(path, () => syncDirectory(directory));
    } catch (error) {
      await unlink(staged).catch(() => {});
      throw error;
    }
  }

  /** Makes a directory and its parents, none of which may be a link. */
  async #made(names: Buffer[]): Promise<Buffer> {
    await makeDirectories(this.#directory.toString());
    let directory = this.#directory;
    for (const name of names) {
      directory = join(directory, name);
      await makeDirectory(directory);
    }
    return directory;
  }
}
