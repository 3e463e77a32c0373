import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { chromium, type Browser } from "playwright-core";

/** Where Chromium is. */
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

const ROOT = new URL("..", import.meta.url);
const TYPES: Record<string, string> = { ".js": "text/javascript", ".wasm": "application/wasm", ".css": "text/css", "": "text/html", ".html": "text/html" };

/** Starts a browser without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** Serves these pages on loopback, and otherwise the files below a folder: that of this package, if none is named. */
export async function serve(pages: Record<string, string>, root: URL = ROOT): Promise<{ address: string; close(): void }> {
  const server = createServer(async ({ url = "/" }, response) => {
    const path = new URL(url, "http://localhost").pathname;
    try {
      const content = pages[path] ?? (await readFile(new URL(`.${path}`, root)));
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
