// Folders and listings in browsers other than Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";

import { serveAsking } from "./asking.js";
import { PRELUDE } from "./browser.js";
import { AFTER, closedAfter, goesOn, STRIDE } from "./browser-closing.js";
import { folders } from "./browser-folders.js";
import { listings } from "./browser-listings.js";
import { uses } from "./browser-uses.js";
import { OTHERS } from "./browsers.js";

for (const { name, missing, open } of OTHERS) {
  const isThere = { skip: missing === undefined ? false : `there is no ${name}: ${missing}`, timeout: 300_000 };
  test(`the browser's folders and listings, in ${name}`, isThere, async (context) => {
    const asked = await serveAsking(PRELUDE);
    context.after(() => asked.close(new Error("the test ended")));
    open(context, asked.address, asked.close);
    const tab = await asked.open();
    context.diagnostic(await tab.evaluate(() => navigator.userAgent));
    await folders(context, tab);
    await uses(context, tab);
    await listings(context, tab, await asked.open());
    await context.test("a page that is closed in the middle of a run leaves a pair that goes on", async () => {
      let steps = 0;
      while (await closedAfter(await asked.open(), steps, true)) {
        assert.deepEqual(await goesOn(tab, steps), { ended: "0", one: AFTER, two: AFTER }, `after ${steps} steps`);
        // Opening a page takes longer here.
        steps += 2 * STRIDE;
      }
      assert.ok(steps > 20, `only ${steps} steps`);
    });
  });
}
