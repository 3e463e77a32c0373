// A browser without a window, and pages in it.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

import type * as Package from "../dist/browser.js";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** What tests are left out without. The time is a limit for what hangs. */
export const withBrowser = { skip: existsSync(CHROMIUM) ? false : `there is no Chromium: ${CHROMIUM}`, timeout: 300_000 };

const ROOT = new URL("..", import.meta.url);
const TYPES: Record<string, string> = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html", ".css": "text/css", "": "text/html" };

/** How a browser is started without a window. */
export const LAUNCH = {
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};

/** Starts a browser without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch(LAUNCH);
}

/** Answers a request, or leaves it to others, and says which. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** Serves these pages on loopback, and otherwise the files below a folder: that of this package, if none is named. */
export async function serve(pages: Record<string, string>, root: URL = ROOT, answer?: Answer): Promise<{ address: string; close(): void }> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    try {
      if (await answer?.(request, response)) return;
      const content = pages[path] ?? (await readFile(new URL(path === "/" ? "index.html" : `.${path}`, root)));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("the server has no port");
  return { address: `http://localhost:${address.port}/`, close: () => server.close() };
}

/** What a page knows besides the package. */
export interface InPage {
  bisync: typeof Package;
  /** A directory in the page's own storage. */
  folder(name: string): Promise<FileSystemDirectoryHandle>;
  put(directory: FileSystemDirectoryHandle, name: string, content: string): Promise<void>;
  /** All files below a directory, as `path=content`, sorted. */
  shown(directory: FileSystemDirectoryHandle): Promise<string[]>;
  /** Content as sides take it. */
  chunks(...texts: string[]): AsyncIterable<Uint8Array>;
  /** What something throws, as `code: message`. */
  thrown(work: () => Promise<unknown>): Promise<string>;
  /** Runs until no other page has the pair. */
  patiently(run: () => Promise<Package.Report>): Promise<Package.Report>;
}

export const PRELUDE = `
  import * as bisync from "/dist/browser.js";
  const folder = async (name) => (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
  const put = async (directory, name, content) => {
    const stream = await (await directory.getFileHandle(name, { create: true })).createWritable();
    await stream.write(content);
    await stream.close();
  };
  const shown = async (directory, prefix = "") => {
    const all = [];
    for await (const [name, handle] of directory.entries()) {
      if (handle.kind === "directory") all.push(...(await shown(handle, prefix + name + "/")));
      else all.push(prefix + name + "=" + (await (await handle.getFile()).text()));
    }
    return all.sort();
  };
  const chunks = async function* (...texts) {
    for (const text of texts) yield new TextEncoder().encode(text);
  };
  const thrown = async (work) => {
    try {
      await work();
    } catch (error) {
      return (error instanceof bisync.BisyncError ? error.code : error.name) + ": " + error.message;
    }
    return "nothing";
  };
  const patiently = async (run) => {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        // The browser gives the lock of a page up some time after that was closed.
        if (error.code !== "busy") throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  window.page = { bisync, folder, put, shown, chunks, thrown, patiently };
`;

/** The page that `openPage` opens. */
export const PAGES = { "/": `<!doctype html><title>bisync</title><script type="module">${PRELUDE}</script>` };

/** Opens a page at which `page` is there. */
export async function openPage(context: BrowserContext, address: string): Promise<Page> {
  const opened = await context.newPage();
  await opened.goto(address);
  await opened.waitForFunction("window.page");
  return opened;
}

/** Pages of a browser that cannot rename files: what folders that a person picked are like, everywhere. */
export async function withoutRenaming(context: BrowserContext): Promise<BrowserContext> {
  await context.addInitScript("delete FileSystemFileHandle.prototype.move");
  return context;
}
