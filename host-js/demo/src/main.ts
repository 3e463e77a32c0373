import { apply, BisyncError, browserState, memoryFolder, memoryState, plan as makePlan, type Plan, type Run, type Side, type StateStore } from "bisync";

import { compare } from "./compare.js";
import { dropped } from "./dropped.js";
import { example } from "./example.js";
import { edited, isConflict, type PlanLines, readPlan, type Verdict } from "./plan-lines.js";
import { chooser } from "./sides.js";
import { type Chosen, tree } from "./tree.js";

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const form = find<HTMLFormElement>("pair");
const planned = find("plan");
const running = find("progress");
const stop = find("stop");
const said = find("said");
const notices = find("notices");
const one = chooser(find("path1"), "Path1", attempt);
const two = chooser(find("path2"), "Path2", attempt);

/** Listings of folders in memory live as long as these. */
const inMemory = memoryState();
const stored = browserState("bisync demo");
let stopping: AbortController | undefined;

function say(text: string, isWrong = false): void {
  said.textContent = text;
  said.classList.toggle("wrong", isWrong);
}

/** Does something that a click began; what goes wrong is said. */
async function attempt(work: () => Promise<void>): Promise<void> {
  say("");
  try {
    await work();
  } catch (error) {
    const path = error instanceof BisyncError && error.path ? ` (${error.path})` : "";
    say(`${error instanceof Error ? error.message : String(error)}${path}`, true);
  }
}

/** Does what has to be alone: until it has ended, nothing else of the kind begins. */
async function alone(work: () => Promise<void>): Promise<void> {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  await attempt(work);
  form.ariaBusy = "false";
}

/** A memory that goes with the page has listings that go with it. */
function stateOf(...sides: Side[]): StateStore {
  return sides.some((side) => "put" in side) ? inMemory : stored;
}

async function showPlan(): Promise<void> {
  notices.replaceChildren();
  planned.hidden = true;
  say("Looking at both folders…");
  const [path1, path2] = [await one.chosen(), await two.chosen()];
  const conflictResolve = new FormData(form).get("conflictResolve") as "none";
  const made = await makePlan(path1, path2, { state: stateOf(path1, path2), conflictResolve, resilient: true });
  if (made.report.exitCode === 0) say("");
  else say(made.report.headline, true);
  // Where a limit stops the run there is none.
  if (made.text !== "") present(readPlan(made.text), made);
}

/** Shows a plan; one that was made here can be carried out. */
function present(lines: PlanLines, made?: Plan): void {
  const chosen: Chosen = { leftOut: new Set(), verdicts: new Map() };
  const heading = document.createElement("h2");
  const count = lines.decisions.filter(({ decision }) => decision.does.length > 0).length;
  heading.textContent = count === 0 ? "Both sides are in step" : `${count} of ${lines.decisions.length} paths need something done`;
  const shown = tree(lines, made && chosen, (decision) => {
    if (made) void attempt(() => compare(find<HTMLDialogElement>("compare"), decision, { path1: made.one, path2: made.two }));
  });
  planned.replaceChildren(heading, shown);
  if (!made) {
    const roots = document.createElement("p");
    roots.className = "hint";
    roots.textContent = `A plan for ${lines.roots.path1} and ${lines.roots.path2}, to be read: it is carried out with bisync apply.`;
    heading.after(roots);
  } else if (lines.decisions.length > 0) {
    const run = document.createElement("button");
    run.type = "button";
    run.className = "main";
    run.textContent = "Carry it out";
    run.addEventListener("click", () => void alone(() => carryOut(made, edited(lines, chosen.leftOut, chosen.verdicts))));
    const conflicts = lines.decisions.filter(({ decision }) => isConflict(decision));
    const row = document.createElement("p");
    row.className = "row";
    row.append(run, ...(conflicts.length > 1 ? [decideAll(shown)] : []));
    planned.append(row);
  }
  planned.hidden = false;
}

/** One choice for all conflicts. */
function decideAll(shown: HTMLElement): HTMLElement {
  const all = document.createElement("select");
  all.setAttribute("aria-label", "What becomes of all conflicts");
  const verdicts: [Verdict | "", string][] = [["", "all conflicts…"], ["both", "keep both"], ["path1", "keep those of Path1"], ["path2", "keep those of Path2"]];
  all.append(...verdicts.map(([value, text]) => new Option(text, value)));
  all.addEventListener("change", () => {
    if (all.value === "") return;
    for (const single of shown.querySelectorAll<HTMLSelectElement>(".conflict select")) {
      single.value = all.value;
      single.dispatchEvent(new Event("change"));
    }
  });
  return all;
}

async function carryOut(made: Plan, text: string): Promise<void> {
  stopping = new AbortController();
  planned.hidden = true;
  running.hidden = false;
  stop.focus();
  try {
    const run = apply({ ...made, text, options: { ...made.options, signal: stopping.signal } });
    await follow(run);
    const { headline, exitCode, failures } = await run.report;
    say(headline, exitCode !== 0);
    failures.forEach(({ path, reason }) => notice(`${path}: ${reason}`));
  } finally {
    if (document.activeElement === stop) find("show").focus();
    running.hidden = true;
    stopping = undefined;
  }
}

async function follow(run: Run): Promise<void> {
  const bar = running.querySelector("progress") as HTMLProgressElement;
  const copied = running.querySelector(".copied") as HTMLElement;
  for await (const event of run) {
    if (event.type === "progress") {
      bar.max = Math.max(1, event.workload.bytes);
      bar.value = event.copied.bytes;
      copied.textContent = `${event.copied.files} of ${event.workload.files} files`;
    } else if (event.level !== "debug") {
      notice(event.path === undefined ? event.text : `${event.path}: ${event.text}`);
    }
  }
}

function notice(text: string): void {
  const item = document.createElement("li");
  item.textContent = text;
  notices.append(item);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void alone(showPlan);
});
// A plan is one for the folders that it was made for.
form.addEventListener("input", () => (planned.hidden = true));
find("example").addEventListener("click", () =>
  void alone(async () => {
    const sides = await example(inMemory);
    one.set(sides.one, "the laptop of the example");
    two.set(sides.two, "the phone of the example");
    await showPlan();
  }),
);
stop.addEventListener("click", () => stopping?.abort());
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle("dropping", type === "dragenter" || type === "dragover");
  });
}
document.addEventListener("drop", (event) => {
  const side = [one, two].find(({ fieldset }) => event.composedPath().includes(fieldset));
  void attempt(async () => {
    const what = await dropped(event);
    if (!what) return;
    if (what instanceof File) return present(readPlan(await what.text()));
    if (!side) throw new Error("drop the folder on Path1 or on Path2");
    side.take(what);
  });
});
// From here on nothing is fetched any more: the engine is loaded before it is needed.
void attempt(async () => void (await makePlan(memoryFolder("nothing 1"), memoryFolder("nothing 2"), { state: memoryState() })));
