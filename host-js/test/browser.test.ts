// Folders and listings of the browser, in headless Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";

import type * as Package from "../dist/browser.js";
import { type InPage, openBrowser, openPage, PAGES, serve, withBrowser, withoutRenaming } from "./browser.js";

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

type Context = Parameters<NonNullable<Parameters<typeof test>[0]>>[0];

/** What holds for every folder. */
async function folders(context: Context, tab: Page): Promise<void> {
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
      const names = ["a\0b", "\ud800", "a\\b", "..", "", "x.crswap"];
      const write = (path: string) => {
        const options = { expect: undefined, temporary: `d/.bisync-0123456789abcdef-1.partial`, modified: undefined, verify: undefined };
        return page.thrown(() => side.write(`d/${path}`, page.chunks("x"), options));
      };
      const codes: string[] = [];
      for (const name of names) codes.push(await write(name));
      return { codes: codes.map((thrown) => thrown.split(":")[0]), there: await page.shown(folder) };
    });
    assert.deepEqual(found, { codes: Array(6).fill("impossibleName"), there: ["a=of the user"] });
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
      const during = { one: one.paths().map((path) => `${path}=${one.text(path)}`), two: await page.shown(two) };
      await stream.write(" and half");
      await stream.close();
      codes.push(await run());
      return { codes, during, text: one.text("a"), paths: one.paths() };
    });
    assert.deepEqual(found, { codes: [0, 0], during: { one: ["a=A", "b=B"], two: ["a.crswap=half", "a=A", "b=B"] }, text: "half and half", paths: ["a", "b"] });
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

/** After how many steps more the page is closed each time: `BISYNC_STRIDE=1` tries them all, which takes a minute or two. */
const STRIDE = Number(process.env["BISYNC_STRIDE"] ?? 5);
const BEFORE = ["changed", "deleted", "kept", "moved"];
const AFTER = ["changed=changed here", "d/moved=moved moved moved", "kept=kept kept kept", "new=new"];

/** Begins a run on a pair that was in step, and closes the page when so many steps that change something were begun; false when it ended. */
async function closedAfter(tab: Page, steps: number, renaming: boolean): Promise<boolean> {
  const closed = await tab.evaluate(async ({ steps, renaming, names }) => {
    const { bisync, browserFolder, browserState } = page.bisync;
    const [one, two] = [await page.folder(`one ${steps}`), await page.folder(`two ${steps}`)];
    const sides = [browserFolder(one), browserFolder(two)] as const;
    const options = { state: browserState("closed"), trackRenames: true, transfers: 1, checkers: 1 };
    for (const name of names) await page.put(one, name, `${name} ${name} ${name}`);
    const first = await bisync(...sides, options).report;
    if (first.exitCode !== 0) throw new Error(first.headline);
    await page.put(one, "changed", "changed here");
    await page.put(one, "new", "new");
    await one.removeEntry("deleted");
    await page.put(await one.getDirectoryHandle("d", { create: true }), "moved", "moved moved moved");
    await one.removeEntry("moved");

    let left = steps;
    return new Promise<boolean>((resolve) => {
      const counted = (object: object, names: string[], counts = (_: unknown[]) => true) => {
        const methods = object as Record<string, (...given: unknown[]) => Promise<unknown>>;
        for (const name of names) {
          const method = methods[name] as (...given: unknown[]) => Promise<unknown>;
          methods[name] = async function (...given) {
            // From here on the page does nothing more that would change something.
            if (counts(given) && left === 0) resolve(true);
            if (counts(given) && left === 0) return new Promise(() => {});
            if (counts(given)) left -= 1;
            return method.apply(this, given);
          };
        }
      };
      counted(FileSystemDirectoryHandle.prototype, ["getFileHandle", "getDirectoryHandle"], ([, how]) => Boolean((how as { create?: boolean } | undefined)?.create));
      counted(FileSystemDirectoryHandle.prototype, ["removeEntry"]);
      counted(FileSystemFileHandle.prototype, renaming ? ["createWritable", "move"] : ["createWritable"]);
      counted(FileSystemWritableFileStream.prototype, ["close"]);
      counted(options.state, ["write", "replace", "keep", "remove"]);
      void bisync(...sides, options).report.then(() => resolve(false));
    });
  }, { steps, renaming, names: BEFORE });
  await tab.close();
  return closed;
}

