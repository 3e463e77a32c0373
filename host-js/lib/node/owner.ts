// Whether the process that made a lock is still there.

import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

import { isCode } from "./failure.js";

/** Who made a lock, and for how long. */
export interface Owner {
  /** The number of the process. */
  process: number;
  /** The machine on which it runs; not in a lock of rclone's. */
  host: string | undefined;
  /** The kernel's name for the time since the start of the machine. */
  boot: string | undefined;
  /** When the lock was last renewed, and when it expires, in milliseconds since 1970. */
  renewed: number | undefined;
  expires: number | undefined;
}

/**
 * How much later than the lock a process must have begun to be certainly another one than its owner, in milliseconds.
 *
 * The kernel counts starts from boot, and the clock may have been set since.
 */
const START_SLACK_MS = 2000;
/** What Linux tells processes of its time is in hundredths of a second. */
const TICK_MS = 10;

/** Says which machine this is: its name, and the kernel's name for the time since its start, where there is one. */
export async function hereIs(): Promise<{ host: string; boot: string | undefined }> {
  const boot = await told("/proc/sys/kernel/random/boot_id");
  return { host: hostname(), boot: boot?.trim() };
}

/** Says whether a process of this machine may be the one that wrote something then: it is there, and did not begin later. */
export async function isOwner(number: number, written: number | undefined): Promise<boolean> {
  if (!isAlive(number)) return false;
  const began = written === undefined ? undefined : await beginOf(number);
  return began === undefined || written === undefined || began - written <= START_SLACK_MS;
}

function isAlive(number: number): boolean {
  // Zero, and what is no number of a process, would mean a group of them.
  if (number === 0 || number > 0x7fffffff) return false;
  try {
    process.kill(number, 0);
    return true;
  } catch (error) {
    return !isCode(error, "ESRCH");
  }
}

/** Returns when a process began, where `/proc` tells. */
async function beginOf(number: number): Promise<number | undefined> {
  const stat = await told(`/proc/${number}/stat`);
  // The program's name stands in parentheses and may hold anything; field 22 is the 20th after it.
  const ticks = Number(stat?.slice(stat.lastIndexOf(")") + 1).trim().split(/\s+/)[19]);
  const boot = Number((await told("/proc/stat"))?.match(/^btime (\d+)$/m)?.[1]);
  const began = boot * 1000 + ticks * TICK_MS;
  return Number.isNaN(began) ? undefined : began;
}

async function told(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
