import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs, { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test, type TestContext } from "node:test";

import { bisync, BisyncError, folderState, memoryFolder, memoryState, nodeFolder, plan, type Side } from "bisync";

const PROGRAM = new URL("../../target/debug/bisync", import.meta.url).pathname;
const withProgram = { skip: existsSync(PROGRAM) ? false : `the program is not built: ${PROGRAM}` };

interface World {
  home: string;
  one: string;
  two: string;
  state: string;
  write(path: string, content: string, seconds?: number): void;
  read(path: string): string | undefined;
  run(options?: object): Promise<Awaited<ReturnType<typeof bisync>["report"]>>;
  program(...flags: string[]): { status: number | null; text: string };
}

function world(context: TestContext): World {
  const home = mkdtempSync(join(tmpdir(), "bisync-js-"));
  context.after(() => rmSync(home, { recursive: true }));
  const [one, two, state] = [join(home, "one"), join(home, "two"), join(home, "state")];
  mkdirSync(one);
  mkdirSync(two);
  return {
    home,
    one,
    two,
    state,
    write(path, content, seconds) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      writeFileSync(join(home, path), content);
      if (seconds !== undefined) utimesSync(join(home, path), seconds, seconds);
    },
    read: (path) => (existsSync(join(home, path)) ? readFileSync(join(home, path), "utf8") : undefined),
    run: (options = {}) => bisync(nodeFolder(one), nodeFolder(two), { state: folderState(state), ...options }).report,
    program(...flags) {
      const { status, stdout, stderr } = spawnSync(PROGRAM, [one, two, "--workdir", state, "-v", ...flags], { encoding: "utf8" });
      return { status, text: stdout + stderr };
    },
  };
}

function done(counts: { copied: number; moved: number; deleted: number; touched: number }): number {
  return counts.copied + counts.moved + counts.deleted + counts.touched;
}

test("folders are kept in step", async (context) => {
  const { write, read, run, one, two, home } = world(context);
  write("one/a.txt", "a", 1_600_000_000.5);
  write("one/sub/b.txt", "b".repeat(1_000_000));
  write("two/c.txt", "c");
  assert.equal((await run()).exitCode, 0);
  assert.equal(read("two/sub/b.txt"), read("one/sub/b.txt"));
  assert.equal(statSync(join(two, "a.txt")).mtimeMs, 1_600_000_000_500);
  write("two/a.txt", "changed");
  rmSync(join(one, "c.txt"));
  const report = await run();
  assert.equal(report.exitCode, 0, report.headline);
  assert.deepEqual([read("one/a.txt"), read("two/c.txt")], ["changed", undefined]);
  const idle = await run();
  assert.equal(done(idle.counts.path1) + done(idle.counts.path2), 0, idle.headline);
  assert.deepEqual(readdirSync(two).sort(), ["a.txt", "sub"]);
  assert.ok(readdirSync(join(home, "state")).every((name) => /\.path[12]\.lst(-old)?$/.test(name)), readdirSync(join(home, "state")).join());
});

test("nothing is written or deleted through a link", async (context) => {
  const { write, read, run, home, two } = world(context);
  write("one/sub/a.txt", "a");
  write("one/b.txt", "b");
  await run();
  write("outside/a.txt", "a");
  write("one/sub/a.txt", "changed");
  rmSync(join(two, "sub"), { recursive: true });
  symlinkSync(join(home, "outside"), join(two, "sub"));
  await run();
  assert.equal(read("outside/a.txt"), "a");
  assert.deepEqual(readdirSync(join(home, "outside")), ["a.txt"]);
  const inTheWay = { code: "wrongKind", message: /a symbolic link is in the way/ };
  await assert.rejects(nodeFolder(two).makeDirectory("sub/new"), inTheWay);
  await assert.rejects(nodeFolder(two).describe("sub/a.txt"), inTheWay);
});

