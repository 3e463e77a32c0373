// Notices and reports as text for a person, as the program writes them.

import type { Counts, Notice, Report } from "../../protocol.js";

/** Gives a text a style, or leaves it as it is where there are no colours. */
export type Paint = (style: "red" | "yellow" | "green" | "bold" | "dim", text: string) => string;

/** How many conflicts and how many failed paths are shown when nobody asked for all. */
const SHOWN = 20;

/** Writes a notice as one line without its end. */
export function noticeLine(notice: Notice, paint: Paint): string {
  const labels = { error: paint("red", "error: "), notice: paint("yellow", "notice: "), info: "", debug: paint("dim", "debug: ") };
  return labels[notice.level] + plain(notice);
}

/** Writes a notice without its level. */
export function plain({ path, text }: Notice): string {
  return path === undefined ? visible(text) : `${visible(path)}: ${visible(text)}`;
}

/** Makes control characters visible, so that a name cannot write to the terminal what it likes. */
export function visible(text: string): string {
  const names: Record<string, string> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => names[character] ?? `\\u{${character.charCodeAt(0).toString(16)}}`);
}

/** Writes how a run ended: one line, and what a person should know besides. */
export function reportText(report: Report, all: boolean, paint: Paint): string {
  const color = report.exitCode > 1 ? "red" : report.exitCode === 1 || report.conflicts.length > 0 ? "yellow" : "green";
  const lines = [paint(color, visible(report.headline))];
  for (const [name, counts] of [["Path1", report.counts.path1], ["Path2", report.counts.path2]] as const) {
    const text = done(counts);
    if (text) lines.push(`  ${name}: ${text}`);
  }
  lines.push(...section("Conflicts", report.conflicts.map(({ path, resolution }) => [path, resolution]), all, paint));
  lines.push(...failed(report, all, paint));
  return `${lines.join("\n")}\n`;
}

/** Writes what keeps a run from success, for when nothing else is to be said. */
export function troubleText(report: Report, paint: Paint): string {
  return `${[...failed(report, false, paint), visible(report.headline)].join("\n")}\n`;
}

function failed(report: Report, all: boolean, paint: Paint): string[] {
  return section("Not in step", report.failures.map(({ path, reason }) => [path, reason]), all, paint);
}

function section(title: string, lines: (readonly [path: string, what: string])[], all: boolean, paint: Paint): string[] {
  if (lines.length === 0) return [];
  const shown = all ? lines : lines.slice(0, SHOWN);
  const text = [paint("bold", `${title}:`), ...shown.map(([path, what]) => `  ${visible(path || "(the whole side)")}: ${visible(what)}`)];
  if (shown.length < lines.length) text.push(`  … and ${lines.length - shown.length} more (all with -v)`);
  return text;
}

/** Says what was done to a side; nothing when nothing was. */
function done(counts: Counts): string {
  const parts: [number, string][] = [
    [counts.copied, `copied (${bytes(counts.copiedBytes)})`],
    [counts.moved, "moved"],
    [counts.deleted, "deleted"],
    [counts.touched, "with a new time"],
    [counts.metadataSet, "with new metadata"],
    [counts.directoriesMade, "directories made"],
    [counts.directoriesRemoved, "directories removed"],
  ];
  return parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${count === 1 ? what.replace("directories", "directory") : what}`).join(", ");
}

/** `3.00 MiB` */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  for (; count >= 1024 && unit < units.length - 1; unit += 1) count /= 1024;
  return unit === 0 ? `${count} B` : `${count.toFixed(2)} ${units[unit]}`;
}
