import { parseArgs } from "node:util";

import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import { FLAGS, NOT_HERE } from "./flags.js";
import type { Placed } from "./places.js";

/** An option of the command line. */
export interface Flag {
  name: string;
  short?: string;
  /** What it takes, as far as this matters here. */
  kind: "flag" | "count" | "choice" | "words" | "list" | "text" | "file" | "files" | "age" | "other";
  /** What its value is called; one without takes none. */
  value?: string;
  /** A plain number is a value. */
  number?: true;
  /** The value names a file or a directory. */
  path?: true;
  /** It is carried out by the command, and of no concern to the engine. */
  host?: true;
  group: string;
  help: string;
}

/** The command line, taken apart. */
export interface Arguments {
  /** What is no option. */
  operands: string[];
  /** The options, in the order given. */
  given: Placed[];
}

/** All options of the program. */
export const ALL = [...FLAGS, ...NOT_HERE];
const BY_NAME = new Map(ALL.map((flag) => [flag.name, flag]));
const OPTIONS = Object.fromEntries(
  ALL.map(({ name, short, value }) => [name, { type: value ? ("string" as const) : ("boolean" as const), ...(short && { short }) }]),
);

/** Takes a command line apart. Values are not looked at. */
export function readArguments(line: string[]): Arguments {
  const { tokens } = parseArgs({ args: line, options: OPTIONS, strict: false, allowPositionals: true, tokens: true });
  const operands: string[] = [];
  const given: Placed[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const flag = BY_NAME.get(token.name);
    if (!flag) throw unknown(token.name, token.rawName);
    if (flag.value && token.value === undefined) {
      throw new BisyncError("usage", `\`--${flag.name}\` needs a value: \`--${flag.name} ${flag.value}\``, { path: flag.name });
    }
    given.push({ flag, value: token.value ?? "true" });
  }
  return { operands, given };
}

/** Finds an option by its name without dashes. */
export function findFlag(name: string): Flag | undefined {
  return BY_NAME.get(name);
}

/** An option that does not exist; the engine knows what was probably meant. */
function unknown(name: string, written: string): BisyncError {
  const meant = written.startsWith("--") ? table.checkOption(name, "") : undefined;
  const text = meant?.includes("; ") ? meant : `unknown option \`${written}\`; \`bisync --help\` shows all`;
  return new BisyncError("usage", text, { path: name });
}
