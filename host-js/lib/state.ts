import type { Notice, StateVerb } from "./protocol.js";

/** How a session is claimed. */
export interface Claim {
  /** After so many milliseconds the lock has expired, unless it was renewed; left out, it never does. A store whose locks end with their owner needs none. */
  expiresAfterMs?: number;
  /** Hears of a lock that was left behind and is taken over. */
  say?(notice: Notice): void;
}

/** What the names of the state of a pair are made from. */
export interface PairNames {
  path1: string;
  path2: string;
}

/** Where the listings of the last run are kept: blobs by name. Names hold no `/`. */
export interface StateStore {
  /**
   * Says what the names of a pair's blobs are made from: `own`, which no other pair has, or `given`, which rclone has, where the store may be rclone's and no other
   * pair has that. `roots` are where the folders are, as far as they have a place. With `claims` a run will write there. Left out, it is `own`.
   */
  namesFor?(pair: { own: PairNames; given: PairNames; roots: Partial<PairNames> }, claims: boolean): Promise<PairNames>;
  /** Claims the session until the function that it gives is called; throws the code `busy` when another run has it. */
  lock(session: string, claim?: Claim): Promise<() => Promise<void>>;
  /** Reads a part of a blob, at most `length` bytes; `undefined` when there is no such blob. */
  read(name: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** Writes on at the end of a blob; offset 0 makes it or empties it first. */
  write(name: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** Makes a blob durable and gives it another name, in place of what has that name, all at once. */
  replace(name: string, target: string): Promise<void>;
  /** Gives a blob a second name, in place of what has that name; a missing blob is fine. */
  keep(name: string, target: string): Promise<void>;
  /** Removes a blob; a missing one is fine. */
  remove(name: string): Promise<void>;
  /** Throws the code `usage` when the blobs would lie in the folder. */
  checkApart?(root: string): Promise<void>;
}

/** Carries out a verb on a store; gives the bytes that were read. */
export async function performState(state: StateStore, verb: StateVerb): Promise<Uint8Array | undefined> {
  switch (verb.verb) {
    case "readState":
      return state.read(verb.name, verb.offset, verb.length);
    case "writeState":
      await state.write(verb.name, verb.offset, verb.bytes);
      return undefined;
    case "replaceState":
      await state.replace(verb.name, verb.target);
      return undefined;
    case "keepState":
      await state.keep(verb.name, verb.target);
      return undefined;
    case "removeState":
      await state.remove(verb.name);
      return undefined;
  }
}
