import { Session } from "./engine.js";
import { BisyncError } from "./error.js";
import { pack } from "./page.js";
import type { Disposal, Notice, Reply, Report, Request, SideName, StateVerb, Verb, Workload } from "./protocol.js";
import type { Fingerprint, Found, Item, Side } from "./side.js";
import { performState, type StateStore } from "./state.js";
import { checked, checkPage } from "./told.js";

/** What a run drives, and how. */
export interface Drive {
  sides: Record<SideName, Side>;
  state: StateStore;
  checkers: number;
  transfers: number;
  retries: number;
  signal: AbortSignal | undefined;
  /** When its time is over, copies that are under way are broken off too. */
  breaksOff: boolean;
  say(notice: Notice): void;
  progress(workload: Workload, copied: { files: number; bytes: number }): void;
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
  const copied = { files: 0, bytes: 0 };
  const answer = (supply: () => void) => {
    answers.push(supply);
    wake();
  };
  const carryOut = async ({ id, verb }: Request) => {
    const supply = stopping
      ? failedWith(session, id, new BisyncError("stopped", "the run was stopped"))
      : await attempt(session, id, verb, run, { isStopping: () => stopping, isClosed: () => isClosed });
    if (verb.verb === "copyFile") {
      copied.files += 1;
      copied.bytes += verb.source.size ?? 0;
    }
    answer(supply);
  };
  const checkers = lane(run.checkers, carryOut);
  const transfers = lane(run.transfers, carryOut);
  // The state's requests are carried out in the order in which they came.
  const state = lane(1, async ({ id, verb }) => {
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
    answer(() => session.stop(timeIsOver));
    open += 1;
  };
  if (run.signal?.aborted) stop();
  run.signal?.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const turn = session.turn();
      turn.events.forEach(run.say);
      run.progress(turn.workload, copied);
      if (turn.outcome) return turn.outcome;
      open += turn.requests.length;
      for (const request of turn.requests) {
        const verb = request.verb.verb;
        (verb.endsWith("State") ? state : verb === "copyFile" ? transfers : checkers)(request);
      }
      if (turn.requests.length > 0) continue;
      if (open === 0) throw new BisyncError("engine", "the engine stands still");
      if (answers.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const ready = answers.splice(0);
      open -= ready.length;
      ready.forEach((supply) => supply());
    }
  } finally {
    run.signal?.removeEventListener("abort", stop);
  }
}

/** Gives a function that carries requests out, so many at a time. */
function lane(width: number, carryOut: (request: Request) => Promise<void>): (request: Request) => void {
  const waiting: Request[] = [];
  let next = 0;
  let busy = 0;
  const work = async () => {
    busy += 1;
    while (next < waiting.length) {
      const request = waiting[next++] as Request;
      if (next === waiting.length) waiting.length = next = 0;
      await carryOut(request);
    }
    busy -= 1;
  };
  return (request) => {
    waiting.push(request);
    if (busy < width) void work();
  };
}

/** Says how far a run is to go on. */
interface Going {
  /** Nothing is begun any more. */
  isStopping(): boolean;
  /** No content passes any more. */
  isClosed(): boolean;
}

async function attempt(session: Session, id: number, verb: Verb, run: Drive, going: Going): Promise<() => void> {
  for (let left = run.retries; ; left -= 1) {
    try {
      if (verb.verb === "listDirectory") {
        // Pages go out when the directory was listed to its end: a second try gives others.
        const pages: Item[][] = [];
        for await (const page of run.sides[verb.side].list(verb.path, verb.hash)) {
          checkPage(page, verb.path);
          pages.push(page);
        }
        if (pages.length === 0) pages.push([]);
        return () => pages.forEach((page, index) => session.supplyPage(id, pack(page), index === pages.length - 1));
      }
      const reply = await perform(verb, run.sides, going);
      return () => supply(session, id, reply);
    } catch (error) {
      const again = error instanceof BisyncError && (error.code === "busy" || error.code === "temporary");
      if (!again || left <= 1 || going.isStopping()) return failedWith(session, id, error);
    }
  }
}