/** Runs again in another page, with the options that would do most harm to a file if a broken one were taken for a version. */
function goesOn(tab: Page, steps: number): Promise<{ ended: string; one: string[]; two: string[] }> {
  return tab.evaluate(async (steps) => {
    const { bisync, browserFolder, browserState } = page.bisync;
    const [one, two] = [await page.folder(`one ${steps}`), await page.folder(`two ${steps}`)];
    const options: Package.RunOptions = { state: browserState("closed"), conflictResolve: "newer", conflictLoser: "delete" };
    const run = () => page.patiently(() => bisync(browserFolder(one), browserFolder(two), options).report);
    const reports = [await run(), await run()];
    const ended = reports.every(({ exitCode }) => exitCode === 0) ? "0" : reports.map(({ headline }) => headline).join();
    return { ended, one: await page.shown(one), two: await page.shown(two) };
  }, steps);
}

async function uses(context: Context, tab: Page): Promise<void> {
  await context.test("a folder inside the other is refused", async () => {
    const refused = await tab.evaluate(async () => {
      const { bisync, browserFolder, browserState } = page.bisync;
      const outer = await page.folder("outer");
      const sides = [browserFolder(outer), browserFolder(await outer.getDirectoryHandle("inner", { create: true }))] as const;
      const said = async (one: Package.Side, two: Package.Side) =>
        (await page.thrown(() => bisync(one, two, { state: browserState() }).report)).split(":")[0];
      return [await said(sides[0], sides[1]), await said(sides[1], sides[0]), await said(sides[0], sides[0])];
    });
    assert.deepEqual(refused, ["usage", "usage", "usage"]);
  });

  await context.test("another folder of the same name is refused, unless it is named", async () => {
    const said = await tab.evaluate(async () => {
      const { browserFolder } = page.bisync;
      const inside = async (parent: string) => (await page.folder(parent)).getDirectoryHandle("photos", { create: true });
      const open = (side: Package.Side) => page.thrown(() => side.open());
      const [here, there] = [await inside("here"), await inside("there")];
      return [await open(browserFolder(here)), await open(browserFolder(here)), await open(browserFolder(there)), await open(browserFolder(there, "there"))];
    });
    assert.match(said[2] ?? "", /^usage: another folder of this name/);
    assert.deepEqual([said[0], said[1], said[3]], ["nothing", "nothing", "nothing"]);
  });

  await context.test("a folder that is gone, or may not be used, says so", async () => {
    const said = await tab.evaluate(async () => {
      const { bisync, browserFolder, browserState, memoryFolder } = page.bisync;
      const gone = await page.folder("gone");
      await (await navigator.storage.getDirectory()).removeEntry("gone");
      const thrown = [await page.thrown(() => browserFolder(gone).open())];
      for (const permission of ["prompt", "denied"]) {
        const folder = await page.folder("asked");
        Object.assign(folder, { queryPermission: async () => permission });
        thrown.push(await page.thrown(() => browserFolder(folder).open()));
      }
      // The user takes the permission back in the middle of a run.
      const one = memoryFolder("allowed");
      one.put("a", "A");
      const { createWritable } = FileSystemFileHandle.prototype;
      FileSystemFileHandle.prototype.createWritable = async () => {
        throw new DOMException("The request is not allowed.", "NotAllowedError");
      };
      const report = await bisync(one, browserFolder(await page.folder("revoked")), { state: browserState("revoked") }).report;
      FileSystemFileHandle.prototype.createWritable = createWritable;
      const again = await bisync(one, browserFolder(await page.folder("revoked")), { state: browserState("revoked") }).report;
      return { thrown, reason: report.failures[0]?.reason, exitCode: report.exitCode, again: again.exitCode };
    });
    assert.match(said.thrown[0] ?? "", /^notFound: /);
    assert.match(said.thrown[1] ?? "", /^permissionDenied: .*requestPermission/);
    assert.match(said.thrown[2] ?? "", /^permissionDenied: /);
    assert.match(said.reason ?? "", /permission was not given, or was taken back/);
    assert.deepEqual([said.exitCode, said.again], [1, 0]);
  });

  await context.test("a worker can do it too", async () => {
    const said = await tab.evaluate(async () => {
      const code = `
        import { bisync, browserFolder, browserState, memoryFolder } from "${location.origin}/dist/browser.js";
        const one = memoryFolder("in a worker");
        one.put("a", "A");
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("of a worker", { create: true });
        const { exitCode } = await bisync(one, browserFolder(folder), { state: browserState("worker") }).report;
        postMessage(exitCode + " " + (await (await (await folder.getFileHandle("a")).getFile()).text()));
      `;
      const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
      return new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve(message);
      });
    });
    assert.equal(said, "0 A");
  });
}

