import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const LIB = fileURLToPath(new URL("../lib/", import.meta.url));

/** What each file imports, of types too. */
const IMPORTS = new Map(
  readdirSync(LIB, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => {
      const imports = readFileSync(join(LIB, file), "utf8").matchAll(/(?:from|import)\s*\(?"(\.[^"]*)\.js"/g);
      return [file, [...imports].map(([, imported]) => join(file, "..", `${imported}.ts`))];
    }),
);

/** Returns the files that lead back to one of those by which `file` was reached. */
function circle(file: string, reached: string[], seen: Set<string>): string[] | undefined {
  if (reached.includes(file)) return [...reached.slice(reached.indexOf(file)), file];
  if (seen.has(file)) return undefined;
  seen.add(file);
  for (const imported of IMPORTS.get(file) ?? []) {
    const found = circle(imported, [...reached, file], seen);
    if (found) return found;
  }
  return undefined;
}

test("no file needs itself, by whatever way", () => {
  const seen = new Set<string>();
  assert.ok((IMPORTS.get("run.ts") ?? []).includes("conduct.ts"));
  for (const file of IMPORTS.keys()) assert.equal(circle(file, [], seen)?.join(" -> "), undefined);
});
