// A run, with its options as the engine names them.

import { distinctName, load, Session, sessionName } from "./engine.js";
import { drive } from "./driver.js";
import { BisyncError, errorOf, wordsOf } from "./error.js";
import type { Events } from "./events.js";
import { keepInJournal } from "./late.js";
import type { Notice, Report } from "./protocol.js";
import { type Reference, References } from "./references.js";
import type { Shared, Sharing } from "./sharing.js";
import type { Capabilities, Side } from "./side.js";
import type { Claim, PairNames, StateStore } from "./state.js";
import { checkedCapabilities } from "./told.js";

/** Options by the engine's names, and their values as text, in the order given. */
export type Given = [name: string, value: string][];

/** A plan is written to the blob `plan` of the state, or read from there and carried out. */
export type PlanUse = { write: { roots: { path1: string; path2: string } } } | "apply";

/** What a run is about. */
export interface Order {
  one: Side;
  two: Side;
  given: Given;
  state: StateStore;
  signal?: AbortSignal | undefined;
  plan?: PlanUse | undefined;
  /** Folders in which a file may be found instead of being copied from the other side: it is not copied at all, or copied from there. */
  references?: { compare: Reference[]; copy: Reference[] };
  /** What the names of the state are made from; left out, what both sides say. */
  names?: PairNames | undefined;
  /** Shares the state of the folders with other machines while the run lasts, if that is wanted. */
  share?: ((sharing: Sharing) => Promise<Shared | undefined>) | undefined;
  /** Claims the session, also for a run that changes nothing; left out, the state does, for a run that changes something. */
  lock?: StateStore["lock"];
}

const KEEPS = { permissions: false, owner: false, attributes: false };
/** The option that carries over empty directories. */
const EMPTY_DIRECTORIES = "create-empty-src-dirs";
/** A side that can do everything: what it refuses, it refuses whatever the sides are. */
const ABLE: Capabilities = { timePrecisionNs: 1, setsTime: true, hashes: ["md5"], slowHashes: true, caseInsensitive: false };

/** Checks the options, claims the state, and leads a run to its end. */
export async function conduct(order: Order, events: Events): Promise<Report> {
  const { one, two, state, signal, plan } = order;
  const given = withLinks(order, withBackups(order));
  // What is wrong whatever the sides are is said before one is touched.
  await checkOptions(given);
  checkReferences(order.references);
  const path1 = await opened(one, "Path1");
  const path2 = await opened(two, "Path2");
  await one.checkApart?.(two);
  for (const side of [one, two]) await state.checkApart?.(side.root ?? side.name);
  const changesNothing = isOn(given, "dry-run") || lastValue(given, "explain") || typeof plan === "object";
  const lock = order.lock ?? (changesNothing ? undefined : (session: string, claim: Claim) => state.lock(session, claim));
  const names = order.names ?? (await namesOf(order, lock !== undefined));
  const say = (notice: Notice) => events.add({ type: "notice", ...notice });
  const run = crypto.getRandomValues(new BigUint64Array(1))[0] as bigint;
  const session = open({ given: possible(given, { Path1: path1, Path2: path2 }, events), plan, paths: names, capabilities: { path1, path2 }, run });
  try {
    const { tries, pauseMs, lockNs, ...likeness } = session.settings();
    const references = await References.open(order.references ?? { compare: [], copy: [] }, likeness);
    const lastsMs = lockNs === undefined ? undefined : lockNs / 1e6;
    const claim: Claim = { say, ...(lastsMs !== undefined && { expiresAfterMs: lastsMs }) };
    const release = lock && (await claimed(order, names, (session) => lock(session, claim)));
    let shared: Shared | undefined;
    try {
      shared = await order.share?.({ names, lastsMs, changesNothing: Boolean(changesNothing), say, signal });
      const report = await drive(session, {
        sides: {
          folders: { path1: one, path2: two },
          hashes: { path1: path1.hashes, path2: path2.hashes },
          references,
          directoryTimes: !isOn(given, "no-update-dir-modtime"),
          temporaryBeside: temporaryNames(run, textOf(given, "partial-suffix") ?? ".partial"),
        },
        bandwidths: { all: lastValue(given, "bwlimit"), file: lastValue(given, "bwlimit-file") },
        state,
        signal: untilLost(shared, signal),
        // A file that is written in place would be left half written.
        breaksOff: (lastValue(given, "cutoff-mode") ?? "HARD").toUpperCase() === "HARD" && !isOn(given, "inplace"),
        checkers: atLeastOne(given, "checkers", 8),
        transfers: atLeastOne(given, "transfers", 4),
        limits: { tries, pauseMs, triesAtOnce: atLeastOne(given, "low-level-retries", 10, Infinity) },
        say,
        progress: (progress) => events.add({ type: "progress", ...progress }),
      });
      const late = await Promise.all([mayHaveLate(one, run), mayHaveLate(two, run)]);
      if (late.includes(true)) await remembered(order, names, run, say);
      return await published(shared, report, say);
    } finally {
      await shared?.end();
      await release?.();
    }
  } finally {
    session.free();
  }
}

