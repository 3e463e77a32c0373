// Which files the command and the program look at, where they keep what they know, and who else is at work there.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { COMMAND, PROGRAM, withProgram, world, worlds } from "./worlds.js";

test("directories of other file systems are left out, as by the program", withProgram, (context) => {
  const { both, each, write, remove, read } = worlds(context);
  write("one/a", "1");
  write("one/disk/hidden", "");
  write("two/disk/b", "2");
  assert.equal(both("one", "two").status, 0);
  if (!each.map((world) => world.mount("one/disk")).every(Boolean)) return context.skip("only root can mount something");
  write("one/disk/foreign", "not to be copied");
  write("two/disk/b", "changed");
  write("two/disk/d/new", "3");
  remove("two/disk/hidden");
  write("one/new", "4");
  const { status, stderr } = both("one", "two", "-x", "-v");
  assert.equal(status, 0);
  assert.match(stderr, /disk: skipped on Path1: it is on another file system/);
  assert.deepEqual(["two/new", "two/disk/foreign", "two/disk/b", "one/disk/b", "one/disk/d/new"].map(read), ["4", undefined, "changed", undefined, undefined]);
  const tested = both("filter-test", "--root=one", "-x", "disk/foreign", "disk/d/new", "disk", "new");
  assert.match(tested.stdout, /^disk\/foreign +excluded: a directory of another file system$/m);
  assert.match(tested.stdout, /^new +included/m);
  // What is empty but for another file system is not empty.
  remove("two/disk");
  assert.equal(both("one", "two", "-x", "-v", "--create-empty-src-dirs").status, 0);
  assert.equal(read("one/disk/foreign"), "not to be copied");
});

test("a link to another file system is left out where links are followed", withProgram, (context) => {
  const { both, each, write, read } = worlds(context);
  for (const { home, link } of each) {
    const elsewhere = mkdtempSync("/dev/shm/bisync-");
    context.after(() => rmSync(elsewhere, { recursive: true }));
    mkdirSync(join(elsewhere, "d"));
    writeFileSync(join(elsewhere, "d/foreign"), "f");
    link("one/disk", join(elsewhere, "d"));
    link("one/file", join(elsewhere, "d/foreign"));
    assert.equal(readFileSync(join(home, "one/disk/foreign"), "utf8"), "f");
  }
  write("one/a", "1");
  assert.equal(both("one", "two", "-x", "-L", "-v", "--transfers=1").status, 0);
  // It is directories that are left out: a file counts, wherever it lies.
  assert.deepEqual([read("two/disk/foreign"), read("two/file"), read("two/a")], [undefined, "f", "1"]);
  assert.match(both("filter-test", "--root=one", "-x", "-L", "disk/foreign").stdout, /excluded: a directory of another file system/);
});

test("a lock of somebody else is judged as by the program", withProgram, (context) => {
  const { both, write, each } = worlds(context);
  write("one/a", "1");
  const now = () => new Date().toISOString();
  const run = (lock: object, ...flags: string[]) => {
    write("work/one..two.lck", JSON.stringify({ Session: "x", TimeExpires: "2999-01-01T00:00:00Z", ...lock }));
    return both("one", "two", "--workdir=work", ...flags);
  };
  const gone = String(spawnSync("true").pid);
  for (const lock of [
    { PID: String(process.pid), TimeRenewed: now(), TimeExpires: "2020-01-01T00:00:00.5Z" },
    { PID: "7", Host: "elsewhere", TimeExpires: "2020-01-01T00:00:00Z" },
    { PID: gone, TimeRenewed: now() },
    { PID: gone, Host: hostname(), TimeRenewed: now() },
    // The process with this number began later.
    { PID: String(process.pid), TimeRenewed: "2020-01-01T00:00:00Z" },
    { PID: String(process.pid), Host: hostname(), Boot: "another start of this machine", TimeRenewed: now() },
  ]) {
    const { status, stderr } = run(lock);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /notice: took over a lock that was left behind: /, JSON.stringify(lock));
  }
  for (const lock of [
    { PID: String(process.pid), TimeRenewed: now() },
    { PID: "7", Host: "elsewhere", Boot: "there" },
    { PID: gone, Host: "elsewhere" },
  ]) {
    const { status, stderr } = run(lock);
    assert.equal(status, 1, JSON.stringify(lock));
    assert.match(stderr, /another run of these paths is at work \(process \d+( on `elsewhere`)?\): wait for its end/);
  }
  each.forEach(({ home }) => rmSync(join(home, "work/one..two.lck")));
  // What is too short is made longer, with a notice.
  assert.equal(both("one", "two", "--workdir=work", "--max-lock=1m").status, 0);
  assert.equal(both("one", "two", "--workdir=work", "--max-lock=x").status, 2);
});