test("destructive actions check what they expect", async (context) => {
  const { write, read, one } = world(context);
  write("one/a.txt", "a", 1_600_000_000);
  const side = nodeFolder(one);
  const was = (await side.describe("a.txt"))?.fingerprint;
  assert.ok(was);
  write("one/a.txt", "edited");
  const refused = { code: "refused" };
  const content = async function* () { yield Buffer.from("new"); };
  const options = { temporary: "t", modified: undefined, verify: undefined };
  await assert.rejects(side.remove("a.txt", was), refused);
  await assert.rejects(side.move("a.txt", was, "b.txt"), refused);
  await assert.rejects(side.setTime("a.txt", was, { seconds: 1, nanoseconds: 0 }), refused);
  await assert.rejects(side.write("a.txt", content(), { ...options, expect: was }), refused);
  await assert.rejects(side.write("a.txt", content(), { ...options, expect: undefined }), refused);
  write("one/b.txt", "b");
  const now = (await side.describe("a.txt"))?.fingerprint ?? {};
  await assert.rejects(side.move("a.txt", now, "b.txt"), refused);
  await assert.rejects(side.write("a.txt", content(), { ...options, expect: now, verify: "md5:0" }), { code: "temporary" });
  const broken = async function* () { yield Buffer.from("x"); throw new BisyncError("changed", "it changed"); };
  await assert.rejects(side.write("a.txt", broken(), { ...options, expect: now }), { code: "changed" });
  assert.deepEqual([read("one/a.txt"), read("one/b.txt")], ["edited", "b"]);
  assert.deepEqual(readdirSync(one).sort(), ["a.txt", "b.txt"]);
  for (const path of ["../x", "a/../../x", "a\0b", "a//b"]) {
    await assert.rejects(side.makeDirectory(path), { code: "impossibleName" }, path);
  }
});

test("links that are kept are files to whoever reads and writes, and are replaced and removed as what they were", async (context) => {
  const { home, write, read, one, two, state } = world(context);
  const [link, other] = [join(one, "a"), join(one, "b")];
  symlinkSync("first", link);
  const side = nodeFolder(one, { links: "keep", backups: join(home, "kept") });
  const was = (await side.describe("a.rclonelink"))?.fingerprint ?? {};
  assert.equal(was.size, 5);
  symlinkSync("other", other);
  renameSync(other, link);
  const refused = { code: "refused" };
  const content = async function* (text: string) { yield Buffer.from(text); };
  const options = { temporary: "t", modified: undefined, verify: undefined };
  const stale = async () => {
    await assert.rejects(side.remove("a.rclonelink", was), refused);
    await assert.rejects(side.move("a.rclonelink", was, "c.rclonelink"), refused);
    await assert.rejects(side.setTime("a.rclonelink", was, { seconds: 1, nanoseconds: 0 }), { code: /^refused$|^notFound$/ });
    await assert.rejects(side.write("a.rclonelink", content("new"), { ...options, expect: was }), refused);
    await assert.rejects(side.write("a.rclonelink", content("new"), { ...options, expect: undefined }), refused);
    await assert.rejects(async () => side.keep?.("a.rclonelink", was, "a.rclonelink"), refused);
  };
  await stale();
  await assert.rejects(side.read("a.rclonelink", was)[Symbol.asyncIterator]().next(), { code: "changed" });
  assert.equal(readlinkSync(link), "other");
  const now = (await side.describe("a.rclonelink"))?.fingerprint ?? {};
  for (const text of ["", "a\0b", "x".repeat(5000)]) {
    await assert.rejects(side.write("a.rclonelink", content(text), { ...options, expect: now }), { code: "impossibleName" });
  }
  await assert.rejects(side.write("a.rclonelink", content("new"), { ...options, expect: now, verify: "md5:0" }), { code: "temporary" });
  write("one/t", "in the way");
  await assert.rejects(side.write("a.rclonelink", content("new"), { ...options, expect: now }), refused);
  assert.deepEqual([readlinkSync(link), read("one/t")], ["other", "in the way"]);
  rmSync(join(one, "t"));
  rmSync(link);
  write("one/a", "a file now");
  await stale();
  assert.deepEqual([readdirSync(one), read("one/a"), read("kept/a.rclonelink")], [["a"], "a file now", undefined]);

  symlinkSync("elsewhere", join(two, "a"));
  const report = await bisync(nodeFolder(one, { links: "keep" }), nodeFolder(two, { links: "keep" }), { state: folderState(state) }).report;
  assert.equal(report.exitCode, 0, report.headline);
  assert.deepEqual(readdirSync(one), readdirSync(two));
  assert.deepEqual([read("one/a"), read("two/a")], ["a file now", "a file now"]);
});

