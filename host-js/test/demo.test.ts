// The page of `demo/`, as it is built, in headless Chromium: without network after loading.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";

import { openBrowser, serve, withBrowser } from "./browser.js";
import { between } from "./proxy.js";
import { serveS3, serveWebdav, withRclone } from "./rclone.js";

const BUILT = new URL("../demo/dist/", import.meta.url);
const isBuilt = { ...withBrowser, ...(!existsSync(BUILT) && { skip: "the page is not built: npm run build in demo/" }) };

/** Writes files into the page's own storage; `undefined` deletes one. */
function write(page: Page, files: Record<string, string | null>): Promise<void> {
  return page.evaluate(async (files) => {
    for (const [path, content] of Object.entries(files)) {
      let directory = await navigator.storage.getDirectory();
      const names = path.split("/");
      const last = names.pop() as string;
      for (const name of names) directory = await directory.getDirectoryHandle(name, { create: true });
      if (content === null) {
        await directory.removeEntry(last);
        continue;
      }
      const stream = await (await directory.getFileHandle(last, { create: true })).createWritable();
      await stream.write(content);
      await stream.close();
    }
  }, files);
}

/** All files of one folder of the page's own storage. */
function files(page: Page, folder: string): Promise<Record<string, string>> {
  return page.evaluate(async (folder) => {
    const found: Record<string, string> = {};
    const look = async (directory: FileSystemDirectoryHandle, prefix: string) => {
      for await (const [name, handle] of directory.entries()) {
        if (handle.kind === "directory") await look(handle, `${prefix}${name}/`);
        else found[prefix + name] = await (await handle.getFile()).text();
      }
    };
    await look(await (await navigator.storage.getDirectory()).getDirectoryHandle(folder), "");
    return found;
  }, folder);
}

/** Presses a button and waits for what is said then. */
async function press(page: Page, name: string, expected: RegExp): Promise<void> {
  await page.getByRole("button", { name }).click();
  await page.getByRole("status").filter({ hasText: expected }).waitFor();
}

