// What the command and the program do about how files are copied.

import assert from "node:assert/strict";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { withProgram, world, worlds } from "./worlds.js";

const WORKDIR = "--workdir=work";

test("what is in use is tried again, as often as the program tries it", withProgram, (context) => {
  const { both, each, write, remove } = worlds(context);
  for (const name of ["a", "b", "c"]) write(`one/${name}`, name);
  assert.equal(both("one", "two", WORKDIR).status, 0);
  const free = each.map((world) => world.occupy("two/a"));
  if (free.some((free) => free === undefined)) return context.skip("only root can mount something");
  remove("one/a");
  const refused = both("one", "two", WORKDIR, "--low-level-retries=2", "--retries=2", "--retries-sleep=1ms");
  assert.equal(refused.status, 1);
  assert.match(refused.stdout, /a: cannot delete from Path2: /);
  const took = (...flags: string[]) => {
    const begin = performance.now();
    assert.equal(each[0].command("one", "two", WORKDIR, ...flags).status, 1);
    return performance.now() - begin;
  };
  assert.ok(took("--low-level-retries=51", "--retries=1") >= 500, "a moment between two tries");
  assert.ok(took("--low-level-retries=1", "--retries=3", "--retries-sleep=300ms") >= 600, "a pause between two tries");
  free.forEach((free) => free?.());
  assert.equal(both("one", "two", WORKDIR).status, 0);
});

test("files are written in place, as by the program", withProgram, (context) => {
  const { both, each, write, read, tree, link } = worlds(context);
  write("one/a", "the old one, which is longer");
  write("one/b", "old");
  assert.equal(both("one", "two", WORKDIR).status, 0);
  const inodes = (path: string) => each.map(({ inode }) => inode(path));
  const [before, kept] = [inodes("two/a"), inodes("two/b")];
  write("one/a", "the new one", 1_700_000_000);
  write("one/d/new", "new");
  link("one/link", "a");
  const flags = ["--inplace", "--backup-dir2=kept", "-v", "--links", "--transfers=1"];
  assert.equal(both("one", "two", WORKDIR, ...flags).status, 0);
  assert.deepEqual(tree("two"), tree("one"));
  assert.deepEqual(inodes("two/a"), before);
  assert.equal(read("kept/a"), "the old one, which is longer");
  write("one/b", "changed", 1_700_000_000);
  assert.equal(both("one", "two", WORKDIR, "--links").status, 0);
  each.forEach(({ inode }, index) => assert.notEqual(inode("two/b"), kept[index]));
  assert.match(both("one", "two", WORKDIR, "--inplace", "--links").stdout, /nothing to do/);
});

/** Copies four files of 10 KiB, and checks that it takes at least so long. */
function checkTakes(context: TestContext, limit: string, leastMs: number): void {
  const { command, write, tree } = world(context);
  for (const name of ["one/a", "one/b", "one/c", "two/d"]) write(name, "x".repeat(10 << 10));
  const begin = performance.now();
  const { status, stdout } = command("one", "two", limit);
  assert.equal(status, 0, stdout);
  assert.ok(performance.now() - begin >= leastMs, limit);
  assert.deepEqual(tree("one"), tree("two"));
}

test("content is copied no faster than it may be", (context) => {
  checkTakes(context, "--bwlimit=40k", 1000);
  checkTakes(context, "--bwlimit=10k:40k", 1000);
  checkTakes(context, "--bwlimit=00:00,40k 12:00,20k", 1000);
  checkTakes(context, "--bwlimit-file=20k", 500);
});

test("a limit that is none is refused, and one that is off is none, as in the program", withProgram, (context) => {
  const { both, write } = worlds(context);
  write("one/a", "x".repeat(300 << 10));
  for (const wrong of ["fast", "10M:", "24:00,1M", "10M 12:00,1M"]) {
    assert.equal(both("one", "two", `--bwlimit=${wrong}`).status, 2);
    assert.equal(both("one", "two", `--bwlimit-file=${wrong}`).status, 2);
  }
  // One way that is off is no limit for folders of one machine: it would take five minutes.
  assert.equal(both("one", "two", "--bwlimit=1k:off", "--bwlimit-file=off:1k").status, 0);
});

test("a limit holds back no end", withProgram, (context) => {
  const { both, tree, write } = worlds(context);
  write("one/a", "x".repeat(300 << 10));
  // It would take five minutes.
  const ended = both("one", "two", "--bwlimit=1k", "--max-duration=500ms");
  assert.equal(ended.status, 10, ended.stdout);
  assert.match(ended.stderr, /the time of --max-duration is over/);
  assert.deepEqual(tree("two"), []);
  assert.equal(both("one", "two", "--max-duration=1h").status, 0);
});

