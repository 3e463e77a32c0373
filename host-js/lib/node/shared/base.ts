// Which state two folders are in, from the names that lie beside their data.

import type { SideName } from "../../protocol.js";
import type { Fingerprint } from "../../side.js";
import { isSame, parseName, partName, type Version, versionName } from "./names.js";

/** The names in the directory of a side, and which version of a file each is. */
export type Files = Map<string, Fingerprint>;

export const SIDES: SideName[] = ["path1", "path2"];

/** Returns the states with which both folders are marked, and whose listings are there; the last one first. */
export function basesOf(files: Record<SideName, Files>): Version[] {
  const marked = (side: SideName) =>
    [...files[side].keys()].flatMap((name): Version[] => {
      const parsed = parseName(name);
      return parsed?.kind === "mark" && parsed.side === side ? [parsed.version] : [];
    });
  const ofTwo = marked("path2");
  const both = marked("path1").filter((version) => ofTwo.some((other) => isSame(version, other)));
  const has = (version: Version, part: SideName) => SIDES.some((side) => files[side].has(partName(version, part)));
  // Two runs that went on from one state knew nothing of each other: neither knows what both folders hold.
  const isOneOfTwo = (version: Version) => both.some((other) => !isSame(other, version) && other.pair === version.pair && other.number === version.number);
  return both.filter((version) => SIDES.every((side) => has(version, side)) && !isOneOfTwo(version)).sort(lastFirst);
}

/** Whether this is the last state of its pair. */
export function isLastOfPair(version: Version, bases: Version[]): boolean {
  const last = bases.find((other) => other.pair === version.pair);
  return last !== undefined && isSame(last, version);
}

/** Whether a mark was written for this very folder. */
export function isOf(mark: string, identity: string): boolean {
  return mark === `${identity}\n`;
}

function lastFirst(one: Version, two: Version): number {
  return two.number - one.number || (versionName(one) < versionName(two) ? 1 : -1);
}
