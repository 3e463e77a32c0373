// A run, with its options as the engine names them.

import { load, Session, sessionName } from "./engine.js";
import { drive } from "./driver.js";
import { BisyncError } from "./error.js";
import type { Events } from "./events.js";
import type { Report } from "./protocol.js";
import type { Capabilities, Side } from "./side.js";
import type { StateStore } from "./state.js";

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
  const path1 = await opened(one, "Path1");
  const path2 = await opened(two, "Path2");
  await one.checkApart?.(two);
  for (const side of [one, two]) await state.checkApart?.(side.name);
  const changesNothing = isOn(given, "dry-run") || lastValue(given, "explain") || typeof plan === "object";
  const lock = order.lock ?? (changesNothing ? undefined : (session: string) => state.lock(session));
  const release = await lock?.(sessionName(one.name, two.name));
  try {
    const session = open({ given: possible(given, { Path1: path1, Path2: path2 }, events), plan, paths: { path1: one.name, path2: two.name }, capabilities: { path1, path2 } });
    try {
      return await drive(session, {
        sides: { path1: one, path2: two },
        state,
        signal,
        breaksOff: (lastValue(given, "cutoff-mode") ?? "HARD").toUpperCase() === "HARD",
        checkers: Number(lastValue(given, "checkers") ?? 8),
        transfers: Number(lastValue(given, "transfers") ?? 4),
        retries: Number(lastValue(given, "retries") ?? 3),
        say: (notice) => events.add({ type: "notice", ...notice }),
        progress: (workload, copied) => events.add({ type: "progress", workload, copied: { ...copied } }),
      });
    } finally {
      session.free();
    }
  } finally {
    await release?.();
  }
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
  open({ given, plan: undefined, paths: { path1: "1/", path2: "2/" }, capabilities: { path1: ABLE, path2: ABLE } }).free();
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
    return await side.open();
  } catch (error) {
    if (!(error instanceof BisyncError)) throw error;
    const { code, message, path, cause } = error;
    throw new BisyncError(code, `${which} \`${path ?? side.name}\` cannot be opened: ${message}`, { ...(path && { path }), cause });
  }
}

interface Opening {
  given: Given;
  plan: PlanUse | undefined;
  paths: { path1: string; path2: string };
  capabilities: { path1: Capabilities; path2: Capabilities };
}

function open({ given, plan, paths, capabilities: { path1, path2 } }: Opening): Session {
  try {
    return new Session({
      options: given,
      paths,
      capabilities: { path1: { ...path1, keeps: KEEPS }, path2: { ...path2, keeps: KEEPS } },
      ...clock(),
      run: crypto.getRandomValues(new BigUint64Array(1))[0],
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
