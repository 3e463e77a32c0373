// What several machines share about two folders, with `--remote-lock`: who is at work on them, and the state of the last run. The program does the same, in the
// same files.
//
// It lies in the directory `.bisync` of each folder, which is never synchronised. Both folders are locked for as long as a run lasts. After a run that changed
// the listings, these are copied beside the data, and both folders are marked with the new state. The listings say something about two folders only when both
// carry the mark of the same state: whichever of them was copied, restored or replaced since does not, and then nothing is deleted or overwritten, as in a first run.

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BisyncError } from "../../error.js";
import type { SideName } from "../../protocol.js";
import type { Shared, Sharing } from "../../sharing.js";
import type { Side } from "../../side.js";
import { reason } from "../failure.js";
import { basesOf, type Files, isLastOfPair, isOf, SIDES } from "./base.js";
import { Directory, RESERVED } from "./directory.js";
import { Kept } from "./kept.js";
import { called, Held, Lease, Lock } from "./lock.js";
import { isSame, markName, partName, PARTS, random, type Version, versionOf } from "./names.js";
import { shown } from "./owner.js";
import { Renewal } from "./renewal.js";

/** The folder that keeps the listings: folders of one machine are reached by others alike. */
const KEEPER: SideName = "path2";
const OTHER =
  "the folders are not as the last shared run left them (one was copied, restored or replaced, or its `.bisync` is gone): " +
  "nothing is deleted or overwritten in this run";
const NOT_SHARED = "other machines may know these folders by --remote-lock, which this run does without: they are not kept apart from it";

/** What it takes to share the state of two folders. */
export interface SharedFolders {
  folders: Record<SideName, Side>;
  /** The directory of the state on this machine, and as a person knows it. */
  state: string;
  known: string;
  /** Has the run go by the state in another directory. */
  goBy(directory: string): void;
}

/** Where the listings of the state are that both folders are in: here, or beside the data; or the folders never shared a state with this machine, or are not those that it knows. */
type Find = { here: Version } | { there: Version } | "nothing" | "other";

/** Locks both folders and brings the state on this machine to theirs; for a run that changes nothing, looks at it. */
export async function share(shared: SharedFolders, sharing: Sharing): Promise<Shared> {
  const state = await SharedState.open(shared, sharing);
  return sharing.changesNothing ? state.look() : state.claim();
}

/** Says that a run does without, when this machine has shared the pair before. */
export async function sayNotShared(state: string, { names, changesNothing, say }: Sharing): Promise<undefined> {
  if (!changesNothing && (await new Kept(state, names).record())) say({ level: "notice", code: "not-shared", text: NOT_SHARED });
}

class SharedState implements Shared {
  readonly #shared: SharedFolders;
  readonly #sharing: Sharing;
  readonly #directories: Record<SideName, Directory>;
  readonly #kept: Kept;
  /** The state that both folders are in, if there is one. */
  #base: Version | undefined;
  /** What the listings of this machine looked like when the run began. */
  #begun: string | undefined;
  #renewal: Renewal | undefined;
  /** Where the state is read from by a run that changes nothing. */
  #scratch: string | undefined;

  private constructor(shared: SharedFolders, sharing: Sharing, directories: Record<SideName, Directory>) {
    this.#shared = shared;
    this.#sharing = sharing;
    this.#directories = directories;
    this.#kept = new Kept(shared.state, sharing.names);
  }

  static async open(shared: SharedFolders, sharing: Sharing): Promise<SharedState> {
    const directory = async (side: SideName) => {
      const folder = shared.folders[side];
      await folder.open();
      return new Directory(side, await identityOf(folder.root ?? folder.name), folder);
    };
    return new SharedState(shared, sharing, { path1: await directory("path1"), path2: await directory("path2") });
  }

