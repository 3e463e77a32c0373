import type { Session } from "./engine.js";
import { BisyncError, failureOf, wordsOf } from "./error.js";
import { pack } from "./page.js";
import { Pages } from "./pages.js";
import { type Bandwidths, Passage } from "./passage.js";
import { list, perform, rewrites, type Sides } from "./perform.js";
import type { Notice, Reply, Report, Request, StateVerb, Verb, Workload } from "./protocol.js";
import { performState, type StateStore } from "./state.js";
import { type Limits, pause, Tries } from "./tries.js";

/** What a run drives, and how. */
export interface Drive {
  sides: Omit<Sides, "passage">;
  bandwidths: Bandwidths;
  state: StateStore;
  checkers: number;
  transfers: number;
  limits: Limits;
  signal: AbortSignal | undefined;
  /** When its time is over, copies that are under way are broken off too. */
  breaksOff: boolean;
  say(notice: Notice): void;
  progress(progress: Progress): void;
}

/** How far a run is. */
export interface Progress {
  /** What is to be copied in all, as far as it is known. */
  workload: Workload;
  /** What has been seen on both sides. */
  listed: { directories: number; files: number };
  /** What has been copied: how many files were begun, how many of them have ended, well or not, and the bytes, also of those under way. */
  copied: { begun: number; files: number; bytes: number };
}

/** Says how far a run is to go on. */
interface Going {
  /** Nothing is begun any more. */
  isStopping(): boolean;
  /** No content passes any more. */
  isClosed(): boolean;
}

/**
 * Leads a conversation to its end. The signal ends it in good order: what is under way is finished first. One that is given because a time is over says
 * so by its reason, as that of `AbortSignal.timeout` does.
 */
export async function drive(session: Session, run: Drive): Promise<Report> {
  const answers: (() => void)[] = [];
  let wake = () => {};
  let open = 0;
  let stopping = false;
  let isClosed = false;
  const going: Going = { isStopping: () => stopping, isClosed: () => isClosed };
  const progress: Progress = { workload: { files: 0, bytes: 0, isFinal: false }, listed: { directories: 0, files: 0 }, copied: { begun: 0, files: 0, bytes: 0 } };
  const tell = () => run.progress({ workload: { ...progress.workload }, listed: { ...progress.listed }, copied: { ...progress.copied } });
  const passage = new Passage(
    run.bandwidths,
    (bytes) => {
      progress.copied.bytes += bytes;
      tell();
    },
    going.isClosed,
  );
  const sides: Sides = { ...run.sides, passage };
  const tellEngine = (supply: () => void) => {
    answers.push(supply);
    wake();
  };
  // The end of a request.
  const answer = (supply: () => void) => {
    open -= 1;
    tellEngine(supply);
  };
  const see = (files: number) => {
    progress.listed.directories += 1;
    progress.listed.files += files;
  };
  const carryOut = async ({ id, verb }: Request) => {
    const isCopied = verb.verb === "copyFile";
    if (isCopied) progress.copied.begun += 1;
    const supply = await attempt(session, id, verb, sides, { limits: run.limits, going, see, tellEngine });
    if (isCopied) progress.copied.files += 1;
    answer(supply);
  };
  const checkers = new Lane(run.checkers, carryOut);
  const transfers = new Lane(run.transfers, carryOut);
  // The state's requests are carried out in the order in which they came.
  const state = new Lane(1, async ({ id, verb }) => {
    try {
      const bytes = await performState(run.state, verb as StateVerb);
      answer(() => (verb.verb === "readState" ? session.supplyState(id, bytes) : supply(session, id, { done: null })));
    } catch (error) {
      answer(failedWith(session, id, error));
    }
  });
  const stop = () => {
    stopping = true;
    const timeIsOver = (run.signal?.reason as Error | undefined)?.name === "TimeoutError";
    isClosed = timeIsOver && run.breaksOff;
    const text = timeIsOver ? "the time of --max-duration is over: the next run goes on" : "stopping: what is under way is finished first";
    run.say({ level: "notice", code: "stopping", text });
    tellEngine(() => session.stop(timeIsOver));
    // What comes from now on is begun, and tried once: it records what was done.
    for (const { id } of [checkers, transfers].flatMap((lane) => lane.takeWaiting())) {
      answer(failedWith(session, id, new BisyncError("stopped", "the run was stopped")));
    }
  };
  if (run.signal?.aborted) stop();
  run.signal?.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const turn = session.turn();
      turn.events.forEach(run.say);
      progress.workload = turn.workload;
      tell();
      if (turn.outcome) return turn.outcome;
      open += turn.requests.length;
      for (const request of turn.requests) {
        const verb = request.verb.verb;
        (verb.endsWith("State") ? state : verb === "copyFile" ? transfers : checkers).add(request);
      }
      if (turn.requests.length > 0) continue;
      if (answers.length === 0) {
        if (open === 0) throw new BisyncError("engine", "the engine stands still");
        await new Promise<void>((resolve) => (wake = resolve));
      }
      answers.splice(0).forEach((supply) => supply());
    }
  } finally {
    run.signal?.removeEventListener("abort", stop);
  }
}

