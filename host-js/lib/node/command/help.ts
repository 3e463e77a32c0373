import type { Flag } from "./arguments.js";
import { FLAGS } from "./flags.js";

/** A label that stands on one line with its text has at most so many characters. */
const LONGEST_LABEL = 35;

const ENDING = [
  "Options come from the command line, else from variables (BISYNC_MAX_DELETE=10, then RCLONE_MAX_DELETE=10), else from ~/.config/bisync/config.toml: those of [pair.NAME] for the run of that pair, then [defaults].",
  "This command is for folders of this computer. The program bisync does the same with remotes too, and has all options.",
  "The result, and the plan of a dry run, go to standard output; messages to standard error.",
  "Exit codes: 0 in step; 1 something was not done, and a rerun may do it; 2 wrong usage; 7 critical; 8 --max-transfer was reached; 9 nothing was copied (--error-on-no-transfer); 10 --max-duration was over.",
];

/** Returns the help, in lines of at most `width` characters where words allow it. */
export function help(width: number): string {
  const lines = [
    "Keeps two directories in step, in both directions.",
    "",
    "Usage: bisync PATH1 PATH2 [options]",
    "       bisync NAME [options]",
    "       bisync apply [options] FILE",
    "       bisync pairs",
  ];
  const indent = Math.min(Math.max(...FLAGS.map((flag) => label(flag).length)), LONGEST_LABEL) + 4;
  for (const group of new Set(FLAGS.map((flag) => flag.group))) {
    lines.push("", `${group}:`);
    for (const flag of FLAGS.filter((flag) => flag.group === group)) {
      const [first = "", ...rest] = wrap(flag.help, Math.max(width - indent, 30));
      const begin = `  ${label(flag)}`;
      if (label(flag).length > LONGEST_LABEL) lines.push(begin, " ".repeat(indent) + first);
      else lines.push(begin.padEnd(indent) + first);
      lines.push(...rest.map((line) => " ".repeat(indent) + line));
    }
  }
  for (const text of ENDING) lines.push("", ...wrap(text, width));
  return `${lines.join("\n")}\n`;
}

function label({ name, short, value }: Flag): string {
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