test("the page keeps two folders in step", isBuilt, async (context) => {
  const served = await serve({}, BUILT);
  context.after(() => served.close());
  const browser = await openBrowser();
  context.after(() => browser.close());
  const page = await browser.newPage();
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  await page.goto(`${served.address}index.html`, { waitUntil: "networkidle" });
  await page.context().setOffline(true);
  const show = () => page.getByRole("button", { name: "Show the plan" }).click();
  const decisions = page.locator(".decision");

  await write(page, { "path1/a.txt": "a\n", "path1/d/b.txt": "b\n", "path1/gone.txt": "g", "path2/c.txt": "c\n" });
  await show();
  await decisions.first().waitFor();
  assert.equal(await decisions.count(), 4);
  await press(page, "Carry it out", /3 files|copied/);
  assert.deepEqual(await files(page, "path1"), { "a.txt": "a\n", "d/b.txt": "b\n", "gone.txt": "g", "c.txt": "c\n" });
  assert.deepEqual(await files(page, "path2"), await files(page, "path1"));

  await context.test("a conflict is compared and decided, and a decision left out", async () => {
    await write(page, { "path1/a.txt": "one\n", "path2/a.txt": "two!\n", "path1/d/b.txt": "1\n", "path2/d/b.txt": "22\n", "path2/gone.txt": null });
    await show();
    await decisions.nth(2).waitFor();
    await page.locator(".decision", { hasText: "a.txt" }).getByRole("button", { name: "Compare" }).click();
    const shown = page.getByRole("dialog");
    await shown.getByText("two!").waitFor();
    assert.deepEqual(await shown.locator("mark").allTextContents(), ["one\n", "two!\n"]);
    await page.keyboard.press("Escape");
    await page.getByLabel("What becomes of a.txt").selectOption("path2");
    await page.getByRole("checkbox", { name: "gone.txt" }).uncheck();
    await press(page, "Carry it out", /conflict/);
    const expected = { "a.txt": "two!\n", "c.txt": "c\n", "d/b.txt.conflict1": "1\n", "d/b.txt.conflict2": "22\n" };
    assert.deepEqual(await files(page, "path2"), expected);
    assert.deepEqual(await files(page, "path1"), { ...expected, "gone.txt": "g" });
  });

  await context.test("what changed after the plan was shown is left alone", async () => {
    await show();
    await page.locator(".decision", { hasText: "gone.txt" }).waitFor();
    await write(page, { "path1/gone.txt": "edited meanwhile" });
    await press(page, "Carry it out", /failed/);
    assert.equal((await files(page, "path1"))["gone.txt"], "edited meanwhile");
  });

  await context.test("a plan of the program's is read", async () => {
    const plan = [
      '{"bisync-plan":1,"made":"2026-01-02T03:04:05.000000000Z","roots":{"path1":"/home/a","path2":"/media/b"},"paths":{"path1":"home/a/","path2":"media/b/"},"options":[],"listings":{"path1":null,"path2":null},"has_base":false}',
      '{"path":"x/y.txt","does":["copy to Path2"],"why":"new on Path1","choice":{"carry":{"from":"path1","reason":{"new":"path1"}}},"phase":"fill"}',
      '{"decisions":1}',
    ];
    const drop = (text: string) =>
      page.evaluate((text) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], "plan"));
        document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer }));
      }, text);
    await drop(plan.join("\n"));
    await page.getByText("/media/b").waitFor();
    assert.equal(await decisions.count(), 1);
    assert.equal(await page.getByRole("button", { name: "Carry it out" }).count(), 0);
    await drop(plan.slice(0, 2).join("\n"));
    await page.getByRole("status").filter({ hasText: "this is no plan" }).waitFor();
  });

  await context.test("a plan goes when another folder is chosen", async () => {
    await page.getByRole("button", { name: "Load an example" }).click();
    await decisions.first().waitFor();
    await page.getByLabel("What Path2 is").selectOption("own");
    assert.equal(await decisions.first().isVisible(), false);
  });

  await context.test("a limit that stops a plan is named", async () => {
    await page.getByLabel("What Path1 is").selectOption("own");
    for (let number = 0; number < 3; number += 1) await write(page, { [`many 1/${number}.txt`]: "x" });
    await page.getByLabel("Folder of Path1").fill("many 1");
    await page.getByLabel("Folder of Path2").fill("many 2");
    await show();
    await decisions.nth(2).waitFor();
    await press(page, "Carry it out", /3 copied/);
    for (let number = 0; number < 3; number += 1) await write(page, { [`many 1/${number}.txt`]: null });
    await press(page, "Show the plan", /Path1 is empty|too many deletes/);
    await page.getByLabel("Folder of Path1").fill("path1");
    await page.getByLabel("Folder of Path2").fill("path2");
  });

  await context.test("images are shown whole, and what cannot be compared is said", async () => {
    // Larger than the text that is shown of a file.
    const drawing = (colour: string) => `<svg xmlns="http://www.w3.org/2000/svg"><!--${" ".repeat(300_000)}--><rect width="9" height="9" fill="${colour}"/></svg>`;
    await write(page, { "path1/drawn.svg": drawing("red"), "path2/drawn.svg": drawing("#00f"), "path1/text.txt": "x".repeat(300_000), "path2/text.txt": "y" });
    for (const name of ["Path1", "Path2"]) await page.getByLabel(`What ${name} is`).selectOption("own");
    await show();
    const compare = (name: string) => page.locator(".decision", { hasText: name }).getByRole("button", { name: "Compare" }).click();
    await compare("drawn.svg");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("img").nth(1).waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll("img")].every(({ complete, naturalWidth }) => complete && naturalWidth > 0));
    await page.keyboard.press("Escape");
    await compare("text.txt");
    await dialog.getByText("Only the first 200000 bytes are shown.").waitFor();
    await page.keyboard.press("Escape");
    await write(page, { "path2/text.txt": null });
    await compare("text.txt");
    await page.getByRole("status").filter({ hasText: "text.txt is gone" }).waitFor();
    assert.equal(await dialog.isVisible(), false);
  });

  await context.test("long names fit on a narrow screen", async () => {
    const name = "longname".repeat(25);
    await write(page, { [`path1/${name}/${name}`]: "x" });
    await page.setViewportSize({ width: 320, height: 640 });
    await show();
    await page.locator(".decision", { hasText: name }).waitFor();
    const wide = () => [...document.querySelectorAll("body *")].filter((shown) => shown.getBoundingClientRect().right > innerWidth).map((shown) => shown.outerHTML);
    assert.deepEqual(await page.evaluate(wide), []);
  });

  await context.test("while a run is at work no other begins, and it can be stopped", async () => {
    await page.evaluate(() => {
      // The first file waits until the run was told to stop.
      const { createWritable } = FileSystemFileHandle.prototype;
      FileSystemFileHandle.prototype.createWritable = async function (...given) {
        FileSystemFileHandle.prototype.createWritable = createWritable;
        await new Promise((resolve) => document.querySelector("#stop")?.addEventListener("click", resolve));
        return createWritable.apply(this, given);
      };
    });
    await page.getByRole("button", { name: "Carry it out" }).click();
    await show();
    assert.equal(await page.getByText("Looking at both folders").count(), 0);
    await press(page, "Stop", /^(Stopped before the end|The plan)/);
  });

  await context.test("it is worked by the keyboard alone", async () => {
    await page.getByRole("button", { name: "Load an example" }).focus();
    await page.keyboard.press("Enter");
    await page.locator(".decision", { hasText: "logo.svg" }).waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    for (let tabs = 0; (await focused()) !== "Carry it out"; tabs += 1) {
      assert.ok(tabs < 60, "the button is reached");
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("status").filter({ hasText: "carried out" }).waitFor();
    assert.equal(await focused(), "Show the plan");
  });
  assert.deepEqual(wrong, []);
});

