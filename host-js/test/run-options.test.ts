// Options of a run that are carried out here, whatever the sides are.

import assert from "node:assert/strict";
import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { bisync, BisyncError, folderState, memoryFolder, memoryState, nodeFolder, type Side } from "bisync";

import { Passage } from "../dist/passage.js";
import { Tries } from "../dist/tries.js";
import { duration, effort, progressLine, timeLeftMs } from "../dist/node/command/progress-line.js";

const TIME = new Date("2024-01-01T00:00:00Z");
const LATER = new Date("2024-06-01T00:00:00Z");

/** A side whose listings fail so many times. */
function failing(side: Side, failures: number, code: "temporary" | "busy"): Side {
  let left = failures;
  return {
    ...side,
    async *list(path, hash) {
      left -= 1;
      if (left >= 0) throw new BisyncError(code, "not now");
      yield* side.list(path, hash);
    },
  };
}

test("what failed is tried again after a pause", async () => {
  const took = async (options: object, failures: number, code: "temporary" | "busy" = "temporary") => {
    const one = memoryFolder("one");
    one.put("a", "a");
    const begin = performance.now();
    const { exitCode } = await bisync(failing(one, failures, code), memoryFolder("two"), { state: memoryState(), ...options }).report;
    return { exitCode, ms: performance.now() - begin };
  };
  const twice = await took({ retriesSleep: "100ms" }, 2);
  assert.equal(twice.exitCode, 0);
  assert.ok(twice.ms >= 200, `${twice.ms}`);
  assert.notEqual((await took({ retries: 2, retriesSleep: "1ms" }, 2)).exitCode, 0);
  const busy = await took({ retries: 1, lowLevelRetries: 11 }, 10, "busy");
  assert.equal(busy.exitCode, 0);
  assert.ok(busy.ms >= 100, `${busy.ms}`);
  assert.notEqual((await took({ retries: 1, lowLevelRetries: 10 }, 10, "busy")).exitCode, 0);
});

test("a pause before another try ends with the run", async () => {
  const stop = new AbortController();
  const side = failing(memoryFolder("one"), 1, "temporary");
  const run = bisync({ ...side, list: (path, hash) => (setTimeout(() => stop.abort(), 10), side.list(path, hash)) }, memoryFolder("two"), {
    state: memoryState(),
    retriesSleep: "1h",
    signal: stop.signal,
  });
  assert.equal((await run.report).exitCode, 1);
});

test("tries are counted as by the program", () => {
  const pauses = (tries: number, triesAtOnce: number, codes: ("busy" | "temporary" | "refused")[]) => {
    const counting = new Tries({ tries, triesAtOnce, pauseMs: 7000 });
    return codes.map((code) => counting.pauseAfter(new BisyncError(code, code)));
  };
  assert.deepEqual(pauses(3, 10, ["temporary", "temporary", "temporary"]), [7000, 7000, undefined]);
  assert.deepEqual(pauses(1, 3, ["busy", "busy", "busy"]), [10, 10, undefined]);
  assert.deepEqual(pauses(2, 2, ["busy", "busy", "busy", "busy"]), [10, 7000, 10, undefined]);
  assert.deepEqual(pauses(2, 1, ["busy", "temporary"]), [7000, undefined]);
  assert.deepEqual(pauses(3, 10, ["refused"]), [undefined]);
});

test("as little is done at a time as may be", async () => {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  one.put("a", "a");
  assert.equal((await bisync(one, two, { state: memoryState(), checkers: 0, transfers: -1, lowLevelRetries: 0 }).report).exitCode, 0);
});

test("each way to a server and from it has its limit", async () => {
  const took = async (bwlimit: string, [one, two]: [boolean, boolean]) => {
    const server = (side: Side, isServer: boolean) => (isServer ? { ...side, isServer } : side);
    const from = memoryFolder("one");
    from.put("a", "x".repeat(10 * 1024));
    const begin = performance.now();
    const { exitCode } = await bisync(server(from, one), server(memoryFolder("two"), two), { state: memoryState(), bwlimit }).report;
    assert.equal(exitCode, 0);
    return performance.now() - begin;
  };
  // With a limit that counts here it would take hours: only the other way has one.
  await took("1B:off", [true, false]);
  await took("off:1B", [false, true]);
  await took("off:1B", [false, false]);
  assert.ok((await took("20k:off", [false, true])) >= 500, "what goes up");
  assert.ok((await took("off:20k", [true, false])) >= 500, "what comes down");
  assert.ok((await took("10k:20k", [false, false])) >= 500, "what stays: the larger of both");
});

