// The engine as the component that other programs embed. What jco makes of it runs here, and nothing of this package's own glue.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { transpileBytes } from "@bytecodealliance/jco-transpile";

import { BisyncError } from "../dist/error.js";
import { memoryFolder, memoryState, type MemoryFolder } from "../dist/memory.js";
import type { Fingerprint, Found } from "../dist/side.js";
import type { StateStore } from "../dist/state.js";
import type * as engine from "../tested/wit/interfaces/bisync-engine-sync.js";

const COMPONENT = new URL("../../target/guest/bisync_engine.component.wasm", import.meta.url);
const withComponent = { skip: existsSync(COMPONENT) ? false : `the component is not built: ${COMPONENT.pathname}` };

const BEFORE = new Date("2024-01-01T00:00:00Z");
const LATER = new Date("2024-06-01T00:00:00Z");

type Engine = typeof engine;
let loading: Promise<Engine> | undefined;

/** Makes JavaScript of the component, and starts it. */
function load(): Promise<Engine> {
  return (loading ??= (async () => {
    const options = { name: "engine", instantiation: "async", noComponentErrorWrapping: true } as const;
    const { files, imports } = await transpileBytes(readFileSync(COMPONENT), options);
    assert.deepEqual(imports, []);
    const file = (name: string) => files[name] as Uint8Array<ArrayBuffer>;
    const module = await import(`data:text/javascript;base64,${Buffer.from(file("engine.js")).toString("base64")}`);
    return (await module.instantiate((name: string) => WebAssembly.compile(file(name)), {})).sync;
  })());
}

interface World {
  one: MemoryFolder;
  two: MemoryFolder;
  state: StateStore;
}

const world = (): World => ({ one: memoryFolder("one"), two: memoryFolder("two"), state: memoryState() });

/** Two sides that are in step. */
async function inStep(): Promise<World> {
  const inStep = world();
  for (const path of ["a.txt", "b.txt", "sub/c.txt"]) inStep.one.put(path, path, BEFORE);
  assert.equal((await run(inStep)).outcome.exitCode, 0);
  return inStep;
}

let runs = 0n;

function opening(options: [string, string][] = []): engine.Opening {
  const keeps = { permissions: false, owner: false, attributes: false };
  const capabilities = { timePrecisionNs: 1n, setsTime: true, hashes: [], slowHashes: false, caseInsensitive: false, keeps };
  return {
    options,
    paths: { one: "one/", two: "two/" },
    capabilities: { one: capabilities, two: capabilities },
    now: { seconds: 1_750_000_000n, nanoseconds: 0 },
    utcOffsetSeconds: 0,
    run: (runs += 1n),
  };
}

/** Leads a conversation to its end; says how it ended, and what was asked for. */
async function run(world: World, stopped?: engine.StopReason): Promise<{ outcome: engine.Outcome; asked: string[] }> {
  const { Session } = await load();
  const session = Session.open(opening());
  if (stopped) session.stop(stopped);
  const asked: string[] = [];
  for (;;) {
    const { events, requests, outcome } = session.turn();
    if (outcome) return { outcome, asked };
    assert.ok(requests.length + events.length > 0, "the engine stands still");
    const answers: [bigint, engine.Reply][] = [];
    for (const { id, verb } of requests) {
      asked.push(verb.tag);
      const reply = await perform(world, verb).catch(failed);
      // The state is answered in order; everything else as late as can be, and the last first.
      if (verb.tag.endsWith("-state")) session.supply(id, reply);
      else answers.unshift([id, reply]);
    }
    for (const [id, reply] of answers) session.supply(id, reply);
  }
}

async function perform({ one, two, state }: World, { tag, val }: engine.Verb): Promise<engine.Reply> {
  const sides = { one, two };
  switch (tag) {
    case "list-directory": {
      const items: engine.Item[] = [];
      for await (const page of sides[val.side].list(val.path, val.hash)) {
        for (const { name, ...found } of page) items.push({ name, found: told(found) });
      }
      return { tag: "page", val: { items, last: true } };
    }
    case "describe": {
      const found = await sides[val.side].describe(val.path);
      return { tag: "described", val: found && told(found) };
    }
    case "same-content": {
      const [left, right] = [whole(one, val.one), whole(two, val.two)];
      const [here, there] = [await left, await right];
      const [shorter, other] = val.half === "two" ? [there, here] : [here, there];
      return { tag: "same", val: shorter.equals(val.half ? other.subarray(0, shorter.length) : other) };
    }
    case "copy-file": {
      assert.deepEqual([val.disposal.tag, val.staging.tag], ["discard", "temporary"]);
      const [from, to] = val.from === "one" ? [one, two] : [two, one];
      const source = asked(val.source);
      const expect = val.expect.tag === "exactly" ? asked(val.expect.val) : undefined;
      const temporary = String(val.staging.tag === "temporary" && val.staging.val);
      const content = from.read(val.path, source);
      return done(await to.write(val.target, content, { expect, temporary, modified: source.modified, verify: val.verify }));
    }
    case "move-file":
      return done(await sides[val.side].move(val.path, asked(val.expect), val.target));
    case "delete-file":
      assert.equal(val.disposal.tag, "discard");
      return done(await sides[val.side].remove(val.path, asked(val.expect)));
    case "make-directory":
      return done(await sides[val.side].makeDirectory(val.path));
    case "remove-directory":
      assert.equal(val.emptiness, "empty");
      return done(await sides[val.side].removeDirectory(val.path));
    case "set-time":
      return done(await sides[val.side].setTime(val.path, asked(val.expect), asked({ modified: val.modified }).modified!));
    case "set-metadata":
      throw new BisyncError("other", "no metadata is kept here");
    case "flush":
      return done(await sides[val].flush());
    case "read-state":
      return { tag: "state", val: await state.read(val.name, Number(val.offset), val.length) };
    case "write-state":
      return done(await state.write(val.name, Number(val.offset), val.bytes));
    case "replace-state":
      return done(await state.replace(val.name, val.target));
    case "keep-state":
      return done(await state.keep(val.name, val.target));
    case "remove-state":
      return done(await state.remove(val));
  }
}

