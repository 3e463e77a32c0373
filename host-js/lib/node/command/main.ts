import { readFile } from "node:fs/promises";

import { checkOptions, type Given, isOn, lastValue, type Order } from "../../conduct.js";
import { BisyncError } from "../../error.js";
import { Events } from "../../events.js";
import type { Report } from "../../protocol.js";
import { applying, begun, written } from "../../run.js";
import { nodeFolder } from "../folder.js";
import { folderState } from "../state.js";
import { type Arguments, checkIsHere, readArguments } from "./arguments.js";
import { FLAGS } from "./flags.js";
import { help } from "./help.js";
import { checkPlanFile, readHeader, writePlan } from "./plan-file.js";
import { Reporter } from "./reporter.js";

/** The exit code when something was not done and a rerun may do it. */
const UNFINISHED = 1;
/** The exit code for a command line that cannot be understood. */
const USAGE = 2;
/** The exit code when a human is needed. */
const CRITICAL = 7;
/** The exit code after a second wish to stop. */
const INTERRUPTED = 130;

/** Runs the command with the arguments of its command line; returns the exit code. */
export async function main(line: string[]): Promise<number> {
  let parsed: Arguments;
  try {
    parsed = readArguments(line);
    if (parsed.isUnknown) await checkOptions(parsed.given);
    if (isOn(parsed.given, "help")) {
      process.stdout.write(help(Math.min(process.stdout.columns || 100, 120)));
      return 0;
    }
    if (isOn(parsed.given, "version")) {
      process.stdout.write(`bisync ${await version()}\n`);
      return 0;
    }
    if (isOn(parsed.given, "quiet") && lastValue(parsed.given, "verbose") !== undefined) {
      throw new BisyncError("usage", "`--quiet` and `--verbose` contradict each other");
    }
    checkOperands(parsed);
    await checkOptions(parsed.given);
  } catch (error) {
    process.stderr.write(`bisync: ${words(error)}\n`);
    return USAGE;
  }
  let reporter: Reporter;
  try {
    reporter = new Reporter(parsed.given);
  } catch (error) {
    process.stderr.write(`bisync: ${words(error)}\n`);
    return UNFINISHED;
  }
  // A broken pipe ends no run: what cannot be shown is not shown.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    const report = await carriedOut(parsed, reporter);
    reporter.report(report);
    return report.exitCode;
  } catch (error) {
    reporter.notice({ level: "error", code: "not-run", text: words(error) });
    if (error instanceof BisyncError && error.code === "usage") return USAGE;
    return isOn(parsed.given, "lockout") && error instanceof BisyncError && error.code === "notFound" ? CRITICAL : UNFINISHED;
  }
}

async function carriedOut({ operands, given }: Arguments, reporter: Reporter): Promise<Report> {
  const [one = "", two = ""] = operands;
  if (one === "apply") return applied(two, given, reporter);
  const order = { ...foldersOf(one, two, given), given, state: folderState(lastValue(given, "workdir")) };
  const planOut = lastValue(given, "plan-out");
  if (planOut === undefined) return led(order, reporter);
  await checkPlanFile(planOut);
  const events = new Events();
  const shown = show(events, reporter);
  // It is no option of the run that will carry the plan out.
  const { text, report } = await written({ ...order, given: given.filter(([name]) => name !== "plan-out") }, events).finally(() => events.end());
  await shown;
  // A run that was not to be begun has no plan; one that is there stays.
  if (text !== "") await writePlan(planOut, text);
  return report;
}

/** The folders of both sides, with what the options say of them. */
function foldersOf(one: string, two: string, given: Given): Pick<Order, "one" | "two"> {
  const folder = (path: string, option: string) => {
    const backups = lastValue(given, option) ?? lastValue(given, "backup-dir");
    return nodeFolder(path, { ...(backups !== undefined && { backups }) });
  };
  return { one: folder(one, "backup-dir1"), two: folder(two, "backup-dir2") };
}

/** Throws when there are not two paths, or one plan and what is taken with it. */
function checkOperands({ operands, given }: Arguments): void {
  if (operands[0] !== "apply") {
    if (operands.length === 2) return;
    throw new BisyncError("usage", `two paths are needed, as in \`bisync PATH1 PATH2\`, and ${numberOf(operands)}`);
  }
  if (operands.length !== 2) throw new BisyncError("usage", "one plan is needed, as in `bisync apply FILE`");
  const allowed = new Set(FLAGS.filter(({ group }) => group === "Output").map(({ name }) => name));
  const refused = given.find(([name]) => !allowed.has(name) && name !== "checkers" && name !== "transfers");
  if (refused) throw new BisyncError("usage", `\`bisync apply\` takes no \`--${refused[0]}\`: a plan has its options in it`);
}

async function applied(file: string, given: Given, reporter: Reporter): Promise<Report> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new BisyncError("other", `cannot read the plan \`${file}\`: ${cause.message}`, { path: file, cause });
  });
  const header = readHeader(text, file);
  header.options.forEach(([name]) => checkIsHere(name));
  const order = {
    ...foldersOf(header.roots.path1, header.roots.path2, header.options),
    given: [...header.options, ...given],
    state: folderState(lastValue(header.options, "workdir")),
  };
  return led(applying(order, text), reporter);
}

/** Leads a run to its end. The first wish to stop ends it in good order, the second at once. */
async function led(order: Order, reporter: Reporter): Promise<Report> {
  const stop = new AbortController();
  const wish = () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    stop.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  signals.forEach((signal) => process.on(signal, wish));
  try {
    const run = begun(() => ({ ...order, signal: stop.signal }));
    for await (const event of run) reporter.event(event);
    return await run.report;
  } finally {
    signals.forEach((signal) => process.off(signal, wish));
  }
}

async function show(events: Events, reporter: Reporter): Promise<void> {
  for await (const event of { [Symbol.asyncIterator]: () => events.iterate() }) reporter.event(event);
}

function numberOf(operands: string[]): string {
  const shown = operands.map((operand) => `\`${operand}\``);
  if (shown.length === 0) return "none was given";
  return shown.length === 1 ? `only ${shown[0]} was given` : `${shown.length} were given: ${shown.join(", ")}`;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function version(): Promise<string> {
  const text = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
