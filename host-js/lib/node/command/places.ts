// Options from several places: which of them count, and what the engine is told.

import { readFileSync } from "node:fs";

import { type Given, isOn } from "../../conduct.js";
import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import { failure } from "../failure.js";
import { NOT_HERE } from "./flags.js";
import type { Flag } from "./table.js";

/** An option with its value as it was written, as somebody gave it. */
export interface Placed {
  flag: Flag;
  /** Of an option that takes a file, its name. */
  value: string;
  /** Says where it was given, if that is not the command line. */
  origin?: () => string;
}

/**
 * Brings together the options of several places, of which the first goes before, as the engine takes them: the files that they name are read, and
 * all values are checked.
 */
export function settled(places: Placed[][]): Given {
  return counting(places).map((placed) => {
    const { flag, value, origin } = placed;
    try {
      const option: Given[number] = [flag.name, flag.kind.startsWith("file") ? `${value}\n${content(flag.name, value)}` : value];
      const problem = table.checkOption(...option);
      if (problem !== undefined) throw new BisyncError("usage", problem, { path: flag.name });
      checkIsHere(...option);
      return option;
    } catch (error) {
      throw blamed(error, origin);
    }
  });
}

/** Returns what counts of the options of several places. */
export function counting(places: Placed[][]): Placed[] {
  const all = places.flat();
  const counts = table.merge(places.map((place) => place.map(({ flag, value }) => [flag.name, value])));
  return [...counts].map((number) => all[number] as Placed);
}

/**
 * Throws when the program has the option, and this command has not. One that is switched off asks for nothing.
 *
 * Most of them are about metadata. Without its extended attributes a copy would look as if somebody had removed them, and the program would remove them on the
 * other side too.
 */
export function checkIsHere(name: string, value: string): void {
  const flag = NOT_HERE.find((flag) => flag.name === name);
  if (!flag || (flag.kind === "flag" && !isOn([[name, value]], name))) return;
  const why = name.startsWith("watch") ? "the command ends after one run" : "Node can neither read nor write extended attributes";
  const text = `\`--${name}\` is not carried out by the command for Node, but by the program bisync: ${why}`;
  throw new BisyncError("usage", text, { path: name });
}

/** Adds to an error where it comes from. */
export function blamed(error: unknown, origin: (() => string) | undefined): unknown {
  if (!origin || !(error instanceof BisyncError)) return error;
  const { code, message, path, cause } = error;
  return new BisyncError(code, `${origin()}: ${message}`, { ...(path !== undefined && { path }), cause });
}

function content(option: string, name: string): string {
  try {
    // Some editors begin a file with a mark, which is no part of its first rule: it is left out here.
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(name === "-" ? 0 : name));
  } catch (error) {
    throw new BisyncError("other", `cannot read \`${name}\` for \`--${option}\`: ${failure(error, name).message}`, { path: option, cause: error });
  }
}
