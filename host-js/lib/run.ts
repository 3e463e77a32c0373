import { conduct, type Given, type Order } from "./conduct.js";
import { BisyncError, errorOf } from "./error.js";
import { Events, type RunEvent } from "./events.js";
import { OPTIONS, type Options } from "./options.js";
import { PlanState } from "./plan-state.js";
import type { Report } from "./protocol.js";
import type { Side } from "./side.js";
import type { StateStore } from "./state.js";

/** What a run is told besides its two sides. */
export interface RunOptions extends Options {
  /** Where the listings of the last run are kept. */
  state: StateStore;
  /** Stops the run in good order: what is under way is finished and recorded, the next run goes on. */
  signal?: AbortSignal;
  /** Copy no file that one of these folders holds as well. */
  compareDest?: Side[];
  /** Copy a file from one of these folders, where that holds it as well. */
  copyDest?: Side[];
}

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

/** Keeps two sides in step. Begins at once. */
export function bisync(one: Side, two: Side, options: RunOptions): Run {
  return begun(() => ordered(one, two, options));
}

/** Says what a run would do, and changes nothing. */
export async function plan(one: Side, two: Side, options: RunOptions): Promise<Plan> {
  try {
    const order = ordered(one, two, options);
    const { text, report } = await written(order, new Events());
    return { one, two, options, text, report };
  } catch (error) {
    throw errorOf(error);
  }
}

/** Carries a plan out, each action only where what it expects is still there. */
export function apply(plan: Plan): Run {
  return begun(() => applying(ordered(plan.one, plan.two, plan.options), plan.text));
}

/** Begins what is ordered. */
export function begun(order: () => Order): Run {
  const events = new Events();
  const report = (async () => {
    try {
      return await conduct(order(), events);
    } catch (error) {
      throw errorOf(error);
    } finally {
      events.end();
    }
  })();
  // Whoever only iterates hears of it there.
  report.catch((error: unknown) => events.fail(error));
  return { report, [Symbol.asyncIterator]: () => events.iterate() };
}

/** Writes the plan of a run, and changes nothing. */
export async function written(order: Order, events: Events): Promise<{ text: string; report: Report }> {
  const state = new PlanState(order.state);
  const roots = { path1: order.one.root ?? order.one.name, path2: order.two.root ?? order.two.name };
  const report = await conduct({ ...order, state, plan: { write: { roots } } }, events);
  return { text: new TextDecoder().decode(state.plan), report };
}

/** Turns an order into that of carrying out a plan. */
export function applying(order: Order, text: string): Order {
  return { ...order, state: new PlanState(order.state, new TextEncoder().encode(text)), plan: "apply" };
}

function ordered(one: Side, two: Side, options: RunOptions): Order {
  const { state, signal, compareDest = [], copyDest = [], ...given } = options ?? {};
  // Types are checked too: not all who call this write TypeScript.
  for (const [name, sides] of Object.entries({ one: [one], two: [two], compareDest, copyDest })) {
    const areSides = Array.isArray(sides) && sides.every((side) => typeof side?.name === "string" && typeof side.open === "function");
    if (!areSides) throw mistyped(name, name.endsWith("Dest") ? "Side[]" : "a `Side`");
  }
  if (typeof state?.lock !== "function") throw new BisyncError("usage", "`state` is missing: say where the listings are kept", { path: "state" });
  if (signal && !("aborted" in Object(signal))) throw mistyped("signal", "an `AbortSignal`");
  const named = (side: Side) => ({ name: side.root ?? side.name, side });
  return { one, two, given: engineOptions(given), state, signal, references: { compare: compareDest.map(named), copy: copyDest.map(named) } };
}

function mistyped(name: string, type: string): BisyncError {
  return new BisyncError("usage", `\`${name}\` has to be ${type}`, { path: name });
}

/** Names the options as the engine does. */
function engineOptions(given: Options): Given {
  return Object.entries(given).flatMap(([key, value]): Given => {
    if (value === undefined) return [];
    const known = Object.hasOwn(OPTIONS, key) ? OPTIONS[key as keyof Options] : undefined;
    if (!known) throw new BisyncError("usage", `there is no option \`${key}\``, { path: key });
    const [name, type] = known;
    const isText = (value: unknown) => typeof value === "string";
    const fits = type.endsWith("[]") ? Array.isArray(value) && value.every(isText) : type.startsWith("'") ? isText(value) : type.split(" | ").includes(typeof value);
    if (!fits) throw mistyped(key, type);
    if (!Array.isArray(value)) return [[name, String(value)]];
    return type === "string[]" ? value.map((one) => [name, one]) : [[name, value.join(",")]];
  });
}