test("a lock lasts as long as it is said to", async (context) => {
  const { home, command, write, read } = world(context);
  write("one/a", "1");
  const lifeOf = async (...flags: string[]) => {
    // While it asks, it has the lock.
    const child = spawn("node", [COMMAND, "one", "two", "--workdir=work", "--interactive", ...flags], { cwd: home, env: { PATH: process.env["PATH"], HOME: home } });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    await new Promise<void>((resolve) => child.stderr.on("data", (data: Buffer) => data.includes("do it?") && resolve()));
    const lock = JSON.parse(read("work/one..two.lck") ?? "") as { TimeExpires: string; TimeRenewed: string };
    assert.equal(command("one", "two", "--workdir=work").status, 1);
    child.stdin.end("n\n");
    await ended;
    return Date.parse(lock.TimeExpires) - Date.parse(lock.TimeRenewed);
  };
  assert.ok((await lifeOf()) > 100 * 365 * 24 * 3600 * 1000);
  assert.equal(await lifeOf("--max-lock=1h"), 3600 * 1000);
  assert.equal(await lifeOf("--max-lock=1ms"), 120 * 1000);
});

test("what cannot be used is told in the words of the program", withProgram, (context) => {
  const { both, write, directory } = worlds(context);
  write("one/a", "1");
  write("file", "f");
  directory("work/one..two.lck");
  for (const flag of ["--workdir=file/x", "--workdir=file", "--workdir=/proc/x/y", "--workdir=work", "--compare-dest=file", "--copy-dest=nowhere"]) {
    assert.equal(both("one", "two", flag).status, 1, flag);
  }
});

test("the command and the program take turns on a pair, however its paths are written", withProgram, (context) => {
  const { home, write, directory } = world(context);
  const stateOf = (workdir: string[]) => join(home, workdir.length > 0 ? "work" : ".local/state/bisync");
  const run = (program: string[], directory: string, line: string[]) => {
    const options = { cwd: join(home, directory), encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home } } as const;
    const { status, stdout, stderr } = spawnSync(program[0] ?? "", [...program.slice(1), ...line], options);
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  };
  directory("sub");
  write("one/a", "1");
  const written: [directory: string, one: string, two: string][] = [
    [".", "one", "two"],
    [".", "./one//", "sub/../two/"],
    [".", home + "/one", home + "/./two"],
    ["one", ".", "../two"],
    ["sub", "../one", "../sub/../two"],
    ["sub", "..//one/../one", home + "/two"],
  ];
  // The program alone writes down where the folders are.
  const namesIn = (state: string) => readdirSync(state).filter((name) => !name.endsWith(".file-systems")).sort();
  for (const workdir of [["--workdir=" + home + "/work"], []]) {
    for (const [directory, one, two] of written) {
      for (const [first, then] of [[["node", COMMAND], [PROGRAM]], [[PROGRAM], ["node", COMMAND]]] as const) {
        run([...first], directory, [one, two, ...workdir]);
        const state = stateOf(workdir);
        const before = namesIn(state);
        // It goes on from what the other knows: what it did not know would be a first run.
        assert.doesNotMatch(run([...then], directory, [one, two, ...workdir, "-v"]), /first run/);
        assert.deepEqual(namesIn(state), before, `${one} ${two}`);
        // It is the directory that counts there, not how it was written.
        if (workdir.length === 0) assert.deepEqual(before, listingsOf(join(home, "one"), join(home, "two")));
        rmSync(state, { recursive: true });
      }
    }
  }
  // A plan is carried out wherever that is done.
  for (const [first, then] of [[["node", COMMAND], [PROGRAM]], [[PROGRAM], ["node", COMMAND]]] as const) {
    run([...first], "sub", ["../one", "../two", "--plan-out=../plan"]);
    run([...then], "one", ["apply", "../plan"]);
    run([...then], "sub", ["../one", "../two", "--plan-out=../plan"]);
    run([...then], "one", ["apply", "../plan"]);
  }
});

/** The names of the listings of two directories, where they are named after what they are. */
function listingsOf(one: string, two: string): string[] {
  const [first, second] = [one, two].map((path) => path.slice(1).replaceAll("/", "_"));
  return ["path1", "path2"].map((side) => `${first}..${second}.${side}.lst`);
}

