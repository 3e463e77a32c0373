// Files and directories by name, as the browser gives them.

import { BisyncError } from "../error.js";
import { inBrowser, isNamed } from "./failure.js";

export type Handle = FileSystemFileHandle | FileSystemDirectoryHandle;

/** What there is under a name; `undefined` when there is nothing. */
export async function lookUp(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<Handle | undefined> {
  return inBrowser(path, async () => {
    try {
      return await named(name, path, () => directory.getFileHandle(name));
    } catch (error) {
      if (isNamed(error, "NotFoundError")) return undefined;
      if (!isNamed(error, "TypeMismatchError")) throw error;
      return await directory.getDirectoryHandle(name);
    }
  });
}

/** The file of a name, made if it is not there. */
export function makeFile(directory: FileSystemDirectoryHandle, name: string, path: string): Promise<FileSystemFileHandle> {
  return inBrowser(path, () => named(name, path, () => directory.getFileHandle(name, { create: true })));
}

/** The directory of a name. */
export function enter(directory: FileSystemDirectoryHandle, name: string, path: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  return inBrowser(path, () => named(name, path, () => directory.getDirectoryHandle(name, { create })));
}

/** Does something with a name; throws the code `impossibleName` when the browser refuses it, or would take another for it. */
async function named<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
  // Chromium cuts a name at NUL and puts U+FFFD in place of half a character: either may be the name of another file.
  if (/[\0\p{Surrogate}]/u.test(name)) throw new BisyncError("impossibleName", "this name is not possible here", { path });
  try {
    return await work();
  } catch (error) {
    // This is what names are refused with, and those that are too long for the file system.
    const isTooLong = (isNamed(error, "InvalidStateError") || isNamed(error, "UnknownError")) && new TextEncoder().encode(name).length > 255;
    if (!(error instanceof TypeError) && !isTooLong) throw error;
    throw new BisyncError("impossibleName", "the browser refuses this name", { path, cause: error });
  }
}
