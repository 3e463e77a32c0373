import { openSync, writeSync } from "node:fs";
import { styleText } from "node:util";

import { type Given, isOn, lastValue, textOf } from "../../conduct.js";
import type { Progress } from "../../driver.js";
import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import type { Notice, Report } from "../../protocol.js";
import type { RunEvent } from "../../events.js";
import { failure } from "../failure.js";
import { progressLine } from "./progress-line.js";
import { noticeLine, type Paint, plain, reportText, troubleText, visible } from "./text.js";

const LEVELS = ["error", "notice", "info", "debug"];
/** A run that ends sooner shows no progress, in milliseconds. */
const PATIENCE = 300;
/** The progress is drawn anew after so many milliseconds. */
const TICK = 100;
/** No timer waits longer, in milliseconds. */
const LONGEST_TIME = 2 ** 31 - 1;
const CLEAR = "\r\u001b[K";

/** Shows what happens in a run, and how it ended. Results go to standard output, messages to standard error or to a file. */
export class Reporter {
  readonly #level: number;
  readonly #isDryRun: boolean;
  readonly #isJson: boolean;
  /** The file for messages, opened for appending. */
  readonly #logFile: number | undefined;
  readonly #out: Paint;
  readonly #err: Paint;
  readonly #showsProgress: boolean;
  /** Paths that alone are of interest; empty when all are. */
  readonly #explained: Set<string>;
  /** The directory of the last action of a plan that was shown. */
  #folder = "";
  #drawn = 0;
  readonly #begun = performance.now();
  #progress: Progress | undefined;
  /** When the first file was begun. */
  #copyingSince: number | undefined;
  /** The time between two messages that say how far it is, in milliseconds, if there are to be any. */
  readonly #statisticsEvery: number | undefined;
  readonly #statisticsLevel: Notice["level"];