test("content passes in small pieces where there is a limit, and not at all when it is closed", async () => {
  await bisync(memoryFolder("one"), memoryFolder("two"), { state: memoryState() }).report;
  const pieces = async (all: string | undefined, file: string | undefined, length: number) => {
    const passed: number[] = [];
    const counted: number[] = [];
    const passage = new Passage({ all, file }, (bytes) => counted.push(bytes), () => passed.length >= 3);
    const content = (async function* () {
      yield new Uint8Array(length);
    })();
    await assert.rejects(async () => {
      for await (const piece of passage.copied(content, false)) passed.push(piece.length);
      throw new BisyncError("stopped", "it passed");
    }, { code: "stopped" });
    return passed;
  };
  assert.deepEqual(await pieces(undefined, undefined, 5000), [5000]);
  assert.deepEqual(await pieces("80k", undefined, 50_000), [10_240, 10_240, 10_240]);
  assert.deepEqual(await pieces("80k", "40k", 50_000), [5120, 5120, 5120]);
  assert.deepEqual(await pieces("80k:off", undefined, 5000), [5000]);
});

test("checksums are computed where a side offers none", async () => {
  const hashes = async (options: object) => {
    const [one, two, state] = [memoryFolder("one"), memoryFolder("two"), memoryState()];
    ["a", "other"].forEach((name) => one.put(name, "a", TIME));
    const list = (side: Side): Side => ({ ...side, list: (path) => side.list(path, undefined) });
    assert.equal((await bisync(list(one), list(two), { state, compare: ["checksum"], ...options }).report).exitCode, 0);
    // The same size and time, and other content: only a checksum tells.
    one.put("a", "b", TIME);
    const { exitCode } = await bisync(list(one), list(two), { state, compare: ["checksum"], ...options }).report;
    return [exitCode, two.text("a")];
  };
  assert.deepEqual(await hashes({ downloadHash: true }), [0, "b"]);
  assert.deepEqual(await hashes({}), [0, "a"]);
});

test("what another side holds is not copied, or copied from there", async () => {
  const [more, notes] = [memoryFolder("more"), [] as string[]];
  more.put("same", "same", TIME);
  more.put("other", "OTHER", TIME);
  const run = async (options: object) => {
    const [one, two] = [memoryFolder("one"), memoryFolder("two")];
    for (const [name, time] of [["same", TIME], ["other", TIME], ["new", TIME]] as const) one.put(name, name, time);
    const read: string[] = [];
    const seen = { ...more, read: (path: string, version: Parameters<Side["read"]>[1]) => (read.push(path), more.read(path, version)) };
    const run = bisync(one, two, { state: memoryState(), ...Object.fromEntries(Object.keys(options).map((name) => [name, [seen]])) });
    for await (const event of run) if (event.type === "notice" && event.path === "same") notes.push(event.text);
    assert.equal((await run.report).exitCode, 0);
    return { read, two: two.paths().sort(), other: two.text("other") };
  };
  assert.deepEqual(await run({ compareDest: true }), { read: [], two: ["new"], other: undefined });
  assert.match(notes[0] ?? "", /not copied: `.*more.*` holds it/);
  const copied = await run({ copyDest: true });
  // It is compared and then read; what only looks the same is not taken from there.
  assert.deepEqual(copied, { read: ["other", "same", "same"].sort(), two: ["new", "other", "same"], other: "other" });
  const both = bisync(memoryFolder("one"), memoryFolder("two"), { state: memoryState(), compareDest: [more], copyDest: [more] });
  await assert.rejects(both.report, { code: "usage", path: "compare-dest" });
});

/** Two folders on the disk. */
function folders(context: TestContext) {
  const home = mkdtempSync(join(tmpdir(), "bisync-options-"));
  context.after(() => rmSync(home, { recursive: true }));
  const at = (path: string) => join(home, path);
  ["one", "two"].forEach((name) => mkdirSync(at(name)));
  return {
    at,
    write(path: string, content: string, time = TIME) {
      writeFileSync(at(path), content);
      utimesSync(at(path), time, time);
    },
    read: (path: string) => readFileSync(at(path), "utf8"),
  };
}

