// Folders and listings of the browser, in headless Chromium.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";

import type * as Package from "../dist/browser.js";
import { CHROMIUM, openBrowser, serve } from "./browser.js";

const withBrowser = { skip: existsSync(CHROMIUM) ? false : `there is no Chromium: ${CHROMIUM}`, timeout: 120_000 };

/** What the page knows besides the package. */
interface InPage {
  bisync: typeof Package;
  /** A new directory in the page's own storage. */
  fresh(name: string): Promise<FileSystemDirectoryHandle>;
  put(directory: FileSystemDirectoryHandle, name: string, content: string): Promise<void>;
  /** All files below a directory, as `path=content`, sorted. */
  shown(directory: FileSystemDirectoryHandle): Promise<string[]>;
  /** Runs, and gives the headline. */
  run(one: Package.Side, two: Package.Side, options: Package.RunOptions): Promise<string>;
}
declare const page: InPage;

/** What every page begins with. */
const PRELUDE = `
  import * as bisync from "/dist/browser.js";
  const shown = async (directory, prefix = "") => {
    const all = [];
    for await (const [name, handle] of directory.entries()) {
      if (handle.kind === "directory") all.push(...(await shown(handle, prefix + name + "/")));
      else all.push(prefix + name + "=" + (await (await handle.getFile()).text()));
    }
    return all.sort();
  };
  const put = async (directory, name, content) => {
    const stream = await (await directory.getFileHandle(name, { create: true })).createWritable();
    await stream.write(content);
    await stream.close();
  };
  const fresh = async (name) => (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  const run = async (one, two, options) => (await bisync.bisync(one, two, options).report).headline;
  window.page = { bisync, fresh, put, shown, run };
`;

/** Opens a page at which `page` is there. */
async function open(context: BrowserContext, address: string): Promise<Page> {
  const opened = await context.newPage();
  await opened.goto(address);
  await opened.waitForFunction("window.page");
  return opened;
}