/** A signal that comes when a lock is lost, too. */
function untilLost(shared: Shared | undefined, signal: AbortSignal | undefined): AbortSignal | undefined {
  if (!shared) return signal;
  const lost = new AbortController();
  shared.whenLost(() => lost.abort());
  return signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
}

/** Shares what a run has recorded. When that cannot be done, the run has left something undone. */
export async function published(shared: Shared | undefined, report: Report, say: (notice: Notice) => void): Promise<Report> {
  try {
    await shared?.publish(report.exitCode === 0);
    return report;
  } catch (error) {
    say({ level: "error", code: "not-shared", text: wordsOf(error) });
    return { ...report, exitCode: Math.max(report.exitCode, 1) };
  }
}

/** Has the next run look for what may still appear of this one. */
async function remembered({ state }: Order, names: PairNames, run: bigint, say: (notice: Notice) => void): Promise<void> {
  try {
    await keepInJournal(state, names, run);
  } catch (error) {
    say({ level: "notice", code: "journal-unwritable", text: `cannot write the journal: ${wordsOf(error)}` });
  }
}

/** What the names of the state are made from. */
async function namesOf({ one, two, state }: Order, claims: boolean): Promise<PairNames> {
  const own = { path1: distinctName(one.name), path2: distinctName(two.name) };
  const given = { path1: one.nameAsGiven ?? one.name, path2: two.nameAsGiven ?? two.name };
  const roots = { ...(one.root !== undefined && { path1: one.root }), ...(two.root !== undefined && { path2: two.root }) };
  return (await state.namesFor?.({ own, given, roots }, claims)) ?? own;
}

