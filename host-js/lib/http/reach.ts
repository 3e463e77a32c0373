/** So many milliseconds a server is asked in vain before it is doubted. */
const PATIENCE = 5_000;
/** It is asked in vain more often than this before that: one request gets all its tries. A large upload may take longer than that time until it breaks off. */
const TRIES = 5;

/**
 * Whether a server is worth more than one try, as all requests to it have found out.
 *
 * It is doubted when it was asked for some seconds and often enough, and no answer said more than that there is trouble. Each request is tried once then, until one is
 * answered well: what is wrong may be of one path only.
 */
export class Reach {
  /** When it was first asked in vain since it was heard of, in milliseconds that never go back. */
  #silentSince: number | undefined;
  /** How many requests were made in vain since then. */
  #inVain = 0;

  /** Takes note of an answer that says more than that there is trouble: what was found out before it counts no more. */
  hear(): void {
    this.#silentSince = undefined;
    this.#inVain = 0;
  }

  /** Takes note of a request that was made in vain. */
  hearNothing(): void {
    this.#silentSince ??= performance.now();
    this.#inVain += 1;
  }

  get isDoubted(): boolean {
    return this.#silentSince !== undefined && this.#inVain > TRIES && performance.now() - this.#silentSince >= PATIENCE;
  }
}