test("links that are followed are what is behind them, and are replaced, moved and removed themselves", async (context) => {
  const { home, write, read, one } = world(context);
  const side = nodeFolder(one, { links: "follow", backups: join(home, "kept") });
  const fingerprint = async (path: string) => (await side.describe(path))?.fingerprint ?? {};
  const content = async function* () { yield Buffer.from("new"); };
  const options = { temporary: "t", modified: undefined, verify: undefined };
  const isLink = (path: string) => lstatSync(join(home, path)).isSymbolicLink();
  write("apart/file", "behind", 1_600_000_000);
  chmodSync(join(home, "apart/file"), 0o640);
  for (const name of ["a", "b", "c", "d"]) symlinkSync("../apart/file", join(one, name));
  const was = await fingerprint("a");
  assert.equal(was.size, 6);
  const refused = { code: "refused" };
  const stale = async () => {
    await assert.rejects(side.remove("a", was), refused);
    await assert.rejects(side.move("a", was, "new"), refused);
    await assert.rejects(side.setTime("a", was, { seconds: 1, nanoseconds: 0 }), refused);
    await assert.rejects(side.write("a", content(), { ...options, expect: was }), refused);
    await assert.rejects(side.write("a", content(), { ...options, expect: undefined }), refused);
    await assert.rejects(async () => side.keep?.("a", was, "a"), refused);
    await assert.rejects(side.read("a", was)[Symbol.asyncIterator]().next(), { code: "changed" });
  };
  write("apart/file", "edited behind");
  await stale();
  symlinkSync("nowhere", join(one, "broken"));
  await assert.rejects(side.write("broken", content(), { ...options, expect: undefined }), refused);
  const now = await fingerprint("a");
  await assert.rejects(side.move("a", now, "broken"), refused);
  await assert.rejects(side.makeDirectory("broken/new"), { code: "notFound" });
  assert.deepEqual([isLink("one/a"), isLink("one/broken"), existsSync(join(one, "new"))], [true, true, false]);

  await side.keep?.("a", now, "a");
  await side.write("a", content(), { ...options, expect: now });
  await side.move("b", now, "deep/b");
  await side.remove("c", now);
  await side.setTime("d", now, { seconds: 1_500_000_000, nanoseconds: 0 });
  assert.deepEqual(["one/a", "one/deep/b", "one/c", "one/d", "apart/file", "kept/a"].map(read), ["new", "edited behind", undefined, "edited behind", "edited behind", "edited behind"]);
  assert.deepEqual([isLink("one/a"), isLink("one/deep/b"), isLink("one/d")], [false, false, true]);
  assert.deepEqual([statSync(join(one, "a")).mode & 0o777, statSync(join(one, "deep/b")).mode & 0o777], [0o640, 0o640]);
  assert.equal(statSync(join(home, "apart/file")).mtimeMs, 1_500_000_000_000);
  assert.deepEqual(readdirSync(one).sort(), ["a", "broken", "d", "deep"]);

  mkdirSync(join(home, "apart/dir/inner"), { recursive: true });
  symlinkSync("../apart/dir", join(one, "dir"));
  symlinkSync(join(home, "apart"), join(home, "apart/dir/inner/circle"));
  assert.equal((await side.makeDirectory("dir")).kind, "directory");
  await assert.rejects(side.removeDirectory("dir"), { code: "notEmpty" });
  await assert.rejects(async () => side.removeTree?.("dir"), { code: "notEmpty" });
  rmSync(join(home, "apart/dir/inner"), { recursive: true });
  await assert.rejects(side.removeDirectory("d"), { code: "wrongKind" });
  assert.deepEqual([isLink("one/dir"), isLink("one/d")], [true, true]);
  await side.removeDirectory("dir");
  await side.removeTree?.("dir");
  assert.deepEqual([existsSync(join(one, "dir")), readdirSync(join(home, "apart/dir"))], [false, []]);
});

/** A directory on another file system than the temporary one. */
const ELSEWHERE = "/dev/shm";
const isElsewhere = existsSync(ELSEWHERE) && statSync(ELSEWHERE).dev !== statSync(tmpdir()).dev;

