import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, bisync, BisyncError, type Item, memoryFolder, memoryState, type MemoryFolder, plan, type RunOptions } from "bisync";

const BEFORE = new Date("2024-01-01T00:00:00Z");
const LATER = new Date("2024-06-01T00:00:00Z");

/** Two sides that are in step. */
async function inStep(): Promise<{ one: MemoryFolder; two: MemoryFolder; options: RunOptions }> {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  for (const path of ["a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt"]) one.put(path, path, BEFORE);
  const options = { state: memoryState() };
  assert.equal((await bisync(one, two, options).report).exitCode, 0);
  return { one, two, options };
}

function contents(side: MemoryFolder): Record<string, string | undefined> {
  return Object.fromEntries(side.paths().map((path) => [path, side.text(path)]));
}

test("changes are carried over in both directions", async () => {
  const { one, two, options } = await inStep();
  assert.deepEqual(contents(two), contents(one));
  one.put("a.txt", "changed here", LATER);
  two.put("new/e.txt", "made there", LATER);
  two.delete("sub/deep/d.txt");
  const report = await bisync(one, two, options).report;
  assert.equal(report.exitCode, 0, report.headline);
  const expected = { "a.txt": "changed here", "b.txt": "b.txt", "new/e.txt": "made there", "sub/c.txt": "sub/c.txt" };
  assert.deepEqual(contents(one), expected);
  assert.deepEqual(contents(two), expected);
  assert.deepEqual([report.counts.path1.copied, report.counts.path1.deleted, report.counts.path2.copied], [1, 1, 1]);
});

test("a conflict keeps both versions", async () => {
  const { one, two, options } = await inStep();
  one.put("a.txt", "one", LATER);
  two.put("a.txt", "two!", LATER);
  const report = await bisync(one, two, options).report;
  assert.deepEqual(report.conflicts.map(({ path }) => path), ["a.txt"]);
  assert.deepEqual([one.text("a.txt.conflict1"), one.text("a.txt.conflict2")], ["one", "two!"]);
  assert.deepEqual(contents(two), contents(one));
});

test("events tell what is done", async () => {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  one.put("a.txt", "a");
  const run = bisync(one, two, { state: memoryState() });
  const said: string[] = [];
  let bytes = 0;
  for await (const event of run) {
    if (event.type === "notice") said.push(`${event.code} ${event.path ?? ""}`);
    else bytes = event.copied.bytes;
  }
  assert.ok(said.includes("copied a.txt"), said.join());
  assert.equal(bytes, 1);
  assert.equal((await run.report).exitCode, 0);
});

test("options have names and types", async () => {
  const refused = async (options: object, path: string, message: RegExp) => {
    const run = bisync(memoryFolder("one"), memoryFolder("two"), options as RunOptions);
    await assert.rejects(run.report, (error) => {
      assert.ok(error instanceof BisyncError);
      assert.equal(error.code, "usage");
      assert.equal(error.path, path);
      assert.match(error.message, message);
      return true;
    });
  };
  const state = memoryState();
  await refused({}, "state", /missing/);
  await refused({ state, backupDir: "x" }, "backupDir", /no option/);
  await refused({ state, constructor: true }, "constructor", /no option/);
  await refused({ state, force: "yes" }, "force", /boolean/);
  await refused({ state, conflictResolve: "newest" }, "conflict-resolve", /newer/);
  await refused({ state, maxDelete: "many" }, "max-delete", /max-delete/);
});

test("options reach the engine", async () => {
  const { one, two, options } = await inStep();
  one.put("skipped.tmp", "x", LATER);
  one.put("taken.txt", "x", LATER);
  await bisync(one, two, { ...options, exclude: ["*.tmp"], dryRun: true }).report;
  assert.equal(two.text("taken.txt"), undefined);
  await bisync(one, two, { ...options, exclude: ["*.tmp"] }).report;
  assert.deepEqual([two.text("taken.txt"), two.text("skipped.tmp")], ["x", undefined]);
});

