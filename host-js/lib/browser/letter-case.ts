import { isNamed } from "./failure.js";
import type { Handle } from "./handles.js";
import { pathInOwn } from "./within.js";

/**
 * Whether names that differ only by case name the same file: found out by a name that is there, else by the kind of computer.
 * Nothing is written for it. Where it is wrong, a file is refused, and none is replaced: every write looks at what is there.
 */
export async function ignoresCase(directory: FileSystemDirectoryHandle): Promise<boolean> {
  let other: string | undefined;
  for await (const [name, handle] of directory.entries()) {
    // Both are there, so they are two.
    if (name === other) return false;
    if (other !== undefined) continue;
    other = swapped(name);
    if (other !== undefined && !(await isThere(directory, other, handle))) return false;
  }
  if (other !== undefined) return true;
  return (await pathInOwn(directory)) === null && /Mac|Win|Android/.test(`${navigator.platform} ${navigator.userAgent}`);
}

/** The name with its letters in the other case; nothing when there is none. Only letters of which all systems think alike. */
function swapped(name: string): string | undefined {
  const other = name.replace(/[a-z]/gi, (letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()));
  return other === name ? undefined : other;
}

async function isThere(directory: FileSystemDirectoryHandle, name: string, { kind }: Handle): Promise<boolean> {
  try {
    await (kind === "file" ? directory.getFileHandle(name) : directory.getDirectoryHandle(name));
    return true;
  } catch (error) {
    if (isNamed(error, "NotFoundError") || isNamed(error, "TypeMismatchError")) return false;
    throw error;
  }
}
