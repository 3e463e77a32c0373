import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { bisync, BisyncError, type Item, memoryFolder, memoryState } from "../dist/index.js";
import { Session } from "../dist/engine.js";

const NAMES = ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"];

/** Two sides that are in step. The first one gives a page for each file; `look` says what it is called there, or throws in place of a page. */
async function paged(look: (name: string) => string) {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  for (const name of NAMES) one.put(name, name, new Date("2024-01-01T00:00:00Z"));
  const options = { state: memoryState(), retriesSleep: "1ms" };
  assert.equal((await bisync(one, two, options).report).exitCode, 0);
  const list = async function* (path: string, hash: string | undefined): AsyncGenerator<Item[]> {
    for await (const items of one.list(path, hash)) {
      for (const item of items) {
        // As a disk or a server does, it takes a moment.
        await setImmediate();
        yield [{ ...item, name: look(item.name) }];
      }
    }
  };
  return { run: () => bisync({ ...one, list }, two, options), two };
}

test("pages go to the engine while a directory is listed", async (context) => {
  const seen: string[] = [];
  const { run } = await paged((name) => {
    seen.push(`${name} is listed`);
    return name;
  });
  const { supplyPage } = Session.prototype;
  context.mock.method(Session.prototype, "supplyPage", function (this: Session, id: number, page: Uint8Array, last: boolean) {
    const names = new TextDecoder().decode(page).match(/[a-e]\.txt/g) ?? [];
    if (names.length === 1) seen.push(`${names} is ${last ? "the last page" : "a page"}`);
    supplyPage.call(this, id, page, last);
  });
  assert.equal((await run().report).exitCode, 0);
  const pages = NAMES.flatMap((name, index) => (index === 0 ? [] : [`${name} is listed`, `${NAMES[index - 1]} is a page`]));
  assert.deepEqual(seen, ["a.txt is listed", ...pages, "e.txt is the last page"]);
});

test("a listing that breaks off begins anew, and what came of it counts no more", async () => {
  const breaksAt = ["d.txt", "b.txt"];
  const { run, two } = await paged((name) => {
    // What is only there at first was deleted since.
    if (breaksAt.length > 0 && name === "a.txt") return "passing.txt";
    if (name !== breaksAt[0]) return name;
    breaksAt.shift();
    throw new BisyncError("temporary", "the network is down");
  });
  let listed = 0;
  const going = run();
  for await (const event of going) if (event.type === "progress") listed = event.listed.files;
  const report = await going.report;
  assert.equal(report.exitCode, 0, report.headline);
  assert.deepEqual(two.paths(), NAMES);
  assert.equal(listed, 2 * NAMES.length);
});