  async claim(): Promise<Shared> {
    const { say, signal, lastsMs } = this.#sharing;
    const lease = new Lease(lastsMs);
    // The first lock is renewed while the second one is waited for.
    const renewal = (this.#renewal = new Renewal(lease));
    try {
      for (const side of SIDES) {
        const takenOver = (text: string) => say({ level: "notice", code: "lock-taken-over", text });
        renewal.add(await Lock.claim(this.#directories[side], { lease, say: takenOver, signal }).catch((error: unknown) => {
          throw error instanceof Held ? held(side, error) : unusable(side, error);
        }));
      }
      const files = await this.#files();
      const found = await this.#find(files);
      if (found === "other") {
        await this.#onState(() => this.#kept.setAside());
        say({ level: "notice", code: "state-set-aside", text: OTHER });
      } else if (found !== "nothing") {
        if ("there" in found) {
          const bytes = await this.#fetch(found.there, files, this.#kept);
          say({ level: "info", code: "state-fetched", text: `goes on from the state that the last run left beside the data (${bytes} bytes)` });
        }
        this.#base = "here" in found ? found.here : found.there;
      }
      this.#begun = await this.#onState(() => this.#kept.stamp());
    } catch (error) {
      await renewal.end();
      throw error;
    }
    return this;
  }

  async look(): Promise<Shared> {
    const files = await this.#files();
    const found = await this.#find(files);
    if (found === "nothing" || (found !== "other" && "here" in found)) return this;
    const scratch = (this.#scratch = await this.#onState(() => mkdtemp(join(tmpdir(), "bisync-"))));
    try {
      if (found === "other") this.#sharing.say({ level: "notice", code: "state-set-aside", text: OTHER });
      else await this.#fetch(found.there, files, this.#kept.elsewhere(scratch));
    } catch (error) {
      await this.end();
      throw error;
    }
    this.#shared.goBy(scratch);
    return this;
  }

  whenLost(stop: () => void): void {
    this.#renewal?.whenLost(stop);
  }

  async end(): Promise<void> {
    await this.#renewal?.end();
    if (this.#scratch !== undefined) await rm(this.#scratch, { recursive: true, force: true });
  }

  /**
   * Shares the listings of this machine, when the run changed them, or found that they say what is so. What could not be written is thrown: other machines then go
   * on from the state before, and so does this one from its own.
   */
  async publish(isInStep: boolean): Promise<void> {
    const [renewal, base] = [this.#renewal, this.#base];
    if (!renewal) return;
    const stamp = await this.#onState(() => this.#kept.stamp());
    if (stamp === undefined) return;
    const record = await this.#onState(() => this.#kept.record());
    // Whatever this machine knew before, no shared run has seen it.
    const isKnown = base ? record !== undefined && isSame(record.version, base) && record.stamp === stamp : !isInStep && this.#begun === stamp;
    if (isKnown) return;
    const version = { number: Math.min((base?.number ?? 0) + 1, 0xffffffff), pair: base?.pair ?? random(), run: random() };
    try {
      await this.#write(version, renewal);
    } catch (error) {
      await this.#remove((_, other) => isSame(other, version));
      throw error;
    }
    await this.#onState(() => this.#kept.remember(version));
    this.#base = version;
    await this.#remove((_, other) => other.pair === version.pair && other.number < version.number);
    await this.#endOthers(version);
  }

  /** Copies the listings of this machine beside the data, and marks both folders. */
  async #write(version: Version, renewal: Renewal): Promise<void> {
    const keeper = this.#directories[KEEPER];
    const checkOurs = async () => {
      if (await renewal.prove(unusable)) return;
      throw new BisyncError("busy", "the lock was lost: it could not be renewed in time, and another run may be at work; the next run goes on");
    };
    await checkOurs();
    for (const part of PARTS) {
      const content = await this.#onState(() => this.#kept.open(part));
      if (content) await onSide(KEEPER, () => keeper.put(partName(version, part), content));
    }
    // A mark says that all parts are there. The folder that has them is marked first: until the other one is too, the state before counts.
    await onSide(KEEPER, () => keeper.flush());
    await checkOurs();
    for (const side of [KEEPER, ...SIDES.filter((side) => side !== KEEPER)]) {
      const directory = this.#directories[side];
      await onSide(side, () => directory.create(markName(version, side), `${directory.identity}\n`));
      await onSide(side, () => directory.flush());
    }
  }

  /** Removes states that count no more, and what was left half written. What cannot be removed is removed another time. */
  async #remove(countsNoMore: (side: SideName, version: Version) => boolean): Promise<void> {
    // While the parts of a state are there its mark on the other folder says something.
    for (const side of [...SIDES.filter((side) => side !== KEEPER), KEEPER]) {
      const directory = this.#directories[side];
      const files = await directory.list().catch(() => undefined);
      if (!files) continue;
      for (const [name, file] of files) {
        const version = versionOf(name);
        if (version && countsNoMore(side, version)) await directory.remove(name, file).catch(() => {});
      }
      await directory.tidy(files);
    }
  }

  /**
   * Ends other pairs of the same two folders, such as one in which their order was another: what these knew is no longer so. The original of a folder that was
   * copied keeps its own mark.
   */
  async #endOthers(version: Version): Promise<void> {
    const files = await this.#directories[KEEPER].list().catch((): Files => new Map());
    const pairs = new Set([...files.keys()].flatMap((name) => versionOf(name)?.pair ?? []));
    pairs.delete(version.pair);
    if (pairs.size > 0) await this.#remove((side, other) => side !== KEEPER && pairs.has(other.pair));
  }

