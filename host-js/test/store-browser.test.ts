// Folders on servers, from a page in headless Chromium.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Page } from "playwright-core";

import type { S3Options } from "bisync";
import { type InPage, openBrowser, withBrowser } from "./browser.js";
import { between } from "./proxy.js";
import { serveS3, serveWebdav, withRclone } from "./rclone.js";

declare const bisync: InPage["bisync"];
declare const many: (length: number) => AsyncIterable<Uint8Array>;

const withBoth = { skip: withRclone.skip || withBrowser.skip, timeout: withBrowser.timeout };
const PACKAGE = new URL("../dist/browser.js", import.meta.url).pathname;

const SCRIPT = `
  import * as bisync from ${JSON.stringify(PACKAGE)};
  window.many = async function* (length) {
    for (let at = 0; at < length; at += 50000) yield new Uint8Array(Math.min(50000, length - at)).fill(at / 50000);
  };
  window.bisync = bisync;
`;

/** A directory with a page that Vite made of the package. */
async function built(context: TestContext): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "bisync-page-"));
  context.after(() => rmSync(home, { recursive: true }));
  writeFileSync(join(home, "index.html"), '<!doctype html><script type="module" src="/main.js"></script>');
  writeFileSync(join(home, "main.js"), SCRIPT);
  const { build } = await import("vite");
  await build({ root: home, configFile: false, logLevel: "error", base: "/page/", build: { target: "es2022" } });
  return join(home, "dist");
}

/** Serves the page below `/page/`, and all else from another server: then both are of one origin. */
function beside(context: TestContext, files: string, address: string): Promise<string> {
  const types: Record<string, string> = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
  return between(context, address, {
    before: ({ method, url }) => {
      if (method !== "GET" || !url.startsWith("/page/")) return undefined;
      const name = url === "/page/" ? "index.html" : url.slice("/page/".length);
      return { status: 200, headers: { "content-type": types[name.split(".").at(-1) ?? ""] ?? "" }, body: readFileSync(join(files, name)) };
    },
  });
}

test("folders on servers, from a page", withBoth, async (context) => {
  const files = await built(context);
  const browser = await openBrowser();
  context.after(() => browser.close());
  const opened = async (address: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`${address}/page/`);
    await page.waitForFunction("window.bisync");
    return page;
  };

  await context.test("WebDAV", async (context) => {
    const { address, directory } = await serveWebdav(context);
    const url = await beside(context, files, address);
    const page = await opened(url);
    mkdirSync(join(directory, "checked"));
    const size = await page.evaluate(async (url) => {
      await bisync.checkSide(bisync.webdav({ url: `${url}/checked`, user: "user", password: "secret" }));
      const side = bisync.webdav({ url, user: "user", password: "secret" });
      await side.open();
      const modified = { seconds: 1_600_000_000, nanoseconds: 0 };
      const options = { expect: undefined, temporary: ".bisync-00000000000000ee-1.partial", modified, verify: undefined };
      return (await side.write("large", many(6_000_000), options)).fingerprint.size;
    }, url);
    assert.equal(size, 6_000_000);
    const { size: stored, mtimeMs } = statSync(join(directory, "large"));
    assert.deepEqual([stored, mtimeMs], [6_000_000, 1_600_000_000_000]);
  });

  await context.test("S3", async (context) => {
    const { address, directory } = await serveS3(context);
    mkdirSync(join(directory, "bucket"));
    const endpoint = await beside(context, files, address);
    const page = await opened(endpoint);
    const given: Omit<S3Options, "fetch"> = { endpoint, region: "us-east-1", bucket: "bucket", prefix: "checked", accessKeyId: "access", secretAccessKey: "secret", partSize: 100_000 };
    await page.evaluate((given) => bisync.checkSide(bisync.s3(given)), given);
    assert.ok(statSync(join(directory, "bucket/checked")).isDirectory());

    // On another origin the page sees of an answer only what the server names.
    const shown = async (headers: string) => {
      const allowed = { "access-control-allow-origin": "*", "access-control-allow-methods": "*", "access-control-allow-headers": "*, authorization", "access-control-expose-headers": headers };
      const elsewhere = await between(context, address, {
        before: ({ method }) => (method === "OPTIONS" ? { status: 204, headers: allowed, body: Buffer.from("") } : undefined),
        after: (_, answer) => ({ ...answer, headers: { ...answer.headers, ...allowed } }),
      });
      return page.evaluate(async (given) => {
        const content = many(5);
        const options = { expect: undefined, temporary: "-", modified: { seconds: 1_600_000_000, nanoseconds: 0 }, verify: undefined };
        return bisync.s3(given).write(`shown/${Math.random()}`, content, options).then(({ fingerprint }) => fingerprint.modified?.seconds, (error: Error) => error.message);
      }, { ...given, endpoint: elsewhere });
    };
    assert.match(String(await shown("")), /gives no `ETag`: for pages, the CORS rules of the bucket have to expose it/);
    assert.match(String(await shown("ETag")), /gives no `x-amz-meta-mtime`: for pages, the CORS rules of the bucket have to expose it/);
    assert.equal(await shown("ETag, x-amz-meta-mtime"), 1_600_000_000);
  });
});