test("what is moved to another file system is copied there", { skip: isElsewhere ? false : "there is no other file system" }, async (context) => {
  const { home, write, read, one } = world(context);
  const elsewhere = mkdtempSync(join(ELSEWHERE, "bisync-js-"));
  context.after(() => rmSync(elsewhere, { recursive: true }));
  symlinkSync(elsewhere, join(one, "there"));
  write("one/a", "moved", 1_600_000_000);
  chmodSync(join(one, "a"), 0o604);
  write("one/b", "b");
  const side = nodeFolder(one, { links: "follow" });
  const a = (await side.describe("a"))?.fingerprint ?? {};
  await side.move("a", a, "there/deep/a");
  const { mode, mtimeMs } = statSync(join(elsewhere, "deep/a"));
  assert.deepEqual([read("one/a"), read("one/there/deep/a"), mode & 0o777, mtimeMs], [undefined, "moved", 0o604, 1_600_000_000_000]);
  const b = (await side.describe("b"))?.fingerprint ?? {};
  await assert.rejects(side.move("b", b, "there/deep/a"), { code: "refused" });
  assert.deepEqual([read("one/b"), read("one/there/deep/a"), readdirSync(join(home, "one/there/deep"))], ["b", "moved", ["a"]]);
});

test("what somebody else puts there at the same instant is not told as what was written or moved", async (context) => {
  const { write, one } = world(context);
  const side = nodeFolder(one, { links: "keep" });
  const fingerprint = async (path: string) => (await side.describe(path))?.fingerprint ?? {};
  const content = async function* () { yield Buffer.from("ours"); };
  /** After the next call of one of Node's functions, `meddle` has its turn. */
  const after = (name: "link" | "lutimes" | "rename" | "symlink", meddle: () => void) => {
    const original = fs.promises[name] as (...given: unknown[]) => Promise<void>;
    const set = (work: typeof original) => {
      Object.assign(fs.promises, { [name]: work });
      syncBuiltinESMExports();
    };
    context.after(() => set(original));
    set(async (...given) => {
      await original(...given);
      set(original);
      meddle();
    });
  };
  const replaced = (name: string, make: (path: string) => void) => () => {
    make(join(one, "theirs"));
    renameSync(join(one, "theirs"), join(one, name));
  };
  const theirLink = (path: string) => symlinkSync("theirs", path);
  const options = { temporary: "t", modified: undefined, verify: undefined };

  for (const make of [theirLink, (path: string) => writeFileSync(path, "ours")]) {
    after("symlink", replaced("new", make));
    await assert.rejects(side.write("new.rclonelink", content(), { ...options, expect: undefined }), { code: "changed" });
    rmSync(join(one, "new"));
  }

  symlinkSync("old", join(one, "a"));
  const old = await fingerprint("a.rclonelink");
  after("rename", replaced("a", theirLink));
  const { fingerprint: written } = await side.write("a.rclonelink", content(), { ...options, expect: old });
  assert.equal(readlinkSync(join(one, "a")), "theirs");
  assert.deepEqual([written.size, written.id === (await fingerprint("a.rclonelink")).id], [4, false]);

  const theirs = await fingerprint("a.rclonelink");
  after("lutimes", replaced("a", (path) => symlinkSync("again", path)));
  await assert.rejects(side.setTime("a.rclonelink", theirs, { seconds: 1, nanoseconds: 0 }), { code: "changed" });

  for (const [name, make] of [["b", (path: string) => writeFileSync(path, "theirs")], ["c", theirLink]] as const) {
    write(`one/${name}`, "b", 1_600_000_000);
    const file = await fingerprint(name);
    after("link", replaced(`${name}-moved`, make));
    await assert.rejects(side.move(name, file, `${name}-moved`), { code: "changed" });
  }
});

test("only what was listed is kept as an old version", async (context) => {
  const { home, write, read, one } = world(context);
  write("one/d/a.txt", "a", 1_600_000_000);
  const side = nodeFolder(one, { backups: join(home, "kept") });
  const was = (await side.describe("d/a.txt"))?.fingerprint ?? {};
  await side.keep?.("d/a.txt", was, "d/a.txt");
  write("one/d/a.txt", "edited");
  await assert.rejects(async () => side.keep?.("d/a.txt", was, "d/a.txt"), { code: "refused" });
  assert.equal(read("kept/d/a.txt"), "a");
  const now = (await side.describe("d/a.txt"))?.fingerprint ?? {};
  await side.keep?.("d/a.txt", now, "d/a.txt");
  assert.deepEqual([read("kept/d/a.txt"), read("one/d/a.txt"), readdirSync(join(home, "kept/d"))], ["edited", "edited", ["a.txt"]]);
  mkdirSync(join(home, "elsewhere"));
  symlinkSync(join(home, "elsewhere"), join(home, "kept/ln"));
  await assert.rejects(async () => side.keep?.("d/a.txt", now, "ln/a.txt"), { code: "wrongKind" });
  await assert.rejects(nodeFolder(one, { backups: join(one, "inside") }).open(), { code: "usage" });
  const state = memoryState();
  write("one/b.txt", "b");
  const both = [one, join(home, "two")].map((path, index) => nodeFolder(path, { backups: join(home, `kept${index}`) }));
  await bisync(both[0] as Side, both[1] as Side, { state }).report;
  write("two/d/a.txt", "once more");
  const report = await bisync(both[0] as Side, both[1] as Side, { state, suffix: ".old" }).report;
  assert.deepEqual([report.failures, report.exitCode], [[], 0], report.headline);
  assert.equal(read("kept0/d/a.txt.old"), "edited");
  await assert.rejects(bisync(memoryFolder("one"), memoryFolder("two"), { state, suffix: ".old" }).report, { code: "usage" });
});

