// What a person asks for: the command line, the environment, and the files that both name.

import { readFile } from "node:fs/promises";

import { type Given, isOn, lastValue } from "../../conduct.js";
import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import type { Notice } from "../../protocol.js";
import { failure } from "../failure.js";
import { type Arguments, findFlag, readArguments } from "./arguments.js";
import { COMMANDS, type Configuration, loadConfiguration, namesRemote } from "./configuration.js";
import { optionsOf, unknownVariables, type Variables } from "./environment.js";
import { help } from "./help.js";
import { readHeader } from "./plan-file.js";
import { checkIsHere, counting, type Placed, settled } from "./places.js";

/** What is wanted: to see something, or a run. */
export type Asked = ({ show: string } | RunAsked) & { notices: Notice[] };

/** What a run is started with. */
export interface RunAsked {
  paths: [one: string, two: string];
  /** The options as the engine takes them. */
  given: Given;
  /** The text of the plan to be carried out, if that is what is wanted. */
  plan?: string;
}

/** Options that cannot be given with a plan, of those that are not in it. */
const NOT_WITH_A_PLAN = ["plan-out", "interactive", "workdir", "defaults-file"];
/** Options that name a directory of old versions. */
const BACKUPS = ["backup-dir", "backup-dir1", "backup-dir2"];

/**
 * Reads the command line, without the command's own name, the environment, and the files that both name.
 *
 * The command line goes before variables `BISYNC_…`, those before `RCLONE_…`, and those before what the file says, first of the pair and then of all.
 */
export async function asked(words: string[], variables: Variables): Promise<Asked> {
  const line = readArguments(words);
  const own = line.given.map(({ flag, value }): Given[number] => [flag.name, value]);
  if (isOn(own, "help")) return { show: help(Math.min(process.stdout.columns || 100, 120)), notices: [] };
  if (isOn(own, "version")) return { show: `bisync ${await version()}\n`, notices: [] };
  const notices = unknownVariables(variables);
  const command = COMMANDS.find((command) => command === line.operands[0]);
  if (command === "apply") return { ...(await appliedBy(line)), notices };
  if (command !== undefined && command !== "pairs") {
    const text = `\`bisync ${command}\` is not carried out by the command for Node, but by the program; for a folder of that name write \`./${command}\``;
    throw new BisyncError("usage", text);
  }
  const configuration = await loadConfiguration(lastValue(own, "defaults-file") ?? (variables["BISYNC_DEFAULTS_FILE"] || undefined), variables);
  if (command === "pairs") return { show: pairs(line, configuration), notices };
  const { paths, given: ofPair } = pathsOf(line.operands, configuration);
  const given = settled([line.given, optionsOf(variables, "BISYNC_"), optionsOf(variables, "RCLONE_"), ofPair, configuration.defaults]);
  if (isOn(given, "quiet") && given.some(([name, value]) => name === "verbose" && value !== "0")) {
    throw new BisyncError("usage", "`--quiet` and `--verbose` contradict each other");
  }
  return { ...local({ paths, given }), notices };
}

/** Both paths, and the options of their pair if they were given by its name. */
function pathsOf(operands: string[], { file, pairs }: Configuration): { paths: [string, string]; given: Placed[] } {
  const [one, two, ...more] = operands;
  if (one !== undefined && two !== undefined && more.length === 0) return { paths: [one, two], given: [] };
  const pair = two === undefined && pairs.get(one ?? "");
  if (pair) return pair;
  const needed = "two paths are needed, as in `bisync PATH1 PATH2`, and";
  if (one === undefined || two !== undefined || file === undefined || one.includes("/")) throw new BisyncError("usage", `${needed} ${numberOf(operands)}`);
  const meant = table.nearest(one, [...pairs.keys()].sort());
  const text = `no pair is named \`${one}\` in \`${file}\`${meant === undefined ? "" : `; did you mean \`${meant}\`?`}`;
  throw new BisyncError("usage", `${text}; without a name, ${needed.replace(", and", "")}`, { path: one });
}

function numberOf(operands: string[]): string {
  const shown = operands.map((operand) => `\`${operand}\``);
  if (shown.length === 0) return "none was given";
  if (shown.length > 1) return `${shown.length} were given: ${shown.join(", ")}`;
  const meant = table.nearest(operands[0] ?? "", COMMANDS);
  return `only ${shown[0]} was given${meant === undefined ? "" : `; did you mean the command \`${meant}\`?`}`;
}

/** Reads what a plan was made for; options of the command line that do not concern the engine go before its own. */
async function appliedBy({ operands: [command = "", file, ...more], given }: Arguments): Promise<RunAsked> {
  const refused = given.find(({ flag }) => !flag.host || NOT_WITH_A_PLAN.includes(flag.name));
  checkTaken(command, refused ? `--${refused.flag.name}` : more[0]);
  if (file === undefined) throw new BisyncError("usage", "something is missing: `bisync apply [options] FILE`");
  const plan = await readFile(file, "utf8").catch((error: unknown) => {
    throw new BisyncError("other", `cannot read the plan \`${file}\`: ${failure(error, file).message}`, { path: file, cause: error });
  });
  const { roots, options } = readHeader(plan, file);
  const ofPlan = options.flatMap(([name, value]): Placed[] => {
    const flag = findFlag(name);
    return flag ? [{ flag, value }] : [];
  });
  const counts = counting([given, ofPlan]).map(({ flag, value }): Given[number] => [flag.name, value]);
  for (const option of [...options, ...counts]) {
    const problem = table.checkOption(...option);
    if (problem !== undefined) throw new BisyncError("usage", problem, { path: option[0] });
    checkIsHere(...option);
  }
  return local({ paths: [roots.path1, roots.path2], given: counts, plan });
}

/** Lists the named pairs in columns. */
function pairs({ operands: [command = "", more], given }: Arguments, { pairs }: Configuration): string {
  const refused = given.find(({ flag }) => flag.name !== "defaults-file");
  checkTaken(command, refused ? `--${refused.flag.name}` : more);
  const rows = [...pairs].map(([name, { paths }]) => [name, ...paths] as const).sort(([one], [two]) => (one < two ? -1 : 1));
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  return rows.map(([name, one, two]) => `${name.padEnd(width(0))}  ${one.padEnd(width(1))}  ${two}\n`).join("");
}

/** Throws when there is something that a command does not take. */
function checkTaken(command: string, what: string | undefined): void {
  if (what === undefined) return;
  throw new BisyncError("usage", `\`bisync ${command}\` takes no \`${what}\`; for a folder of that name write \`./${command}\``);
}

/** Throws when a run is for anything but folders of this computer. */
function local(asked: RunAsked): RunAsked {
  const backups = asked.given.filter(([name]) => BACKUPS.includes(name)).map(([, value]) => value);
  const remote = [...asked.paths, ...backups].find(namesRemote);
  if (remote === undefined) return asked;
  const text = `\`${remote}\` is on a remote, which the command for Node does not reach, but the program bisync; for a local directory write \`./\` before its name`;
  throw new BisyncError("usage", text, { path: remote });
}

async function version(): Promise<string> {
  const text = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
