// Completion of the command line: a shell gets a few lines that ask the command itself what could stand at the cursor, `bisync __complete WORD...`, the last
// word being the one to complete.

import { BisyncError } from "../../error.js";
import { ALL, findCommand, findFlag } from "./arguments.js";
import { COMMANDS } from "./commands.js";
import type { Configuration } from "./configuration.js";
import { FLAGS } from "./flags.js";
import { SCRIPTS } from "./scripts.js";
import type { Command, Flag } from "./table.js";

/** The word that asks for completions. No shell offers it. */
export const ASK = "__complete";

/** What could stand at the cursor, and what the shell is to offer besides: `words` for nothing. */
interface Candidates {
  besides: "words" | "files" | "directories";
  words: [word: string, meaning: string][];
}

/** Returns the script for a shell. */
export function scriptFor(shell: string): string {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script !== undefined) return script;
  throw new BisyncError("usage", `there are completions for \`bash\`, \`zsh\` and \`fish\`, and none for \`${shell}\``, { path: shell });
}

/** Answers a shell: a line that says what else to offer, and a line for each word, with a tab before its meaning. */
export function offered(words: string[], configuration: Configuration): string {
  const current = words.at(-1) ?? "";
  const { besides, words: fitting } = candidates(current, words.slice(0, -1), configuration);
  const lines = fitting.filter(([word]) => word.startsWith(current) || current === "=").map(([word, meaning]) => `${word}\t${meaning}\n`);
  return `${besides}\n${lines.join("")}`;
}

function candidates(current: string, before: string[], configuration: Configuration): Candidates {
  const { command, hasOperand } = commandIn(before);
  const { name, typed, prefix, hasEquals } = optionAt(current, before);
  const flag = name === undefined ? undefined : optionOf(name, command);
  if (flag && (flag.value || hasEquals)) return values(flag, typed, prefix, configuration);
  if (current.startsWith("-")) {
    const taken = FLAGS.filter(({ name }) => !command || command.takes.includes(name) || name === "help");
    return { besides: "words", words: [...(command?.own ?? []), ...taken].map(({ name, help }) => [`--${name}`, help]) };
  }
  const pairs = [...configuration.pairs].sort(([one], [two]) => (one < two ? -1 : 1)).map(([name, { paths }]): [string, string] => [name, paths.join(" and ")]);
  switch (command?.name) {
    case undefined:
      return { besides: "directories", words: hasOperand ? [] : [...pairs, ...COMMANDS.map(({ name, summary }): [string, string] => [name, summary])] };
    case "completions":
      return { besides: "words", words: hasOperand ? [] : Object.keys(SCRIPTS).map((shell) => [shell, ""]) };
    case "explain":
      return hasOperand ? { besides: "files", words: [] } : { besides: "directories", words: pairs };
    case "apply":
    case "filter-test":
      return { besides: "files", words: [] };
    default:
      return { besides: "words", words: [] };
  }
}

/** Returns the option whose value is at the cursor, if it is one, and what of the value is there. bash takes `--name=value` apart. */
function optionAt(current: string, before: string[]): { name: string | undefined; typed: string; prefix: string; hasEquals: boolean } {
  if (before.length > 1 && before.at(-1) === "=") return { name: before.at(-2), typed: current, prefix: "", hasEquals: true };
  if (before.length > 0 && current === "=") return { name: before.at(-1), typed: "", prefix: "", hasEquals: true };
  const equals = current.startsWith("--") ? current.indexOf("=") : -1;
  if (equals < 0) return { name: before.at(-1), typed: current, prefix: "", hasEquals: current === "=" || before.at(-1) === "=" };
  const name = current.slice(0, equals);
  return { name, typed: current.slice(equals + 1), prefix: `${name}=`, hasEquals: true };
}

/** Returns the command, and whether something stands after it that is no option; without a command, whether anything does. */
function commandIn(before: string[]): { command: Command | undefined; hasOperand: boolean } {
  let command: Command | undefined;
  let [hasOperand, isValue] = [false, false];
  for (const text of before) {
    if (isValue || text === "=") isValue = text === "=";
    else if (text.startsWith("-") && text.length > 1) isValue = optionOf(text, command)?.value !== undefined;
    else if (!command && !hasOperand && findCommand(text)) command = findCommand(text);
    else hasOperand = true;
  }
  return { command, hasOperand };
}

/** Returns the option that `--name`, or the last letter of `-abc`, stands for. */
function optionOf(text: string, command: Command | undefined): Flag | undefined {
  if (text.startsWith("--")) return command?.own.find(({ name }) => name === text.slice(2)) ?? findFlag(text.slice(2));
  const letter = text.startsWith("-") ? [...text.slice(1)].at(-1) : undefined;
  return letter === undefined ? undefined : ALL.find(({ short }) => short === letter);
}

function values(flag: Flag, typed: string, prefix: string, { pairs }: Configuration): Candidates {
  const these = (values: string[]): Candidates => ({ besides: "words", words: values.map((value) => [prefix + value, ""]) });
  switch (flag.kind) {
    case "choice":
      return these(flag.words ?? []);
    case "words": {
      const used = typed.split(",").slice(0, -1);
      return these((flag.words ?? []).filter((word) => !used.includes(word)).map((word) => [...used, word].join(",")));
    }
    case "flag":
      return these(["true", "false"]);
    default:
      if (flag.kind === "text" && flag.name === "pair") return these([...pairs.keys()].sort());
      if (flag.kind === "text" && flag.value === "DIR") return { besides: "directories", words: [] };
      // What a person makes up cannot be offered.
      return flag.path ? { besides: "files", words: [] } : these([]);
  }
}