async function placeholders(context: Context, tab: Page): Promise<void> {
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
async function emptied(tab: Page): Promise<void> {
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

async function listings(context: Context, tab: Page, other: Page): Promise<void> {
  await context.test("blobs are kept for all pages of an origin", async () => {
    await tab.evaluate(async () => {
      const state = page.bisync.browserState("blobs");
      const bytes = new TextEncoder().encode("0123456789abcdef");
      await state.write("new", 0, bytes.subarray(0, 5));
      await state.write("new", 5, bytes.subarray(5, 6));
      await state.write("new", 6, bytes.subarray(6));
      await state.write("listing", 0, bytes.subarray(10));
      await state.keep("listing", "old");
      await state.keep("nothing", "old");
      await state.replace("new", "listing");
    });
    const found = await other.evaluate(async () => {
      const state = page.bisync.browserState("blobs");
      const text = async (name: string, offset: number, length: number) => {
        const bytes = await state.read(name, offset, length);
        return bytes && new TextDecoder().decode(bytes);
      };
      const read = [await text("listing", 0, 100), await text("listing", 3, 4), await text("listing", 5, 1), await text("listing", 16, 9), await text("new", 0, 1), await text("old", 0, 100)];
      await state.remove("listing");
      await state.remove("listing");
      await state.write("old", 0, new TextEncoder().encode("x"));
      const after = [await text("listing", 0, 1), await text("old", 0, 100)];
      const thrown = [await page.thrown(() => state.replace("nothing", "old")), await page.thrown(() => state.write("nothing", 5, new Uint8Array(1)))];
      return { read, after, thrown, still: await text("old", 0, 100), none: await text("nothing", 0, 1) };
    });
    assert.deepEqual(found, {
      read: ["0123456789abcdef", "3456", "5", "", undefined, "abcdef"],
      after: [undefined, "x"],
      thrown: Array(2).fill("notFound: there is no blob `nothing`"),
      still: "x",
      none: undefined,
    });
  });

  await context.test("what fails in the middle changes nothing", async () => {
    const found = await tab.evaluate(async () => {
      const state = page.bisync.browserState("atomic");
      await state.write("new", 0, new TextEncoder().encode("new"));
      await state.write("listing", 0, new TextEncoder().encode("old"));
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("broken", "UnknownError");
      };
      const thrown = await page.thrown(() => state.replace("new", "listing"));
      IDBObjectStore.prototype.put = put;
      const text = async (name: string) => new TextDecoder().decode(await state.read(name, 0, 100));
      return { thrown, listing: await text("listing"), new: await text("new") };
    });
    assert.deepEqual(found, { thrown: "other: the listings cannot be kept: broken", listing: "old", new: "new" });
  });

  await context.test("a store whose database was deleted begins anew", async () => {
    const found = await tab.evaluate(async () => {
      const state = page.bisync.browserState("deleted");
      await state.write("listing", 0, new Uint8Array(3));
      await new Promise((resolve, reject) => Object.assign(indexedDB.deleteDatabase("deleted"), { onsuccess: resolve, onblocked: reject }));
      return (await state.read("listing", 0, 3)) === undefined;
    });
    assert.equal(found, true);
  });

  await context.test("one page at a time, and a lock is given back", async () => {
    const lock = (where: Page, keep: boolean) =>
      where.evaluate(async (keep) => {
        const state = page.bisync.browserState("locked");
        return page.thrown(async () => {
          const release = await state.lock("pair");
          const another = await state.lock("another pair");
          await another();
          if (!keep) await release();
        });
      }, keep);
    assert.equal(await lock(tab, false), "nothing");
    assert.equal(await lock(other, true), "nothing");
    assert.match(await lock(tab, false), /^busy: another run of these sides is at work/);
    await other.close();
    const { headline } = await tab.evaluate(() => page.patiently(async () => {
      await (await page.bisync.browserState("locked").lock("pair"))();
      return { headline: "free" } as Package.Report;
    }));
    assert.equal(headline, "free");
  });
}
