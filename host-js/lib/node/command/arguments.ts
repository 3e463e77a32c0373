import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import type { Given } from "../../conduct.js";
import { BisyncError } from "../../error.js";
import { FLAGS, NOT_HERE } from "./flags.js";

/** An option of the command line. */
export interface Flag {
  name: string;
  short?: string;
  /** What its value is called; one without takes none. */
  value?: string;
  /** The value names a file, whose content counts. */
  file?: true;
  group: string;
  help: string;
}

/** The command line, taken apart. */
export interface Arguments {
  /** What is no option. */
  operands: string[];
  /** The options as the engine takes them, in the order given. */
  given: Given;
  /** The one option that is given does not exist. */
  isUnknown: boolean;
}

const BY_NAME = new Map(FLAGS.map((flag) => [flag.name, flag]));
const OPTIONS = Object.fromEntries(
  FLAGS.map(({ name, short, value }) => [name, { type: value ? ("string" as const) : ("boolean" as const), ...(short && { short }) }]),
);

/** Takes a command line apart, and reads the files that options name. Values are for the engine to judge. */
export function readArguments(line: string[]): Arguments {
  const { tokens } = parseArgs({ args: line, options: OPTIONS, strict: false, allowPositionals: true, tokens: true });
  const operands: string[] = [];
  const given: Given = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const flag = known(token.name, token.rawName);
    if (!flag) return { operands, given: [[token.name, ""]], isUnknown: true };
    if (flag.value && token.value === undefined) {
      throw new BisyncError("usage", `\`--${flag.name}\` needs a value: \`--${flag.name} ${flag.value}\``, { path: flag.name });
    }
    const value = token.value ?? "true";
    given.push([flag.name, flag.file ? `${value}\n${content(flag.name, value)}` : value]);
  }
  return { operands, given, isUnknown: false };
}

/** Finds an option. What this command does not know at all is for the engine to name: it knows what was probably meant. */
function known(name: string, written: string): Flag | undefined {
  const flag = BY_NAME.get(name);
  if (flag) return flag;
  checkIsHere(name);
  if (!written.startsWith("--")) throw new BisyncError("usage", `unknown option \`${written}\`; \`bisync --help\` shows all`, { path: name });
  return undefined;
}

/** Throws when the program has the option, and this command has not. */
export function checkIsHere(name: string): void {
  if (!NOT_HERE.includes(name)) return;
  throw new BisyncError("usage", `\`--${name}\` is not carried out by the command for Node, but by the program bisync`, { path: name });
}

function content(option: string, name: string): string {
  try {
    // Some editors begin a file with a mark, which is no part of its first rule.
    return readFileSync(name === "-" ? 0 : name, "utf8").replace(/^\ufeff/, "");
  } catch (cause) {
    const { message } = cause as Error;
    throw new BisyncError("usage", `cannot read \`${name}\` for \`--${option}\`: ${message}`, { path: option, cause });
  }
}
