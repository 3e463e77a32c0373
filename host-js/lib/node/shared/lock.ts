// The lock on a folder that runs of several machines respect.
//
// Each run makes a file of its own, then lists the files of others, and gives way when there is a living one: of two that come at once at least one sees the
// other, and no store has to do more than show what was written. The run says that it lives by giving its file the next number. Clocks of other machines are
// believed only where they say that a lock is new; a lock that looks old is watched for as long as it lasts, and taken away when it stays as it is.

import { setTimeout as sleep } from "node:timers/promises";

import { BisyncError } from "../../error.js";
import type { SideName } from "../../protocol.js";
import type { Fingerprint } from "../../side.js";
import { passedMs } from "./clock.js";
import { type Directory, isGoneOrAnother } from "./directory.js";
import { lockName, parseName, random } from "./names.js";
import { isNew, LASTS_MS, lifeOf, LONGEST_MS, type Owner, ownerText, parseOwner, shown, thisOwner } from "./owner.js";

/** Runs that come at the same moment try again so often. */
const TRIES = 4;

/** How a lock is claimed. */
export interface Claim {
  lease: Lease;
  /** Is told when a lock is watched or taken away, which may take as long as it lasts. */
  say(text: string): void;
  /** Stops waiting. */
  signal: AbortSignal | undefined;
}

/** How long a lock lasts that is not renewed, in milliseconds. */
export class Lease {
  readonly lastsMs: number;

  /** What `--max-lock` asks for, a day at most; three minutes without it. */
  constructor(maxLockMs: number | undefined) {
    this.lastsMs = Math.min(maxLockMs ?? LASTS_MS, LONGEST_MS);
  }

  /** A lock is renewed so often. */
  get renewedEveryMs(): number {
    return this.lastsMs / 3;
  }

  /** Whoever could not renew a lock for so long has lost it, before anybody may take it over. */
  get isSureForMs(): number {
    return (this.lastsMs * 2) / 3;
  }
}

/** Another run has the lock. */
export class Held extends Error {
  readonly owner: Owner;

  constructor(owner: Owner) {
    super(`another run has the lock: ${shown(owner)}`);
    this.owner = owner;
  }
}

/** The lock of another run, as it was found. */
interface Rival {
  run: string;
  count: number;
  version: Fingerprint;
  owner: Owner;
}

export class Lock {
  readonly #directory: Directory;
  readonly #lease: Lease;
  readonly #run: string;
  /** The number of the file that is there. */
  #count = 0;
  /** The number of the next one: each try has its own, since one that failed may have been done. */
  #next = 1;
  #version: Fingerprint;
  /** When it was last known to be ours, by `passedMs`. */
  renewedMs: number;

  private constructor(directory: Directory, lease: Lease, run: string, version: Fingerprint, renewedMs: number) {
    this.#directory = directory;
    this.#lease = lease;
    this.#run = run;
    this.#version = version;
    this.renewedMs = renewedMs;
  }

