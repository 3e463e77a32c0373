import type { Listed } from "./listing.js";
import type { Details } from "./object.js";

/** What is written within so many milliseconds of a version may be listed with the same time as that. */
const UNSETTLED = 3_000;

interface Known {
  listed: Listed;
  details: Details;
  /** When the version was listed first. */
  since: number;
  /** Whether the details were asked for so long after that no other version can be listed alike. */
  isSettled: boolean;
}

/**
 * Remembers what was told of objects one at a time, as long as they are listed as they were.
 *
 * A time may be set without another tag, and a listing may have whole seconds: what is asked for within some seconds of the writing is asked
 * for once more. For that no clock of the server is needed: it was written before it was listed first.
 */
export class KnownObjects {
  readonly #directories = new Map<string, Map<string, Known>>();
  readonly #now: () => number;

  /** `now` gives milliseconds that never go back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Begins a listing of what is directly below a prefix. What is not asked for before it ends is forgotten. */
  listing(prefix: string): KnownListing {
    const before = this.#directories.get(prefix);
    const kept = new Map<string, Known>();
    return {
      find: (listed) => {
        const known = before?.get(listed.key);
        if (!known?.isSettled || !isAlike(known.listed, listed)) return undefined;
        kept.set(listed.key, known);
        return known.details;
      },
      learn: (listed, details, listedAt) => {
        const known = before?.get(listed.key);
        const since = known && isAlike(known.listed, listed) ? known.since : listedAt;
        kept.set(listed.key, { listed, details, since, isSettled: this.#now() - since >= UNSETTLED });
      },
      end: () => void (kept.size > 0 ? this.#directories.set(prefix, kept) : this.#directories.delete(prefix)),
      now: this.#now,
    };
  }
}

export interface KnownListing {
  /** Returns what is known of an object as it is listed; `undefined` when it has to be asked for. */
  find(listed: Listed): Details | undefined;
  /** Remembers what was told of an object just now; it was listed at that time. */
  learn(listed: Listed, details: Details, listedAt: number): void;
  end(): void;
  now(): number;
}

function isAlike(one: Listed, other: Listed): boolean {
  return one.etag === other.etag && one.size === other.size && one.written === other.written;
}