async function whole(side: MemoryFolder, { path, fingerprint }: engine.Version): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of side.read(path, asked(fingerprint))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const done = (found: Found | void): engine.Reply => ({ tag: "done", val: found ? told(found) : undefined });

function failed(error: unknown): engine.Reply {
  if (!(error instanceof BisyncError)) throw error;
  const kind = error.code.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as engine.FailureKind;
  return { tag: "failed", val: { kind, message: error.message } };
}

/** A version in the words of a side. */
function asked({ size, modified, hash, id }: engine.Fingerprint): Fingerprint {
  return {
    ...(size !== undefined && { size: Number(size) }),
    ...(modified && { modified: { seconds: Number(modified.seconds), nanoseconds: modified.nanoseconds } }),
    ...(hash !== undefined && { hash }),
    ...(id && { id: (id.high << 64n) | id.low }),
  };
}

/** What a side found, in the words of the component. */
function told({ kind, fingerprint: { size, modified, hash, id } }: Found): engine.Found {
  assert.ok(kind === "file" || kind === "directory");
  const fingerprint = {
    ...(size !== undefined && { size: BigInt(size) }),
    ...(modified && { modified: { seconds: BigInt(modified.seconds), nanoseconds: modified.nanoseconds } }),
    ...(hash !== undefined && { hash }),
    ...(id !== undefined && { id: { high: id >> 64n, low: BigInt.asUintN(64, id) } }),
  };
  return { kind, fingerprint };
}

const contents = (side: MemoryFolder) => Object.fromEntries(side.paths().map((path) => [path, side.text(path)]));

test("the component carries changes over in both directions", withComponent, async () => {
  const world = await inStep();
  const { one, two } = world;
  one.put("a.txt", "changed here", LATER);
  two.put("new/d.txt", "made there", LATER);
  two.delete("sub/c.txt");
  const { outcome } = await run(world);
  assert.equal(outcome.exitCode, 0, outcome.headline);
  const expected = { "a.txt": "changed here", "b.txt": "b.txt", "new/d.txt": "made there" };
  assert.deepEqual(contents(one), expected);
  assert.deepEqual(contents(two), expected);
});

test("the component keeps both versions of a conflict", withComponent, async () => {
  const world = await inStep();
  world.one.put("a.txt", "one", LATER);
  world.two.put("a.txt", "two!", LATER);
  const { outcome } = await run(world);
  assert.deepEqual(outcome.conflicts.map(({ path }) => path), ["a.txt"]);
  assert.deepEqual([world.one.text("a.txt.conflict1"), world.one.text("a.txt.conflict2")], ["one", "two!"]);
  assert.deepEqual(contents(world.two), contents(world.one));
});

test("the component has nothing to do in a second run", withComponent, async () => {
  const { asked } = await run(await inStep());
  assert.deepEqual([...new Set(asked)].sort(), ["list-directory", "read-state"]);
});

test("the component begins nothing more when it is told to stop, and goes on in the next run", withComponent, async () => {
  const world = await inStep();
  world.one.put("d.txt", "new", LATER);
  const { outcome, asked } = await run(world, "wish");
  assert.equal(outcome.exitCode, 1, outcome.headline);
  assert.ok(!asked.includes("copy-file"), asked.join());
  assert.equal((await run(world)).outcome.exitCode, 0);
  assert.equal(world.two.text("d.txt"), "new");
});

test("what the component does not accept it names", withComponent, async () => {
  const { Session } = await load();
  assert.throws(() => Session.open(opening([["max-delete", "many"]])), { option: "max-delete" });
  const session = Session.open(opening());
  const id = session.turn().requests[0]?.id as bigint;
  const [known, unknown] = [id, id + 1000n];
  assert.throws(() => session.supply(known, { tag: "same", val: true }), { tag: "wrong-reply", val: known });
  assert.throws(() => session.supply(unknown, { tag: "same", val: true }), { tag: "unknown-request", val: unknown });
});