test("too many deletes stop the run", async () => {
  const { one, two, options } = await inStep();
  for (const path of one.paths()) one.delete(path);
  one.put("left.txt", "left", LATER);
  const report = await bisync(one, two, options).report;
  assert.notEqual(report.exitCode, 0);
  assert.equal(two.paths().length, 4);
});

test("a plan is made, and carried out only where it still holds", async () => {
  const { one, two, options } = await inStep();
  one.put("a.txt", "changed", LATER);
  one.put("b.txt", "changed too", LATER);
  const planned = await plan(one, two, options);
  assert.equal(two.text("a.txt"), "a.txt");
  const lines = planned.text.trim().split("\n").map((line) => JSON.parse(line) as object);
  assert.ok(lines.length >= 3, planned.text);
  two.put("b.txt", "changed there in the meantime", LATER);
  const report = await apply(planned).report;
  assert.equal(two.text("a.txt"), "changed");
  assert.equal(two.text("b.txt"), "changed there in the meantime");
  assert.notEqual(report.exitCode, 0);
});

test("a file that changes while a run is at work is refused", async () => {
  const { one, two, options } = await inStep();
  one.put("a.txt", "changed", LATER);
  one.delete("b.txt");
  const sly = {
    ...two,
    write: (...given: Parameters<MemoryFolder["write"]>) => {
      two.put(given[0], "edited meanwhile", LATER);
      return two.write(...given);
    },
    remove: (...given: Parameters<MemoryFolder["remove"]>) => {
      two.put(given[0], "edited meanwhile", LATER);
      return two.remove(...given);
    },
  };
  const report = await bisync(one, sly, options).report;
  assert.equal(report.exitCode, 1);
  assert.deepEqual(report.failures.map(({ path }) => path), ["a.txt", "b.txt"]);
  assert.deepEqual([two.text("a.txt"), two.text("b.txt")], ["edited meanwhile", "edited meanwhile"]);
});

test("a side that gives other content than it listed changes nothing", async () => {
  const { one, two, options } = await inStep();
  one.put("a.txt", "changed", LATER);
  const short = { ...one, read: async function* () { yield new TextEncoder().encode("chan"); } };
  const report = await bisync(short, two, options).report;
  assert.equal(report.exitCode, 1);
  assert.equal(two.text("a.txt"), "a.txt");
  assert.equal((await bisync(one, two, options).report).exitCode, 0);
  assert.equal(two.text("a.txt"), "changed");
});

test("a name that leads out of its directory is not followed", async () => {
  const { one, two, options } = await inStep();
  const list = async function* (path: string) {
    for await (const page of one.list(path, undefined)) yield page;
    yield [{ name: "../x", kind: "file" as const, fingerprint: { size: 1 } }];
  };
  const report = await bisync({ ...one, list }, two, options).report;
  assert.notEqual(report.exitCode, 0);
  assert.equal(two.paths().length, 4);
});

test("a side that tells what cannot be is named, and nothing is changed", async (context) => {
  const file = { name: "x", kind: "file", fingerprint: { size: 1 } };
  const told: [item: unknown, words: string][] = [
    [{ ...file, fingerprint: { size: 1.5 } }, "`size` is no number of bytes"],
    [{ ...file, fingerprint: { size: "1" } }, "`size` is no number of bytes"],
    [{ ...file, fingerprint: { size: -1 } }, "`size` is no number of bytes"],
    [{ ...file, fingerprint: { modified: new Date() } }, "`modified` is no time"],
    [{ ...file, fingerprint: { modified: { seconds: 1, nanoseconds: 1e9 } } }, "`modified` is no time"],
    [{ ...file, fingerprint: { hash: "378840336ab14afa9c6b8d887e68a340" } }, "`hash` is not"],
    [{ ...file, fingerprint: { id: 5 } }, "`id` is no `bigint`"],
    [{ ...file, kind: "File" }, "`kind` is none of file, directory"],
    [{ name: "x", kind: "file" }, "there is no `fingerprint`"],
    [{ kind: "file", fingerprint: {} }, "an item has no `name`"],
    [{ ...file, name: "x\ud83d.txt" }, "a `name` has half of a character"],
  ];
  for (const [item, words] of told) {
    await context.test(words, async () => {
      const { one, two, options } = await inStep();
      two.delete("a.txt");
      const list = async function* (path: string) {
        yield* one.list(path, undefined);
        if (path === "") yield [item as Item];
      };
      const report = await bisync({ ...one, list }, two, options).report;
      assert.notEqual(report.exitCode, 0);
      assert.ok(report.headline.includes(words) || report.failures.some(({ reason }) => reason.includes(words)), JSON.stringify(report));
      assert.equal(one.paths().length, 4);
    });
  }
});