test("times are set to the microsecond", async (context) => {
  const { write, one } = world(context);
  write("one/a.txt", "a");
  const side = nodeFolder(one);
  for (let index = 0; index < 500; index += 1) {
    const modified = { seconds: 1_700_000_000 + index * 7919, nanoseconds: (index * 367_882_231) % 1_000_000_000 };
    const { fingerprint } = await side.setTime("a.txt", (await side.describe("a.txt"))?.fingerprint ?? {}, modified);
    const set = fingerprint.modified;
    assert.equal(set?.seconds, modified.seconds);
    assert.equal(set.nanoseconds, Math.floor(modified.nanoseconds / 1000) * 1000);
  }
});

test("what was written is durable before a flush ends", { skip: process.platform === "linux" ? false : "it looks into /proc" }, async (context) => {
  const { write, one } = world(context);
  mkdirSync(join(one, "old"));
  write("one/old/moved.txt", "m");
  const probe = await open(one);
  const prototype = Object.getPrototypeOf(probe) as { sync(): Promise<void> };
  await probe.close();
  const synced: string[] = [];
  const { sync } = prototype;
  prototype.sync = async function (this: { fd: number }) {
    await sync.call(this);
    synced.push(relative(one, readlinkSync(`/proc/self/fd/${this.fd}`)));
  };
  context.after(() => void (prototype.sync = sync));
  const side = nodeFolder(one);
  const content = async function* () { yield Buffer.from("new"); };
  const options = { expect: undefined, temporary: "new/t", modified: undefined, verify: undefined };
  await side.write("new/a.txt", content(), options);
  assert.deepEqual(synced.splice(0), ["new/t"]);
  await side.flush();
  assert.deepEqual(synced.splice(0).sort(), ["", "new"]);
  await side.move("old/moved.txt", (await side.describe("old/moved.txt"))?.fingerprint ?? {}, "new/moved.txt");
  await side.flush();
  assert.deepEqual(synced.splice(0).sort(), ["new", "old"]);
  await side.remove("new/moved.txt", (await side.describe("new/moved.txt"))?.fingerprint ?? {});
  await side.removeDirectory("old");
  await side.flush();
  assert.deepEqual(synced.splice(0).sort(), ["", "new"]);
  await side.setTime("new/a.txt", (await side.describe("new/a.txt"))?.fingerprint ?? {}, { seconds: 1, nanoseconds: 0 });
  await side.makeDirectory("new");
  await side.flush();
  assert.deepEqual(synced.splice(0), ["new/a.txt"]);
  const state = folderState(one);
  await state.write("blob", 0, Buffer.from("b"));
  await state.remove("blob");
  await state.remove("blob");
  assert.deepEqual(synced, [""]);
});

test("an empty path is no directory", () => {
  const usage = { code: "usage", message: /is empty: give a directory/ };
  assert.throws(() => nodeFolder(""), usage);
  assert.throws(() => nodeFolder("one", { backups: "" }), usage);
  assert.throws(() => folderState(""), usage);
});

test("folders that hold each other, or are not there, are refused", async (context) => {
  const { one, home, two, state } = world(context);
  const check = (left: string, right: string, at: string) =>
    assert.rejects(bisync(nodeFolder(left), nodeFolder(right), { state: folderState(at) }).report, BisyncError);
  symlinkSync(one, join(home, "link"));
  await check(one, one, state);
  await check(one, join(home, "link"), state);
  await check(one, home, state);
  await check(one, join(home, "missing"), state);
  await check(one, two, join(two, "state"));
  assert.deepEqual([...readdirSync(one), ...readdirSync(two)], []);
});

