// The manual page, as roff. It is that of the program without what is not carried out here.

import { COMMANDS, CONFIGURATION, EXIT_CODES, SUMMARY } from "./commands.js";
import { FLAGS } from "./flags.js";
import { description, label } from "./help.js";
import type { Flag } from "./table.js";

/** Quotes are ASCII's wherever the page is shown. */
const BEGIN = [".ie \\n(.g .ds Aq \\(aq", ".el .ds Aq '"];
const BREAK = ".br";
const ENTRY = ".TP";

/** Returns the page. */
export function man(): string {
  const lines = [...BEGIN, ".TH BISYNC 1", ".SH NAME", roman("bisync - keeps two directories in step"), ".SH SYNOPSIS"];
  lines.push(`${bold("bisync")} ${italic("PATH1")} ${italic("PATH2")}${inner(" [options]")}`, BREAK, `${bold("bisync")} ${italic("NAME")}${inner(" [options]")}`);
  for (const { name, operands } of COMMANDS) lines.push(BREAK, bold(`bisync ${name}`) + inner(operands));
  lines.push(".SH DESCRIPTION", roman(SUMMARY), ".PP", roman(CONFIGURATION), ".SH COMMANDS");
  for (const { name, operands, summary, details, own } of COMMANDS) {
    lines.push(ENTRY, bold(name) + inner(operands), roman(`${summary}.`), ...details.split("\n").flatMap((line) => [BREAK, roman(line)]));
    lines.push(...own.flatMap(({ name, value, help }) => [BREAK, bold(`--${name}`) + inner(` ${value}: ${help}`)]));
  }
  lines.push(".SH OPTIONS");
  for (const group of new Set(FLAGS.map((flag) => flag.group))) {
    lines.push(`.SS ${group.includes(" ") ? `"${group}"` : group}`, ...FLAGS.filter((flag) => flag.group === group).flatMap(option));
  }
  lines.push(".SH \"EXIT STATUS\"", roman(EXIT_CODES), ".SH FILES");
  lines.push(ENTRY, bold("~/.config/bisync/config.toml"), roman("Defaults and pairs."));
  lines.push(ENTRY, bold("~/.local/state/bisync"), roman("The listings of the last runs."));
  lines.push(".SH \"SEE ALSO\"", `${bold("rclone")}${inner("(1)")}`);
  return `${lines.join("\n")}\n`;
}

function option(flag: Flag): string[] {
  return [ENTRY, bold(label(flag).trimStart()), roman(description(flag))];
}

/** Writes text that begins a line: there a dot or a quote would be a command. */
function roman(text: string): string {
  return inner(text).replace(/^[.']/, "\\&$&");
}

function inner(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("-", "\\-").replaceAll("'", "\\*(Aq");
}

const bold = (text: string) => `\\fB${inner(text)}\\fR`;
const italic = (text: string) => `\\fI${inner(text)}\\fR`;