test("directories that are made have the times of the others, unless they are not to", withProgram, (context) => {
  const { both, each, write, directory } = worlds(context);
  write("one/old/a", "1");
  write("one/old/deep/d", "4");
  write("one/there/c", "3");
  directory("one/empty");
  directory("two/there");
  ["one/old/deep", "one/old", "one/there", "two/there", "one/empty"].forEach((path, index) => each.forEach(({ date }) => date(path, index + 1)));
  assert.equal(both("one", "two", WORKDIR, "--create-empty-src-dirs").status, 0);
  for (const { time } of each) {
    assert.deepEqual(["old/deep", "old", "empty"].map((path) => time(`two/${path}`)), [1, 2, 5]);
    assert.ok(time("two/there") > 5, "it was there before");
  }
  write("two/new/e", "5");
  each.forEach(({ date }) => date("two/new", 5));
  assert.equal(both("one", "two", WORKDIR, "--no-update-dir-modtime", "--create-empty-src-dirs").status, 0);
  each.forEach(({ time }) => assert.ok(time("one/new") > 5));
});

/** Two folders of which the first has three files, and a third folder with one of them and another version of the second. */
function withReference(context: TestContext) {
  const made = worlds(context);
  made.write("one/same", "same");
  made.write("one/other", "other");
  made.write("one/new", "new");
  made.write("more/same", "same");
  made.write("more/other", "OTHER", 1_500_000_000);
  return made;
}

test("what another folder holds is not copied, as with the program", withProgram, (context) => {
  const { both, read } = withReference(context);
  const { status, stderr } = both("one", "two", WORKDIR, "--compare-dest=more", "-v", "--transfers=1");
  assert.equal(status, 0);
  assert.match(stderr, /same: not copied: `more` holds it/);
  assert.deepEqual([read("two/same"), read("two/other"), read("two/new")], [undefined, "other", "new"]);
  // Nothing is recorded of it, so it is neither deleted nor forgotten.
  assert.equal(both("one", "two", WORKDIR).status, 0);
  assert.deepEqual([read("one/same"), read("two/same")], ["same", "same"]);
  assert.equal(both("one", "two", "--workdir=other", "--compare-dest=nowhere").status, 1);
  assert.equal(both("one", "two", "--compare-dest=more", "--copy-dest=more").status, 2);
});

test("what another folder holds is copied from there, as by the program", withProgram, (context) => {
  const { both, each, read, tree } = withReference(context);
  // What tells where the content came from: its time is another one, which does not count.
  each.forEach(({ date }) => date("more/same", 1_600_000_001));
  const ended = both("one", "two", WORKDIR, "--copy-dest=nowhere", "--copy-dest=more", "--modify-window=2s", "--dry-run");
  assert.equal(ended.status, 1, ended.stdout);
  assert.equal(both("one", "two", WORKDIR, "--copy-dest=more", "--modify-window=2s", "-v", "--transfers=1").status, 0);
  each.forEach(({ time }) => assert.equal(time("two/same"), 1_600_000_001));
  assert.equal(read("two/other"), "other");
  // The same size and time are not enough: both sides would be taken to be in step.
  for (const flags of [[], ["--size-only"], ["--checksum"]]) {
    const { both, write, tree } = withReference(context);
    write("more/same", "SAME");
    assert.equal(both("one", "two", WORKDIR, "--copy-dest=more", ...flags).status, 0);
    assert.deepEqual(tree("two"), tree("one"));
  }
  assert.equal(tree("two").length, 3);
});

test("a plan names the other folder whatever the directory in which it is carried out", withProgram, (context) => {
  const { both, read, directory, each } = withReference(context);
  directory("elsewhere");
  assert.equal(both("one", "two", "--compare-dest=more", "--plan-out=plan").status, 0);
  each.forEach(({ home }) => chmodSync(join(home, "more"), 0o755));
  assert.equal(both("apply", "plan", "--transfers=1").status, 0);
  assert.deepEqual([read("two/same"), read("two/new")], [undefined, "new"]);
  each.forEach(({ home }) => assert.ok(statSync(join(home, "more/same")).isFile()));
});

test("checksums are computed where a side offers none: folders offer them", withProgram, (context) => {
  const { both, each, write } = worlds(context);
  write("one/a", "a");
  const flags = ["one", "two", WORKDIR, "--compare=size,checksum", "--no-slow-hash", "--download-hash"];
  assert.equal(both(...flags).status, 0);
  assert.match(both(...flags).stdout, /nothing to do/);
  for (const { read } of each) assert.match(read("work/one..two.path1.lst") ?? "", /md5:0cc175b9c0f1b6a831c399e269772661/);
});