/** Claims the state, and the folders where they really are: two runs never work on one pair, whatever leads there and whichever comes first. */
async function claimed({ one, two }: Order, names: PairNames, lock: (session: string) => Promise<() => Promise<void>>): Promise<() => Promise<void>> {
  const [first = "", second = ""] = (await Promise.all([one, two].map(realNameOf))).sort(inBytes);
  const releases: (() => Promise<void>)[] = [];
  const release = async () => {
    for (const release of releases) await release();
  };
  try {
    for (const session of new Set([sessionName(names.path1, names.path2), sessionName(first, second)])) releases.push(await lock(session));
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

async function realNameOf(side: Side): Promise<string> {
  return distinctName((await side.realName?.()) ?? side.name);
}

/** Compares as the program does, by the bytes. */
function inBytes(one: string, two: string): number {
  const [left, right] = [[...one], [...two]];
  const at = left.findIndex((character, place) => character !== right[place]);
  return at < 0 ? left.length - right.length : (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** Returns a number of which there is at least one, and for things at a time no more than the program has. */
function atLeastOne(given: Given, name: string, standard: number, most = 1024): number {
  return Math.min(Math.max(Number(lastValue(given, name) ?? standard), 1), most);
}

/** Names temporary files of a run, by numbers that the engine does not come to: what is left behind of them is known by the run. */
function temporaryNames(run: bigint, suffix: string): (path: string) => string {
  let number = 2 ** 40;
  return (path) => `${path.slice(0, path.lastIndexOf("/") + 1)}${beginningOf(run)}${(number++).toString(16)}${suffix}`;
}

/** Says whether uploads of a run may still be finished on a side. One that cannot say may have some. */
async function mayHaveLate(side: Side, run: bigint): Promise<boolean | undefined> {
  try {
    return await side.removeLate?.(beginningOf(run));
  } catch {
    return true;
  }
}

/** What the names of the temporary files of a run begin with. */
function beginningOf(run: bigint): string {
  return `.bisync-${run.toString(16).padStart(16, "0")}-`;
}

/** Leaves out what a side cannot do. A directory that is made, and not kept, would look deleted the next time. */
function possible(given: Given, sides: Record<string, Capabilities>, events: Events): Given {
  const [unable] = Object.entries(sides).find(([, { keepsEmptyDirectories }]) => keepsEmptyDirectories === false) ?? [];
  if (unable === undefined || lastValue(given, EMPTY_DIRECTORIES) === undefined) return given;
  const text = `\`--${EMPTY_DIRECTORIES}\` is ignored: ${unable} keeps no directories without files`;
  events.add({ type: "notice", level: "notice", code: "no-empty-directories", text });
  return given.filter(([name]) => name !== EMPTY_DIRECTORIES);
}

/** Throws the code `usage` when an option is unknown or has a wrong value, or when some contradict each other. */
export async function checkOptions(given: Given): Promise<void> {
  await load();
  open({ given, plan: undefined, paths: { path1: "1/", path2: "2/" }, capabilities: { path1: ABLE, path2: ABLE }, run: 0n }).free();
}

/** Throws when folders are named for both purposes. */
export function checkReferences(references: { compare: unknown[]; copy: unknown[] } | undefined): void {
  if (!references || references.compare.length === 0 || references.copy.length === 0) return;
  throw new BisyncError("usage", "cannot use `--compare-dest`: `--copy-dest` compares as well", { path: "compare-dest" });
}

/** Says that old versions are kept, where a side keeps them; throws where it is wanted and the side does not. */
function withBackups({ one, two, given }: Order): Given {
  const sides = [["backup-dir1", one, "Path1"], ["backup-dir2", two, "Path2"]] as const;
  return sides.reduce<Given>((given, [option, side, which]) => {
    const wanted = textOf(given, option) ?? textOf(given, "backup-dir");
    if (side.keep) return wanted === undefined ? [...given, [option, side.backups ?? side.name]] : given;
    if (wanted === undefined) return given;
    throw new BisyncError("usage", `\`--${option}\`: ${which} keeps no old versions`, { path: option });
  }, given);
}

/** Says that links are kept, or followed, where a side does that. */
function withLinks({ one, two }: Order, given: Given): Given {
  const wanted = ([["keep", "links"], ["follow", "copy-links"]] as const).filter(([is, option]) => [one, two].some(({ links }) => links === is) && !isOn(given, option));
  return [...given, ...wanted.map(([, option]): Given[number] => [option, "true"])];
}

/** Returns the value that an option has in the end. */
export function lastValue(given: Given, name: string): string | undefined {
  return given.filter(([one]) => one === name).at(-1)?.[1];
}

/** Returns the text that an option has in the end; an empty one counts as none, as in the engine. */
export function textOf(given: Given, name: string): string | undefined {
  return lastValue(given, name) || undefined;
}

/** Whether a flag is on, in the words that the engine takes. */
export function isOn(given: Given, name: string): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(lastValue(given, name) ?? "");
}

async function opened(side: Side, which: string): Promise<Capabilities> {
  try {
    return checkedCapabilities(await side.open());
  } catch (error) {
    const { code, message, path, cause } = errorOf(error);
    throw new BisyncError(code, `${which} \`${path || (side.root ?? side.name)}\` cannot be opened: ${message}`, { ...(path && { path }), cause });
  }
}

interface Opening {
  given: Given;
  plan: PlanUse | undefined;
  paths: { path1: string; path2: string };
  capabilities: { path1: Capabilities; path2: Capabilities };
  run: bigint;
}

function open({ given, plan, paths, capabilities: { path1, path2 }, run }: Opening): Session {
  try {
    return new Session({
      options: given,
      paths,
      capabilities: { path1: { ...path1, keeps: KEEPS }, path2: { ...path2, keeps: KEEPS } },
      ...clock(),
      run,
      plan,
    });
  } catch (error) {
    const { message, option } = error as { message?: string; option?: string };
    throw new BisyncError("usage", message ?? String(error), { ...(option && { path: option }), cause: error });
  }
}

/** What time it is, and how far this place is from UTC. */
export function clock() {
  const milliseconds = Date.now();
  const seconds = Math.floor(milliseconds / 1000);
  const now = { seconds, nanoseconds: (milliseconds - seconds * 1000) * 1_000_000 };
  return { now, utcOffsetSeconds: -60 * new Date().getTimezoneOffset() };
}
