import { copyFile, link, mkdir, open, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { isAbsolute } from "node:path";

import { BisyncError } from "../error.js";
import type { StateStore } from "../state.js";
import { absolute, inside } from "./absolute.js";
import { checkApart } from "./apart.js";
import { isCode, onDisk } from "./failure.js";

/**
 * Keeps listings in a folder, in the same files as the program, so that both can take turns on one pair.
 *
 * Without a path it is the program's own: `$XDG_STATE_HOME/bisync`, or `~/.local/state/bisync`.
 */
export function folderState(path?: string): StateStore {
  if (path === "") throw new BisyncError("usage", "the path of the directory of the state is empty: give a directory", { path });
  return new FolderState(absolute(path ?? usualState()));
}

/** Returns the directory in which listings are kept when none is named. */
export function usualState(): string {
  // The XDG specification has relative paths ignored.
  const base = [process.env["XDG_STATE_HOME"]].find((path) => path && isAbsolute(path)) ?? inside(homedir(), ".local/state");
  return inside(base, "bisync");
}

class FolderState implements StateStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async lock(session: string): Promise<() => Promise<void>> {
    await this.#make();
    const path = this.#path(`${session}.lck`);
    const text = lockText(inside(this.#directory, session));
    // A lock that is there before it is written would look like one that was left behind.
    const staged = `${path}.${process.pid}-${crypto.randomUUID()}`;
    await onDisk(path, () => writeFile(staged, text, { flag: "wx", mode: 0o600 }));
    try {
      while (!(await isLinked(staged, path))) await takeAway(path);
    } finally {
      await removeIfThere(staged);
    }
    return async () => {
      if ((await readIfThere(path)) === text) await removeIfThere(path);
    };
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

  async checkApart(name: string): Promise<void> {
    if (!name.startsWith("/")) return;
    await checkApart(this.#directory, name.slice(0, -1) || "/", "the listings would lie in one of the folders", true);
  }

  async #make(): Promise<void> {
    await onDisk(this.#directory, () => mkdir(this.#directory, { recursive: true, mode: 0o700 }));
  }

  #path(name: string): string {
    if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
      throw new BisyncError("other", `\`${name}\` cannot name a blob`);
    }
    return inside(this.#directory, name);
  }
}

/** What rclone writes into its lock. The program believes it for as long as the process lives. */
function lockText(session: string): string {
  const now = new Date();
  const never = new Date(now);
  never.setFullYear(now.getFullYear() + 200);
  const lock = { Session: session, PID: String(process.pid), TimeRenewed: now.toISOString(), TimeExpires: never.toISOString() };
  return `${JSON.stringify(lock)}\n`;
}

async function isLinked(staged: string, path: string): Promise<boolean> {
  try {
    await link(staged, path);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Takes a lock away that was left behind; throws when somebody may have it. */
async function takeAway(path: string): Promise<void> {
  const text = await readIfThere(path);
  if (text === undefined) return;
  const owner = parsed(text);
  const number = Number(owner.PID);
  const elsewhere = typeof owner.Host === "string" && owner.Host !== hostname();
  const expired = Date.parse(String(owner.TimeExpires)) < Date.now();
  if (!expired && (elsewhere || !Number.isInteger(number) || isAlive(number))) {
    const message = `another run of these paths is at work (process ${owner.PID ?? "unknown"}): wait for its end; its lock is \`${path}\``;
    throw new BisyncError("busy", message, { path });
  }
  // Somebody else may have done the same just now: what is taken away has to be what was read.
  const aside = `${path}.${process.pid}-${crypto.randomUUID()}`;
  await rename(path, aside).catch((error: unknown) => {
    if (!isCode(error, "ENOENT")) throw error;
  });
  const taken = await readIfThere(aside);
  if (taken !== undefined && taken !== text) await link(aside, path).catch(() => {});
  await removeIfThere(aside);
}

function parsed(text: string): { PID?: unknown; Host?: unknown; TimeExpires?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : { PID: value };
  } catch {
    return {};
  }
}

function isAlive(number: number): boolean {
  try {
    process.kill(number, 0);
    return true;
  } catch (error) {
    return !isCode(error, "ESRCH");
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Removes a file; returns whether there was one. */
async function removeIfThere(path: string): Promise<boolean> {
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