test("the program and the package take turns", withProgram, async (context) => {
  const { write, read, run, program, one, state } = world(context);
  write("one/a.txt", "a");
  write("one/sub/b.txt", "b");
  write("one/with\nline.txt", "c");
  write("one/sub/␉‛␊.txt", "d");
  writeFileSync(Buffer.concat([Buffer.from(`${one}/`), Buffer.from([0x62, 0xff, 0xe2, 0x80])]), "not UTF-8");
  assert.equal(program().status, 0);
  const listings = () => readdirSync(state).filter((name) => name.endsWith(".lst")).sort().map((name) => readFileSync(join(state, name), "utf8"));
  const before = listings();
  assert.equal(before.length, 2);
  const idle = await run();
  assert.equal(done(idle.counts.path1) + done(idle.counts.path2), 0, idle.headline);
  assert.equal(idle.exitCode, 0, idle.headline);
  assert.deepEqual(listings(), before);

  write("two/a.txt", "changed there");
  write("one/new.txt", "new");
  const report = await run();
  assert.deepEqual([report.exitCode, report.counts.path1.copied, report.counts.path2.copied], [0, 1, 1], report.headline);
  const after = listings();
  const { status, text } = program();
  assert.equal(status, 0, text);
  assert.doesNotMatch(text, /copied|deleted|moved|touched/, text);
  assert.deepEqual(listings(), after);
  assert.deepEqual([read("one/a.txt"), read("two/new.txt")], ["changed there", "new"]);
  // Node sets times to the microsecond: what it copied does not trouble the program when that records something else.
  write("two/by the program.txt", "p");
  const last = program();
  assert.equal(last.status, 0, last.text);
  assert.equal(last.text.match(/copied/g)?.length, 3, last.text);
});

test("the plan is that of the program", withProgram, async (context) => {
  const { write, program, run, home, one, two, state } = world(context);
  for (const name of ["a", "b", "c", "d", "e"]) write(`one/${name}.txt`, name, 1_600_000_000);
  assert.equal((await run()).exitCode, 0);
  write("one/a.txt", "changed here", 1_700_000_000);
  write("two/b.txt", "changed there", 1_700_000_000);
  write("one/c.txt", "changed", 1_700_000_000);
  write("two/c.txt", "changed on both", 1_700_000_001);
  rmSync(join(two, "d.txt"));
  write("two/sub/f.txt", "new", 1_700_000_000);
  const { status, text } = program("--plan-out", join(home, "plan"));
  assert.equal(status, 0, text);
  const theirs = readFileSync(join(home, "plan"), "utf8");
  const ours = (await plan(nodeFolder(one), nodeFolder(two), { state: folderState(state) })).text;
  const lines = (text: string) => text.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  // The first line says when it was made and with which options.
  const [, ...decisions] = ours.split("\n");
  const [, ...expected] = theirs.split("\n");
  assert.equal(decisions.join("\n"), expected.join("\n"));
  assert.deepEqual(Object.keys(lines(ours)[0] ?? {}), Object.keys(lines(theirs)[0] ?? {}));
});

test("a lock of the program's is respected, and one that was left behind is not", withProgram, async (context) => {
  const { write, run, program, state } = world(context);
  write("one/a.txt", "a");
  assert.equal((await run()).exitCode, 0);
  const session = readdirSync(state)[0]?.replace(/\.path1.*/, "") ?? "";
  const lock = (owner: object) => writeFileSync(join(state, `${session}.lck`), JSON.stringify({ TimeExpires: "2999-01-01T00:00:00Z", ...owner }));
  lock({ PID: String(process.pid), TimeRenewed: new Date().toISOString() });
  await assert.rejects(run(), { code: "busy" });
  // That is what our own lock looks like to the program.
  assert.match(program().text, /another run of these paths is at work/);
  lock({ PID: "1", Host: "elsewhere" });
  await assert.rejects(run(), { code: "busy" });
  const gone = spawnSync("true").pid;
  lock({ PID: String(gone), Host: hostname() });
  assert.equal((await run()).exitCode, 0);
  assert.equal(existsSync(join(state, `${session}.lck`)), false);
});