test("the page keeps its storage in step with servers", { ...isBuilt, skip: isBuilt.skip || withRclone.skip }, async (context) => {
  const served = await serve({}, BUILT);
  context.after(() => served.close());
  const browser = await openBrowser();
  context.after(() => browser.close());
  const page = await browser.newPage();
  const origin = new URL(served.address).origin;
  const show = () => page.getByRole("button", { name: "Show the plan" }).click();
  /** Fills in what is asked for Path2. */
  const fill = async (kind: string, values: Record<string, string>) => {
    await page.goto(`${served.address}index.html`, { waitUntil: "networkidle" });
    await page.getByLabel("What Path2 is").selectOption(kind);
    for (const [label, value] of Object.entries(values)) await page.getByLabel(`${label} of Path2`).fill(value);
  };
  const carryOut = async () => {
    await show();
    await page.locator(".decision").first().waitFor();
    await press(page, "Carry it out", /carried out|copied/);
  };

  await context.test("WebDAV", async (context) => {
    const { address, directory } = await serveWebdav(context, `--allow-origin=${origin}`);
    mkdirSync(join(directory, "d"));
    writeFileSync(join(directory, "d/theirs.txt"), "theirs");
    await fill("webdav", { Address: address, User: "user", Password: "secret" });
    await write(page, { "path1/mine.txt": "mine" });
    await carryOut();
    assert.equal(readFileSync(join(directory, "mine.txt"), "utf8"), "mine");
    const both = { "mine.txt": "mine", "d/theirs.txt": "theirs" };
    assert.deepEqual(await files(page, "path1"), both);
    // It is remembered when the page is opened again, and so is not taken for new on both sides.
    await write(page, { "path1/mine.txt": "edited" });
    await fill("webdav", { Address: address, User: "user", Password: "secret" });
    await carryOut();
    assert.deepEqual([readFileSync(join(directory, "mine.txt"), "utf8"), readdirSync(directory).sort()], ["edited", ["d", "mine.txt"]]);
    await show();
    await page.getByText("Both sides are in step").waitFor();

    await fill("webdav", { Address: address, User: "user", Password: "wrong" });
    await show();
    await page.getByRole("status").filter({ hasText: "does not accept the credentials" }).waitFor();
    const elsewhere = await serveWebdav(context, "--allow-origin=https://other.example");
    await fill("webdav", { Address: elsewhere.address, User: "user", Password: "secret" });
    await show();
    await page.getByRole("status").filter({ hasText: "does not allow requests from this page (CORS)" }).waitFor();
  });

  await context.test("S3", async (context) => {
    const { address, directory } = await serveS3(context);
    mkdirSync(join(directory, "bucket"));
    const allowed = { "access-control-allow-origin": origin, "access-control-allow-methods": "*", "access-control-allow-headers": "*, authorization", "access-control-expose-headers": "ETag, x-amz-meta-mtime" };
    const endpoint = await between(context, address, {
      before: ({ method }) => (method === "OPTIONS" ? { status: 204, headers: allowed, body: Buffer.from("") } : undefined),
      after: (_, answer) => ({ ...answer, headers: { ...answer.headers, ...allowed } }),
    });
    await fill("s3", { Endpoint: endpoint, Bucket: "bucket", Folder: "in/here", "Access key": "access", "Secret key": "secret" });
    await page.getByLabel("Folder of Path1").fill("other");
    await write(page, { "other/d/mine.txt": "mine" });
    await carryOut();
    assert.equal(readFileSync(join(directory, "bucket/in/here/d/mine.txt"), "utf8"), "mine");
  });
});
