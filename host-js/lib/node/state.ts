import { copyFile, link, open, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, relative } from "node:path";

import { sessionName } from "../engine.js";
import { BisyncError } from "../error.js";
import type { Claim, PairNames, StateStore } from "../state.js";
import { absolute, inside } from "./absolute.js";
import { checkApart, real } from "./apart.js";
import { makeDirectories } from "./disk.js";
import { failure, isCode, onDisk } from "./failure.js";
import { claimLock } from "./lock.js";
import { stateName } from "./names.js";

/**
 * Keeps listings in a folder, in the same files as the program, so that both can take turns on one pair.
 *
 * Without a path it is the program's own: `$XDG_STATE_HOME/bisync`, or `~/.local/state/bisync`. One that is named may be rclone's: there the first pair has
 * the names that rclone makes from its paths as they were given, as with the program.
 */
export function folderState(path?: string): StateStore {
  if (path === "") throw new BisyncError("usage", "the path of the directory of the state is empty: give a directory", { path });
  return new FolderState(path);
}

/** A session's name of this many bytes leaves room for what its files are told apart by. */
const LONGEST_SESSION = 255 - 20;

/** Returns the directory in which listings are kept when none is named. */
export function usualState(): string {
  // The XDG specification has relative paths ignored.
  const base = [process.env["XDG_STATE_HOME"]].find((path) => path && isAbsolute(path)) ?? inside(homedir(), ".local/state");
  return inside(base, "bisync");
}

export class FolderState implements StateStore {
  /** Whether it may be rclone's. */
  readonly #isNamed: boolean;
  /** The directory as it was given, which a person knows it by. */
  readonly known: string;
  #directory: string;

  constructor(path: string | undefined) {
    this.known = path ?? usualState();
    this.#directory = absolute(this.known);
    this.#isNamed = path !== undefined;
  }

  get directory(): string {
    return this.#directory;
  }

  /** Goes by what is kept in another directory from now on. */
  goBy(directory: string): void {
    this.#directory = directory;
  }

  async namesFor({ own, given, roots }: { own: PairNames; given: PairNames; roots: Partial<PairNames> }, claims: boolean): Promise<PairNames> {
    if (!this.#isNamed || (own.path1 === given.path1 && own.path2 === given.path2)) return own;
    const session = sessionName(given.path1, given.path2);
    // Too long for a disk: rclone itself cannot have used it.
    if (Buffer.byteLength(session) > LONGEST_SESSION) return own;
    if (claims) await this.#make();
    // Where the directory is moved together with the folders, the pair is still the same.
    const seen = async (root: string | undefined, name: string) => (root === undefined ? name : stateName(relative(await real(this.#directory), await real(root))));
    const lines = [own.path1, own.path2, await seen(roots.path1, own.path1), await seen(roots.path2, own.path2)];
    const path = this.#path(`${session}.pair`);
    return onDisk(path, async () => {
      // Of several that come at once the first one has the names of rclone.
      if (claims) await writeFile(path, lines.map((line) => `${line}\n`).join(""), { flag: "wx", mode: 0o600, flush: true }).catch(unless("EEXIST"));
      const found = (await readFile(path, "utf8").catch(unless("ENOENT")))?.split("\n");
      const has = (at: number) => found?.[at] === lines[at] && found?.[at + 1] === lines[at + 1];
      return found === undefined || has(0) || has(2) ? given : own;
    });
  }

  async lock(session: string, claim: Claim = {}): Promise<() => Promise<void>> {
    await this.#make();
    return claimLock(this.#path(`${session}.lck`), inside(this.known, session), claim);
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    const path = this.#path(name);
    return onDisk(path, async () => {
      try {
        const file = await open(path, "r");
        try {
          const buffer = new Uint8Array(length);
          let at = 0;
          while (at < length) {
            const { bytesRead } = await file.read(buffer, at, length - at, offset + at);
            if (bytesRead === 0) break;
            at += bytesRead;
          }
          return buffer.subarray(0, at);
        } finally {
          await file.close();
        }
      } catch (error) {
        if (isCode(error, "ENOENT")) return undefined;
        throw error;
      }
    });
  }

  async write(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    await this.#make();
    const path = this.#path(name);
    await onDisk(path, async () => {
      const file = await open(path, offset === 0 ? "w" : "r+", 0o600);
      try {
        for (let at = 0; at < bytes.length; ) {
          at += (await file.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
        }
      } finally {
        await file.close();
      }
    });
  }

  async replace(name: string, target: string): Promise<void> {
    const [path, targetPath] = [this.#path(name), this.#path(target)];
    await onDisk(path, async () => {
      await sync(path);
      await rename(path, targetPath);
      await sync(this.#directory);
    });
  }

  async keep(name: string, target: string): Promise<void> {
    if (name === target) return;
    const [path, targetPath, staged] = [this.#path(name), this.#path(target), this.#path(`${target}.keep`)];
    await onDisk(path, async () => {
      await removeIfThere(staged);
      try {
        await link(path, staged).catch((error: unknown) => {
          if (isCode(error, "ENOENT")) throw error;
          return copyFile(path, staged);
        });
      } catch (error) {
        if (isCode(error, "ENOENT")) return;
        throw error;
      }
      await rename(staged, targetPath);
      // Renaming a name of a file to another name of the same file does nothing and leaves both.
      await removeIfThere(staged);
    });
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name);
    await onDisk(path, async () => {
      if (await removeIfThere(path)) await sync(this.#directory);
    });
  }

  async checkApart(root: string): Promise<void> {
    if (!isAbsolute(root)) return;
    await checkApart(this.#directory, root, "the listings would lie in one of the folders", true).catch((error: unknown) => {
      // One that cannot be looked at fails later, with its own words.
      if (error instanceof BisyncError && error.code === "usage") throw error;
    });
  }

  async #make(): Promise<void> {
    await makeDirectories(this.#directory, 0o700).catch((error: unknown) => {
      const { code, message } = failure(error, this.known);
      throw new BisyncError(code, `cannot make the directory \`${this.known}\`: ${message}`, { path: this.known, cause: error });
    });
  }

  #path(name: string): string {
    if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
      throw new BisyncError("other", `\`${name}\` cannot name a blob`);
    }
    return inside(this.#directory, name);
  }
}

/** Passes on every error but the one with this code. */
function unless(code: string): (error: unknown) => undefined {
  return (error) => {
    if (!isCode(error, code)) throw error;
    return undefined;
  };
}

/** Removes a file; returns whether there was one. */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
    return false;
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
