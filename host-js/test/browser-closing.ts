// Pages that are closed in the middle of a run.

import type * as Package from "../dist/browser.js";
import type { InPage } from "./browser.js";
import type { Tab } from "./tab.js";

declare const page: InPage;

/** After how many steps more the page is closed each time: `BISYNC_STRIDE=1` tries them all, which takes a minute or two. */
export const STRIDE = Number(process.env["BISYNC_STRIDE"] ?? 5);
const BEFORE = ["changed", "deleted", "kept", "moved"];
/** What both sides hold in the end. */
export const AFTER = ["changed=changed here", "d/moved=moved moved moved", "kept=kept kept kept", "new=new"];

/** Begins a run on a pair that was in step, and closes the page when so many steps that change something were begun; false when it ended. */
export async function closedAfter(tab: Tab, steps: number, renaming: boolean): Promise<boolean> {
  const closed = await tab.evaluate(async ({ steps, renaming, names }) => {
    const { bisync, browserFolder, browserState } = page.bisync;
    const [one, two] = [await page.folder(`one ${steps}`), await page.folder(`two ${steps}`)];
    const sides = [browserFolder(one), browserFolder(two)] as const;
    const options = { state: browserState("closed"), trackRenames: true, transfers: 1, checkers: 1 };
    for (const name of names) await page.put(one, name, `${name} ${name} ${name}`);
    const first = await bisync(...sides, options).report;
    if (first.exitCode !== 0) throw new Error(first.headline);
    await page.put(one, "changed", "changed here");
    await page.put(one, "new", "new");
    await one.removeEntry("deleted");
    await page.put(await one.getDirectoryHandle("d", { create: true }), "moved", "moved moved moved");
    await one.removeEntry("moved");

    let left = steps;
    return new Promise<boolean>((resolve) => {
      const counted = (object: object, names: string[], counts = (_: unknown[]) => true) => {
        const methods = object as Record<string, (...given: unknown[]) => Promise<unknown>>;
        for (const name of names) {
          const method = methods[name] as (...given: unknown[]) => Promise<unknown>;
          methods[name] = async function (...given) {
            // From here on the page does nothing more that would change something.
            if (counts(given) && left === 0) resolve(true);
            if (counts(given) && left === 0) return new Promise(() => {});
            if (counts(given)) left -= 1;
            return method.apply(this, given);
          };
        }
      };
      counted(FileSystemDirectoryHandle.prototype, ["getFileHandle", "getDirectoryHandle"], ([, how]) => Boolean((how as { create?: boolean } | undefined)?.create));
      counted(FileSystemDirectoryHandle.prototype, ["removeEntry"]);
      counted(FileSystemFileHandle.prototype, renaming ? ["createWritable", "move"] : ["createWritable"]);
      counted(FileSystemWritableFileStream.prototype, ["close"]);
      counted(options.state, ["write", "replace", "keep", "remove"]);
      void bisync(...sides, options).report.then(() => resolve(false));
    });
  }, { steps, renaming, names: BEFORE });
  await tab.close();
  return closed;
}

/** Runs again in another page, with the options that would do most harm to a file if a broken one were taken for a version. */
export function goesOn(tab: Tab, steps: number): Promise<{ ended: string; one: string[]; two: string[] }> {
  return tab.evaluate(async (steps) => {
    const { bisync, browserFolder, browserState } = page.bisync;
    const [one, two] = [await page.folder(`one ${steps}`), await page.folder(`two ${steps}`)];
    const options: Package.RunOptions = { state: browserState("closed"), conflictResolve: "newer", conflictLoser: "delete" };
    const run = () => page.patiently(() => bisync(browserFolder(one), browserFolder(two), options).report);
    const reports = [await run(), await run()];
    const ended = reports.every(({ exitCode }) => exitCode === 0) ? "0" : reports.map(({ headline }) => headline).join();
    return { ended, one: await page.shown(one), two: await page.shown(two) };
  }, steps);
}
