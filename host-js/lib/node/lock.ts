// The lock that keeps two runs of the same pair apart: rclone's lock file.
//
// Node has no locks of the kernel, so the file's content decides alone: whose it is, and until when. It names no machine, since the program takes a lock of
// its own machine that no kernel lock protects for one that was left behind; without, it believes the lock for as long as the process lives, as it believes one of rclone's.

import { link, open, readFile, rename, unlink, writeFile } from "node:fs/promises";

import { BisyncError } from "../error.js";
import type { Claim } from "../state.js";
import { failure, isCode } from "./failure.js";
import { hereIs, isOwner, type Owner } from "./owner.js";

/** No timer waits longer, in milliseconds. */
const LONGEST_TIME_MS = 2 ** 31 - 1;
/** A lock is renewed so long before it expires, in milliseconds. */
const RENEWAL_MS = 60_000;

/** Claims the lock at a path; `session` is what it says it is for, and that with `.lck` is how a person knows it. The function that is returned gives it up. */
export async function claimLock(path: string, session: string, { expiresAfterMs, say }: Claim): Promise<() => Promise<void>> {
  const known = `${session}.lck`;
  let text = lockText(session, expiresAfterMs);
  try {
    // A lock that is there before it is written would look like one that was left behind.
    const staged = `${path}.${process.pid}-${crypto.randomUUID()}`;
    await writeFile(staged, text, { flag: "wx", mode: 0o600 });
    let why: string | undefined;
    try {
      while (!(await isLinked(staged, path))) why = (await takenAway(path, known)) ?? why;
    } finally {
      await removeIfThere(staged);
    }
    if (why !== undefined) say?.({ level: "notice", code: "lock-taken-over", text: `took over a lock that was left behind: ${why}` });
  } catch (error) {
    if (error instanceof BisyncError) throw error;
    const { code, message } = failure(error, path);
    throw new BisyncError(code, `cannot lock \`${known}\`: ${message}`, { path, cause: error });
  }
  let renewing: Promise<void> = Promise.resolve();
  const renew = async () => {
    const renewed = lockText(session, expiresAfterMs);
    // One that expired may have been taken over: then it is no longer ours to renew.
    if (await isOverwritten(path, text, renewed)) text = renewed;
  };
  const timer = expiresAfterMs === undefined ? undefined : setInterval(() => {
    // What cannot be renewed expires.
    renewing = renewing.then(renew).catch(() => {});
  }, Math.min(Math.max(expiresAfterMs - RENEWAL_MS, 1000), LONGEST_TIME_MS));
  timer?.unref();
  return async () => {
    clearInterval(timer);
    await renewing;
    if ((await readIfThere(path)) === text) await removeIfThere(path);
  };
}

/** What rclone writes into its lock. Its "never" is two hundred years from now. */
function lockText(session: string, expiresAfterMs: number | undefined): string {
  const now = new Date();
  const expires = new Date(now);
  if (expiresAfterMs === undefined) expires.setFullYear(now.getFullYear() + 200);
  else expires.setTime(Math.min(now.getTime() + expiresAfterMs, Date.UTC(9999, 11, 31)));
  const lock = { Session: session, PID: String(process.pid), TimeRenewed: now.toISOString(), TimeExpires: expires.toISOString() };
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

/** Takes a lock away that was left behind, and says why it was; throws when somebody may have it. */
async function takenAway(path: string, known: string): Promise<string | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const owner = ownerIn(text);
  const why = owner && (await leftBehind(owner));
  if (why === undefined) {
    const message = `another run of these paths is at work (${owner ? shown(owner) : "an unknown process"}): wait for its end; its lock is \`${known}\``;
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
  return why;
}

/** Returns why a lock has no owner any more; `undefined` when it may have one. */
async function leftBehind(owner: Owner): Promise<string | undefined> {
  const { process: number, host, boot, renewed, expires } = owner;
  const ended = `process ${number} has ended`;
  const here = await hereIs();
  const isSameBoot = boot !== undefined && boot === here.boot;
  const isHere = host !== undefined && (isSameBoot || host === here.host);
  const mayLive = await isOwner(number, renewed);
  // One that names this machine is of the program, which has the kernel's lock besides for as long as it lives.
  if (expires !== undefined && expires < Date.now() && !(isHere && mayLive)) return `it expired at ${new Date(expires).toISOString().slice(0, 19)}Z`;
  if (host !== undefined && !isHere) return undefined;
  // The machine was started anew.
  if (isHere && !isSameBoot && boot !== undefined && here.boot !== undefined) return ended;
  return mayLive ? undefined : ended;
}

const shown = ({ process, host }: Owner) => `process ${process}${host === undefined ? "" : ` on \`${host}\``}`;

/** Reads a lock; `undefined` when it makes no sense. A bare number is a lock that rclone is just about to complete. */
function ownerIn(text: string): Owner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const fields = (typeof value === "object" && value !== null ? value : { PID: String(value) }) as Record<string, unknown>;
  const words = (field: string) => (typeof fields[field] === "string" ? fields[field] : undefined);
  const time = (field: string) => {
    const at = Date.parse(words(field) ?? "");
    return Number.isNaN(at) ? undefined : at;
  };
  const number = words("PID");
  if (number === undefined || !/^\d{1,10}$/.test(number)) return undefined;
  return { process: Number(number), host: words("Host"), boot: words("Boot"), renewed: time("TimeRenewed"), expires: time("TimeExpires") };
}

/** Writes over a file that holds what is expected, and cuts it afterwards: it is never seen empty. Says whether it did hold that. */
async function isOverwritten(path: string, expected: string, text: string): Promise<boolean> {
  const file = await open(path, "r+");
  try {
    // What takes its place after this look is another file.
    if ((await file.readFile("utf8")) !== expected) return false;
    const bytes = Buffer.from(text);
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(bytes.length);
    return true;
  } finally {
    await file.close();
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

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isCode(error, "ENOENT")) throw error;
  });
}
