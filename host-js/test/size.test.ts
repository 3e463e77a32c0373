// How much a page downloads.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { build, type Rolldown } from "vite";

const DIST = new URL("../dist/", import.meta.url);

/** The limits in bytes, gzipped: about two in a hundred above what there is. Node's compression depends on the machine, by less than that. */
const LIMITS = {
  engine: 245_000,
  /** With rustup's toolchain, the standard library comes with words for panics. */
  engineWithWords: 260_000,
  /** All JavaScript of a page that uses every side, as Vite builds it: also what is loaded when it is first needed. */
  script: 43_000,
};

function checkSize(what: string, parts: (Uint8Array | string)[], limit: number): void {
  const size = parts.map((part) => gzipSync(part, { level: 9 }).length).reduce((sum, length) => sum + length, 0);
  const excess = size - limit;
  const words = `${what} has ${size} bytes gzipped, ${excess} more than its limit of ${limit}: "What a page downloads" in docs/performance.md says what takes how much`;
  assert.ok(excess <= 0, words);
}

test("a page does not download more of the engine", () => {
  const module = readFileSync(new URL("engine.wasm", DIST));
  // A panic says where it happened.
  checkSize("dist/engine.wasm", [module], module.includes("/rustc/") ? LIMITS.engineWithWords : LIMITS.engine);
});

test("a page does not download more JavaScript", async () => {
  const page = `import * as all from ${JSON.stringify(new URL("browser.js", DIST).pathname)}; globalThis.all = all;`;
  const plugin = { name: "page", resolveId: (id: string) => (id === "page" ? "\0page" : undefined), load: (id: string) => (id === "\0page" ? page : undefined) };
  const built = await build({
    root: new URL("..", import.meta.url).pathname,
    configFile: false,
    logLevel: "error",
    plugins: [plugin],
    build: { target: "es2022", write: false, rollupOptions: { input: "page" } },
  });
  const scripts = (built as Rolldown.RolldownOutput).output.filter((part) => part.type === "chunk").map(({ code }) => code);
  assert.ok(scripts.some((script) => script.includes("PROPFIND")), "WebDAV is not among them");
  assert.ok(scripts.some((script) => script.includes("ListBucketResult")), "S3 is not among them");
  checkSize("the JavaScript of a page", scripts, LIMITS.script);
});