test("half of what was written in place wins by no rule", async (context) => {
  const { at, write, read } = folders(context);
  const [one, two] = [nodeFolder(at("one")), nodeFolder(at("two"))];
  const state = memoryState();
  for (const conflictResolve of ["path2", "older", "smaller"] as const) {
    ["a", "b"].forEach((name) => write(`one/${name}`, "the old content"));
    assert.equal((await bisync(one, two, { state, force: true }).report).exitCode, 0);
    write("one/a", `all of ${conflictResolve}`, LATER);
    const broken: Side = {
      ...bound(one),
      async *read(path, version) {
        for await (const chunk of one.read(path, version)) yield chunk.subarray(0, 3);
        throw new BisyncError("temporary", "the disk fell off");
      },
    };
    assert.notEqual((await bisync(broken, two, { state, inplace: true }).report).exitCode, 0);
    assert.equal(read("two/a"), "all");
    const report = await bisync(one, two, { state, conflictResolve, conflictLoser: "delete" }).report;
    assert.equal(report.exitCode, 0, report.headline);
    assert.deepEqual([read("one/a"), read("two/a")], [`all of ${conflictResolve}`, `all of ${conflictResolve}`]);
    assert.deepEqual(readdirSync(at("two")).sort(), ["a", "b"]);
  }
});

test("what is written in place leaves no half that could pass for the newer version", async (context) => {
  const { at, write, read } = folders(context);
  const [one, two] = [nodeFolder(at("one")), nodeFolder(at("two"))];
  const state = memoryState();
  ["a", "b"].forEach((name) => write(`one/${name}`, "the old content"));
  assert.equal((await bisync(one, two, { state }).report).exitCode, 0);
  const inode = statSync(at("two/a")).ino;
  write("one/a", "new", LATER);
  write("one/new", "new", LATER);
  // It breaks off in the middle; a second try would hide why the first one failed.
  let reads = 0;
  const broken: Side = {
    ...bound(one),
    async *read(path, version) {
      reads += 1;
      yield* one.read(path, version);
      throw new BisyncError("temporary", "the disk fell off");
    },
  };
  const report = await bisync(broken, two, { state, inplace: true }).report;
  assert.notEqual(report.exitCode, 0);
  assert.equal(read("two/a"), "new");
  assert.equal(statSync(at("two/a")).mtimeMs, TIME.getTime(), "it has the old time");
  assert.deepEqual(readdirSync(at("two")).sort(), ["a", "b"], "a file that is new is gone again");
  assert.equal(reads, 1 + 3, "the one that was rewritten once, the new one three times");
  // The next run sees another version on the second side, and loses neither.
  assert.equal((await bisync(one, two, { state, inplace: true, conflictResolve: "newer", conflictLoser: "delete" }).report).exitCode, 0);
  assert.equal(read("two/a"), "new");
  assert.equal(statSync(at("two/a")).ino, inode);
});

test("what cannot be read empties no file, and what has changed is not written into", async (context) => {
  const { at, write, read } = folders(context);
  const two = nodeFolder(at("two"));
  await two.open();
  write("two/a", "old");
  const found = await two.describe("a");
  const options = { expect: found?.fingerprint, temporary: "t", modified: undefined, verify: undefined, inPlace: true };
  const gone = (async function* (): AsyncGenerator<Uint8Array> {
    throw new BisyncError("changed", "the source is gone");
  })();
  await assert.rejects(two.write("a", gone, options), { code: "changed" });
  assert.equal(read("two/a"), "old");
  const content = async function* () {
    yield Buffer.from("new");
  };
  write("two/a", "theirs", LATER);
  await assert.rejects(two.write("a", content(), options), { code: "refused" });
  assert.equal(read("two/a"), "theirs");
  await assert.rejects(two.write("a", content(), { ...options, expect: undefined }), { code: "refused" });
  assert.equal(read("two/a"), "theirs");
  await assert.rejects(two.write("b", content(), { ...options, expect: undefined, verify: "md5:00" }), { code: "temporary" });
  assert.deepEqual(readdirSync(at("two")), ["a"]);
});

test("the other names of a file that is written in place keep its content", async (context) => {
  const { at, write, read } = folders(context);
  const state = memoryState();
  for (const path of ["one/a", "one/b", "two/a"]) write(path, "old");
  linkSync(at("two/a"), at("two/b"));
  const run = () => bisync(nodeFolder(at("one")), nodeFolder(at("two")), { state, inplace: true }).report;
  await run();
  write("one/a", "edited", LATER);
  await run();
  assert.equal((await run()).exitCode, 0);
  assert.deepEqual(["one/a", "two/a", "one/b", "two/b"].map(read), ["edited", "edited", "old", "old"]);
});

