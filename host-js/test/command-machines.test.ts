// Several machines that share a pair, some with the command and some with the program. A machine is a directory of listings of its own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { claimLock } from "../dist/node/lock.js";
import { nodeFolder } from "../dist/node.js";
import { basesOf, isLastOfPair, isOf, type Files } from "../dist/node/shared/base.js";
import { Directory } from "../dist/node/shared/directory.js";
import { Held, Lease, Lock } from "../dist/node/shared/lock.js";
import { lockName, markName, parseName, partName, versionName } from "../dist/node/shared/names.js";
import { lifeOf, ownerText, parseOwner, shown, thisOwner } from "../dist/node/shared/owner.js";
import { Renewal } from "../dist/node/shared/renewal.js";
import { withProgram, world, worlds } from "./worlds.js";

type World = ReturnType<typeof world>;
type Tool = "command" | "program";

/** Who is the first machine, and who the next. */
const TURNS: [Tool, Tool][] = [["command", "command"], ["program", "command"], ["command", "program"]];

/** Runs one of both tools on a machine of this name. */
function run(world: World, tool: Tool, machine: string, status: number, ...flags: string[]): string {
  const ended = world[tool]("one", "two", `--workdir=${machine}`, "--remote-lock", ...flags);
  assert.equal(ended.status, status, `${tool} ${machine} ${flags.join(" ")}: ${ended.stdout}${ended.stderr}`);
  return ended.stdout + ended.stderr;
}

/** A pair that a machine brought in step. */
function shared(context: TestContext, tool: Tool): World {
  const made = world(context);
  made.write("one/a", "1");
  made.write("one/b", "2");
  made.write("two/c", "3");
  assert.match(run(made, tool, "first", 0), /3 copied/);
  return made;
}

const sharedNames = ({ home }: World, folder: string) => readdirSync(join(home, folder, ".bisync")).sort();
const remove = ({ home }: World, path: string) => rmSync(join(home, path), { recursive: true });
const moved = ({ home }: World, from: string, to: string) => renameSync(join(home, from), join(home, to));

