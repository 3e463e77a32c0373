// What a run shares with other machines about two folders, as the loop sees it.

import type { Notice } from "./protocol.js";

/** What is to be shared. */
export interface Sharing {
  /** What the names of the state are made from. */
  names: { path1: string; path2: string };
  /** How long a lock lasts that is not renewed, when it is said. */
  lastsMs: number | undefined;
  /** Whether the run changes nothing, and so locks nothing. */
  changesNothing: boolean;
  say(notice: Notice): void;
  /** Stops waiting for others. */
  signal: AbortSignal | undefined;
}

/** What is shared while a run lasts. */
export interface Shared {
  /** Hears when a lock is lost, and the run has to end. */
  whenLost(stop: () => void): void;
  /** Shares what the run has recorded; `isInStep` says that nothing was left undone. */
  publish(isInStep: boolean): Promise<void>;
  /** Gives the locks up. */
  end(): Promise<void>;
}
