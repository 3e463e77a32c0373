// A Chromium in which folders of this computer are dropped on pages: what a page gets is what it gets of a folder that a person picks.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type BrowserContext, chromium, type Page } from "playwright-core";

import { LAUNCH } from "./browser.js";

/** Who is asked whether a page may write says yes. Nobody is asked over the network what is thought of a file: that takes five seconds where there is none. */
const PREFERENCES = { profile: { default_content_setting_values: { file_system_write_guard: 1 } }, safebrowsing: { enabled: false } };

/** Starts a browser without a window, in which pages may write to all folders that they are given. It ends with the test. */
export async function openPicking(context: TestContext): Promise<BrowserContext> {
  const home = mkdtempSync(join(tmpdir(), "bisync-chromium-"));
  mkdirSync(join(home, "Default"));
  writeFileSync(join(home, "Default/Preferences"), JSON.stringify(PREFERENCES));
  const browser = await chromium.launchPersistentContext(home, LAUNCH);
  context.after(async () => {
    await browser.close();
    rmSync(home, { recursive: true, maxRetries: 20 });
  });
  return browser;
}

/** Drops a directory of this computer on a page, at these coordinates. */
export async function drop(tab: Page, directory: string, { x, y } = { x: 10, y: 10 }): Promise<void> {
  const session = await tab.context().newCDPSession(tab);
  const data = { items: [], files: [directory], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) await session.send("Input.dispatchDragEvent", { type, x, y, data });
  await session.detach();
}

/** Takes all permissions back that pages of an origin have, as a person does in the settings. */
export async function revoke(browser: BrowserContext, origin: string): Promise<void> {
  const settings = await browser.newPage();
  await settings.goto("chrome://settings/content/siteDetails");
  await settings.evaluate((origin) => {
    const { chrome } = window as unknown as { chrome: { send(name: string, given: unknown[]): void } };
    chrome.send("revokeFileSystemGrants", [origin]);
  }, origin);
  await settings.close();
}
