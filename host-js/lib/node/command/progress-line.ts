// How far a run is, in the words of the program.

import type { Progress } from "../../driver.js";
import { bytes } from "./text.js";

/** How long files have been copied when the time left can be estimated, in milliseconds. */
const SETTLED_MS = 2000;
/** A file costs about as much as so many bytes, whatever its size. */
const FILE_BYTES = 100_000;

/** Units of time, in seconds, with their names. */
const UNITS: [seconds: number, name: string][] = [
  [365 * 24 * 3600, "year"],
  [7 * 24 * 3600, "week"],
  [24 * 3600, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** Writes how far a run is; `copyingMs` is how long files have been copied, if any have. */
export function progressLine({ workload, listed, copied }: Progress, copyingMs: number | undefined): string {
  if (copyingMs === undefined) return `Listed: ${count(listed.files)} files in ${count(listed.directories)} directories`;
  // What was begun may be more than what was heard of last.
  const all = { files: Math.max(workload.files, copied.files), bytes: Math.max(workload.bytes, copied.bytes) };
  const rate = Math.floor(copied.bytes / Math.max(copyingMs / 1000, 0.001));
  const soFar = workload.isFinal ? "" : " so far";
  const line = `Copied: ${count(copied.files)} of ${count(all.files)} files, ${bytes(copied.bytes)} of ${bytes(all.bytes)}${soFar}, ${bytes(rate)}/s`;
  const leftMs = timeLeftMs(copyingMs, effort(copied), effort(all), workload.isFinal);
  return leftMs === undefined ? line : `${line}, ${duration(leftMs)} left`;
}

/** What files cost, in bytes. */
export function effort({ files, bytes }: { files: number; bytes: number }): number {
  return files * FILE_BYTES + bytes;
}

/** Returns how long it will take when it goes on as it went; `undefined` as long as nobody can know. */
export function timeLeftMs(elapsedMs: number, done: number, all: number, isFinal: boolean): number | undefined {
  if (!isFinal || done <= 0 || elapsedMs < SETTLED_MS) return undefined;
  return Math.ceil((elapsedMs / 1000) * (Math.max(all - done, 0) / done)) * 1000;
}

/** `3,456` */
function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Writes a duration in the largest unit of which there are at least one and a half, rounded: `90 seconds`, `2 minutes`. */
export function duration(durationMs: number): string {
  const seconds = durationMs / 1000;
  const last = UNITS.length - 1;
  // Half of the next smaller unit is what rounding may add.
  const index = UNITS.findIndex(([unit], index) => index === last || seconds + (UNITS[index + 1]?.[0] ?? 0) / 2 >= unit + unit / 2);
  const [unit, name] = UNITS[index] as [number, string];
  const rounded = Math.max(Math.round(seconds / unit), index === last ? 0 : 2);
  return `${rounded} ${name}${rounded === 1 ? "" : "s"}`;
}