  async #files(): Promise<Record<SideName, Files>> {
    const list = (side: SideName) => onSide(side, () => this.#directories[side].list());
    return { path1: await list("path1"), path2: await list("path2") };
  }

  /** Finds out which state both folders are in, and where its listings are. */
  async #find(files: Record<SideName, Files>): Promise<Find> {
    const record = await this.#onState(() => this.#kept.record());
    const hasListings = (await this.#onState(() => this.#kept.stamp())) !== undefined;
    const bases = basesOf(files);
    for (const version of bases) {
      if (!isLastOfPair(version, bases) || !(await this.#isMarked("path1", version, files)) || !(await this.#isMarked("path2", version, files))) continue;
      // Listings of this state that are gone here, after a critical error perhaps, are not brought back.
      return record && isSame(record.version, version) ? { here: version } : { there: version };
    }
    return record && hasListings ? "other" : "nothing";
  }

  /** Whether a folder is the very one that was marked, and no copy of it. */
  async #isMarked(side: SideName, version: Version, files: Record<SideName, Files>): Promise<boolean> {
    const [directory, name] = [this.#directories[side], markName(version, side)];
    const file = files[side].get(name);
    return file !== undefined && isOf(await onSide(side, () => directory.read(name, file)), directory.identity);
  }

  /** Copies a state to this machine; returns its size in bytes. */
  async #fetch(version: Version, files: Record<SideName, Files>, kept: Kept): Promise<number> {
    const parts: Parameters<Kept["install"]>[1] = [];
    let bytes = 0;
    try {
      for (const part of PARTS) {
        const name = partName(version, part);
        const side = SIDES.find((side) => files[side].has(name));
        const file = side && files[side].get(name);
        if (!side || !file) continue;
        const copy = await this.#onState(() => kept.begin());
        parts.push([part, copy]);
        await onSide(side, async () => {
          for await (const piece of this.#directories[side].fetch(name, file)) {
            bytes += piece.length;
            await kept.write(copy, piece);
          }
        });
      }
    } catch (error) {
      for (const [, copy] of parts) await kept.discard(copy).catch(() => {});
      throw error;
    }
    await this.#onState(() => kept.install(version, parts));
    return bytes;
  }

  async #onState<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new BisyncError("other", `the state in \`${this.#shared.known}\` cannot be used: ${reason(error)}`, { path: this.#shared.known, cause: error });
    }
  }
}

/** Returns what a copy of a folder does not have: its number in the file system, with the time when it was made. The program says the same of it. */
async function identityOf(root: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(root, { bigint: true });
  if (birthtimeNs <= 0n) return String(ino);
  const nanoseconds = birthtimeNs % 1_000_000_000n;
  return `${ino}-${(birthtimeNs - nanoseconds) / 1_000_000_000n}.${String(nanoseconds).padStart(9, "0")}`;
}

async function onSide<T>(side: SideName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unusable(side, error);
  }
}

function unusable(side: SideName, error: unknown): BisyncError {
  if (error instanceof BisyncError && error.code === "stopped") return error;
  return new BisyncError("other", `\`${RESERVED}\` on ${called(side)} cannot be used for --remote-lock: ${reason(error)}`, { path: RESERVED, cause: error });
}

function held(side: SideName, { owner }: Held): BisyncError {
  return new BisyncError("busy", `another run is at work on ${called(side)} (${shown(owner)}): wait for its end; its lock lies in \`${RESERVED}\` there`, { path: RESERVED });
}
