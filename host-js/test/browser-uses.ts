// What keeps a folder of the browser from being used.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type * as Package from "../dist/browser.js";
import type { InPage } from "./browser.js";
import type { Tab } from "./tab.js";

declare const page: InPage;

/** What keeps a folder from being used. */
export async function uses(context: TestContext, tab: Tab): Promise<void> {
  await context.test("a folder inside the other is refused, and one beside it is not", async () => {
    const refused = await tab.evaluate(async () => {
      const { bisync, browserFolder, browserState } = page.bisync;
      const outer = await page.folder("outer");
      const sides = [browserFolder(outer), browserFolder(await outer.getDirectoryHandle("inner", { create: true }))] as const;
      const said = async (one: Package.Side, two: Package.Side) =>
        (await page.thrown(() => bisync(one, two, { state: browserState() }).report)).split(":")[0];
      const beside = browserFolder(await page.folder("outer and more"));
      return [await said(sides[0], sides[1]), await said(sides[1], sides[0]), await said(sides[0], sides[0]), await said(sides[0], beside)];
    });
    assert.deepEqual(refused, ["usage", "usage", "usage", "nothing"]);
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
