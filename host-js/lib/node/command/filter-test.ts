// `bisync filter-test`: the engine says which paths take part, and here is looked at what is there.

import { type BigIntStats, lstatSync, statSync } from "node:fs";

import { clock, type Given, isOn } from "../../conduct.js";
import { table } from "../../engine.js";
import { BisyncError, wordsOf } from "../../error.js";
import type { Found } from "../../side.js";
import { inside } from "../absolute.js";
import { found } from "../found.js";
import { fromDisk } from "../names.js";

/** Explains each path in a line of its own; `root` is where to look for what exists. */
export function filterTest(given: Given, root: string | undefined, paths: string[]): string {
  const shown = paths.map((path) => fromDisk(Buffer.from(path)));
  const width = Math.max(...shown.map(lengthOf));
  const lines = paths.map((path, index) => {
    const text = shown[index] ?? path;
    const found = root === undefined ? undefined : lookBelow(given, root, path);
    const held = root === undefined ? [] : markers(given, root, text);
    try {
      return `${text}${" ".repeat(width - lengthOf(text))}  ${table.filterTest({ options: given, ...clock(), path: text, found, held })}\n`;
    } catch (error) {
      throw new BisyncError("usage", wordsOf(error), { path, cause: error });
    }
  });
  return lines.join("");
}

const lengthOf = (text: string) => [...text].length;

/** Says what there is below a directory, as far as the options let it take part. */
function lookBelow(given: Given, root: string, path: string): Found | undefined {
  const isFollowing = isOn(given, "copy-links");
  return isOn(given, "one-file-system") && isBeyond(root, path, isFollowing) ? { kind: "otherFileSystem", fingerprint: {} } : look(inside(root, path), isFollowing);
}

/** Whether a path leads to another file system. What lies in a directory of one takes no part, and neither does the directory. */
function isBeyond(root: string, path: string, isFollowing: boolean): boolean {
  const device = statsOf(root, true)?.dev;
  const names = path.split("/").filter((name) => name !== "");
  const places = ["", ...names.map((_, index) => names.slice(0, index + 1).join("/"))];
  return places.some((place) => {
    const stats = statsOf(inside(root, place), isFollowing);
    return stats?.isDirectory() === true && stats.dev !== device;
  });
}

/** Says what there is; what cannot be looked at counts as unknown. */
function look(path: string, isFollowing = false): Found | undefined {
  const stats = statsOf(path, isFollowing);
  return stats && found(stats);
}

function statsOf(path: string, isFollowing: boolean): BigIntStats | undefined {
  try {
    return (isFollowing ? statSync : lstatSync)(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** Returns which files there are that exclude the directory in which they are, in a path or above it. */
function markers(given: Given, root: string, path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const directories = ["", ...names.map((_, index) => `${names.slice(0, index + 1).join("/")}/`)];
  const marking = given.filter(([name]) => name === "exclude-if-present").map(([, name]) => name);
  return directories.flatMap((directory) => marking.map((name) => directory + name)).filter((path) => look(inside(root, path)));
}
