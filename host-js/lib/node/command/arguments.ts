import { parseArgs } from "node:util";

import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import { COMMANDS, NOT_HERE_EITHER } from "./commands.js";
import { FLAGS, NOT_HERE } from "./flags.js";
import type { Placed } from "./places.js";
import type { Command, Flag } from "./table.js";

/** The command line, taken apart. */
export interface Arguments {
  command?: Command;
  /** What is no option, without the command. */
  operands: string[];
  /** The options, in the order given. */
  given: Placed[];
  /** The options that only the command has. */
  own: Placed[];
}

/** All options of the program. */
export const ALL = [...FLAGS, ...NOT_HERE];
const BY_NAME = new Map(ALL.map((flag) => [flag.name, flag]));

/** Takes a command line apart. Values are not looked at. */
export function readArguments(line: string[]): Arguments {
  const first = tokensOf(line, ALL).find((token) => token.kind === "positional")?.value;
  const command = first === undefined ? undefined : findCommand(first);
  const read: Arguments = { operands: [], given: [], own: [] };
  for (const token of tokensOf(line, [...(command?.own ?? []), ...ALL])) {
    if (token.kind === "positional") {
      if (command && !read.command) read.command = command;
      else read.operands.push(token.value);
    }
    if (token.kind !== "option") continue;
    const own = read.command?.own.find(({ name }) => name === token.name);
    const flag = own ?? BY_NAME.get(token.name);
    if (!flag) throw unknown(token.name, token.rawName);
    if (flag.value && token.value === undefined) {
      throw new BisyncError("usage", `\`--${flag.name}\` needs a value: \`--${flag.name} ${flag.value}\``, { path: flag.name });
    }
    (own ? read.own : read.given).push({ flag, value: token.value ?? "true" });
  }
  return read;
}

function tokensOf(line: string[], flags: Flag[]) {
  const options = Object.fromEntries(
    flags.map(({ name, short, value }) => [name, { type: value ? ("string" as const) : ("boolean" as const), ...(short && { short }) }]),
  );
  return parseArgs({ args: line, options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

/** Finds a command of the program by its name, be it carried out here or not. */
export function findCommand(name: string): Command | undefined {
  return [...COMMANDS, ...NOT_HERE_EITHER].find((command) => command.name === name);
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
