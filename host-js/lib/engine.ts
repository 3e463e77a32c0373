// The engine's module, typed and loaded once.

// @ts-expect-error It is written by the build, beside the compiled files.
import init, * as bound from "./bound.js";
import { BisyncError, wordsOf } from "./error.js";
import type { Reply, Turn } from "./protocol.js";
import type { Found, Instant } from "./side.js";

/** What the build writes: JSON in and out. */
interface Conversation {
  settings(): string;
  turn(): string;
  takePart(id: number): Uint8Array;
  supply(id: number, reply: string): void;
  supplyPage(id: number, page: Uint8Array, last: boolean): void;
  supplyState(id: number, bytes: Uint8Array | undefined): void;
  stop(timeIsOver: boolean): void;
  free(): void;
}
/** What the host has to know of the settings. */
export interface Settings {
  /** So many times in all what may work when tried again. */
  tries: number;
  /** The pause before trying again. */
  pauseMs: number;
  /** After how long a lock has expired that is not renewed; left out, it never does. */
  lockNs?: number;
  /** The smallest difference of times between the sides that counts; left out when times are not compared. */
  windowNs?: number;
  /** Whether files that look the same are compared by their content. */
  comparesContent: boolean;
}
const Conversation = bound.Session as new (opening: string) => Conversation;

/** The conversation with the engine; see `engine/src/session/mod.rs`. */
export class Session {
  readonly #conversation: Conversation;

  /** Throws an object with a `message` and, if the fault lies with one, the `option`. */
  constructor(opening: object) {
    try {
      this.#conversation = new Conversation(written(opening));
    } catch (error) {
      throw typeof error === "string" ? JSON.parse(error) : error;
    }
  }

  settings(): Settings {
    return JSON.parse(this.#conversation.settings());
  }

  turn(): Turn {
    const turn: Turn = read(this.#conversation.turn());
    for (const { id, verb } of turn.requests) {
      if (verb.verb === "writeState") verb.bytes = this.#conversation.takePart(id);
    }
    return turn;
  }

  supply(id: number, reply: Reply): void {
    this.#conversation.supply(id, written(reply));
  }

  supplyPage(id: number, page: Uint8Array, last: boolean): void {
    this.#conversation.supplyPage(id, page, last);
  }

  supplyState(id: number, bytes: Uint8Array | undefined): void {
    this.#conversation.supplyState(id, bytes);
  }

  /** Ends the run in good order: by itself, or because its time is over. */
  stop(timeIsOver: boolean): void {
    this.#conversation.stop(timeIsOver);
  }

  free(): void {
    this.#conversation.free();
  }
}

/** Writes JSON: what no number of it holds in hexadecimal, and halves of characters, which no file has in its name, as what stands for them. */
function written(value: object | string): string {
  return JSON.stringify(value, (_, value) => {
    if (typeof value === "bigint") return value.toString(16);
    return typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value;
  });
}

/** Reads JSON of the engine, where an `id` that is a text is a file's, in hexadecimal. */
function read(text: string): Turn {
  if (!text.includes('"id":"')) return JSON.parse(text);
  return JSON.parse(text, (key, value) => (key === "id" && typeof value === "string" ? BigInt(`0x${value}`) : value));
}

/** Returns a path of which the names of the state are made that no other path has. */
export const distinctName = bound.distinctName as (path: string) => string;

/** Returns what the names of the state of a pair begin with. */
export const sessionName = bound.sessionName as (one: string, two: string) => string;

/** The names of what is kept of a pair, as far as the host has to know them; of two, the first one is that of Path1. */
export interface StateNames {
  listing: string[];
  old: string[];
  error: string[];
  journal: string;
  /** The journal that is being written. */
  journalNew: string;
  metadata: string;
}

export const stateNames = (one: string, two: string): StateNames => JSON.parse(bound.stateNames(one, two));

/** Returns a journal that names the same runs and finishes none. */
export const forgetCommit = bound.forgetCommit as (journal: Uint8Array) => Uint8Array;

/** Returns a journal that names a run as well. */
export const keepRun = bound.keepRun as (journal: Uint8Array, run: bigint) => Uint8Array;

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
  /** Returns a limit of bandwidth in bytes a second, so many minutes after the beginning of Sunday; nothing when it is off. */
  bandwidthAt(text: string, minuteOfWeek: number, way: "all" | "up" | "down"): number | undefined;
  /** Says whether a path takes part, and what decides; throws when a rule or the path cannot be read. */
  filterTest(asked: FilterAsked): string;
}

/** What is asked about a path and the options that choose files. */
export interface FilterAsked {
  options: [name: string, value: string][];
  now: Instant;
  utcOffsetSeconds: number;
  /** The path as it was given, relative to the root of a pair. */
  path: string;
  /** What is there, as far as that is known. */
  found?: Found | undefined;
  /** The paths of files that exclude the directories in which they are. */
  held: string[];
}

export const table: Table = {
  ...(bound as Table),
  merge: (places) => bound.merge(written(places)),
  filterTest: (asked) => bound.filterTest(written(asked)),
};

let loading: Promise<unknown> | undefined;

/** Loads the module, if it is not there yet. */
export function load(): Promise<unknown> {
  loading ??= fetchModule()
    .then((module) => init({ module_or_path: module }))
    .catch((cause: unknown) => {
      // The network may be back the next time.
      loading = undefined;
      throw new BisyncError("temporary", `the engine cannot be loaded: ${wordsOf(cause)}`, { cause });
    });
  return loading;
}

async function fetchModule(): Promise<Response | Uint8Array> {
  // Bundlers know this form, and take the file along.
  const url = new URL("./engine.wasm", import.meta.url);
  if (url.protocol !== "file:") return fetch(url);
  // Node's `fetch` reads no files. Asked for like this, bundlers for the browser do not look for the module.
  return process.getBuiltinModule("node:fs").promises.readFile(url);
}
