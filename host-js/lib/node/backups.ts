import { randomBytes } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { copyFile, lstat, mkdir, open, rename, unlink } from "node:fs/promises";

import { BisyncError } from "../error.js";
import { onDisk } from "./failure.js";

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
   * `check` returns the file as it has to be, and is asked before and after the copying.
   */
  async keep(file: Buffer, names: Buffer[], path: string, check: () => Promise<BigIntStats>): Promise<void> {
    const { atimeNs, mtimeNs } = await check();
    const directory = await onDisk(path, () => this.#made(names.slice(0, -1)));
    const staged = join(directory, Buffer.from(`.bisync-${randomBytes(8).toString("hex")}-0.partial`));
    try {
      await onDisk(path, () => copyFile(file, staged, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE));
      const copy = await onDisk(path, () => open(staged, "r+"));
      try {
        await onDisk(path, () => copy.utimes(secondsOf(atimeNs), secondsOf(mtimeNs)));
        await onDisk(path, () => copy.sync());
      } finally {
        await copy.close();
      }
      await check();
      await onDisk(path, () => rename(staged, join(directory, names.at(-1) as Buffer)));
      await onDisk(path, () => synced(directory));
    } catch (error) {
      await unlink(staged).catch(() => {});
      throw error;
    }
  }

  /** Makes a directory and its parents, none of which may be a link. */
  async #made(names: Buffer[]): Promise<Buffer> {
    await mkdir(this.#directory, { recursive: true });
    let directory = this.#directory;
    for (const name of names) {
      directory = join(directory, name);
      await mkdir(directory).catch(async (error: unknown) => {
        if (!(await lstat(directory)).isDirectory()) throw new BisyncError("wrongKind", "something is in the way among the backups", { cause: error });
      });
    }
    return directory;
  }
}

function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
}

/** Node cuts times off at the microsecond: from the middle of one, they cannot fall into the one before. */
function secondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000_000n) + (Number((nanoseconds % 1_000_000_000n) / 1000n) + 0.5) / 1e6;
}

async function synced(directory: Buffer): Promise<void> {
  if (process.platform === "win32") return;
  const opened = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
