// The names of what lies in the directory `.bisync` of a side. They say all that has to be compared, so that a listing of the directory is enough.
//
// `lock-0123456789abcdef-2a` is a run at work, and how often it has said so.
// `state-0123456789abcdef-0000002a-fedcba9876543210.path1` marks a folder as Path1 of a pair, and of which state of it; where the listings of that state are, they
// have the same name, followed by `.lst`.

import type { SideName } from "../../protocol.js";

/** What the pair agreed on after a run. Ordered by its number within the pair. */
export interface Version {
  /** Counts the states of the pair, from 1. */
  number: number;
  /** Two folders that were brought in step for the first time: a number in sixteen hexadecimal digits. */
  pair: string;
  /** The run after which it was so: a number that no other run has, likewise. */
  run: string;
}

/** A part of the state, as it is kept beside the marks: the listing of a side, or since when changes of metadata count. */
export type Part = SideName | "metadata";

/** All parts; the last one may be missing. */
export const PARTS: Part[] = ["path1", "path2", "metadata"];

/** What a name in the directory says: that a run is at work, and how often it has said so; that the folder is a side of a pair; or that it is a part of a state. */
export type Name =
  | { kind: "lock"; run: string; count: number }
  | { kind: "mark"; version: Version; side: SideName }
  | { kind: "part"; version: Version; part: Part };

/** Reads a name; `undefined` when it is nobody's here. */
export function parseName(name: string): Name | undefined {
  const lock = /^lock-([0-9a-f]{16})-([0-9a-f]{1,12})$/.exec(name);
  if (lock) return { kind: "lock", run: lock[1] as string, count: Number.parseInt(lock[2] as string, 16) };
  const state = /^state-([0-9a-f]{16})-([0-9a-f]{8})-([0-9a-f]{16})\.(?:(path[12])(\.lst)?|metadata)$/.exec(name);
  if (!state) return undefined;
  const [, pair = "", number = "", run = "", side, listing] = state;
  const version = { number: Number.parseInt(number, 16), pair, run };
  if (side === undefined) return { kind: "part", version, part: "metadata" };
  return listing ? { kind: "part", version, part: side as SideName } : { kind: "mark", version, side: side as SideName };
}

export const lockName = (run: string, count: number) => `lock-${run}-${count.toString(16)}`;
export const versionName = ({ number, pair, run }: Version) => `state-${pair}-${number.toString(16).padStart(8, "0")}-${run}`;
export const markName = (version: Version, side: SideName) => `${versionName(version)}.${side}`;
export const partName = (version: Version, part: Part) => `${versionName(version)}.${part === "metadata" ? part : `${part}.lst`}`;

/** Returns the state that a name belongs to, if it belongs to one. */
export function versionOf(name: string): Version | undefined {
  const parsed = parseName(name);
  return parsed && parsed.kind !== "lock" ? parsed.version : undefined;
}

export const isSame = (one: Version, two: Version) => versionName(one) === versionName(two);

/** Returns a number that nobody else has, in sixteen hexadecimal digits. */
export function random(): string {
  const [number = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  return number.toString(16).padStart(16, "0");
}