  /** Claims the lock; throws `Held` when another run has it. */
  static async claim(directory: Directory, { lease, say, signal }: Claim): Promise<Lock> {
    for (let tries = 0; ; ) {
      if (signal?.aborted) throw new BisyncError("stopped", "the run was stopped");
      await directory.make();
      const lock = await Lock.#write(directory, lease);
      const rivals = await lock.#rivals().catch(async (error: unknown) => {
        await lock.release();
        throw error;
      });
      const [rival] = rivals;
      if (!rival) return lock;
      await lock.release();
      const life = await lifeOf(rival.owner);
      if (typeof life === "object") {
        await directory.remove(lockName(rival.run, rival.count), rival.version);
        say(`took over a lock on ${called(directory.side)} that was left behind: ${life.ended}`);
      } else if (life === "unknown") await watch(directory, rival, say, signal);
      // It may be about to give way to us, as we do to it.
      else if (rival.count === 0 && isNew(rival.owner) && tries < TRIES) {
        tries += 1;
        await sleep(200 + Math.random() * 1800);
      } else throw new Held(rival.owner);
    }
  }

  static async #write(directory: Directory, lease: Lease): Promise<Lock> {
    const [run, renewedMs] = [random(), passedMs()];
    const version = await directory.create(lockName(run, 0), ownerText(await thisOwner(lease.lastsMs)));
    return new Lock(directory, lease, run, version, renewedMs);
  }

  /** Whose folder is locked. */
  get side(): SideName {
    return this.#directory.side;
  }

  /** Returns the locks of other runs, of each run the last one first. */
  async #rivals(): Promise<Rival[]> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const rivals = await this.#tryRivals();
      if (rivals) return rivals;
    }
    throw new BisyncError("busy", "the locks there change all the time");
  }

  /** Returns the locks of other runs; `undefined` when one of them went, or became another, while they were read. */
  async #tryRivals(): Promise<Rival[] | undefined> {
    const rivals: Rival[] = [];
    for (const [name, version] of await this.#directory.list()) {
      const parsed = parseName(name);
      if (parsed?.kind !== "lock" || parsed.run === this.#run) continue;
      try {
        rivals.push({ run: parsed.run, count: parsed.count, version, owner: parseOwner(await this.#directory.read(name, version)) });
      } catch (error) {
        if (isGoneOrAnother(error) || (error instanceof BisyncError && error.code === "changed")) return undefined;
        throw error;
      }
    }
    return rivals.sort((one, two) => two.count - one.count);
  }

  /** Says that the run lives, when it is time to. Returns false when the lock is lost. */
  async renew(): Promise<boolean> {
    const since = passedMs() - this.renewedMs;
    if (since < this.#lease.renewedEveryMs) return true;
    return this.prove().catch(() => since < this.#lease.isSureForMs);
  }

  /** Says that the run lives, and returns whether the lock was still there; throws when that cannot be said. */
  async prove(): Promise<boolean> {
    const began = passedMs();
    const [last, next] = [lockName(this.#run, this.#count), lockName(this.#run, this.#next)];
    this.#next += 1;
    const version = await this.#directory.create(next, ownerText(await thisOwner(this.#lease.lastsMs)));
    try {
      await this.#directory.takeAway(last, this.#version);
    } catch (error) {
      await this.#directory.remove(next, version).catch(() => {});
      // Somebody took it for dead, and may be at work already.
      if (isGoneOrAnother(error)) return false;
      throw error;
    }
    [this.#count, this.#version, this.renewedMs] = [this.#next - 1, version, began];
    return true;
  }

  /** Gives the lock up. What cannot be removed is taken over when it no longer lasts. */
  async release(): Promise<void> {
    await this.#directory.remove(lockName(this.#run, this.#count), this.#version).catch(() => {});
    if (this.#next === 1) return;
    // A try that failed may have been done.
    for (const [name, version] of await this.#directory.list().catch(() => new Map<string, Fingerprint>())) {
      const parsed = parseName(name);
      if (parsed?.kind === "lock" && parsed.run === this.#run) await this.#directory.remove(name, version).catch(() => {});
    }
  }
}

/** How a person knows a side. */
export const called = (side: SideName) => (side === "path1" ? "Path1" : "Path2");

/** Watches a lock for as long as it lasts, and removes it when it is not renewed. */
async function watch(directory: Directory, rival: Rival, say: (text: string) => void, signal: AbortSignal | undefined): Promise<void> {
  const { lastsMs } = rival.owner;
  const [side, owner] = [called(directory.side), shown(rival.owner)];
  say(`a lock on ${side} looks left behind by ${owner}: it is watched for ${Math.floor(lastsMs / 1000)} s before it is taken over`);
  const begin = passedMs();
  while (passedMs() - begin < lastsMs) {
    await sleep(Math.min(lastsMs / 20, 10_000), undefined, { ...(signal && { signal }) }).catch(() => {
      throw new BisyncError("stopped", "the run was stopped");
    });
    const counts = [...(await directory.list()).keys()].flatMap((name) => {
      const parsed = parseName(name);
      return parsed?.kind === "lock" && parsed.run === rival.run ? [parsed.count] : [];
    });
    if (counts.length === 0) return;
    if (Math.max(...counts) !== rival.count) throw new Held(rival.owner);
  }
  await directory.remove(lockName(rival.run, rival.count), rival.version);
  say(`took over a lock on ${side} that was left behind by ${owner}`);
}
