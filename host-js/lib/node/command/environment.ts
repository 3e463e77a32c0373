// Options from the environment: `BISYNC_MAX_DELETE=10`, and rclone's `RCLONE_MAX_DELETE=10`.

import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import type { Notice } from "../../protocol.js";
import { ALL } from "./arguments.js";
import { blamed, type Placed } from "./places.js";

/** The variables that a process was started with. */
export type Variables = Record<string, string | undefined>;

const OWN = "BISYNC_";

/** Options that are for the command line alone. */
export const NOT_LASTING = ["help", "version"];

/** Returns the options of the variables that begin with `prefix`. An empty one counts as none. */
export function optionsOf(variables: Variables, prefix: "BISYNC_" | "RCLONE_"): Placed[] {
  return ALL.filter(({ name }) => !NOT_LASTING.includes(name)).flatMap((flag): Placed[] => {
    const name = prefix + written(flag.name);
    const value = variables[name];
    if (!value) return [];
    const origin = () => `variable \`${name}\``;
    // Node puts this character where a value is not UTF-8.
    if (value.includes("\ufffd")) throw blamed(new BisyncError("usage", `the value of \`--${flag.name}\` is not UTF-8`, { path: flag.name }), origin);
    if (flag.kind !== "list" && flag.kind !== "files") return [{ flag, value, origin }];
    const values = fields(value);
    if (!values) throw blamed(new BisyncError("usage", `a quote in \`${value}\` is not closed`, { path: flag.name }), origin);
    return values.map((value) => ({ flag, value, origin }));
  });
}

/** Returns a notice for each variable that begins with `BISYNC_` and is no option. */
export function unknownVariables(variables: Variables): Notice[] {
  const known = new Set(ALL.map(({ name }) => OWN + written(name)));
  const unknown = Object.keys(variables).filter((name) => name.startsWith(OWN) && !known.has(name));
  return unknown.sort().map((name) => {
    const option = name.slice(OWN.length).toLowerCase().replaceAll("_", "-");
    const nearest = table.nearest(option, ALL.map(({ name }) => name));
    const meant = nearest === undefined ? "" : `; did you mean \`${OWN}${written(nearest)}${isOpposite(option, nearest) ? "=false" : ""}\`?`;
    return { level: "notice", code: "variable-unknown", text: `the variable \`${name}\` is ignored: no option has that name${meant}` };
  });
}

/** Says whether one name is the other with `no-` before it. */
export function isOpposite(one: string, other: string): boolean {
  return one === `no-${other}` || other === `no-${one}`;
}

const written = (option: string) => option.toUpperCase().replaceAll("-", "_");

/**
 * Splits the value of a list at its commas, as rclone does, and at the ends of lines: a field with a comma in it stands in double quotes, and a quote in
 * those is doubled. Nothing when a quote is not closed.
 */
function fields(text: string): string[] | undefined {
  const isQuoted = text.split(/[,\r\n]/).some((field) => field.startsWith('"'));
  if (isQuoted && text.split('"').length % 2 === 0) return undefined;
  const field = /(?:"((?:[^"]|"")*)(?:"|$)([^,\r\n]*)|([^,\r\n]*))([,\r\n]?)/y;
  const found: string[] = [];
  for (let separator: string | undefined = ","; separator; ) {
    // It matches anything.
    const [, quoted, after, plain, next] = field.exec(text) ?? [];
    found.push(plain ?? `${quoted?.replaceAll('""', '"')}${after}`);
    separator = next;
  }
  return found.filter((field) => field !== "");
}