test("a signal stops the run, and the next one goes on", async () => {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  for (let number = 0; number < 50; number += 1) one.put(`${number}.txt`, String(number), BEFORE);
  const stopper = new AbortController();
  let writes = 0;
  const stopping = {
    ...two,
    write: (...given: Parameters<MemoryFolder["write"]>) => {
      writes += 1;
      if (writes === 3) stopper.abort();
      return two.write(...given);
    },
  };
  const options = { state: memoryState(), transfers: 1 };
  const report = await bisync(one, stopping, { ...options, signal: stopper.signal }).report;
  assert.equal(report.exitCode, 1);
  assert.equal(two.paths().length, 3);
  assert.equal((await bisync(one, two, options).report).exitCode, 0);
  assert.equal(two.paths().length, 50);
});

test("what was done before a signal came is recorded", async () => {
  const { one, two, options } = await inStep();
  for (const name of ["1.txt", "2.txt", "3.txt"]) one.put(name, name, LATER);
  const stopper = new AbortController();
  const stopping = {
    ...two,
    async write(...given: Parameters<MemoryFolder["write"]>) {
      stopper.abort();
      return two.write(...given);
    },
  };
  const report = await bisync(one, stopping, { ...options, transfers: 1, signal: stopper.signal }).report;
  assert.equal(report.headline, "Stopped before the end: 1 copied. The next run goes on from here.");
  assert.deepEqual(report.failures, []);
  // What both sides had is deleted where it was not deleted, and not copied back.
  assert.equal(two.text("1.txt"), "1.txt");
  one.delete("1.txt");
  assert.equal((await bisync(one, two, options).report).exitCode, 0);
  assert.deepEqual([one.text("1.txt"), two.text("1.txt"), two.text("3.txt")], [undefined, undefined, "3.txt"]);
});

test("a run that was stopped before it began does nothing", async () => {
  const { one, two, options } = await inStep();
  one.put("a.txt", "changed", LATER);
  const report = await bisync(one, two, { ...options, signal: AbortSignal.abort() }).report;
  assert.equal(report.headline, "Stopped before the end: nothing was done. The next run goes on from here.");
  assert.equal(two.text("a.txt"), "a.txt");
});

test("a run whose time is over says so, and breaks off what it copies unless that may end", async () => {
  for (const [cutoffMode, paths] of [["HARD", ["a.txt"]], ["SOFT", ["a.txt", "b.txt"]]] as const) {
    const [one, two] = [memoryFolder("one"), memoryFolder("two")];
    for (const name of ["a.txt", "b.txt", "c.txt"]) one.put(name, name, BEFORE);
    const stopper = new AbortController();
    const slow = {
      ...one,
      async *read(...given: Parameters<MemoryFolder["read"]>) {
        if (given[0] === "b.txt") stopper.abort(new DOMException("", "TimeoutError"));
        yield* one.read(...given);
      },
    };
    const options = { state: memoryState(), transfers: 1, cutoffMode };
    const report = await bisync(slow, two, { ...options, signal: stopper.signal }).report;
    assert.equal(report.exitCode, 10);
    assert.deepEqual(two.paths(), paths);
    assert.equal((await bisync(one, two, options).report).exitCode, 0);
    assert.equal(two.paths().length, 3);
  }
});

test("one run of a pair at a time", async () => {
  const { one, two, options } = await inStep();
  const first = bisync(one, two, options);
  await assert.rejects(bisync(one, two, options).report, /another run/);
  assert.equal((await first.report).exitCode, 0);
});