/** Carries requests out, so many at a time. */
class Lane {
  readonly #width: number;
  readonly #carryOut: (request: Request) => Promise<void>;
  #waiting: Request[] = [];
  #next = 0;
  #busy = 0;

  constructor(width: number, carryOut: (request: Request) => Promise<void>) {
    this.#width = width;
    this.#carryOut = carryOut;
  }

  add(request: Request): void {
    this.#waiting.push(request);
    if (this.#busy < this.#width) void this.#work();
  }

  /** Takes the requests back that are not begun yet. */
  takeWaiting(): Request[] {
    const left = this.#waiting.slice(this.#next);
    this.#waiting = [];
    this.#next = 0;
    return left;
  }

  async #work(): Promise<void> {
    this.#busy += 1;
    while (this.#next < this.#waiting.length) {
      const request = this.#waiting[this.#next++] as Request;
      if (this.#next === this.#waiting.length) this.#waiting.length = this.#next = 0;
      await this.#carryOut(request);
    }
    this.#busy -= 1;
  }
}

/** What an attempt goes by. */
interface Attempt {
  limits: Limits;
  going: Going;
  /** Hears of a directory that was listed, and how many files it has. */
  see(files: number): void;
  /** Tells the engine something that is not yet the end of the request. */
  tellEngine(supply: () => void): void;
}

/** Carries out a request, more than once where that may help: all that change something check what they expect. */
async function attempt(session: Session, id: number, verb: Verb, sides: Sides, { limits, going, see, tellEngine }: Attempt): Promise<() => void> {
  const tries = new Tries(limits);
  const pages = new Pages({
    page: (items) => tellEngine(() => session.supplyPage(id, pack(items), false)),
    anew: () => tellEngine(() => supply(session, id, "anew")),
  });
  for (;;) {
    try {
      if (verb.verb === "listDirectory") {
        // What a try before this one found counts no more.
        pages.beginAnew();
        for await (const page of list(verb.side, verb.path, verb.hash, sides)) pages.add(page);
        see(pages.files);
        return () => session.supplyPage(id, pack(pages.takeLast()), true);
      }
      const reply = await perform(verb, sides);
      return () => supply(session, id, reply);
    } catch (error) {
      const failed = failedWith(session, id, error);
      if (rewrites(verb, sides.folders) || going.isStopping()) return failed;
      const wait = tries.pauseAfter(error);
      if (wait === undefined) return failed;
      await pause(wait, going.isStopping);
      if (going.isStopping()) return failed;
    }
  }
}

function supply(session: Session, id: number, reply: Reply): void {
  session.supply(id, reply);
}

function failedWith(session: Session, id: number, error: unknown): () => void {
  return () => supply(session, id, { failed: { kind: failureOf(error), message: wordsOf(error) } });
}
