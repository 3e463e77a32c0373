// Listings that the browser keeps.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type * as Package from "../dist/browser.js";
import type { InPage } from "./browser.js";
import type { Tab } from "./tab.js";

declare const page: InPage;

/** What holds for listings, in one page and in two. */
export async function listings(context: TestContext, tab: Tab, other: Tab): Promise<void> {
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
    const lock = (where: Tab, keep: boolean) =>
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
