// Writes the types of `wit/engine.wit` as TypeScript, for the tests that talk to the component.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { $init, generateTypes } from "@bytecodealliance/jco-transpile/component";

await $init;
const wit = { tag: "source", val: readFileSync(new URL("../../wit/engine.wit", import.meta.url), "utf8") };
for (const [name, text] of generateTypes("engine", { wit, world: "engine", tlaCompat: false, guest: false })) {
  const file = new URL(`../tested/wit/${name}`, import.meta.url).pathname;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
