// Firefox and WebKit, as Debian has them. They open an address, and are told nothing else.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

const FIREFOX = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";
const WEBKIT = process.env["WEBKIT"] ?? `/usr/lib/${arch() === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/webkit2gtk-4.1/MiniBrowser`;
/** Gives WebKit a screen that nobody sees. */
const SCREEN = "/usr/bin/xvfb-run";

/** WebKit for GTK has what Safari has, but turned off. */
const FEATURES = "--features=+FileSystem,+FileSystemWritableStream,+AccessHandle,+StorageAPI";

/** A browser, and what is missing when it is not there. */
export interface Other {
  name: string;
  missing: string | undefined;
  /** Opens an address; the browser ends with the test. When it ends before, `ended` is called. */
  open(context: TestContext, address: string, ended: (reason: Error) => void): void;
}

export const OTHERS: Other[] = [
  {
    name: "Firefox",
    missing: [FIREFOX].find((file) => !existsSync(file)),
    open: (context, address, ended) => start(context, [FIREFOX, "--headless", "--no-remote", "--profile", HOME, address], ended),
  },
  {
    name: "WebKit",
    missing: [WEBKIT, SCREEN].find((file) => !existsSync(file)),
    open: (context, address, ended) => start(context, [SCREEN, "--auto-servernum", WEBKIT, FEATURES, "--javascript-can-open-windows-automatically=true", address], ended),
  },
];

/** Stands for a directory of the browser's own. */
const HOME = "<home>";

/** Of Firefox: pages may open as many others as they like. */
const PREFERENCES = 'user_pref("dom.disable_open_during_load", false);\nuser_pref("dom.popup_maximum", 1000);\n';

function start(context: TestContext, command: string[], ended: (reason: Error) => void): void {
  const home = mkdtempSync(join(tmpdir(), "bisync-browser-"));
  writeFileSync(join(home, "user.js"), PREFERENCES);
  const [program = "", ...given] = command.map((word) => (word === HOME ? home : word));
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, TMPDIR: home };
  // In a group of its own: a browser is many processes.
  const child = spawn(program, given, { stdio: "ignore", detached: true, env });
  const exit = once(child, "exit");
  void exit.then(([code]) => ended(new Error(`${program} ends with ${code}`)));
  context.after(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    await exit;
    // Its processes may be about to end.
    rmSync(home, { recursive: true, maxRetries: 20 });
  });
}
