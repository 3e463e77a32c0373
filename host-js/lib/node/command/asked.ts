// What a person asks for: the command line, the environment, and the files that both name.

import { readFile } from "node:fs/promises";

import { type Given, isOn, lastValue } from "../../conduct.js";
import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import type { Notice } from "../../protocol.js";
import { failure } from "../failure.js";
import { type Arguments, findFlag, readArguments } from "./arguments.js";
import { COMMANDS } from "./commands.js";
import { ASK, offered, scriptFor } from "./completions.js";
import { type Configuration, loadConfiguration, namesRemote, NOTHING } from "./configuration.js";
import { optionsOf, unknownVariables, type Variables } from "./environment.js";
import { below } from "./explained.js";
import { filterTest } from "./filter-test.js";
import { help, helpOf, width } from "./help.js";
import { man } from "./man.js";
import { readHeader } from "./plan-file.js";
import { checkIsHere, counting, type Placed, settled } from "./places.js";
import type { Command } from "./table.js";

/** What is wanted: to see something, or a run. */
export type Asked = ({ show: string } | RunAsked) & { notices: Notice[] };

/** What a run is started with. */
export interface RunAsked {
  paths: [one: string, two: string];
  /** The options as the engine takes them. */
  given: Given;
  /** The text of the plan to be carried out, if that is what is wanted. */
  plan?: string;
  /** What the names of the listings are made from, where the plan says it. */
  names?: { path1: string; path2: string };
}

/** How many operands a command takes. */
const OPERANDS: Record<string, [least: number, most: number]> = { apply: [1, 1], explain: [2, Infinity], "filter-test": [1, Infinity], completions: [1, 1] };
/** Options that name a folder of files. */
const FOLDERS = ["backup-dir", "backup-dir1", "backup-dir2", "compare-dest", "copy-dest"];

/**
 * Reads the command line, without the command's own name, the environment, and the files that both name.
 *
 * The command line goes before variables `BISYNC_…`, those before `RCLONE_…`, and those before what the file says, first of the pair and then of all.
 */
export async function asked(words: string[], variables: Variables): Promise<Asked> {
  if (words[0] === ASK) {
    // A mistake in the file is for runs to tell.
    const configuration = await configurationOf([], variables).catch(() => NOTHING);
    return { show: offered(words.slice(1), configuration), notices: [] };
  }
  const line = readArguments(words);
  const { command } = line;
  const own = line.given.map(({ flag, value }): Given[number] => [flag.name, value]);
  if (command && !COMMANDS.includes(command)) {
    const text = `\`bisync ${command.name}\` is not carried out by the command for Node, but by the program; for a folder of that name write \`./${command.name}\``;
    throw new BisyncError("usage", text);
  }
  if (isOn(own, "help")) return { show: command ? helpOf(command, width()) : help(width()), notices: [] };
  if (isOn(own, "version")) return { show: `bisync ${await version()}\n`, notices: [] };
  const notices = unknownVariables(variables);
  if (!command) return { ...(await run(line, variables)), notices };
  checkCommand(command, line);
  if (command.name === "apply") return { ...(await appliedBy(line)), notices };
  if (command.name === "explain") return { ...(await explained(command, line, variables)), notices };
  return { show: await answer(command, line, variables), notices };
}

/** What a run is started with. */
async function run(line: Arguments, variables: Variables): Promise<RunAsked> {
  const configuration = await configurationOf(line.given, variables);
  const { paths, given: ofPair } = pathsOf(line.operands, configuration);
  const given = settledWith(line.given, variables, ofPair, configuration);
  if (isOn(given, "quiet") && given.some(([name, value]) => name === "verbose" && value !== "0")) {
    throw new BisyncError("usage", "`--quiet` and `--verbose` contradict each other");
  }
  return local({ paths, given });
}

/** A run that changes nothing and speaks of some paths alone. */
async function explained(command: Command, line: Arguments, variables: Variables): Promise<RunAsked> {
  const [first = ""] = line.operands;
  const isPair = await configurationOf(line.given, variables).then(({ pairs }) => pairs.has(first), () => false);
  const of = line.operands.slice(isPair ? 1 : 2);
  if (of.length === 0) throw missing(command);
  const { paths, given } = await run({ ...line, operands: line.operands.slice(0, isPair ? 1 : 2) }, variables);
  return { paths, given: [...given, ...of.map((path): Given[number] => ["explain", below(path, paths)])] };
}

