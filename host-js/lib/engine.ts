// The engine's module, typed and loaded once.

// @ts-expect-error It is written by the build, beside the compiled files.
import init, { Session as Generated, sessionName as generatedName } from "./bound.js";
import type { Reply, Turn } from "./protocol.js";

/** The conversation with the engine; see `engine/src/session/mod.rs`. */
export interface Session {
  turn(): Turn;
  supply(id: number, reply: Reply): void;
  supplyPage(id: number, page: Uint8Array, last: boolean): void;
  supplyState(id: number, bytes: Uint8Array | undefined): void;
  stop(): void;
  free(): void;
}
export const Session = Generated as new (opening: object) => Session;

/** Returns what the names of the state of a pair begin with. */
export const sessionName = generatedName as (one: string, two: string) => string;

let loading: Promise<unknown> | undefined;

/** Loads the module, if it is not there yet. */
export function load(): Promise<unknown> {
  loading ??= fetchModule().then((module) => init({ module_or_path: module }));
  return loading;
}

async function fetchModule(): Promise<Response | Uint8Array> {
  // Bundlers know this form, and take the file along.
  const url = new URL("./engine.wasm", import.meta.url);
  if (url.protocol !== "file:") return fetch(url);
  // Node's `fetch` reads no files. Asked for like this, bundlers for the browser do not look for the module.
  return process.getBuiltinModule("node:fs").promises.readFile(url);
}
