// The engine's module, typed and loaded once.

// @ts-expect-error It is written by the build, beside the compiled files.
import init, * as bound from "./bound.js";
import type { Reply, Turn } from "./protocol.js";

/** The conversation with the engine; see `engine/src/session/mod.rs`. */
export interface Session {
  turn(): Turn;
  supply(id: number, reply: Reply): void;
  supplyPage(id: number, page: Uint8Array, last: boolean): void;
  supplyState(id: number, bytes: Uint8Array | undefined): void;
  stop(timeIsOver: boolean): void;
  free(): void;
}
export const Session = bound.Session as new (opening: object) => Session;

/** Returns what the names of the state of a pair begin with. */
export const sessionName = bound.sessionName as (one: string, two: string) => string;

/** The engine's table of options. */
export interface Table {
  /** Returns what is wrong with an option. */
  checkOption(name: string, value: string): string | undefined;
  /** Says what an option accepts, to follow "it takes". */
  accepted(name: string): string | undefined;
  /** Returns the word that was probably meant. */
  nearest(text: string, words: string[]): string | undefined;
  /** Returns which options count of those in several places, of which the first goes before: their numbers among all. */
  merge(places: [name: string, value: string][][]): Uint32Array;
  /** Returns a duration in milliseconds; nothing when it is off. */
  durationMs(text: string): number | undefined;
}
export const table = bound as Table;

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
