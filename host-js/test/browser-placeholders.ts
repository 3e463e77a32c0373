// New files where files cannot be renamed.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { InPage } from "./browser.js";
import type { Tab } from "./tab.js";

declare const page: InPage;

/** What becomes of new files that cannot be renamed. */
export async function placeholders(context: TestContext, tab: Tab): Promise<void> {
  await context.test("an empty file that did not get its content is none", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("unfinished");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      const names = async () => {
        const all: string[] = [];
        for await (const items of side.list("", undefined)) all.push(...items.map(({ name }) => name));
        return all.filter((name) => !name.startsWith(".bisync-")).sort();
      };
      const options = { expect: undefined, temporary: ".bisync-0123456789abcdef-1.partial", modified: undefined, verify: undefined };
      await side.write("empty", page.chunks(), options);
      // The page does nothing more when the empty file is there.
      const { createWritable } = FileSystemFileHandle.prototype;
      const begun = new Promise<void>((resolve) => {
        FileSystemFileHandle.prototype.createWritable = function (...given) {
          if (this.name !== "new") return createWritable.apply(this, given);
          resolve();
          return new Promise(() => {});
        };
      });
      void side.write("new", page.chunks("new"), options);
      await begun;
      FileSystemFileHandle.prototype.createWritable = createWritable;
      await folder.removeEntry(options.temporary);
      const during = { names: await names(), described: await side.describe("new"), there: (await page.shown(folder)).length };
      const moved = (await side.describe("empty"))?.fingerprint ?? {};
      await side.move("empty", moved, "new");
      const empty = { names: await names(), there: await page.shown(folder) };
      const version = (await side.describe("new"))?.fingerprint ?? {};
      await side.write("new", page.chunks("now ", "it is"), { ...options, expect: version });
      return { during, empty, there: await page.shown(folder) };
    });
    assert.deepEqual(found.during, { names: ["empty"], described: undefined, there: 3 });
    assert.deepEqual(found.empty, { names: ["new"], there: ["new="] });
    assert.deepEqual(found.there, ["new=now it is"]);
  });

  await context.test("a directory with nothing else is empty, one with more is not", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("left behind");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      // As `sha256sum` says of the names.
      const marks = { a: ".bisync-ca978112ca1bbdca-0.placeholder", b: ".bisync-3e23e8160039594a-0.placeholder" };
      const directory = await folder.getDirectoryHandle("d", { create: true });
      const leave = async (name: "a" | "b", content: string) => {
        await page.put(directory, marks[name], "");
        await page.put(directory, name, content);
      };
      await leave("a", "");
      await leave("b", "content");
      const thrown = [await page.thrown(() => side.removeDirectory("d"))];
      const there = (await page.shown(folder)).length;
      await directory.removeEntry("b");
      thrown.push(await page.thrown(() => side.removeDirectory("d")));
      return { thrown, there, after: await page.shown(folder), left: (await side.describe("d"))?.kind };
    });
    assert.deepEqual(found, { thrown: ["notEmpty: directory not empty", "nothing"], there: 4, after: [], left: undefined });
  });

  await context.test("a mark that was left behind hides no version", () => emptied(tab));

  await context.test("what pages that were closed left behind is taken away with the next run", async () => {
    const there = await tab.evaluate(async () => {
      const folder = await page.folder("untidy");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      // The marks of a file that got its content, of one that did not, and of one that was not made.
      for (const mark of ["ca978112ca1bbdca", "3e23e8160039594a", "2e7d2c03a9507ae2"]) await page.put(folder, `.bisync-${mark}-0.placeholder`, "");
      await page.put(folder, "a", "A");
      await page.put(folder, "b", "");
      await page.put(folder, "empty", "");
      for await (const _ of side.list("", undefined));
      await side.flush();
      return page.shown(folder);
    });
    assert.deepEqual(there, ["a=A", "empty="]);
  });

  await context.test("what goes wrong leaves neither file nor mark", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("gone wrong");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      const { createWritable } = FileSystemFileHandle.prototype;
      FileSystemFileHandle.prototype.createWritable = async function (...given) {
        if (this.name === "new") throw new DOMException("full", "QuotaExceededError");
        return createWritable.apply(this, given);
      };
      const options = { expect: undefined, temporary: ".bisync-0123456789abcdef-1.partial", modified: undefined, verify: undefined };
      const thrown = [await page.thrown(() => side.write("new", page.chunks("new"), options))];
      await page.put(folder, "old", "old");
      const old = (await side.describe("old"))?.fingerprint ?? {};
      thrown.push(await page.thrown(() => side.move("old", old, "new")));
      FileSystemFileHandle.prototype.createWritable = createWritable;
      return { thrown, there: await page.shown(folder) };
    });
    assert.deepEqual(found, { thrown: Array(2).fill("noSpace: no space is left for this page"), there: ["old=old"] });
  });

  await context.test("a version that comes while a new file gets its content stays", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("new in a race");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      const { createWritable } = FileSystemFileHandle.prototype;
      let first = true;
      FileSystemFileHandle.prototype.createWritable = async function (...given) {
        if (this.name === "new" && first) {
          first = false;
          await page.put(folder, "new", "of the user");
        }
        return createWritable.apply(this, given);
      };
      const options = { expect: undefined, temporary: ".bisync-0123456789abcdef-1.partial", modified: undefined, verify: undefined };
      const thrown = await page.thrown(() => side.write("new", page.chunks("of the run"), options));
      FileSystemFileHandle.prototype.createWritable = createWritable;
      return { thrown, there: await page.shown(folder) };
    });
    assert.deepEqual(found, { thrown: "refused: something is there already", there: ["new=of the user"] });
  });

  await context.test("a version that comes while a file is moved stays", async () => {
    const found = await tab.evaluate(async () => {
      const folder = await page.folder("moved in a race");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      await page.put(folder, "a", "old");
      const version = (await side.describe("a"))?.fingerprint ?? {};
      const { close } = FileSystemWritableFileStream.prototype;
      let closed = 0;
      FileSystemWritableFileStream.prototype.close = async function () {
        await close.call(this);
        if (++closed === 1) await page.put(folder, "a", "of the user");
      };
      const thrown = await page.thrown(() => side.move("a", version, "b"));
      FileSystemWritableFileStream.prototype.close = close;
      return { thrown, there: await page.shown(folder) };
    });
    assert.deepEqual(found, { thrown: "refused: it has changed in the meantime", there: ["a=of the user"] });
  });
}

/** A file whose mark was left behind is emptied by the next run: it is not the empty file of before. */
export async function emptied(tab: Tab): Promise<void> {
  const found = await tab.evaluate(async () => {
    const folder = await page.folder("emptied");
    const side = page.bisync.browserFolder(folder);
    await side.open();
    // As `sha256sum` says of the name.
    await page.put(folder, ".bisync-ca978112ca1bbdca-0.placeholder", "");
    await page.put(folder, "a", "A");
    const options = { temporary: ".bisync-0123456789abcdef-1.partial", modified: undefined, verify: undefined };
    await side.write("a", page.chunks(), { ...options, expect: (await side.describe("a"))?.fingerprint ?? {} });
    return { size: (await side.describe("a"))?.fingerprint.size, there: await page.shown(folder) };
  });
  assert.deepEqual(found, { size: 0, there: ["a="] });
}