test("what a side cannot write in place is put in its place", async () => {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  one.put("d/a", "a", TIME);
  const temporaries: string[] = [];
  const seen: Side = { ...two, write: (path, content, options) => (temporaries.push(options.temporary), assert.equal(options.inPlace, undefined), two.write(path, content, options)) };
  assert.equal((await bisync(one, seen, { state: memoryState(), inplace: true }).report).exitCode, 0);
  assert.equal(two.text("d/a"), "a");
  assert.match(temporaries[0] ?? "", /^d\/\.bisync-[0-9a-f]{16}-[0-9a-f]+\.partial$/);
});

test("a state that names its directory goes by paths as they were given", async (context) => {
  const { at, write } = folders(context);
  write("one/a", "a");
  const before = process.cwd();
  context.after(() => process.chdir(before));
  process.chdir(at("."));
  assert.equal((await bisync(nodeFolder("one"), nodeFolder("./two/"), { state: folderState("work") }).report).exitCode, 0);
  assert.deepEqual(readdirSync(at("work")).sort(), ["one..two.pair", "one..two.path1.lst", "one..two.path2.lst"]);
  assert.equal(nodeFolder("one").name, `${at("one")}/`);
});

test("how far a run is is told while a file is copied", async () => {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  one.put("d/a", "x".repeat(10_000));
  const run = bisync(one, two, { state: memoryState(), bwlimit: "80k" });
  const told: [begun: number, files: number, bytes: number][] = [];
  for await (const event of run) if (event.type === "progress") told.push([event.copied.begun, event.copied.files, event.copied.bytes]);
  assert.ok(told.some(([begun, files, bytes]) => begun === 1 && files === 0 && bytes > 0 && bytes <= 10_000), JSON.stringify(told));
  assert.deepEqual(told.at(-1), [1, 1, 10_000]);
});

test("the line says what is going on, as the program says it", () => {
  const listed = { directories: 12, files: 3456 };
  const line = (files: number, bytes: number, isFinal: boolean, seconds: number) =>
    progressLine({ listed, workload: { files, bytes, isFinal }, copied: { begun: 1, files: 1, bytes: 10 << 20 } }, seconds * 1000);
  const nothing = { listed, workload: { files: 0, bytes: 0, isFinal: false }, copied: { begun: 0, files: 0, bytes: 0 } };
  assert.equal(progressLine(nothing, undefined), "Listed: 3,456 files in 12 directories");
  assert.equal(line(2, 20 << 20, false, 5), "Copied: 1 of 2 files, 10.00 MiB of 20.00 MiB so far, 2.00 MiB/s");
  assert.equal(line(2, 20 << 20, true, 1), "Copied: 1 of 2 files, 10.00 MiB of 20.00 MiB, 10.00 MiB/s");
  assert.equal(line(2, 20 << 20, true, 5), "Copied: 1 of 2 files, 10.00 MiB of 20.00 MiB, 2.00 MiB/s, 5 seconds left");
  assert.equal(line(0, 0, false, 5), "Copied: 1 of 1 files, 10.00 MiB of 10.00 MiB so far, 2.00 MiB/s");
  const left = (done: { files: number; bytes: number }, all: { files: number; bytes: number }) => timeLeftMs(10_000, effort(done), effort(all), true);
  assert.equal(left({ files: 10, bytes: 0 }, { files: 20, bytes: 0 }), 10_000);
  assert.equal(left({ files: 0, bytes: 0 }, { files: 20, bytes: 0 }), undefined);
  assert.equal(left({ files: 20, bytes: 5 }, { files: 20, bytes: 5 }), 0);
  // As indicatif writes it: two of a unit at least, but for seconds.
  const written: [seconds: number, text: string][] = [
    [0, "0 seconds"], [1, "1 second"], [89, "89 seconds"], [90, "2 minutes"], [150, "3 minutes"], [89 * 60, "89 minutes"], [90 * 60, "2 hours"], [2 * 24 * 3600, "2 days"],
  ];
  for (const [seconds, text] of written) assert.equal(duration(seconds * 1000), text, `${seconds}`);
});

/** A side of which single methods can be replaced. */
function bound(side: Side): Side {
  const methods = ["open", "list", "describe", "read", "write", "move", "remove", "makeDirectory", "removeDirectory", "setTime", "flush"] as const;
  const bind = <Name extends (typeof methods)[number]>(name: Name) => [name, (side[name] as (...given: never[]) => unknown).bind(side)] as const;
  return { name: side.name, ...Object.fromEntries(methods.map(bind)) } as unknown as Side;
}
