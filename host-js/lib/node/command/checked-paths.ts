// Which paths are refused before anything is opened, made or locked: in the words, and with the exit codes, of the program.

import { stat } from "node:fs/promises";

import { type Given, isOn, lastValue, textOf } from "../../conduct.js";
import { distinctName } from "../../engine.js";
import { BisyncError, type ErrorCode } from "../../error.js";
import { absolute, cleaned } from "../absolute.js";
import { Whereabouts } from "../apart.js";
import { makeDirectories } from "../disk.js";
import { failure, isCode } from "../failure.js";
import { stateName } from "../names.js";
import { usualState } from "../state.js";
import type { RunAsked } from "./asked.js";

/** A path that cannot be used: the folders are not what they were, or were never fit for this. */
export class PathError extends BisyncError {}

/** A directory that must not overlap some of the folders. */
interface Beside {
  what: string;
  directory: string;
  flag: string;
  /** The folders, by their number. */
  sides: number[];
  /** Whether those may lie in it. */
  mayHold: boolean;
}

/** Checks both paths and what has to stay apart from them. A missing Path1 is made for a run that starts anew, as by rclone. */
export async function checkPaths({ paths, given, plan, names }: RunAsked): Promise<void> {
  const roots = paths.map(cleaned);
  if (names) [names.path1, names.path2].forEach((name, side) => checkName(name, roots[side] ?? "", nameOf(side)));
  const changesNothing = isOn(given, "dry-run") || ["plan-out", "explain"].some((name) => lastValue(given, name) !== undefined);
  const mayBeMissing = !changesNothing && plan === undefined && startsAnew(given);
  for (const [side, root] of roots.entries()) await checkRoot(root, nameOf(side), mayBeMissing && side === 0);
  const places = await Promise.all(roots.map((root, side) => placeOf(root, nameOf(side))));
  const [one, two] = places as [Whereabouts, Whereabouts];
  if (one.isWithin(two) && two.isWithin(one)) throw refused("Path1 and Path2 are the same directory");
  for (const [inner, outer] of [[0, 1], [1, 0]] as const) {
    if (!places[inner]?.isWithin(places[outer] as Whereabouts)) continue;
    throw refused(`${nameOf(inner)} lies inside ${nameOf(outer)}: two directories apart from each other are needed`);
  }
  for (const { what, directory, flag, sides, mayHold } of besides(given)) {
    // One that cannot be looked at fails later, with its own words.
    const place = await Whereabouts.of(absolute(directory)).catch(() => undefined);
    const side = sides.find((side) => place && places[side] && (place.isWithin(places[side]) || (!mayHold && places[side].isWithin(place))));
    if (side !== undefined) throw refused(`${what} \`${directory}\` overlaps ${nameOf(side)}: choose a directory outside with \`--${flag}\``);
  }
  if (mayBeMissing) await makeDirectories(roots[0] ?? "").catch((error: unknown) => {
    const { code, message } = failure(error, roots[0] ?? "");
    throw new BisyncError(code, `cannot make the directory \`${roots[0]}\`: ${message}`, { cause: error });
  });
}

const nameOf = (side: number) => `Path${side + 1}`;
const refused = (words: string, code: ErrorCode = "refused") => new PathError(code, words);

/** Throws when a plan names a directory and the listings of another. What a relative path named, only the directory in which it was given could tell. */
function checkName(name: string, root: string, which: string): void {
  if (!name.startsWith("/") || name === stateName(root) || name === distinctName(stateName(root))) return;
  throw new BisyncError("refused", `the plan names ${which} \`${root}\`, and the listings of another directory: a plan is for one pair`, { path: root });
}

function startsAnew(given: Given): boolean {
  return isOn(given, "resync") || (lastValue(given, "resync-mode") ?? "none").toLowerCase() !== "none";
}

async function checkRoot(root: string, which: string, mayBeMissing: boolean): Promise<void> {
  const noDirectory = () => refused(`${which} \`${root}\` is not a directory`);
  const stats = await stat(root).catch((error: unknown) => {
    if (isCode(error, "ENOTDIR")) throw noDirectory();
    if (!isCode(error, "ENOENT")) throw refused(`${which} \`${root}\` cannot be used: ${failure(error, root).message}`);
    if (mayBeMissing) return undefined;
    throw refused(`${which} \`${root}\` does not exist: make it, or check the spelling and that the disk is mounted`, "notFound");
  });
  if (stats && !stats.isDirectory()) throw noDirectory();
}

async function placeOf(root: string, which: string): Promise<Whereabouts> {
  try {
    return await Whereabouts.of(absolute(root));
  } catch (error) {
    throw refused(`${which} \`${root}\` cannot be used: ${failure(error, root).message}`);
  }
}

/** The directories of the listings and of old versions. */
function besides(given: Given): Beside[] {
  const listings = { what: "the directory of the listings", directory: textOf(given, "workdir") ?? usualState(), flag: "workdir", sides: [0, 1], mayHold: true };
  const kept = ["backup-dir1", "backup-dir2"].flatMap((own, side): Beside[] => {
    const flag = [own, "backup-dir"].find((name) => textOf(given, name) !== undefined);
    return flag === undefined ? [] : [{ what: "the backup directory", directory: cleaned(textOf(given, flag) ?? ""), flag, sides: [side], mayHold: false }];
  });
  return [listings, ...kept];
}
