import { load, Session, sessionName } from "./engine.js";
import { drive } from "./driver.js";
import { BisyncError } from "./error.js";
import { OPTIONS, type Options } from "./options.js";
import type { Notice, Report, Workload } from "./protocol.js";
import type { Side } from "./side.js";
import type { StateStore } from "./state.js";

/** What a run is told besides its two sides. */
export interface RunOptions extends Options {
  /** Where the listings of the last run are kept. */
  state: StateStore;
  /** Stops the run in good order: what is under way is finished and recorded, the next run goes on. */
  signal?: AbortSignal;
}

/** What a run says while it works. */
export type RunEvent =
  | ({ type: "notice" } & Notice)
  | { type: "progress"; workload: Workload; copied: { files: number; bytes: number } };

/** A run: its events, to be iterated once, and how it ended. */
export interface Run extends AsyncIterable<RunEvent> {
  readonly report: Promise<Report>;
}

/** What a run would do: the lines of a plan file, as `bisync --plan-out` writes it. */
export interface Plan {
  one: Side;
  two: Side;
  options: RunOptions;
  /** One JSON object a line. */
  text: string;
  report: Report;
}

type PlanUse = { write: { roots: { path1: string; path2: string } } } | "apply";

/** Keeps two sides in step. Begins at once. */
export function bisync(one: Side, two: Side, options: RunOptions): Run {
  const events = new Events();
  const report = run(one, two, options, events).finally(() => events.end());
  // Whoever only iterates hears of it there.
  report.catch((error: unknown) => events.fail(error));
  return { report, [Symbol.asyncIterator]: () => events.iterate() };
}

/** Says what a run would do, and changes nothing. */
export async function plan(one: Side, two: Side, options: RunOptions): Promise<Plan> {
  const state = new PlanState(options.state);
  const use = { write: { roots: { path1: one.name, path2: two.name } } };
  const report = await run(one, two, { ...options, state }, new Events(), use);
  return { one, two, options, text: new TextDecoder().decode(state.plan), report };
}

/** Carries a plan out, each action only where what it expects is still there. */
export function apply(plan: Plan): Run {
  const state = new PlanState(plan.options.state, new TextEncoder().encode(plan.text));
  const events = new Events();
  const report = run(plan.one, plan.two, { ...plan.options, state }, events, "apply").finally(() => events.end());
  report.catch((error: unknown) => events.fail(error));
  return { report, [Symbol.asyncIterator]: () => events.iterate() };
}

async function run(one: Side, two: Side, options: RunOptions, events: Events, use?: PlanUse): Promise<Report> {
  const { state, signal, ...given } = options;
  if (!state) throw new BisyncError("usage", "`state` is missing: say where the listings are kept", { path: "state" });
  const named = engineOptions(given);
  await load();
  const [path1, path2] = [await one.open(), await two.open()];
  await one.checkApart?.(two);
  for (const side of [one, two]) await state.checkApart?.(side.name);
  const changesNothing = options.dryRun || options.explain || typeof use === "object";
  const release = changesNothing ? undefined : await state.lock(sessionName(one.name, two.name));
  try {
    const session = open({
      options: named,
      paths: { path1: one.name, path2: two.name },
      capabilities: { path1: { ...path1, keeps: KEEPS }, path2: { ...path2, keeps: KEEPS } },
      now: now(),
      utcOffsetSeconds: -60 * new Date().getTimezoneOffset(),
      run: crypto.getRandomValues(new BigUint64Array(1))[0],
      plan: use,
    });
    try {
      return await drive(session, {
        sides: { path1: one, path2: two },
        state,
        signal,
        checkers: options.checkers ?? 8,
        transfers: options.transfers ?? 4,
        retries: options.retries ?? 3,
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

const KEEPS = { permissions: false, owner: false, attributes: false };

function now() {
  const milliseconds = Date.now();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanoseconds: (milliseconds - seconds * 1000) * 1_000_000 };
}

function open(opening: object): Session {
  try {
    return new Session(opening);
  } catch (error) {
    const { message, option } = error as { message?: string; option?: string };
    throw new BisyncError("usage", message ?? String(error), { ...(option && { path: option }), cause: error });
  }
}

/** Names the options as the engine does. Types are checked here too: not all who call this write TypeScript. */
function engineOptions(given: Options): [string, string][] {
  return Object.entries(given).flatMap(([key, value]): [string, string][] => {
    if (value === undefined) return [];
    const known = Object.hasOwn(OPTIONS, key) ? OPTIONS[key as keyof Options] : undefined;
    if (!known) throw new BisyncError("usage", `there is no option \`${key}\``, { path: key });
    const [name, type] = known;
    const fits = type.endsWith("[]") ? Array.isArray(value) : type.startsWith("'") ? typeof value === "string" : type.split(" | ").includes(typeof value);
    if (!fits) throw new BisyncError("usage", `\`${key}\` has to be ${type}`, { path: key });
    if (!Array.isArray(value)) return [[name, String(value)]];
    return type === "string[]" ? value.map((one) => [name, String(one)]) : [[name, value.join(",")]];
  });
}

/** Events on their way to who iterates. */
class Events {
  #waiting: RunEvent[] = [];
  #wake = () => {};
  #heard = false;
  #ended = false;
  #error: { error: unknown } | undefined;

  add(event: RunEvent): void {
    const last = this.#waiting.at(-1);
    if (event.type === "progress" && last?.type === "progress") this.#waiting.pop();
    // Nobody may ever ask; then only what matters is kept.
    if (this.#heard || (event.type === "notice" && (event.level === "error" || event.level === "notice"))) {
      this.#waiting.push(event);
      this.#wake();
    }
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#error = { error };
    this.end();
  }

  iterate(): AsyncIterator<RunEvent> {
    this.#heard = true;
    return this.#each();
  }

  async *#each(): AsyncGenerator<RunEvent> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length > 0) continue;
      if (this.#error) throw this.#error.error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** A store with the plan beside it. */
class PlanState implements StateStore {
  plan: Uint8Array;
  readonly #inner: StateStore;
  #parts: Uint8Array[] = [];

  constructor(inner: StateStore, plan = new Uint8Array()) {
    this.#inner = inner;
    this.plan = plan;
  }

  lock(session: string) {
    return this.#inner.lock(session);
  }

  async read(name: string, offset: number, length: number) {
    return name === "plan" ? this.plan.slice(offset, offset + length) : this.#inner.read(name, offset, length);
  }

  async write(name: string, offset: number, bytes: Uint8Array) {
    if (name !== "plan-new") return this.#inner.write(name, offset, bytes);
    if (offset === 0) this.#parts = [];
    this.#parts.push(bytes);
  }

  async replace(name: string, target: string) {
    if (name !== "plan-new") return this.#inner.replace(name, target);
    this.plan = new Uint8Array(await new Blob(this.#parts as BlobPart[]).arrayBuffer());
  }

  keep(name: string, target: string) {
    return this.#inner.keep(name, target);
  }

  async remove(name: string) {
    if (name === "plan-new") this.#parts = [];
    else if (name !== "plan") await this.#inner.remove(name);
  }

  async checkApart(name: string) {
    await this.#inner.checkApart?.(name);
  }
}
