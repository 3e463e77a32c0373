// Says while a run is at work that it is.

import type { SideName } from "../../protocol.js";
import { passedMs } from "./clock.js";
import type { Lease, Lock } from "./lock.js";

/** Locks are looked at so often while they last, and never more often than that, in milliseconds. */
const LOOKS = 30;
const SHORTEST_MS = 10;

/** Keeps locks alive. When it is ended they are given up. */
export class Renewal {
  readonly #locks: Lock[] = [];
  readonly #lease: Lease;
  readonly #timer: NodeJS.Timeout;
  /** What is done with the locks is done one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #isRenewing = false;
  /** Since when no lock was renewed; `undefined` while there is none. */
  #renewedMs: number | undefined;
  #isLost = false;
  #stop: (() => void) | undefined;

  /** Keeps the locks alive that will be added. */
  constructor(lease: Lease) {
    this.#lease = lease;
    this.#timer = setInterval(() => this.#tick(), Math.max(lease.lastsMs / LOOKS, SHORTEST_MS));
  }

  add(lock: Lock): void {
    this.#locks.push(lock);
    this.#note();
  }

  /** Makes sure that no lock was lost; throws what went wrong with the side's lock that cannot be asked for. */
  prove(unusable: (side: SideName, error: unknown) => unknown): Promise<boolean> {
    return this.#alone(async () => {
      for (const lock of this.#locks) {
        const isOurs = await lock.prove().catch((error: unknown) => {
          throw unusable(lock.side, error);
        });
        if (!isOurs) this.#lose();
      }
      this.#note();
      return !this.#isLost;
    });
  }

  /** Asks for the run to be stopped when a lock is lost. */
  whenLost(stop: () => void): void {
    this.#stop = stop;
    if (this.#isLost) this.#lose();
  }

  /** Until the run has ended its locks are there, also when one of them was lost. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#alone(async () => {
      for (const lock of this.#locks) await lock.release();
    });
  }

  #tick(): void {
    // A request may hang for longer than a lock is sure.
    if (this.#renewedMs !== undefined && passedMs() - this.#renewedMs >= this.#lease.isSureForMs) this.#lose();
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const renew = async () => {
      for (const lock of this.#locks) if (!(await lock.renew())) this.#lose();
      this.#note();
    };
    void this.#alone(renew).finally(() => (this.#isRenewing = false));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  #note(): void {
    this.#renewedMs = this.#locks.length === 0 ? undefined : Math.min(...this.#locks.map(({ renewedMs }) => renewedMs));
  }

  #lose(): void {
    this.#isLost = true;
    this.#stop?.();
    this.#stop = undefined;
  }
}
