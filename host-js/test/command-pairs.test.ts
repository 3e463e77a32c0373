// Pairs that rclone's names do not tell apart: the command and the program have the same names for each, and none for two.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { withProgram, world } from "./worlds.js";

for (const more of [[], ["--workdir=work"]]) {
  test(`no pair goes on from the listings of another ${more.join(" ")}`, withProgram, (context) => {
    const { home, write, read, directory, command, program } = world(context);
    for (const [first, second, two] of [["my docs", "my_docs", "two"], ["p {A}", "p {B}", "2 two"], ["photos/2024", "photos_2024", "é"]] as const) {
      directory(two);
      for (let number = 0; number < 6; number++) write(`${first}/f${number}`, "same");
      for (let number = 0; number < 4; number++) write(`${second}/f${number}`, "same");
      assert.equal(command(first, two, ...more).status, 0);
      assert.match(program(first, two, ...more).stdout, /nothing to do/, "the program goes on from where the command stopped");
      assert.match(program(second, two, ...more).stdout, /2 copied/);
      assert.match(command(second, two, ...more).stdout, /nothing to do/, "the command goes on from where the program stopped");
      rmSync(join(home, first, "f5"));
      assert.match(command(first, two, ...more).stdout, /1 deleted/);
      assert.match(command(second, two, ...more).stdout, /1 deleted/);
      assert.deepEqual([read(`${first}/f5`), read(`${second}/f5`), read(`${two}/f4`)], [undefined, undefined, "same"]);
    }
  });
}

test("the command and the program are kept apart on a pair, however it is written", withProgram, async (context) => {
  const { write, link, command, program, starting, startingProgram } = world(context);
  write("one/a", "1");
  link("link", "one");
  for (const [start, other] of [[starting, program], [startingProgram, command]] as const) {
    const asking = start("one", "two", "--interactive", "--workdir=work");
    await asking.said("do it?");
    for (const paths of [["two", "one"], ["link", "two"], ["one/../link", "./two/"]]) {
      const { status, stderr } = other(...paths, "--workdir=work");
      assert.deepEqual([status, stderr.includes("another run of these paths is at work")], [1, true], `${paths.join(" ")}: ${stderr}`);
    }
    await asking.end("n\n");
  }
});