async function perform(verb: Verb, sides: Record<SideName, Side>, going: Going): Promise<Reply> {
  switch (verb.verb) {
    case "describe": {
      const there = await sides[verb.side].describe(verb.path);
      return { described: there ? checked(there, verb.path) : null };
    }
    case "sameContent":
      return { same: await sameContent(sides.path1.read(...verb.one), sides.path2.read(...verb.two)) };
    case "copyFile": {
      if (verb.staging === "inPlace") throw notHere();
      const [from, to] = verb.from === "path1" ? [sides.path1, sides.path2] : [sides.path2, sides.path1];
      const expect = verb.expect === "absent" ? undefined : verb.expect.exactly;
      const keep = async () => expect && kept(to, verb.target, expect, verb.disposal);
      const { temporary } = verb.staging;
      const options = { expect, temporary, modified: verb.source.modified, verify: verb.verify };
      const content = whole(passing(from.read(verb.path, verb.source), going), verb.source.size, keep);
      return done(checked(await to.write(verb.target, content, options), verb.target));
    }
    case "moveFile":
      return done(checked(await sides[verb.side].move(verb.path, verb.expect, verb.target, verb.temporary), verb.target));
    case "deleteFile":
      await kept(sides[verb.side], verb.path, verb.expect, verb.disposal);
      await sides[verb.side].remove(verb.path, verb.expect);
      return done();
    case "makeDirectory":
      return done(checked(await sides[verb.side].makeDirectory(verb.path), verb.path));
    case "removeDirectory":
      await (verb.emptiness === "empty" ? sides[verb.side].removeDirectory(verb.path) : treeRemoved(sides[verb.side], verb.path));
      return done();
    case "setTime":
      return done(checked(await sides[verb.side].setTime(verb.path, verb.expect, verb.modified), verb.path));
    case "flush":
      await sides[verb.side].flush();
      return done();
    default:
      throw notHere();
  }
}

const notHere = () => new BisyncError("other", "this is not possible here");
const done = (found?: Found): Reply => ({ done: found ?? null });

function supply(session: Session, id: number, reply: Reply): void {
  session.supply(id, reply);
}

function failedWith(session: Session, id: number, error: unknown): () => void {
  const code = error instanceof BisyncError && error.code !== "usage" && error.code !== "engine" ? error.code : "other";
  const message = error instanceof Error ? error.message : String(error);
  return () => supply(session, id, { failed: { kind: code, message } });
}

/** Keeps a file that is about to be replaced or deleted, where that is wanted. */
async function kept(side: Side, path: string, expect: Fingerprint, disposal: Disposal): Promise<void> {
  if (disposal === "discard") return;
  if (!side.keep) throw notHere();
  await side.keep(path, expect, disposal.backup);
}

/** Passes content on while any may pass. */
async function* passing(content: AsyncIterable<Uint8Array>, going: Going): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    if (going.isClosed()) throw new BisyncError("stopped", "the run was stopped");
    yield chunk;
  }
}

/** Passes content on, and throws unless it has as many bytes as it should. `then` is done before it ends well. */
async function* whole(content: AsyncIterable<Uint8Array>, size: number | undefined, then: () => Promise<unknown>): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of content) {
    length += chunk.length;
    yield chunk;
  }
  if (size !== undefined && length !== size) throw new BisyncError("changed", "it has another size than it was listed with");
  await then();
}

async function sameContent(one: AsyncIterable<Uint8Array>, two: AsyncIterable<Uint8Array>): Promise<boolean> {
  const [left, right] = [one[Symbol.asyncIterator](), two[Symbol.asyncIterator]()];
  let [here, there] = [new Uint8Array(), new Uint8Array()] as [Uint8Array, Uint8Array];
  const more = async (source: AsyncIterator<Uint8Array>, rest: Uint8Array): Promise<Uint8Array> => {
    while (rest.length === 0) {
      const { done, value } = await source.next();
      if (done) break;
      rest = value;
    }
    return rest;
  };
  try {
    for (;;) {
      [here, there] = await Promise.all([more(left, here), more(right, there)]);
      const length = Math.min(here.length, there.length);
      if (length === 0) return here.length === there.length;
      for (let at = 0; at < length; at += 1) if (here[at] !== there[at]) return false;
      [here, there] = [here.subarray(length), there.subarray(length)];
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()]);
  }
}

/** Removes a directory and all below it, after having seen that there is nothing but directories. */
async function treeRemoved(side: Side, path: string): Promise<void> {
  if (side.removeTree) return side.removeTree(path);
  const directories = [path];
  for (const directory of directories) {
    try {
      for await (const page of side.list(directory, undefined)) {
        for (const { name, kind } of page) {
          if (kind !== "directory") throw new BisyncError("notEmpty", "there are files in it");
          directories.push(`${directory}/${name}`);
        }
      }
    } catch (error) {
      if (directory === path && error instanceof BisyncError && error.code === "notFound") return;
      throw error;
    }
  }
  for (const directory of directories.reverse()) await side.removeDirectory(directory);
}

