// What failed and may work when it is tried again.

import { BisyncError } from "./error.js";

/** How often something is tried, and how long is waited in between. */
export interface Limits {
  /** So many times in all what may work when tried again; at least 1. */
  tries: number;
  /** In each of these tries, so many times in all what is in use just now; at least 1. */
  triesAtOnce: number;
  /** The pause before trying again. */
  pauseMs: number;
}

/** How long something is in use that is in use just now. */
const MOMENT_MS = 10;
/** Whoever waits looks this often whether there is still something to wait for. */
const NAP_MS = 50;

/** How often a request is still made again. */
export class Tries {
  readonly #limits: Limits;
  #left: number;
  #leftAtOnce: number;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#left = limits.tries;
    this.#leftAtOnce = limits.triesAtOnce;
  }

  /** Takes note of a try that failed, and returns how long to wait before the next one; `undefined` when there is none. */
  pauseAfter(error: unknown): number | undefined {
    const code = error instanceof BisyncError ? error.code : undefined;
    if (code === "busy" && this.#leftAtOnce > 1) {
      this.#leftAtOnce -= 1;
      return MOMENT_MS;
    }
    if ((code !== "busy" && code !== "temporary") || this.#left <= 1) return undefined;
    this.#left -= 1;
    this.#leftAtOnce = this.#limits.triesAtOnce;
    return this.#limits.pauseMs;
  }
}

/** Waits so long, or until nobody wants it any more. */
export async function pause(durationMs: number, isOver: () => boolean): Promise<void> {
  const end = performance.now() + durationMs;
  for (let left = durationMs; left > 0 && !isOver(); left = end - performance.now()) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, NAP_MS)));
  }
}