  constructor(given: Given) {
    this.#statisticsEvery = table.durationMs(lastValue(given, "stats") ?? "0") || undefined;
    this.#statisticsLevel = (lastValue(given, "stats-log-level") ?? "NOTICE").toLowerCase() as Notice["level"];
    this.#level = level(given);
    this.#isDryRun = isOn(given, "dry-run") || ["plan-out", "explain"].some((name) => lastValue(given, name) !== undefined);
    this.#explained = new Set(given.filter(([name]) => name === "explain").map(([, path]) => path.replace(/\/+$/, "")));
    this.#isJson = isOn(given, "use-json-log");
    this.#logFile = opened(textOf(given, "log-file"));
    const color = lastValue(given, "color");
    [this.#out, this.#err] = [painter(process.stdout, color), painter(process.stderr, color)];
    const wanted = (lastValue(given, "progress") === undefined || isOn(given, "progress")) && !isOn(given, "interactive");
    this.#showsProgress = wanted && !this.#isJson && this.#level > 0 && process.stderr.isTTY === true;
  }

  event(event: RunEvent): void {
    if (event.type === "notice") return this.notice(event);
    this.#progress = event;
    const now = performance.now();
    if (event.copied.begun > 0) this.#copyingSince ??= now;
    if (!this.#showsProgress || now - this.#drawn <= TICK || now - this.#begun < PATIENCE) return;
    process.stderr.write(`${CLEAR}${progressLine(event, this.#copyingSince && now - this.#copyingSince)}`);
    this.#drawn = now;
  }

  /** Says how far the run is whenever the time of `--stats` has passed, until the function that it gives is called, and then once more. */
  sayStatistics(): () => void {
    const every = this.#statisticsEvery;
    if (every === undefined) return () => {};
    const say = () => {
      if (!this.#progress) return;
      // As in the program, the time runs from the beginning of the run.
      const copying = this.#progress.copied.begun > 0 ? performance.now() - this.#begun : undefined;
      this.notice({ level: this.#statisticsLevel, code: "stats", text: progressLine(this.#progress, copying) });
    };
    const timer = every <= LONGEST_TIME ? setInterval(say, Math.max(every, 1)) : undefined;
    return () => {
      clearInterval(timer);
      say();
    };
  }

  notice(notice: Notice): void {
    const isPlan = this.#isDryRun && notice.level === "info" && this.#level > 0;
    const isOfInterest = this.#explained.size === 0 || this.#explained.has(notice.path ?? "") || notice.level === "error";
    if ((LEVELS.indexOf(notice.level) > this.#level && !isPlan) || !isOfInterest) return;
    if (isPlan && !this.#isJson) {
      this.#write(process.stdout, this.#planned(notice));
      if (this.#logFile === undefined) return;
    }
    if (this.#isJson) {
      const { level, code, path, text } = notice;
      this.#log(JSON.stringify({ time: new Date().toISOString(), level, code, ...(path !== undefined && { path }), message: text }));
    } else if (this.#logFile === undefined) this.#log(noticeLine(notice, this.#err));
    else this.#log(`${logTime()} ${notice.level.toUpperCase().padEnd(6)}: ${plain(notice)}`);
  }

  /** An action of a plan, below the name of its directory. */
  #planned(notice: Notice): string {
    const { path = "", text } = notice;
    const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    if (this.#explained.size > 0 || parent === "") {
      this.#folder = "";
      return `${noticeLine(notice, this.#out)}\n`;
    }
    const heading = parent === this.#folder ? "" : `${this.#out("bold", `${visible(parent)}/`)}\n`;
    this.#folder = parent;
    return `${heading}  ${visible(path.slice(parent.length + 1))}: ${visible(text)}\n`;
  }

  /** Shows how the run ended. */
  report(report: Report): void {
    this.#clear();
    if (this.#explained.size > 0 && report.exitCode === 0) return;
    if (this.#isJson) this.#log(summary(report));
    else if (this.#level > 0) {
      this.#logResult(report, reportText(report, this.#level > 1, (_, text) => text));
      this.#write(process.stdout, reportText(report, this.#level > 1, this.#out));
    } else if (report.exitCode !== 0) {
      if (this.#logFile === undefined) process.stderr.write(troubleText(report, this.#err));
      else this.#logResult(report, troubleText(report, (_, text) => text));
    }
  }

  #logResult(report: Report, text: string): void {
    if (this.#logFile === undefined) return;
    const level = report.exitCode === 0 ? "NOTICE" : "ERROR ";
    for (const line of text.trimEnd().split("\n")) this.#log(`${logTime()} ${level}: ${line}`);
  }

  #log(line: string): void {
    if (this.#logFile === undefined) this.#write(process.stderr, `${line}\n`);
    else writeSync(this.#logFile, `${line}\n`);
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    this.#clear();
    stream.write(text);
  }

  #clear(): void {
    if (this.#drawn > 0) process.stderr.write(CLEAR);
    this.#drawn = 0;
  }
}

function opened(path: string | undefined): number | undefined {
  try {
    return path === undefined ? undefined : openSync(path, "a");
  } catch (error) {
    throw new BisyncError("other", `cannot write the log file \`${path}\`: ${failure(error, path ?? "").message}`, { cause: error });
  }
}

function level(given: Given): number {
  if (isOn(given, "quiet")) return 0;
  // A number, or one more for each time.
  const verbose = given.filter(([name]) => name === "verbose").reduce((sum, [, value]) => (value === "true" ? sum + 1 : Number(value)), 0);
  if (verbose > 0) return verbose === 1 ? 2 : 3;
  return LEVELS.indexOf((lastValue(given, "log-level") ?? "notice").toLowerCase());
}

function painter(stream: NodeJS.WriteStream, color: string | undefined): Paint {
  const wanted = color === "always" || (color !== "never" && stream.isTTY === true && stream.hasColors() && !process.env["NO_COLOR"]);
  return (style, text) => (wanted ? styleText(style === "bold" || style === "dim" ? style : [style, "bold"], text) : text);
}

/** `2026-01-02 03:04:05`, in the time of this place. */
function logTime(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace("T", " ");
}

function summary(report: Report): string {
  const snake = (counts: object) =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), count as number]));
  const { exitCode, headline, dryRun, counts, conflicts, failures } = report;
  return JSON.stringify({
    time: new Date().toISOString(),
    level: exitCode === 0 ? "notice" : "error",
    code: "summary",
    message: headline,
    summary: { exit_code: exitCode, headline, dry_run: dryRun, path1: snake(counts.path1), path2: snake(counts.path2), conflicts, failures },
  });
}
