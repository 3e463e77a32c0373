// Links that are followed (`--copy-links`): the command does what the program does, and reaches through a link no further.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { withProgram, worlds } from "./worlds.js";

/** Two worlds in which links are followed, with what lies in the folders and beside them. */
function followed(context: TestContext) {
  const made = worlds(context);
  const run = (status: number, ...flags: string[]) => {
    const result = made.both("one", "two", "--checkers=1", "--transfers=1", "--copy-links", "-v", ...flags);
    assert.equal(result.status, status, result.stdout + result.stderr);
    for (const place of ["one", "two", "apart"]) made.tree(place);
    return result;
  };
  return { ...made, run };
}

test("what links lead to takes part, and a link that leads nowhere or in a circle does not", withProgram, (context) => {
  const { run, write, link, remove, read, tree } = followed(context);
  write("one/a", "1");
  write("apart/file", "behind");
  write("apart/dir/b", "2");
  write("one/real/c", "3");
  link("one/file", "../apart/file");
  link("one/dir", "../apart/dir");
  link("one/broken", "nowhere");
  link("one/below", "a/below/a/file");
  link("one/long", "long".repeat(100));
  link("apart/dir/circle", ".");
  link("one/real/round", "../real");
  link("one/self", "self");
  link("one/root", ".");
  link("one/aside", "real");
  link("one/pipe", "/dev/null");
  const first = run(0);
  for (const path of ["broken", "below", "long", "real/round", "dir/circle", "self", "root"]) {
    assert.match(first.stderr, new RegExp(`${path}: skipped on Path1: the symbolic link leads nowhere`), path);
  }
  assert.deepEqual(tree("two").map((line) => line.split(" ").slice(0, 2).join(" ")), ["a 1", "aside/c 3", "dir/b 2", "file behind", "real/c 3"]);
  assert.match(run(0).stdout, /nothing to do/);
  // What is behind changes; a link that leads nowhere now hides what was there.
  write("apart/dir/b", "newer", 1_700_000_000);
  remove("apart/file");
  run(0);
  assert.deepEqual([read("two/dir/b"), read("two/file")], ["newer", "behind"]);
  write("apart/file", "behind");
  // The other side changes: a file takes the place of the link, and what is behind stays as it was.
  write("two/file", "from two", 1_700_000_001);
  write("two/dir/b", "b from two", 1_700_000_001);
  write("two/dir/deep/new", "new");
  run(0);
  assert.deepEqual([read("one/file"), read("apart/file"), read("apart/dir/b"), read("apart/dir/deep/new")], ["from two", "behind", "b from two", "new"]);
  assert.match(run(0).stdout, /nothing to do/);
  run(2, "-l");
});

test("a followed link that is moved or kept does not come to lead elsewhere", withProgram, (context) => {
  const { run, write, link, remove, read, tree } = followed(context);
  write("apart/file", "behind");
  write("apart/old", "kept");
  write("apart/time", "time");
  link("one/link", "../apart/file");
  link("one/old", "../apart/old");
  link("one/time", "../apart/time");
  run(0);
  remove("two/link");
  write("two/d/moved", "behind");
  remove("two/old");
  write("two/time", "time", 1_650_000_000);
  run(0, "--backup-dir1=kept");
  assert.deepEqual([read("one/d/moved"), read("kept/old"), read("apart/old"), read("apart/file")], ["behind", "kept", "kept", "behind"]);
  assert.ok(tree("one").every((line) => line.includes("->") === line.startsWith("time ")), tree("one").join());
  assert.match(run(0).stdout, /nothing to do/);
});

test("a directory goes as in the program where a link leads to it, or lies in it", withProgram, (context) => {
  const { run, write, link, remove, directory, tree } = followed(context);
  const emptyToo = "--create-empty-src-dirs";
  write("one/a", "1");
  for (const name of ["one/below", "one/real", "one/plain/deep", "apart/inner/deep", "apart/empty", "apart/files", "apart/deep/deeper", "apart/kept/deep"]) directory(name);
  write("apart/files/file", "file");
  link("one/below/link", "../../apart/inner");
  link("one/real/broken", "nowhere");
  link("one/empty", "../apart/empty");
  link("one/files", "../apart/files");
  link("one/deep", "../apart/deep");
  link("one/kept", "../apart/kept");
  run(0, emptyToo);
  assert.deepEqual(tree("two"), ["a 1 1600000000", "below/link/deep/", "deep/deeper/", "empty/", "files/file file 1600000000", "kept/deep/", "plain/deep/", "real/"]);
  // Files take the place of directories: what is behind a link in them stays.
  for (const name of ["below", "real", "plain"]) {
    remove(`two/${name}`);
    write(`two/${name}`, "a file now");
  }
  run(1, emptyToo);
  assert.ok(tree("apart").includes("inner/deep/"), tree("apart").join());
  assert.ok(["below/link -> ../../apart/inner ", "real/broken -> nowhere ", "plain a file now "].every((begin) => tree("one").some((line) => line.startsWith(begin))), tree("one").join());
  for (const name of ["below", "real"]) {
    remove(`two/${name}`);
    directory(`two/${name}`);
  }
  run(0, emptyToo);
  // Directories go: a link goes when nothing is behind it any more, and the directory to which it led stays.
  for (const name of ["empty", "files", "deep"]) remove(`two/${name}`);
  remove("two/kept");
  write("two/kept", "a file now");
  run(0, emptyToo, "--force");
  assert.ok(["empty/", "files/", "deep/"].every((name) => tree("apart").includes(name)), tree("apart").join());
});
