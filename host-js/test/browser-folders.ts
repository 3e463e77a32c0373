// What holds for every folder of the browser.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type * as Package from "../dist/browser.js";
import type { InPage } from "./browser.js";
import type { Tab } from "./tab.js";

declare const page: InPage;

/** What holds for every folder. */
export async function folders(context: TestContext, tab: Tab): Promise<void> {
  await context.test("a folder keeps what the interface promises", () =>
    tab.evaluate(async () => page.bisync.checkSide(page.bisync.browserFolder(await page.folder("checked")))));

  await context.test("two folders are kept in step", async () => {
    const found = await tab.evaluate(async () => {
      const { bisync, browserFolder, browserState } = page.bisync;
      const [one, two] = [await page.folder("one"), await page.folder("two")];
      const options = { state: browserState("in step") };
      const run = async () => (await bisync(browserFolder(one), browserFolder(two), options).report).headline;
      await page.put(one, "a", "A");
      await page.put(one, "both", "1");
      await page.put(await two.getDirectoryHandle("d", { create: true }), "b", "B");
      const headlines = [await run(), await run()];
      await page.put(one, "both", "one");
      await page.put(two, "both", "two!");
      await one.removeEntry("a");
      await page.put(one, "c", "C");
      await page.put(await two.getDirectoryHandle("d"), "b", "b is longer");
      headlines.push(await run(), await run());
      return { headlines, one: await page.shown(one), two: await page.shown(two) };
    });
    assert.deepEqual(found.one, ["both.conflict1=one", "both.conflict2=two!", "c=C", "d/b=b is longer"]);
    assert.deepEqual(found.two, found.one);
    assert.equal(found.headlines[1], "Path1 and Path2 are in step: nothing to do.");
    assert.equal(found.headlines[3], "Path1 and Path2 are in step: nothing to do.");
  });

  await context.test("a folder is kept in step with memory", async () => {
    const found = await tab.evaluate(async () => {
      const { bisync, browserFolder, browserState, memoryFolder } = page.bisync;
      const [one, two] = [memoryFolder("memory"), await page.folder("beside memory")];
      const run = async () => (await bisync(one, browserFolder(two), { state: browserState("memory") }).report).exitCode;
      const large = "0123456789".repeat(200_000);
      one.put("large", large, new Date(0));
      one.put("d/deleted there", "d", new Date(0));
      one.put("d/deleted here", "d", new Date(0));
      one.put("empty", "", new Date(0));
      const codes = [await run()];
      const arrived = (await page.shown(two)).includes(`large=${large}`);
      one.delete("d/deleted here");
      await (await two.getDirectoryHandle("d")).removeEntry("deleted there");
      await page.put(two, "large", "small");
      codes.push(await run());
      return { codes, arrived, one: one.paths().map((path) => `${path}=${one.text(path)}`), two: await page.shown(two) };
    });
    assert.deepEqual([found.codes, found.arrived], [[0, 0], true]);
    assert.deepEqual(found.one, ["empty=", "large=small"]);
    assert.deepEqual(found.two, found.one);
  });

  await context.test("a version that comes while another is written stays", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("raced");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      await page.put(folder, "a", "old");
      const meanwhile = async function* (name: string) {
        yield* page.chunks("of the run");
        await page.put(folder, name, "of the user");
      };
      const options = { temporary: ".bisync-0123456789abcdef-1.partial", modified: undefined, verify: undefined };
      const expect = (await side.describe("a"))?.fingerprint ?? {};
      const thrown = [
        await page.thrown(() => side.write("a", meanwhile("a"), { ...options, expect })),
        await page.thrown(() => side.write("b", meanwhile("b"), { ...options, expect: undefined })),
      ];
      return { thrown, there: await page.shown(folder) };
    });
    assert.deepEqual(found, {
      thrown: ["refused: it has changed in the meantime", "refused: something is there already"],
      there: ["a=of the user", "b=of the user"],
    });
  });

  await context.test("a file that changes while it is read is not taken for whole", async () => {
    const said = await tab.evaluate(async () => {
      const folder = await page.folder("read");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      const read = async (change: () => Promise<unknown>, size = 10_000_000) => {
        await page.put(folder, "large", "x".repeat(size));
        const version = (await side.describe("large"))?.fingerprint ?? {};
        return page.thrown(async () => {
          let first = true;
          for await (const _ of side.read("large", version)) {
            if (first) await change();
            first = false;
          }
        });
      };
      const [write, remove, nothing] = [() => page.put(folder, "large", "new"), () => folder.removeEntry("large"), async () => {}];
      // A small file is read to its end by then.
      return [await read(write), await read(remove), await read(write, 10), await read(remove, 10), await read(nothing)];
    });
    assert.deepEqual(said.map((thrown) => thrown.split(":")[0]), ["changed", "changed", "changed", "changed", "nothing"]);
  });

  await context.test("names that the browser takes for others are refused", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("names");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      await page.put(folder, "a", "of the user");
      const names = ["a\0b", "\ud800", "..", "", "x.crswap"];
      const write = (path: string) => {
        const options = { expect: undefined, temporary: `d/.bisync-0123456789abcdef-1.partial`, modified: undefined, verify: undefined };
        return page.thrown(() => side.write(`d/${path}`, page.chunks("x"), options));
      };
      const codes: string[] = [];
      for (const name of names) codes.push(await write(name));
      return { codes: codes.map((thrown) => thrown.split(":")[0]), there: await page.shown(folder) };
    });
    assert.deepEqual(found, { codes: Array(5).fill("impossibleName"), there: ["a=of the user"] });
  });

  await context.test("names that some browsers have are kept, or refused", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("other names");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      const options = { expect: undefined, temporary: ".bisync-0123456789abcdef-1.partial", modified: undefined, verify: undefined };
      const said: string[] = [];
      for (const name of ["a\\b", "x".repeat(300)]) {
        const thrown = await page.thrown(() => side.write(name, page.chunks(name), options));
        const isKept = (await page.shown(folder)).includes(`${name}=${name}`);
        said.push(thrown === "nothing" && isKept ? "kept" : `${thrown.split(":")[0]}${isKept ? ", and there" : ""}`);
      }
      return said;
    });
    for (const said of found) assert.match(said, /^(kept|impossibleName)$/);
  });

  await context.test("a version that follows another at once is a version of its own", async () => {
    const same = await tab.evaluate(async () => {
      const folder = await page.folder("at once");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      let same = 0;
      for (let round = 0; round < 4; round += 1) {
        await page.put(folder, "a", "old");
        const listed: Package.Item[] = [];
        for await (const items of side.list("", undefined)) listed.push(...items);
        await page.put(folder, "a", "new");
        const now = await side.describe("a");
        if (page.bisync.isStill(listed[0]?.fingerprint ?? {}, now?.fingerprint ?? {})) same += 1;
      }
      return same;
    });
    assert.equal(same, 0);
  });

  await context.test("what another page writes takes no part until it is complete", async () => {
    const found = await tab.evaluate(async () => {
      const { bisync, browserFolder, browserState, memoryFolder } = page.bisync;
      const [one, two] = [memoryFolder("beside a writer"), await page.folder("written")];
      await page.put(two, "a", "A");
      await page.put(two, "b", "B");
      const stream = await (await two.getFileHandle("a")).createWritable();
      await stream.write("half");
      const run = async () => (await bisync(one, browserFolder(two), { state: browserState("written") }).report).exitCode;
      const codes = [await run()];
      // Chromium shows what it is written to until then.
      const during = { one: one.paths().map((path) => `${path}=${one.text(path)}`), two: (await page.shown(two)).filter((file) => file !== "a.crswap=half") };
      await stream.write(" and half");
      await stream.close();
      codes.push(await run());
      return { codes, during, text: one.text("a"), paths: one.paths() };
    });
    assert.deepEqual(found, { codes: [0, 0], during: { one: ["a=A", "b=B"], two: ["a=A", "b=B"] }, text: "half and half", paths: ["a", "b"] });
  });

  await context.test("moving takes the version along that was looked at", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("moved");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      await page.put(folder, "a", "a".repeat(1000));
      const version = (await side.describe("a"))?.fingerprint ?? {};
      const moved = await side.move("a", version, "d/b");
      const after = await side.describe("d/b");
      await page.put(folder, "a", "new");
      const thrown = await page.thrown(() => side.move("a", version, "c"));
      return { same: JSON.stringify(moved) === JSON.stringify(after), thrown, there: await page.shown(folder) };
    });
    assert.deepEqual(found, { same: true, thrown: "refused: it has changed in the meantime", there: ["a=new", `d/b=${"a".repeat(1000)}`] });
  });
}
