import { checkOptions, checkReferences, type Given, isOn, lastValue, type Order, published, textOf } from "../../conduct.js";
import { load, table } from "../../engine.js";
import { BisyncError, wordsOf } from "../../error.js";
import { Events } from "../../events.js";
import type { Report } from "../../protocol.js";
import { applying, begun, written } from "../../run.js";
import type { Shared } from "../../sharing.js";
import { absolute, cleaned } from "../absolute.js";
import { nodeFolder, type NodeFolderOptions } from "../folder.js";
import { share, sayNotShared } from "../shared/share.js";
import { FolderState } from "../state.js";
import { findFlag } from "./arguments.js";
import { type Asked, asked, type RunAsked } from "./asked.js";
import { checkPaths, PathError } from "./checked-paths.js";
import { namesRemote } from "./configuration.js";
import { chosen } from "./interactive.js";
import { checkPlanFile, writePlan } from "./plan-file.js";
import { Reporter } from "./reporter.js";

/** The exit code when something was not done and a rerun may do it. */
const UNFINISHED = 1;
/** The exit code for a command line that cannot be understood. */
const USAGE = 2;
/** The exit code when a human is needed. */
const CRITICAL = 7;
/** The exit code after a second wish to stop. */
const INTERRUPTED = 130;

/** No timer waits longer, in milliseconds: 24 days. A run that may take longer has none, rather than an end before its time. */
const LONGEST_TIME = 2 ** 31 - 1;

/** Runs the command with the arguments of its command line; returns the exit code. */
export async function main(words: string[]): Promise<number> {
  await load();
  let wanted: Asked;
  let reporter: Reporter;
  try {
    wanted = await asked(words, process.env);
    if ("show" in wanted) {
      wanted.notices.forEach(({ text }) => process.stderr.write(`bisync: ${text}\n`));
      process.stdout.write(wanted.show);
      return 0;
    }
    const { given } = wanted;
    await checkOptions(given);
    const named = (option: string) => given.filter(([name]) => name === option);
    checkReferences({ compare: named("compare-dest"), copy: named("copy-dest") });
    reporter = new Reporter(given);
  } catch (error) {
    process.stderr.write(`bisync: ${wordsOf(error)}\n`);
    return error instanceof BisyncError && error.code === "usage" ? USAGE : UNFINISHED;
  }
  // A broken pipe ends no run: what cannot be shown is not shown.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  wanted.notices.forEach((notice) => reporter.notice(notice));
  try {
    const report = await carriedOut(wanted, reporter);
    reporter.report(report);
    return report.exitCode;
  } catch (error) {
    reporter.notice({ level: "error", code: "not-run", text: wordsOf(error) });
    if (error instanceof BisyncError && error.code === "usage") return USAGE;
    // What rclone calls critical: the paths are not what they were.
    return isOn(wanted.given, "lockout") && error instanceof PathError ? CRITICAL : UNFINISHED;
  }
}

async function carriedOut(wanted: RunAsked, reporter: Reporter): Promise<Report> {
  const { paths, given, plan, names } = wanted;
  const state = new FolderState(textOf(given, "workdir"));
  const order: Order = { ...foldersOf(paths, given), given, state, names, share: sharing(paths, given, state) };
  const planOut = plan === undefined ? lastValue(given, "plan-out") : undefined;
  if (planOut === "") throw new BisyncError("usage", "`--plan-out` needs the name of a file", { path: "plan-out" });
  if (planOut !== undefined) await checkPlanFile(planOut);
  await checkPaths(wanted);
  if (plan !== undefined) return led(applying(order, plan), reporter);
  if (planOut === undefined) {
    const changesNothing = isOn(given, "dry-run") || lastValue(given, "explain") !== undefined;
    return isOn(given, "interactive") && !changesNothing ? ledByAnswers(order, reporter) : led(order, reporter);
  }
  const { text, report } = await plannedOnly(order, reporter);
  // A run that was not to be begun has no plan; one that is there stays.
  if (text !== "") await writePlan(planOut, text);
  return report;
}

/** Makes a plan, lets the person choose from it, and carries out what was chosen. */
async function ledByAnswers(order: Order, reporter: Reporter): Promise<Report> {
  // The paths are claimed from before the plan is made until it is carried out: no other run comes in between while the person thinks.
  const releases = new Map<string, () => Promise<void>>();
  const lock: Order["lock"] = async (session, claim) => {
    if (!releases.has(session)) releases.set(session, await order.state.lock(session, { ...claim, say: (notice) => reporter.notice(notice) }));
    return async () => {};
  };
  // So is what is shared with other machines.
  let shared: Shared | undefined;
  let isAsked = false;
  const share: Order["share"] = async (sharing) => {
    if (!isAsked) shared = await order.share?.({ ...sharing, changesNothing: false, say: (notice) => reporter.notice(notice) });
    isAsked = true;
    return shared && { whenLost: (stop) => shared?.whenLost(stop), publish: async () => {}, end: async () => {} };
  };
  try {
    const report = await chosenFrom({ ...order, lock, share }, reporter);
    return await published(shared, report, (notice) => reporter.notice(notice));
  } finally {
    await shared?.end();
    for (const release of releases.values()) await release();
  }
}

