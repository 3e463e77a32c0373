import { isNamed } from "./failure.js";

/**
 * Returns the names that lead from one folder to another, none where they are the same; `null` when the other is not in it.
 *
 * What the browser says is followed: WebKit 2.50 says "the same" of what is elsewhere, and finds the folder `a b` in `a` as ` b`.
 */
export async function pathWithin(outer: FileSystemDirectoryHandle, inner: FileSystemDirectoryHandle): Promise<string[] | null> {
  const names = await outer.resolve(inner);
  if (names === null) return null;
  try {
    return (await (await follow(outer, names)).isSameEntry(inner)) ? names : null;
  } catch (error) {
    if (isNamed(error, "NotFoundError") || isNamed(error, "TypeMismatchError")) return null;
    throw error;
  }
}

/** Returns the path of a folder in the page's own storage; `null` when a person picked it. Throws when it is gone from that storage. */
export async function pathInOwn(folder: FileSystemDirectoryHandle): Promise<string[] | null> {
  const own = await navigator.storage.getDirectory();
  const names = await own.resolve(folder);
  // WebKit 2.50 shows a folder that is gone as an empty one, as if all of its files had been deleted.
  return names && (await (await follow(own, names)).isSameEntry(folder)) ? names : null;
}

async function follow(directory: FileSystemDirectoryHandle, names: string[]): Promise<FileSystemDirectoryHandle> {
  let reached = directory;
  for (const name of names) reached = await reached.getDirectoryHandle(name);
  return reached;
}