for (const [first, next] of TURNS) {
  test(`the next machine goes on (${first}, then ${next})`, withProgram, (context) => {
    const made = shared(context, first);
    remove(made, "one/a");
    assert.match(run(made, next, "second", 0, "--dry-run"), /1 deleted/);
    assert.equal(readdirSync(made.home).includes("second"), false, "a dry run keeps nothing");
    assert.match(run(made, next, "second", 0, "-v"), /1 deleted[^]*goes on from the state that the last run left beside the data \(\d+ bytes\)/);
    // The first one learns what happened meanwhile.
    remove(made, "two/b");
    made.write("one/a", "again", 1_700_000_000);
    assert.match(run(made, first, "first", 0), /1 copied, 1 deleted|1 copied[^]*1 deleted/);
    assert.equal(made.read("two/a"), "again");
    // Of all states the last one is kept: a mark on one side, a mark and two listings on the other.
    assert.deepEqual([sharedNames(made, "one").length, sharedNames(made, "two").length], [1, 3]);
    const known = sharedNames(made, "two");
    assert.match(run(made, next, "second", 0), /nothing to do/);
    assert.match(run(made, first, "first", 0), /nothing to do/);
    assert.deepEqual(sharedNames(made, "two"), known, "a run without changes writes no state");
  });

  test(`both tools on one machine know that it goes on from its own listings (${first}, then ${next})`, withProgram, (context) => {
    const made = shared(context, first);
    made.write("two/d", "4");
    const said = run(made, next, "first", 0, "-v");
    assert.match(said, /1 copied/);
    assert.doesNotMatch(said, /goes on from the state/);
    assert.match(run(made, first, "first", 0), /nothing to do/);
  });

  test(`a copy of a folder is another folder (${first}, then ${next})`, withProgram, (context) => {
    const made = shared(context, first);
    // As somebody would who sets up a new machine, and is interrupted.
    cpSync(join(made.home, "one"), join(made.home, "copy"), { recursive: true, preserveTimestamps: true });
    remove(made, "copy/a");
    moved(made, "one", "original");
    moved(made, "copy", "one");
    // Neither another machine nor the one that knew the original takes it for that, whatever it may go on from.
    for (const machine of ["first", "second"]) {
      rmSync(join(made.home, "one/a"), { force: true });
      remove(made, "one/.bisync");
      cpSync(join(made.home, "original/.bisync"), join(made.home, "one/.bisync"), { recursive: true });
      run(made, next, machine, 0, "--recover");
      assert.deepEqual([made.read("one/a"), made.read("two/a")], ["1", "1"], "what the copy lacks was not deleted");
    }
    // The original goes on where it was.
    moved(made, "one", "copy");
    moved(made, "original", "one");
    remove(made, "one/b");
    assert.match(run(made, next, "third", 0), /1 deleted/);
  });

  test(`a folder that was put back deletes nothing (${first}, then ${next})`, withProgram, (context) => {
    const made = shared(context, first);
    cpSync(join(made.home, "one/.bisync"), join(made.home, "snapshot"), { recursive: true });
    made.write("one/new", "4");
    run(made, next, "first", 0);
    // The folder itself is the same, what is in it is older.
    remove(made, "one/new");
    remove(made, "one/.bisync");
    cpSync(join(made.home, "snapshot"), join(made.home, "one/.bisync"), { recursive: true });
    assert.match(run(made, next, "first", 0, "-n"), /not as the last shared run left them/);
    assert.match(run(made, next, "first", 0), /not as the last shared run left them/);
    assert.equal(made.read("one/new"), "4");
  });

  test(`the same folders in another order end what was known (${first}, then ${next})`, withProgram, (context) => {
    const made = world(context);
    made.write("one/a", "1");
    made.write("one/b", "2");
    run(made, first, "first", 0);
    moved(made, "one/a", "trash");
    remove(made, "two/a");
    assert.equal(made[next]("two", "one", "--workdir=other", "--remote-lock").status, 0);
    // It comes back from the trash as it was: the first machine would take it for what it knew, and delete it.
    moved(made, "trash", "one/a");
    assert.match(run(made, first, "first", 0), /1 copied/);
    assert.equal(made.read("two/a"), "1");
  });

  test(`runs of both tools exclude each other (${first}, then ${next})`, withProgram, async (context) => {
    const made = world(context);
    made.write("one/a", "1");
    // While it asks, it has the locks of both sides.
    const asking = made[first === "command" ? "starting" : "startingProgram"]("one", "two", "--workdir=first", "--remote-lock", "--interactive");
    await asking.said("do it?");
    assert.match(run(made, next, "second", 1), /another run is at work on Path1 \(process \d+ on `[^`]+`\): wait for its end; its lock lies in `.bisync` there/);
    assert.equal(made.read("two/a"), undefined);
    assert.match(run(made, next, "second", 0, "-n"), /1 copied/);
    assert.equal(await asking.end("n\n"), 0);
    assert.deepEqual(sharedNames(made, "one").filter((name) => name.startsWith("lock")), []);
    assert.match(run(made, next, "second", 0), /1 copied/);
  });

  test(`a lock of a run that was killed is taken over (${first}, then ${next})`, withProgram, async (context) => {
    const made = world(context);
    made.write("one/a", "1");
    const asking = made[first === "command" ? "starting" : "startingProgram"]("one", "two", "--workdir=first", "--remote-lock", "--interactive");
    await asking.said("do it?");
    await asking.kill();
    assert.equal(sharedNames(made, "two").length, 1);
    assert.match(run(made, next, "second", 0), /took over a lock on Path1 that was left behind: process \d+ has ended[^]*took over a lock on Path2/);
    assert.equal(made.read("two/a"), "1");
    assert.deepEqual(sharedNames(made, "two").filter((name) => name.startsWith("lock")), []);
  });
}

test("what a critical error locked out stays so, as in the program", withProgram, (context) => {
  const { each, read } = worlds(context);
  for (const made of each) {
    made.write("one/a", "1");
    const tool = made === each[0] ? "command" : "program";
    run(made, tool, "work", 0);
    for (const side of ["path1", "path2"]) moved(made, `work/one..two.${side}.lst`, `work/one..two.${side}.lst-err`);
    assert.match(run(made, tool, "work", 7, "--lockout"), /--resync/);
    assert.match(run(made, tool, "work", 0, "--lockout", "--resync"), /nothing to do/);
  }
  assert.equal(read("two/a"), "1");
});

test("a run that only checks changes nothing, and one that was cut off shares what it did", withProgram, (context) => {
  const made = shared(context, "command");
  const before = [made.tree("one"), made.tree("two")];
  assert.match(run(made, "command", "second", 0, "--check-sync=only"), /say the same/);
  assert.deepEqual([made.tree("one"), made.tree("two")], before);
  made.write("one/large", "x".repeat(1 << 20));
  made.write("one/new", "4");
  // It would take more than ten seconds.
  run(made, "command", "first", 10, "--max-duration=1s", "--bwlimit=100k");
  assert.equal(sharedNames(made, "two").length, 3, "no lock is left");
  remove(made, "one/b");
  assert.match(run(made, "program", "second", 0), /1 deleted/);
});

test("what machines share is not carried over, and a run without the flag is told, as by the program", withProgram, (context) => {
  const { both, write, each } = worlds(context);
  write("one/a", "1");
  assert.equal(both("one", "two", "--workdir=work", "--remote-lock").status, 0);
  write("one/d/.bisync/x", "1");
  assert.match(both("one", "two", "--workdir=work").stderr, /other machines may know these folders by --remote-lock, which this run does without/);
  assert.doesNotMatch(both("one", "two", "--workdir=work", "--dry-run").stderr, /does without/);
  each.forEach(({ tree }) => assert.deepEqual(tree("two").filter((line) => line.startsWith("d")), []));
});

test("where nothing can be kept nothing is run, as by the program", withProgram, (context) => {
  const { both, write, each } = worlds(context);
  write("one/a", "1");
  write("two/.bisync", "somebody's");
  const { status, stderr } = both("one", "two", "--workdir=work", "--remote-lock");
  assert.equal(status, 1);
  assert.match(stderr, /`.bisync` on Path2 cannot be used for --remote-lock/);
  for (const made of each) {
    assert.equal(made.read("two/a"), undefined);
    assert.deepEqual(sharedNames(made, "one"), [], "the lock on the other side is given up");
  }
});

test("a plan and its carrying out share the state too", withProgram, (context) => {
  const made = shared(context, "program");
  remove(made, "one/a");
  assert.match(run(made, "command", "second", 0, "--plan-out=plan"), /1 deleted/);
  run(made, "command", "second", 0, "--dry-run");
  const { status, stdout, stderr } = made.command("apply", "plan");
  // The plan names the state that it was made from, which this machine learns first.
  assert.equal(status, 0, stdout + stderr);
  assert.equal(made.read("two/a"), undefined);
  assert.match(run(made, "program", "first", 0), /nothing to do/);
});

/** The directory `.bisync` of a folder, for locks. */
async function directoryOf(context: TestContext): Promise<{ directory: Directory; made: World }> {
  const made = world(context);
  const folder = nodeFolder(join(made.home, "two"));
  await folder.open();
  return { directory: new Directory("path2", "", folder), made };
}

const claim = (directory: Directory, said: string[] = [], lastsMs = 60_000) =>
  Lock.claim(directory, { lease: new Lease(lastsMs), say: (text) => said.push(text), signal: undefined });

test("of many that come at once one has the lock", async (context) => {
  const { directory } = await directoryOf(context);
  let [inside, had] = [0, 0];
  const worker = async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      const lock = await claim(directory).catch((error: unknown) => {
        if (error instanceof Held || (error as { code?: string }).code === "busy") return undefined;
        throw error;
      });
      if (!lock) continue;
      inside += 1;
      assert.equal(inside, 1, "two runs are at work");
      had += 1;
      for (let proof = 0; proof < 5; proof += 1) assert.ok(await lock.prove(), "nobody takes it away");
      inside -= 1;
      await lock.release();
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  assert.ok(had > 0);
  assert.equal((await directory.list()).size, 0);
});

/** A lock of another machine, whose clock is behind, that lasts a second. */
const THEIRS = '{"host":"box","process":7,"renewed":"2020-01-01T00:00:00Z","lastsSeconds":1}';
const SOMEBODY = "0000000000000001";

test("a lock that looks old is watched", async (context) => {
  const { directory } = await directoryOf(context);
  await directory.make();
  let version = await directory.create(lockName(SOMEBODY, 0), THEIRS);
  let isOver = false;
  const claimed = claim(directory).then(
    () => "it was taken",
    (error: unknown) => (error instanceof Held ? shown(error.owner) : String(error)),
  ).finally(() => (isOver = true));
  for (let count = 1; !isOver; count += 1) {
    const next = await directory.create(lockName(SOMEBODY, count), THEIRS);
    await directory.takeAway(lockName(SOMEBODY, count - 1), version);
    version = next;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // It is renewed, whatever its clock says.
  assert.equal(await claimed, "process 7 on `box`");
  const said: string[] = [];
  await (await claim(directory, said)).release();
  assert.equal(said.length, 2);
  assert.match(said[0] ?? "", /is watched for 1 s/);
  assert.match(said[1] ?? "", /^took over/);
});

test("a lock that was taken away is lost, and one that cannot be renewed before it ends", async (context) => {
  const { directory, made } = await directoryOf(context);
  for (const isBroken of [false, true]) {
    const lease = new Lease(300);
    const renewal = new Renewal(lease);
    renewal.add(await Lock.claim(directory, { lease, say: () => {}, signal: undefined }));
    const lost = new Promise<void>((resolve) => renewal.whenLost(resolve));
    remove(made, "two/.bisync");
    if (isBroken) writeFileSync(join(made.home, "two/.bisync"), "in the way");
    await lost;
    assert.equal(await renewal.prove((_, error) => error).catch(() => false), false);
    await renewal.end();
  }
});

test("locks are renewed until they are given up", async (context) => {
  const { directory } = await directoryOf(context);
  const lease = new Lease(300);
  const renewal = new Renewal(lease);
  renewal.add(await Lock.claim(directory, { lease, say: () => {}, signal: undefined }));
  const counts = async () => [...(await directory.list()).keys()].flatMap((name) => (parseName(name)?.kind === "lock" ? [(parseName(name) as { count: number }).count] : []));
  while (Math.max(...(await counts()), 0) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await renewal.end();
  assert.deepEqual(await counts(), []);
});

test("both folders have to be in a state", () => {
  // Letters are states: `a1` is the first of the pair a, with the listings where it stands in capitals.
  const version = (word: string) => ({ number: Number(word.slice(1)), pair: word.charCodeAt(0).toString(16).padStart(16, "0"), run: "0".repeat(16) });
  const files = (side: "path1" | "path2", text: string): Files => {
    const names = text.split(" ").filter(Boolean).flatMap((word) => {
      const is = version(word.toLowerCase());
      return [markName(is, side), ...(word === word.toUpperCase() ? [partName(is, "path1"), partName(is, "path2")] : [])];
    });
    return new Map(names.map((name) => [name, {}]));
  };
  const bases = (one: string, two: string) => basesOf({ path1: files("path1", one), path2: files("path2", two) });
  for (const [one, two, expected] of [
    ["", "", ""],
    ["a1", "A1", "a1"],
    ["A1", "a1", "a1"],
    ["a1", "a1", ""],
    ["a1", "A2", ""],
    // Broken off while the second state was being written, marked, and while the first one was being removed.
    ["a1", "A1 A2", "a1"],
    ["a1 a2", "A1 A2", "a2 a1"],
    ["a2", "A1 A2", "a2"],
    // Several folders share one.
    ["b3", "A9 B3 C1", "b3"],
  ] as const) {
    assert.deepEqual(bases(one, two), expected.split(" ").filter(Boolean).map(version), `${one}, ${two}`);
  }
  const all = bases("a1 a2 b1", "A1 A2 B1");
  assert.deepEqual(["a2", "b1", "a1", "c1"].map((word) => isLastOfPair(version(word), all)), [true, true, false, false]);
  // Of two states that followed one neither counts.
  const other = markName({ ...version("a2"), run: "8".padStart(16, "0") }, "path1");
  const [one, two] = [files("path1", "a1 a2"), files("path2", "A1 A2")];
  one.set(other, {});
  two.set(other.replace("path1", "path2"), {});
  assert.deepEqual(basesOf({ path1: one, path2: two }), [version("a1")]);
  assert.deepEqual(basesOf({ path1: files("path2", "a1"), path2: files("path1", "A1") }), []);
  assert.deepEqual([isOf("12-34\n", "12-34"), isOf("\n", ""), isOf("12-34\n", ""), isOf("12-3", "12-3"), isOf("", "")], [true, true, false, false, false]);
});

test("names and owners are read as they are written, and others say nothing", async () => {
  const version = { number: 42, pair: "0000000000000abc", run: "f".repeat(16) };
  assert.equal(versionName(version), "state-0000000000000abc-0000002a-ffffffffffffffff");
  assert.deepEqual(parseName(markName(version, "path2")), { kind: "mark", version, side: "path2" });
  for (const part of ["path1", "path2", "metadata"] as const) assert.deepEqual(parseName(partName(version, part)), { kind: "part", version, part });
  assert.deepEqual(parseName(lockName(version.pair, 300)), { kind: "lock", run: version.pair, count: 300 });
  for (const name of ["", "lock-", "lock-7-1", "lock-000000000000000A-1", "lock-000000000000000a-", versionName(version), `${versionName(version)}.path3`, ".bisync-0000000000000abc-2a.partial"]) {
    assert.equal(parseName(name), undefined, name);
  }
  const here = await thisOwner(120_000);
  assert.deepEqual(parseOwner(ownerText(here)), here);
  assert.equal(await lifeOf(here), "alive");
  const gone = { ...here, process: spawnSync("true").pid };
  assert.deepEqual(await lifeOf(gone), { ended: `process ${gone.process} has ended` });
  const there = { ...here, realm: "another" };
  assert.deepEqual([await lifeOf(there), await lifeOf({ ...there, renewed: Date.now() - 121_000 })], ["alive", "unknown"]);
  for (const text of ["", '{"host":', "7", "{}"]) assert.deepEqual([await lifeOf(parseOwner(text)), parseOwner(text).lastsMs], ["unknown", 180_000], text);
  assert.equal(parseOwner('{"lastsSeconds":99999999999}').lastsMs, 24 * 3600 * 1000);
});

test("a lock of this machine is renewed, and stays when it became somebody else's", async (context) => {
  const { home, read } = world(context);
  const path = join(home, "pair.lck");
  const expiry = () => Date.parse((JSON.parse(read("pair.lck") ?? "") as { TimeExpires: string }).TimeExpires);
  const release = await claimLock(path, join(home, "pair"), { expiresAfterMs: 1500 });
  const first = expiry();
  while (expiry() === first) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(expiry() > first);
  writeFileSync(path, '{"PID":"1"}');
  await release();
  assert.equal(read("pair.lck"), '{"PID":"1"}');
});

test("machines whose runs are killed lose nothing", withProgram, async (context) => {
  const made = world(context);
  for (let index = 0; index < 60; index += 1) made.write(`one/d${index % 7}/${index}`, `${index}`);
  run(made, "command", "first", 0);
  // What was deleted is known to the first machine alone, and has to stay so for the others.
  for (const index of [3, 4, 5]) remove(made, `one/d${index % 7}/${index}`);
  const machines = ["second", "first", "third"];
  for (let turn = 0; turn < 9; turn += 1) {
    for (let index = 0; index < 12; index += 1) made.write(`${index % 2 ? "one" : "two"}/new${turn}/${index}`, `${turn} ${index}`);
    const asking = made[turn % 3 === 2 ? "startingProgram" : "starting"]("one", "two", `--workdir=${machines[turn % 3]}`, "--remote-lock", "--transfers=1");
    // Wherever in the run that is: what holds at the end holds in any case.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 900));
    await asking.kill();
  }
  // What a run left half written is known to the machine that it ran on alone.
  for (const machine of [...machines, ...machines]) run(made, "command", machine, 0);
  const [one, two] = ["one", "two"].map((side) => made.tree(side).filter((line) => !line.startsWith(".bisync/")));
  assert.deepEqual(one, two);
  const expected = [
    ...Array.from({ length: 60 }, (_, index) => index).filter((index) => ![3, 4, 5].includes(index)).map((index) => `d${index % 7}/${index} ${index} 1600000000`),
    ...Array.from({ length: 9 * 12 }, (_, index) => `new${Math.floor(index / 12)}/${index % 12} ${Math.floor(index / 12)} ${index % 12} 1600000000`),
  ];
  assert.deepEqual(one, expected.sort());
  for (const side of ["one", "two"]) assert.deepEqual(sharedNames(made, side).filter((name) => name.startsWith("lock-")), []);
});
