// Folders of this computer that a person gives to a page, in headless Chromium.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { BrowserContext, Page } from "playwright-core";

import { type InPage, openPage, PAGES, serve, withBrowser } from "./browser.js";
import { drop, openPicking, revoke } from "./picking.js";

declare const page: InPage;
declare global {
  interface Window {
    /** The folder that was given. */
    given: FileSystemDirectoryHandle | undefined;
    reached: Promise<void>;
    goOn(): void;
  }
}

/** A directory of this computer, and a page that has it. */
async function given(context: TestContext, browser: BrowserContext, address: string): Promise<{ directory: string; tab: Page }> {
  const directory = mkdtempSync(join(tmpdir(), "bisync-picked-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const tab = await openPage(browser, address);
  await give(tab, directory);
  return { directory, tab };
}

/** Gives a page the directory as `given`. */
async function give(tab: Page, directory: string): Promise<void> {
  await tab.evaluate(() => {
    window.given = undefined;
    document.ondragover = (event) => event.preventDefault();
    document.ondrop = async (event) => {
      event.preventDefault();
      const item = event.dataTransfer?.items[0] as unknown as { getAsFileSystemHandle(): Promise<FileSystemDirectoryHandle> };
      window.given = await item.getAsFileSystemHandle();
    };
  });
  await drop(tab, directory);
  await tab.waitForFunction("window.given");
}

/** A run between the folder that was given and one in the page's own storage. */
function run(tab: Page): Promise<{ exitCode: number; failures: string[] }> {
  return tab.evaluate(async () => {
    const { bisync, browserFolder, browserState } = page.bisync;
    const { exitCode, failures } = await bisync(browserFolder(window.given!), browserFolder(await page.folder("own")), { state: browserState("picked") }).report;
    return { exitCode, failures: failures.map(({ path, reason }) => `${path}: ${reason}`) };
  });
}

/** All files below a directory, as `path=content`, sorted. */
function shown(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => `${join(parentPath, name).slice(directory.length + 1)}=${readFileSync(join(parentPath, name), "utf8")}`).sort();
}

test("a folder of this computer, in a page", withBrowser, async (context) => {
  const served = await serve(PAGES);
  context.after(() => served.close());
  const browser = await openPicking(context);

  await context.test("it keeps what the interface promises", async (context) => {
    const { tab } = await given(context, browser, served.address);
    await tab.evaluate(() => page.bisync.checkSide(page.bisync.browserFolder(window.given!)));
    await tab.close();
  });

  await context.test("it is kept in step with storage of the page", async (context) => {
    const { directory, tab } = await given(context, browser, served.address);
    const own = () => tab.evaluate(async () => page.shown(await page.folder("own")));
    mkdirSync(join(directory, "d"));
    writeFileSync(join(directory, "d/here"), "of the computer");
    writeFileSync(join(directory, "both"), "1");
    writeFileSync(join(directory, "same"), "same");
    await tab.evaluate(async () => page.put(await page.folder("own"), "there", "of the page"));
    assert.deepEqual(await run(tab), { exitCode: 0, failures: [] });
    assert.deepEqual(shown(directory), ["both=1", "d/here=of the computer", "same=same", "there=of the page"]);
    assert.deepEqual(await own(), shown(directory));
    rmSync(join(directory, "there"));
    writeFileSync(join(directory, "both"), "one");
    writeFileSync(join(directory, "d/here"), "edited");
    await tab.evaluate(async () => page.put(await page.folder("own"), "both", "two!"));
    assert.deepEqual(await run(tab), { exitCode: 0, failures: [] });
    assert.deepEqual(shown(directory), ["both.conflict1=one", "both.conflict2=two!", "d/here=edited", "same=same"]);
    assert.deepEqual(await own(), shown(directory));
    await tab.close();
  });

  await context.test("a permission that is taken back in the middle of a run loses nothing", async (context) => {
    const { directory, tab } = await given(context, browser, served.address);
    writeFileSync(join(directory, "here"), "of the computer");
    await tab.evaluate(async () => {
      const own = await navigator.storage.getDirectory();
      await own.removeEntry("own", { recursive: true });
      await page.put(await page.folder("own"), "there", "of the page");
    });
    assert.deepEqual(await run(tab), { exitCode: 0, failures: [] });
    await tab.evaluate(async () => {
      for (const name of ["new 1", "new 2"]) await page.put(await page.folder("own"), name, name);
      await page.put(await page.folder("own"), "there", "edited");
      // The run stands still at the first thing that it writes, and goes on when `goOn` is called.
      const { createWritable } = FileSystemFileHandle.prototype;
      const goingOn = new Promise<void>((goOn) => (window.goOn = goOn));
      window.reached = new Promise((reached) => {
        FileSystemFileHandle.prototype.createWritable = async function (...given) {
          reached();
          await goingOn;
          return createWritable.apply(this, given);
        };
      });
    });
    const broken = run(tab);
    await tab.evaluate(() => window.reached);
    await revoke(browser, new URL(served.address).origin);
    await tab.evaluate(() => window.goOn());
    const { exitCode, failures } = await broken;
    assert.equal(exitCode, 1);
    assert.equal(failures.length, 3);
    for (const failure of failures) assert.match(failure, /permission was not given, or was taken back/);
    assert.deepEqual(shown(directory), ["here=of the computer", "there=of the page"]);
    const opened = () => tab.evaluate(() => page.thrown(() => page.bisync.browserFolder(window.given!).open()));
    assert.match(await opened(), /^permissionDenied: .*requestPermission/);

    // The person gives it again.
    await give(tab, directory);
    assert.equal(await opened(), "nothing");
    assert.deepEqual(await run(tab), { exitCode: 0, failures: [] });
    assert.deepEqual(shown(directory), ["here=of the computer", "new 1=new 1", "new 2=new 2", "there=edited"]);
    assert.deepEqual(await tab.evaluate(async () => page.shown(await page.folder("own"))), shown(directory));
    await tab.close();
  });
});
