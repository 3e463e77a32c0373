// The file of `--plan-out`: a plan may replace a plan, and nothing else.

import { lstat, open, rename } from "node:fs/promises";

import type { Given } from "../../conduct.js";
import { BisyncError } from "../../error.js";
import { isCode, onDisk } from "../failure.js";

/** What every plan begins with. */
const BEGIN = '{"bisync-plan":';

/** What the first line of a plan says of the run that it is for. */
export interface Header {
  roots: { path1: string; path2: string };
  /** What the names of the listings are made from. */
  paths: { path1: string; path2: string };
  options: Given;
}

/** Throws when writing a plan would replace something else. */
export async function checkPlanFile(file: string): Promise<void> {
  for (const path of [file, staged(file)]) {
    if (!(await onDisk(path, () => isPlanOrNothing(path)))) {
      const message = `\`${path}\` is there and is no plan: give \`--plan-out\` another name, nothing else is replaced`;
      throw new BisyncError("usage", message, { path });
    }
  }
}

/** Writes a plan, all at once or not at all. */
export async function writePlan(file: string, text: string): Promise<void> {
  const path = staged(file);
  await onDisk(path, async () => {
    const handle = await open(path, "w");
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(path, file);
  });
}

/** Reads the first line of a plan; what follows is for the engine to judge. */
export function readHeader(text: string, file: string): Header {
  try {
    const header = JSON.parse(text.slice(0, text.indexOf("\n"))) as Partial<Header>;
    const { roots, paths, options } = header;
    const isPair = (pair: Header["roots"] | undefined) => typeof pair?.path1 === "string" && typeof pair.path2 === "string";
    if (text.startsWith(BEGIN) && roots && isPair(roots) && paths && isPair(paths) && Array.isArray(options)) return { roots, paths, options };
  } catch {
    // It is no JSON.
  }
  throw new BisyncError("usage", `\`${file}\` is no plan`, { path: file });
}

const staged = (file: string) => `${file}.new`;

async function isPlanOrNothing(path: string): Promise<boolean> {
  try {
    // A link would be replaced, not what it leads to; a pipe or a device must not be opened.
    if (!(await lstat(path)).isFile()) return false;
  } catch (error) {
    if (isCode(error, "ENOENT")) return true;
    throw error;
  }
  const handle = await open(path);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(BEGIN.length));
    return BEGIN.startsWith(buffer.toString("utf8", 0, bytesRead));
  } finally {
    await handle.close();
  }
}
