// Paths that are to be explained: relative to the root of a pair, or below one of the roots as they were given.

import { BisyncError } from "../../error.js";

/** Returns a path relative to the roots; throws when it cannot be. */
export function below(path: string, roots: [one: string, two: string]): string {
  const within = roots.map((root) => stripped(path, root)).find((rest) => rest !== undefined);
  const relative = (within ?? path).replace(/^\.\//, "").replace(/\/+$/, "");
  const isBelow = relative.split("/").every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"));
  if (isBelow) return relative;
  throw new BisyncError("usage", `\`${path}\` does not lie below the root of a pair: write it relative to that, without \`..\``, { path });
}

/** Returns what follows a root in a path, name by name; nothing when the path does not begin with it. */
function stripped(path: string, root: string): string | undefined {
  let rest = path;
  let name: string | undefined;
  for (const expected of names(root)) {
    [name, rest] = first(rest, rest === path);
    if (name !== expected) return undefined;
  }
  return rest.replace(/^(\/+|\.\/+|\.$)+/, "");
}

function names(path: string): string[] {
  const found: string[] = [];
  for (let [name, rest] = first(path, true); name !== undefined; [name, rest] = first(rest, false)) found.push(name);
  return found;
}

/** Takes the first name off a path: at its beginning the root or `.` counts as one, further on neither does. */
function first(path: string, isBeginning: boolean): [name: string | undefined, rest: string] {
  if (isBeginning && path.startsWith("/")) return ["/", path.replace(/^\/+/, "")];
  const from = isBeginning ? path : path.replace(/^(\/+|\.(\/+|$))+/, "");
  if (from === "") return [undefined, ""];
  const end = from.indexOf("/");
  return end < 0 ? [from, ""] : [from.slice(0, end), from.slice(end)];
}
