import { COMMANDS, CONFIGURATION, EXIT_CODES, OUTPUT, SUMMARY } from "./commands.js";
import { FLAGS } from "./flags.js";
import type { Command, Flag } from "./table.js";

/** A label that stands on one line with its text has at most so many characters. */
const LONGEST_LABEL = 35;

const ENDING = [
  CONFIGURATION,
  "This command is for folders of this computer. The program bisync does the same with remotes too, and has the options for metadata and --watch.",
  OUTPUT,
  EXIT_CODES,
];

/** How wide the help may be, in characters. */
export function width(): number {
  return Math.min(process.stdout.columns || 100, 120);
}

/** Returns the help, in lines of at most `width` characters where words allow it. */
export function help(width: number): string {
  const usage = ["Usage: bisync PATH1 PATH2 [options]", "       bisync NAME [options]", ...COMMANDS.map(({ name, operands }) => `       bisync ${name}${operands}`)];
  const commands = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(13)}${summary}`);
  const lines = [SUMMARY, "", ...usage, "", "Commands (more with `bisync COMMAND --help`):", ...commands];
  const indent = Math.min(Math.max(...FLAGS.map((flag) => label(flag).length)), LONGEST_LABEL) + 4;
  for (const group of new Set(FLAGS.map((flag) => flag.group))) {
    lines.push("", `${group}:`);
    for (const flag of FLAGS.filter((flag) => flag.group === group)) {
      const [first = "", ...rest] = wrap(description(flag), Math.max(width - indent, 30));
      const begin = `  ${label(flag)}`;
      if (label(flag).length > LONGEST_LABEL) lines.push(begin, " ".repeat(indent) + first);
      else lines.push(begin.padEnd(indent) + first);
      lines.push(...rest.map((line) => " ".repeat(indent) + line));
    }
  }
  for (const text of ENDING) lines.push("", ...wrap(text, width));
  return `${lines.join("\n")}\n`;
}

/** Returns the help of a command. */
export function helpOf({ name, operands, summary, details, own }: Command, width: number): string {
  const lines = [`${summary}.`, "", `Usage: bisync ${name}${operands}`, "", ...details.split("\n").flatMap((line) => wrap(line, width))];
  if (own.length > 0) lines.push("", ...own.map(({ name, value = "", help }) => `  --${name} ${value.padEnd(6)}${help}`));
  return `${lines.join("\n")}\n`;
}

/** Says what an option does, and what it takes. */
export function description({ help, words, default: standard }: Flag): string {
  return help + (words ? ` [${words.join(", ")}]` : "") + (standard === undefined ? "" : ` (default: ${standard})`);
}

/** Shows how an option is written. */
export function label({ name, short, value }: Flag): string {
  return `${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