/** Carries out a command that is no run, and returns what it shows. */
async function answer({ name }: Command, line: Arguments, variables: Variables): Promise<string> {
  if (name === "man") return man();
  if (name === "completions") return scriptFor(line.operands[0] ?? "");
  const configuration = await configurationOf(line.given, variables);
  if (name === "pairs") return pairs(configuration);
  const own = line.own.map(({ flag, value }): Given[number] => [flag.name, value]);
  const pair = lastValue(own, "pair");
  const named = pair === undefined ? undefined : configuration.pairs.get(pair);
  if (pair !== undefined && !named) throw new BisyncError("usage", `no pair is named \`${pair}\`; \`bisync pairs\` lists all`, { path: pair });
  return filterTest(settledWith(line.given, variables, named?.given ?? [], configuration), lastValue(own, "root"), line.operands);
}

/** Reads the configuration file that the command line or a variable names, or the usual one. */
function configurationOf(given: Placed[], variables: Variables): Promise<Configuration> {
  const named = given.filter(({ flag }) => flag.name === "defaults-file").at(-1)?.value;
  return loadConfiguration(named ?? (variables["BISYNC_DEFAULTS_FILE"] || undefined), variables);
}

/** Brings together the options of all places. */
function settledWith(line: Placed[], variables: Variables, ofPair: Placed[], { defaults }: Configuration): Given {
  return settled([line, optionsOf(variables, "BISYNC_"), optionsOf(variables, "RCLONE_"), ofPair, defaults]);
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
  const meant = table.nearest(operands[0] ?? "", COMMANDS.map(({ name }) => name));
  return `only ${shown[0]} was given${meant === undefined ? "" : `; did you mean the command \`${meant}\`?`}`;
}

/** Reads what a plan was made for; options of the command line that do not concern the engine go before its own. */
async function appliedBy({ operands: [file = ""], given }: Arguments): Promise<RunAsked> {
  const plan = await readFile(file, "utf8").catch((error: unknown) => {
    throw new BisyncError("other", `cannot read the plan \`${file}\`: ${failure(error, file).message}`, { path: file, cause: error });
  });
  const { roots, paths: names, options } = readHeader(plan, file);
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
  return local({ paths: [roots.path1, roots.path2], given: counts, plan, names });
}

/** Lists the named pairs in columns. */
function pairs({ pairs }: Configuration): string {
  const rows = [...pairs].map(([name, { paths }]) => [name, ...paths] as const).sort(([one], [two]) => (one < two ? -1 : 1));
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  return rows.map(([name, one, two]) => `${name.padEnd(width(0))}  ${one.padEnd(width(1))}  ${two}\n`).join("");
}

/** Throws when there is something that a command does not take, or when something is missing. */
function checkCommand(command: Command, { operands, given }: Arguments): void {
  const [least, most] = OPERANDS[command.name] ?? [0, 0];
  const refused = given.find(({ flag }) => !command.takes.includes(flag.name));
  if (!refused && operands.length < least) throw missing(command);
  const what = refused ? `--${refused.flag.name}` : operands[most];
  if (what === undefined) return;
  throw new BisyncError("usage", `\`bisync ${command.name}\` takes no \`${what}\`; for a folder of that name write \`./${command.name}\``);
}

function missing({ name, operands }: Command): BisyncError {
  return new BisyncError("usage", `an argument is missing: \`bisync ${name}${operands}\``);
}

/** Throws when a run is for anything but folders of this computer. */
function local(asked: RunAsked): RunAsked {
  const folders = asked.given.filter(([name]) => FOLDERS.includes(name)).map(([, value]) => value);
  const remote = [...asked.paths, ...folders].find(namesRemote);
  if (remote === undefined) return asked;
  const text = `\`${remote}\` is on a remote, which the command for Node does not reach, but the program bisync; for a local directory write \`./\` before its name`;
  throw new BisyncError("usage", text, { path: remote });
}

async function version(): Promise<string> {
  const text = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
