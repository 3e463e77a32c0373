// Where a browser cannot rename, a new file can only be made empty, under its own name, and be given its content then. A page that is
// closed in between leaves the empty file. A mark beside it, which is there before it, says that it is no version of anything.

import { BisyncError } from "../error.js";
import type { Found } from "../side.js";
import { fill, look } from "./content.js";
import { inBrowser, isNamed } from "./failure.js";
import { lookUp, makeFile } from "./handles.js";

const BEGIN = ".bisync-";
const END = "-0.placeholder";

/** Whether a name is that of a mark. */
export function isMark(name: string): boolean {
  return name.startsWith(BEGIN) && name.endsWith(END);
}

/** Returns what the mark of a name is called: a name of the form that the engine never synchronises, see `engine/src/temporary.rs`. */
export async function markOf(name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  const digits = Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `${BEGIN}${digits.join("")}${END}`;
}

/** Whether an empty file is one that has not got its content. */
export async function isPlaceholder(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<boolean> {
  return (await lookUp(directory, await markOf(name), path)) !== undefined;
}

/** Writes a file where there was none a moment ago. */
export async function create(directory: FileSystemDirectoryHandle, name: string, content: AsyncIterable<Uint8Array>, path: string): Promise<Found> {
  await makeFile(directory, await markOf(name), path);
  try {
    const handle = await makeFile(directory, name, path);
    const written = await fill(handle, content, path, async () => {
      const { size } = (await look(handle, path)).fingerprint;
      if (size !== 0) throw new BisyncError("refused", "something is there already", { path });
    });
    await unmark(directory, name, path);
    return written;
  } catch (error) {
    await giveUp(directory, name, path).catch(() => {});
    throw error;
  }
}

/** Says that what has this name is a version, even when it is empty. */
export async function unmark(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<void> {
  await removeIfThere(directory, await markOf(name), path);
}

/** Takes an empty file away that did not get its content, and its mark. One that has got some from elsewhere stays. */
async function giveUp(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<void> {
  const there = await lookUp(directory, name, path);
  // RACE: content that comes after this look goes with the file.
  if (there?.kind === "file" && (await look(there, path)).fingerprint.size === 0) await removeIfThere(directory, name, path);
  await unmark(directory, name, path);
}

/** Takes away what pages that were closed left in a directory where there is nothing else; returns whether there is nothing else. */
export async function clear(directory: FileSystemDirectoryHandle, path: string): Promise<boolean> {
  const marks = new Set<string>();
  const files: FileSystemFileHandle[] = [];
  for await (const [name, handle] of directory.entries()) {
    if (handle.kind !== "file") return false;
    if (isMark(name)) marks.add(name);
    else files.push(handle);
  }
  for (const handle of files) {
    if (!marks.has(await markOf(handle.name)) || (await look(handle, path)).fingerprint.size !== 0) return false;
  }
  // The marks go last, as they came first.
  for (const name of [...files.map(({ name }) => name), ...marks]) await removeIfThere(directory, name, path);
  return true;
}

/** Takes away what pages that were closed left in a directory, marks of files that got their content among it. */
export async function tidy(directory: FileSystemDirectoryHandle, path: string): Promise<void> {
  const names: string[] = [];
  for await (const [name, { kind }] of directory.entries()) if (kind === "file") names.push(name);
  const marks = new Set(names.filter(isMark));
  for (const name of names) if (marks.delete(await markOf(name))) await giveUp(directory, name, path);
  for (const mark of marks) await removeIfThere(directory, mark, path);
}

async function removeIfThere(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<void> {
  await inBrowser(path, async () => {
    try {
      await directory.removeEntry(name);
    } catch (error) {
      if (!isNamed(error, "NotFoundError")) throw error;
    }
  });
}
