// Paths that are refused, or made, before a run begins: in the words and with the exit codes of the program.

import assert from "node:assert/strict";
import { test } from "node:test";

import { withProgram, worlds } from "./worlds.js";

test("paths that cannot be used are refused, as by the program", withProgram, (context) => {
  const { both, write, link, directory, tree } = worlds(context);
  write("one/a", "a");
  directory("one/sub");
  write("file", "f");
  link("link", "one");
  const before = tree(".");
  const refused = [
    ["one", "one"], ["one", "link"], ["one", "one/sub"], ["link/sub", "one"], ["one", "one/no/../sub"], ["./one/", "two/../one"],
    ["one", "file"], ["file", "one"], ["one/a/x", "two"], ["one", "nowhere"], ["nowhere", "two"], ["one", "nowhere", "--resync"], ["nowhere", "two", "--resync", "-n"],
    ["one", "two", "--workdir=one/w"], ["one", "two", "--workdir=one/no/../w"], ["one", "two", "--workdir=two"], ["one", "two", "--backup-dir1=link/b"],
    ["one", "two", "--backup-dir=./two/"], ["one", "two", "--backup-dir=."], ["one", "two", "--backup-dir2=no/../two/b"],
  ];
  for (const line of refused) {
    assert.equal(both(...line).status, 1, line.join(" "));
    assert.equal(both(...line, "--lockout").status, 7, line.join(" "));
  }
  assert.deepEqual(both("one", "two", "--plan-out=file").status, 2);
  assert.deepEqual(tree("."), before);
});

test("what is kept may hold the folders, and what starts anew may begin without Path1, as in the program", withProgram, (context) => {
  const { both, write, directory, tree } = worlds(context);
  write("two/a", "a");
  assert.equal(both("no/one", "two", "--resync-mode=none").status, 1);
  assert.equal(both("no/one", "two", "--resync", "--workdir=.").status, 0);
  assert.deepEqual(tree("no"), ["one/a a 1600000000"]);
  directory("kept");
  assert.equal(both("other", "two", "--resync-mode=newer", "--backup-dir2=kept").status, 0);
  assert.deepEqual(tree("other"), ["a a 1600000000"]);
});