test("a plan is carried out with the listings that it names, as by the program", withProgram, (context) => {
  const { both, each, write, read } = worlds(context);
  const plans = (...flags: string[]) => {
    assert.equal(both("one", "two", "--plan-out=plan", ...flags).status, 0);
    return each.map(({ read }) => read("plan") ?? "");
  };
  for (const flags of [[], ["--workdir=work"]]) {
    write(`one/with ${flags.join()}`, "1");
    const [ours, theirs] = plans(...flags).map((plan, index) => {
      const { roots, paths } = JSON.parse(plan.split("\n")[0] ?? "") as { roots: object; paths: object };
      return JSON.stringify({ roots, paths }).replaceAll(each[index]?.home ?? "", "~").replaceAll((each[index]?.home ?? "").slice(1), "~");
    });
    assert.equal(ours, theirs);
    assert.equal(both("apply", "plan").status, 0);
    assert.equal(read(`two/with ${flags.join()}`), "1");
    assert.match(both("one", "two", ...flags).stdout, /nothing to do/);
  }
});

test("a plan that names a folder and the listings of another is refused, as by the program", withProgram, (context) => {
  const { both, each, write, read, directory } = worlds(context);
  write("one/a", "1");
  directory("other");
  for (const [which, flags] of [["path1", []], ["path2", []]] as const) {
    assert.equal(both("one", "two", "--plan-out=plan", ...flags).status, 0);
    for (const { home, read } of each) {
      const [header = "", ...rest] = (read("plan") ?? "").split("\n");
      const { roots, ...fields } = JSON.parse(header) as { roots: Record<string, string> };
      const other = { ...roots, [which]: join(home, "other") };
      writeFileSync(join(home, "plan"), [JSON.stringify({ ...{ "bisync-plan": 1 }, ...fields, roots: other }), ...rest].join("\n"));
    }
    const { status, stderr } = both("apply", "plan");
    assert.equal(status, 1);
    assert.match(stderr, /the plan names Path[12] `~\/other`, and the listings of another directory: a plan is for one pair/);
    assert.deepEqual([read("other/a"), read("two/a")], [undefined, undefined]);
  }
});

test("the command says how far it is, in the words of the program", withProgram, (context) => {
  const { both, write } = worlds(context);
  write("one/a", "1");
  write("two/d/b", "2".repeat(3000));
  const first = both("one", "two", "--stats=1h");
  assert.match(first.stderr, /^notice: Copied: 2 of 2 files, 2.93 KiB of 2.93 KiB, [\d.]+ \w+\/s$/m);
  assert.equal(both("one", "two", "--stats=0").stderr, "");
  assert.match(both("one", "two", "--stats=1h").stderr, /^notice: Listed: 4 files in 4 directories$/m);
  assert.equal(both("one", "two", "--stats=1h", "--stats-log-level=INFO").stderr, "");
  assert.match(both("one", "two", "--stats=1h", "--stats-log-level=INFO", "-v").stderr, /^Listed: 4 files/m);
  assert.match(both("one", "two", "--stats=1h", "--stats-log-level=ERROR", "-q").stderr, /^error: Listed: 4 files/m);
  assert.equal(both("one", "two", "--stats=1h", "-n").status, 0);
  assert.equal(both("one", "two", "--stats=1h", "--plan-out=plan").status, 0);
  assert.equal(both("apply", "plan", "--stats=1h").status, 0);
  for (const wrong of ["--stats=often", "--stats-log-level=LOUD"]) assert.equal(both("one", "two", wrong).status, 2);
});

test("the command says again and again how far it is", (context) => {
  const { command, write } = world(context);
  write("one/a", "x".repeat(20 << 10));
  // It takes at least a second.
  const { status, stderr } = command("one", "two", "--bwlimit=20k", "--stats=100ms", "--use-json-log");
  assert.equal(status, 0);
  const said = stderr.trim().split("\n").map((line) => JSON.parse(line) as { code: string; level: string; message: string }).filter(({ code }) => code === "stats");
  assert.ok(said.length >= 2, stderr);
  assert.match(said[0]?.message ?? "", /^Copied: 0 of 1 files, .* of 20.00 KiB|^Listed:/);
  assert.match(said.at(-1)?.message ?? "", /^Copied: 1 of 1 files, 20.00 KiB of 20.00 KiB/);
});
