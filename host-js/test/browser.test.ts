// Folders and listings of the browser, in headless Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type InPage, openBrowser, openPage, PAGES, serve, withBrowser, withoutRenaming } from "./browser.js";
import { AFTER, closedAfter, goesOn, STRIDE } from "./browser-closing.js";
import { folders } from "./browser-folders.js";
import { listings } from "./browser-listings.js";
import { emptied, placeholders } from "./browser-placeholders.js";
import { uses } from "./browser-uses.js";

declare const page: InPage;

test("the browser's folders and listings", withBrowser, async (context) => {
  const served = await serve(PAGES);
  context.after(() => served.close());
  const browser = await openBrowser();
  context.after(() => browser.close());

  for (const renaming of [true, false]) {
    await context.test(renaming ? "in storage of the page" : "where files cannot be renamed", async (context) => {
      const pages = await browser.newContext();
      if (!renaming) await withoutRenaming(pages);
      const tab = await openPage(pages, served.address);
      await folders(context, tab);
      await context.test("a page that is closed at any step leaves a pair that goes on", async () => {
        let steps = 0;
        while (await closedAfter(await openPage(pages, served.address), steps, renaming)) {
          assert.deepEqual(await goesOn(tab, steps), { ended: "0", one: AFTER, two: AFTER }, `after ${steps} steps`);
          steps += STRIDE;
        }
        assert.ok(steps > 20, `only ${steps} steps`);
      });
      await pages.close();
    });
  }

  await context.test("where the browser refuses to rename", async () => {
    const pages = await browser.newContext();
    await pages.addInitScript('FileSystemFileHandle.prototype.move = async () => { throw new DOMException("not here", "NotSupportedError"); }');
    const tab = await openPage(pages, served.address);
    await tab.evaluate(async () => page.bisync.checkSide(page.bisync.browserFolder(await page.folder("checked"))));
    await pages.close();
  });

  await context.test("in a folder that was picked, where the browser renames", async () => {
    const pages = await browser.newContext();
    // What a person picked lies outside of the page's own storage.
    await pages.addInitScript("FileSystemDirectoryHandle.prototype.resolve = async () => null");
    const tab = await openPage(pages, served.address);
    const renamed = await tab.evaluate(async () => {
      const prototype = FileSystemFileHandle.prototype as unknown as { move(...given: unknown[]): Promise<void> };
      const { move } = prototype;
      let count = 0;
      prototype.move = function (...given) {
        count += 1;
        return move.apply(this, given);
      };
      await page.bisync.checkSide(page.bisync.browserFolder(await page.folder("checked")));
      return count;
    });
    assert.ok(renamed > 20, `${renamed} files were renamed`);
    await emptied(tab);
    const raced = await tab.evaluate(async () => {
      const folder = await page.folder("renamed in a race");
      const side = page.bisync.browserFolder(folder);
      await side.open();
      await page.put(folder, "a", "old");
      const prototype = FileSystemFileHandle.prototype as unknown as { move(...given: unknown[]): Promise<void> };
      const { move } = prototype;
      prototype.move = async function (...given) {
        await page.put(folder, "a", "of the user");
        await move.apply(this, given);
      };
      const version = (await side.describe("a"))?.fingerprint ?? {};
      return { thrown: await page.thrown(() => side.move("a", version, "b")), there: await page.shown(folder) };
    });
    // The run must not take what it moved for what both sides had.
    assert.deepEqual(raced, { thrown: "changed: it changed while it was moved", there: ["b=of the user"] });
    await pages.close();
  });

  await context.test("what keeps a folder from being used", async (context) => {
    const pages = await browser.newContext();
    await uses(context, await openPage(pages, served.address));
    await pages.close();
  });

  await context.test("new files where files cannot be renamed", async (context) => {
    const pages = await withoutRenaming(await browser.newContext());
    await placeholders(context, await openPage(pages, served.address));
    await pages.close();
  });

  await context.test("listings", async (context) => {
    const pages = await browser.newContext();
    await listings(context, await openPage(pages, served.address), await openPage(pages, served.address));
    await pages.close();
  });

  await context.test("an engine that cannot be loaded is asked for again by the next run", async () => {
    const pages = await browser.newContext();
    const tab = await openPage(pages, served.address);
    const run = () =>
      tab.evaluate(() => {
        const { bisync, memoryFolder, memoryState } = page.bisync;
        return page.thrown(() => bisync(memoryFolder("one"), memoryFolder("two"), { state: memoryState() }).report);
      });
    await pages.setOffline(true);
    assert.match(await run(), /^temporary: the engine cannot be loaded: /);
    await pages.setOffline(false);
    assert.equal(await run(), "nothing");
    await pages.close();
  });

  await context.test("no space left: the run says so, and the next one goes on", async () => {
    const pages = await browser.newContext();
    const tab = await openPage(pages, served.address);
    const session = await pages.newCDPSession(tab);
    const quota = (quotaSize?: number) => session.send("Storage.overrideQuotaForOrigin", { origin: new URL(served.address).origin, ...(quotaSize && { quotaSize }) });
    const run = () =>
      tab.evaluate(async () => {
        const { bisync, browserFolder, browserState, memoryFolder } = page.bisync;
        const one = memoryFolder("plenty");
        one.put("large", "x".repeat(3_000_000), new Date(0));
        const two = await page.folder("full");
        const { exitCode, failures } = await bisync(one, browserFolder(two), { state: browserState("full") }).report;
        return { exitCode, failures, there: (await page.shown(two)).map((file) => file.length) };
      });
    await quota(1_000_000);
    const full = await run();
    assert.equal(full.exitCode, 1);
    assert.match(full.failures[0]?.reason ?? "", /no space/);
    assert.deepEqual(full.there, []);
    const state = await tab.evaluate(() => page.thrown(() => page.bisync.browserState("full").write("blob", 0, new Uint8Array(3_000_000))));
    assert.equal(state, "noSpace: the listings cannot be kept: no space is left for this page");
    assert.equal(await tab.evaluate(async () => (await page.bisync.browserState("full").read("blob", 0, 1)) === undefined), true);
    await quota();
    assert.deepEqual(await run(), { exitCode: 0, failures: [], there: [3_000_006] });
    await pages.close();
  });
});