test("the browser's folders and listings", withBrowser, async (context) => {
  const served = await serve({ "/": `<!doctype html><title>bisync</title><script type="module">${PRELUDE}</script>` });
  context.after(() => served.close());
  const browser = await openBrowser();
  context.after(() => browser.close());
  const pages = await browser.newContext();
  const tab = await open(pages, served.address);

  await context.test("a folder keeps what the interface promises", async () => {
    await tab.evaluate(async () => page.bisync.checkSide(page.bisync.browserFolder(await page.fresh("checked"))));
  });

  await context.test("so it does where files cannot be renamed", async () => {
    await tab.evaluate(async () => {
      const { move } = FileSystemFileHandle.prototype;
      delete FileSystemFileHandle.prototype.move;
      try {
        await page.bisync.checkSide(page.bisync.browserFolder(await page.fresh("checked without renaming")));
      } finally {
        Object.assign(FileSystemFileHandle.prototype, { move });
      }
    });
  });

  await context.test("two folders are kept in step", async () => {
    const found = await tab.evaluate(async () => {
      const { browserFolder, browserState } = page.bisync;
      const [one, two] = [await page.fresh("one"), await page.fresh("two")];
      const options = { state: browserState("in step"), resilient: true };
      const run = () => page.run(browserFolder(one), browserFolder(two), options);
      await page.put(one, "a", "A");
      await page.put(one, "both", "1");
      await page.put(await two.getDirectoryHandle("d", { create: true }), "b", "B");
      const headlines = [await run(), await run()];
      await page.put(one, "both", "one");
      await page.put(two, "both", "two!");
      await one.removeEntry("a");
      await page.put(one, "c", "C");
      headlines.push(await run(), await run());
      return { headlines, one: await page.shown(one), two: await page.shown(two) };
    });
    assert.deepEqual(found.one, ["both.conflict1=one", "both.conflict2=two!", "c=C", "d/b=B"]);
    assert.deepEqual(found.two, found.one);
    assert.equal(found.headlines[1], "Path1 and Path2 are in step: nothing to do.");
    assert.equal(found.headlines[3], "Path1 and Path2 are in step: nothing to do.");
  });

  await context.test("a folder inside the other is refused", async () => {
    const refused = await tab.evaluate(async () => {
      const outer = await page.fresh("outer");
      const sides = [page.bisync.browserFolder(outer), page.bisync.browserFolder(await outer.getDirectoryHandle("inner", { create: true }))] as const;
      const said = (one: Package.Side, two: Package.Side) => page.run(one, two, { state: page.bisync.browserState() }).catch((error) => `${error.code}`);
      return [await said(sides[0], sides[1]), await said(sides[1], sides[0]), await said(sides[0], sides[0])];
    });
    assert.deepEqual(refused, ["usage", "usage", "usage"]);
  });

  await context.test("no space left: the run says so, and the next one goes on", async () => {
    const session = await pages.newCDPSession(tab);
    const quota = (quotaSize?: number) => session.send("Storage.overrideQuotaForOrigin", { origin: new URL(served.address).origin, ...(quotaSize && { quotaSize }) });
    const run = () =>
      tab.evaluate(async () => {
        const { bisync, browserFolder, browserState } = page.bisync;
        const one = page.bisync.memoryFolder("plenty");
        one.put("large", "x".repeat(3_000_000), new Date(0));
        const two = await page.fresh("full");
        const { exitCode, failures } = await bisync(one, browserFolder(two), { state: browserState("full"), resilient: true }).report;
        return { exitCode, failures, there: (await page.shown(two)).map((file) => file.length) };
      });
    await quota(1_000_000);
    const full = await run();
    assert.equal(full.exitCode, 1);
    assert.match(full.failures[0]?.reason ?? "", /no space/);
    assert.deepEqual(full.there, []);
    await quota();
    assert.deepEqual(await run(), { exitCode: 0, failures: [], there: [3_000_006] });
  });

  await context.test("one run of a pair at a time, and a page that was closed is no obstacle", async () => {
    const begin = async (where: Page, stuck: boolean) =>
      where.evaluate(async (stuck) => {
        const { bisync, browserFolder, browserState, memoryFolder } = page.bisync;
        const one = memoryFolder("slow");
        for (const name of ["a", "b", "c"]) one.put(name, name.repeat(100_000), new Date(0));
        if (stuck) {
          const { read } = one;
          // It stops in the middle of a copy.
          one.read = async function* (path, version) {
            for await (const chunk of read(path, version)) yield chunk.subarray(0, 50_000);
            if (path === "b") await new Promise(() => {});
          };
        }
        const two = await page.fresh("shared");
        const { report } = bisync(one, browserFolder(two), { state: browserState("shared"), transfers: 1, checkers: 1 });
        const ended = report.then(({ headline }) => headline, (error) => `${error.code}`);
        if (!stuck) return { ended: await ended, there: await page.shown(two) };
        let goesOn = true;
        void ended.then(() => (goesOn = false));
        while (goesOn) {
          // A file may get its name while they are listed.
          const there = await page.shown(two).catch(() => []);
          // The second file is on its way.
          if (there.some((file) => file.includes(".partial="))) return { ended: "", there: [] };
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return { ended: await ended, there: [] };
      }, stuck);
    const other = await open(pages, served.address);
    assert.equal((await begin(other, true)).ended, "", "it is in the middle of its work");
    assert.equal((await begin(tab, false)).ended, "busy");
    await other.close();
    let again = await begin(tab, false);
    // The browser gives the lock up some time after the page was closed.
    while (again.ended === "busy") again = await begin(tab, false);
    assert.match(again.ended, /copied/);
    assert.deepEqual(again.there.map((file) => `${file.slice(0, 3)} ${file.length}`), ["a=a 100002", "b=b 100002", "c=c 100002"]);
  });
});
