// The package as it is published: packed, installed into an empty project, and run where people run it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { Stats } from "webpack";

import { openBrowser, serve, withBrowser } from "./browser.js";

const ROOT = new URL("..", import.meta.url).pathname;

/** An empty project in which the package is installed. */
function project(context: TestContext): { home: string; write(name: string, content: string): void } {
  const home = mkdtempSync(join(tmpdir(), "bisync-package-"));
  context.after(() => rmSync(home, { recursive: true }));
  const npm = (directory: string, ...given: string[]) => execFileSync("npm", given, { cwd: directory, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const packed = JSON.parse(npm(ROOT, "pack", "--json", "--pack-destination", home)) as { filename: string }[];
  writeFileSync(join(home, "package.json"), '{ "type": "module" }');
  npm(home, "install", "--prefer-offline", "--no-audit", "--no-fund", join(home, packed[0]?.filename ?? ""));
  return { home, write: (name, content) => writeFileSync(join(home, name), content) };
}

/** A page's script: it syncs a folder of the browser with memory, and says how that went. */
const script = (from: string) => `
  import { bisync, browserFolder, browserState, memoryFolder } from "${from}";
  const memory = memoryFolder("memory");
  memory.put("a.txt", "hello");
  const folder = browserFolder(await navigator.storage.getDirectory());
  const { exitCode } = await bisync(memory, folder, { state: browserState() }).report;
  const file = await (await navigator.storage.getDirectory()).getFileHandle("a.txt");
  document.title = exitCode + " " + (await (await file.getFile()).text());
`;

test("the package, packed and installed", async (context) => {
  const { home, write } = project(context);

  await context.test("runs in Node", () => {
    write(
      "main.js",
      `import * as all from "bisync";
       const { bisync, memoryFolder, memoryState } = all;
       const [one, two] = [memoryFolder("one"), memoryFolder("two")];
       one.put("a.txt", "hello");
       const run = bisync(one, two, { state: memoryState() });
       console.log((await run.report).exitCode, two.text("a.txt"), "nodeFolder" in all, "browserFolder" in all);`,
    );
    assert.equal(execFileSync("node", ["main.js"], { cwd: home, encoding: "utf8" }), "0 hello true false\n");
  });

  await context.test("has the types of each place", () => {
    const compile = (name: string, code: string, ...flags: string[]) => {
      write(name, code);
      const given = ["--noEmit", "--strict", "--target", "es2022", "--types", "", ...flags, name];
      execFileSync(join(ROOT, "node_modules/.bin/tsc"), given, { cwd: home, encoding: "utf8", stdio: "pipe" });
    };
    compile("node.ts", 'import { nodeFolder, type Side } from "bisync"; export const side: Side = nodeFolder("x");', "--module", "nodenext");
    const browser = 'import { browserFolder, type Side } from "bisync"; export const side = (picked: FileSystemDirectoryHandle): Side => browserFolder(picked);';
    compile("browser.ts", browser, "--module", "esnext", "--moduleResolution", "bundler");
  });

  await context.test("runs in a page without a bundler", withBrowser, async (context) => {
    const pages = { "/": `<!doctype html><script type="module">${script("/node_modules/bisync/dist/browser.js")}</script>` };
    assert.equal(await titleOf(context, home, pages), "0 hello");
  });

  await context.test("runs in a page that Vite built", withBrowser, async (context) => {
    write("index.html", '<!doctype html><script type="module" src="/main.js"></script>');
    write("main.js", script("bisync"));
    const { build } = await import("vite");
    await build({ root: home, configFile: false, logLevel: "error", build: { target: "es2022" } });
    const assets = readdirSync(join(home, "dist/assets"));
    assert.equal(assets.filter((name) => name.endsWith(".wasm")).length, 1, assets.join());
    assert.equal(await titleOf(context, join(home, "dist"), {}), "0 hello");
  });

  await context.test("runs in a page that webpack built", withBrowser, async (context) => {
    write("packed.js", script("bisync"));
    const { default: webpack } = await import("webpack");
    const output = join(home, "packed");
    const stats = await new Promise<Stats | undefined>((resolve, reject) =>
      webpack({ context: home, entry: "./packed.js", mode: "production", output: { path: output } }, (error, stats) => (error ? reject(error) : resolve(stats))),
    );
    assert.deepEqual(stats?.toJson().errors, []);
    assert.equal(readdirSync(output).filter((name) => name.endsWith(".wasm")).length, 1);
    assert.equal(await titleOf(context, output, { "/": '<!doctype html><script src="/main.js"></script>' }), "0 hello");
  });
});

/** What a page says in the end, served from a folder. */
async function titleOf(context: TestContext, folder: string, pages: Record<string, string>): Promise<string> {
  const served = await serve(pages, pathToFileURL(`${folder}/`));
  context.after(() => served.close());
  const browser = await openBrowser();
  context.after(() => browser.close());
  const page = await browser.newPage();
  const failed = new Promise<string>((resolve) => page.on("pageerror", (error) => resolve(String(error))));
  await page.goto(served.address);
  return Promise.race([failed, page.waitForFunction("document.title").then(() => page.title())]);
}