async function chosenFrom(order: Order, reporter: Reporter): Promise<Report> {
  const { text, report: made } = await plannedOnly(order, new Reporter([["quiet", "true"]]));
  if (text === "") return made;
  const report = await led(applying({ ...order, given: planned(order.given) }, await chosen(text, process.stdin, process.stderr)), reporter);
  if (made.failures.length === 0) return report;
  // What failed while the plan was made is not in it.
  const failures = [...made.failures, ...report.failures].sort((one, two) => byBytes(one.path, two.path));
  return { ...report, exitCode: Math.max(report.exitCode, made.exitCode), failures };
}

const byBytes = (one: string, two: string) => Buffer.compare(Buffer.from(one), Buffer.from(two));

/** Writes the plan of a run, and changes nothing. */
async function plannedOnly(order: Order, reporter: Reporter): Promise<{ text: string; report: Report }> {
  const events = new Events();
  const endStatistics = reporter.sayStatistics();
  const shown = (async () => {
    for await (const event of { [Symbol.asyncIterator]: () => events.iterate() }) reporter.event(event);
  })();
  try {
    const plan = await written({ ...order, given: planned(order.given) }, events).finally(() => events.end());
    await shown;
    return plan;
  } finally {
    endStatistics();
  }
}

/** The options that a plan is made with and carried out with: whatever the directory in which that is done. */
function planned(given: Given): Given {
  return given
    .filter(([name]) => !["plan-out", "dry-run", "interactive"].includes(name))
    .map(([name, value]) => {
      const { path, kind } = findFlag(name) ?? {};
      // The value of an option that takes a file holds what was in it.
      return [name, path && !kind?.startsWith("file") && value !== "" && !namesRemote(value) ? absolute(value) : value];
    });
}

/** The folders of both sides, and those in which files may be found, with what the options say of them. */
function foldersOf([one, two]: RunAsked["paths"], given: Given): Pick<Order, "one" | "two" | "references"> {
  const links = isOn(given, "links") ? "keep" : isOn(given, "copy-links") ? "follow" : undefined;
  const seen: NodeFolderOptions = { ...(links && { links }), oneFileSystem: isOn(given, "one-file-system") };
  const folder = (path: string, which: string, option: string) => {
    if (path === "") throw new BisyncError("usage", `${which} is empty: give a directory`, { path });
    const backups = textOf(given, option) ?? textOf(given, "backup-dir");
    return nodeFolder(path, { ...(backups !== undefined && { backups }), ...seen });
  };
  const references = (option: string) =>
    given
      .filter(([name]) => name === option)
      .map(([, path]) => {
        if (path === "") throw new BisyncError("usage", `\`--${option}\` is empty: give a directory`, { path: option });
        return { name: cleaned(path), side: nodeFolder(path, seen) };
      });
  return {
    one: folder(one, "Path1", "backup-dir1"),
    two: folder(two, "Path2", "backup-dir2"),
    references: { compare: references("compare-dest"), copy: references("copy-dest") },
  };
}

/** Shares the state of both folders with other machines, where that is wanted; where it is not, says so if it was once. */
function sharing([one, two]: RunAsked["paths"], given: Given, state: FolderState): Order["share"] {
  return async (sharing) => {
    if (!isOn(given, "remote-lock")) return sayNotShared(state.directory, sharing);
    const folders = { path1: nodeFolder(one), path2: nodeFolder(two) };
    // A run that compares the listings alone changes nothing either.
    const changesNothing = sharing.changesNothing || lastValue(given, "check-sync") === "only";
    return share({ folders, state: state.directory, known: state.known, goBy: (directory) => state.goBy(directory) }, { ...sharing, changesNothing });
  };
}

/** Leads a run to its end. The first wish to stop, and the end of its time, ends it in good order, a second wish at once. */
async function led(order: Order, reporter: Reporter): Promise<Report> {
  const stop = new AbortController();
  let isWished = false;
  const wish = () => {
    if (isWished) process.exit(INTERRUPTED);
    isWished = true;
    stop.abort();
  };
  const duration = table.durationMs(lastValue(order.given, "max-duration") ?? "off");
  const timeIsOver = () => stop.abort(new DOMException("the time is over", "TimeoutError"));
  const timer = duration && duration <= LONGEST_TIME ? setTimeout(timeIsOver, duration) : undefined;
  const signals = ["SIGINT", "SIGTERM"] as const;
  signals.forEach((signal) => process.on(signal, wish));
  const endStatistics = reporter.sayStatistics();
  try {
    const run = begun(() => ({ ...order, signal: stop.signal }));
    for await (const event of run) reporter.event(event);
    return await run.report;
  } finally {
    endStatistics();
    clearTimeout(timer);
    signals.forEach((signal) => process.off(signal, wish));
  }
}
