// What the content of every copied file passes through: the limits of bandwidth, and who counts it.

import { table } from "./engine.js";
import { BisyncError } from "./error.js";
import { pause } from "./tries.js";

/** No more than this goes at once, in bytes, so that what limits and counts is soon asked again. */
const MOST = 16 * 1024 * 1024;
/** Of what may go in a second, so many parts go one after the other. */
const PARTS = 8;

/** How fast content may be copied, as `--bwlimit` and `--bwlimit-file` say it; left out, as fast as can be. */
export interface Bandwidths {
  all: string | undefined;
  file: string | undefined;
}

/** Which limit is meant: for what is copied in all, for what goes to a server, or for what comes from one. */
type Way = "all" | "up" | "down";

/**
 * There are three limits, as in rclone: one for all copies, the larger of both that were given; one for what goes to servers; and one for what comes
 * from them.
 */
export class Passage {
  readonly #limit: Timetable;
  readonly #fileLimit: Timetable;
  readonly #all = new Pace();
  readonly #up = new Pace();
  readonly #down = new Pace();
  readonly #count: (bytes: number) => void;
  readonly #isClosed: () => boolean;

  /** `count` hears of the bytes that were copied; when `isClosed` says so nothing passes any more, and copies under way break off. */
  constructor(bandwidths: Bandwidths, count: (bytes: number) => void, isClosed: () => boolean) {
    this.#limit = new Timetable(bandwidths.all);
    this.#fileLimit = new Timetable(bandwidths.file);
    this.#count = count;
    this.#isClosed = isClosed;
  }

  /** Passes content on that is copied. Whoever asks for more has written what came before. */
  async *copied(content: AsyncIterable<Uint8Array>, goesToServer: boolean): AsyncGenerator<Uint8Array> {
    const fileLimit = this.#fileLimit.at("all");
    const file = new Pace();
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length; ) {
        this.#check();
        const all = this.#limit.at("all");
        const up = goesToServer ? this.#limit.at("up") : Infinity;
        const most = Math.floor(Math.min(fileLimit, all, up) / PARTS);
        const piece = chunk.subarray(at, at + Math.min(Math.max(most, 1), MOST));
        yield piece;
        at += piece.length;
        this.#count(piece.length);
        await this.#wait(Math.max(file.wait(piece.length, fileLimit), this.#all.wait(piece.length, all), this.#up.wait(piece.length, up)));
      }
    }
  }

  /** Passes content on that comes from a server. */
  async *received(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      await this.#wait(this.#down.wait(chunk.length, this.#limit.at("down")));
      yield chunk;
    }
  }

  async #wait(durationMs: number): Promise<void> {
    await pause(durationMs, this.#isClosed);
    this.#check();
  }

  #check(): void {
    if (this.#isClosed()) throw new BisyncError("stopped", "the run was stopped");
  }
}

/** Limits that may depend on the time of the week. */
class Timetable {
  readonly #text: string | undefined;

  constructor(text: string | undefined) {
    this.#text = text;
  }

  /** Returns what holds now, in bytes a second. */
  at(way: Way): number {
    if (this.#text === undefined) return Infinity;
    const now = new Date();
    const minute = (now.getDay() * 24 + now.getHours()) * 60 + now.getMinutes();
    return table.bandwidthAt(this.#text, minute, way) ?? Infinity;
  }
}

/**
 * Keeps those who copy to a rate: whoever has copied something waits until it may have taken that long.
 *
 * This is a bucket that holds nothing to begin with, as in rclone: no burst goes before the limit.
 */
class Pace {
  /** When all that was copied so far may have been copied. */
  #paidUntil = 0;

  /** Returns how long to wait after `bytes` were copied, in milliseconds. Times in which nothing was copied are lost. */
  wait(bytes: number, bytesPerSecond: number): number {
    if (bytesPerSecond === Infinity) return 0;
    const now = performance.now();
    this.#paidUntil = Math.max(this.#paidUntil, now) + (bytes / bytesPerSecond) * 1000;
    return this.#paidUntil - now;
  }
}
