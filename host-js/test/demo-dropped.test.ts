// The page of `demo/`, and folders of this computer that are dropped on it.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { serve, withBrowser } from "./browser.js";
import { drop, openPicking } from "./picking.js";

const BUILT = new URL("../demo/dist/", import.meta.url);
const isBuilt = { ...withBrowser, ...(!existsSync(BUILT) && { skip: "the page is not built: npm run build in demo/" }) };

test("folders that are dropped on the page are kept in step", isBuilt, async (context) => {
  const home = mkdtempSync(join(tmpdir(), "bisync-dropped-"));
  context.after(() => rmSync(home, { recursive: true }));
  const served = await serve({}, BUILT);
  context.after(() => served.close());
  const browser = await openPicking(context);
  const page = await browser.newPage();
  await page.goto(`${served.address}index.html`);
  const status = (text: string) => page.getByRole("status").filter({ hasText: text }).waitFor();

  for (const name of ["one", "two"]) {
    mkdirSync(join(home, name));
    writeFileSync(join(home, name, `of ${name}`), name);
  }
  await drop(page, join(home, "one"), { x: 5, y: 5 });
  await status("drop the folder on Path1 or on Path2");
  for (const [index, name] of ["one", "two"].entries()) {
    const box = await page.getByRole("group", { name: `Path${index + 1}` }).boundingBox();
    assert.ok(box);
    await drop(page, join(home, name), { x: box.x + 20, y: box.y + 20 });
    await page.getByRole("button", { name, exact: true }).waitFor();
  }
  await page.getByRole("button", { name: "Show the plan" }).click();
  await page.getByRole("button", { name: "Carry it out" }).click();
  await status("carried out");
  for (const name of ["one", "two"]) {
    assert.deepEqual(readdirSync(join(home, name)).sort(), ["of one", "of two"]);
    assert.equal(readFileSync(join(home, name, "of two"), "utf8"), "two");
  }
});
