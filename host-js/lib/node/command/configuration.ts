// The file of defaults and named pairs.
//
// `[defaults]` holds options, `[pair.NAME]` the paths of a pair and its options. Relative paths in it begin at the directory of the file, so that they
// do not depend on where the command is started; `~/` is the home directory.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute } from "node:path";

import { parse, TomlDate, TomlError, type TomlTable, type TomlValue } from "smol-toml";

import { table } from "../../engine.js";
import { BisyncError } from "../../error.js";
import { absolute } from "../absolute.js";
import { failure, isCode } from "../failure.js";
import { ALL, findCommand, findFlag } from "./arguments.js";
import { isOpposite, NOT_LASTING, type Variables } from "./environment.js";
import { blamed, type Placed } from "./places.js";
import type { Flag } from "./table.js";

/** What the file says. */
export interface Configuration {
  /** The file, when there is one. */
  file?: string;
  /** Options of all runs. */
  defaults: Placed[];
  /** The pairs by name. */
  pairs: Map<string, NamedPair>;
}

/** A pair of paths with a name, and its options. */
export interface NamedPair {
  paths: [one: string, two: string];
  given: Placed[];
}

/** What there is without a file. */
export const NOTHING: Configuration = { defaults: [], pairs: new Map() };

/** Reads the file that `--defaults-file` names, else the one in its usual place, if it is there. */
export async function loadConfiguration(named: string | undefined, variables: Variables): Promise<Configuration> {
  const home = variables["HOME"] || (process.platform === "win32" ? homedir() : undefined);
  // The XDG specification has relative paths ignored.
  const base = [variables["XDG_CONFIG_HOME"], home && below(home, ".config")].find((path) => path && isAbsolute(path));
  const file = named === undefined ? base && below(base, "bisync/config.toml") : named && absolute(named);
  if (!file) return NOTHING;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (named === undefined && isCode(error, "ENOENT")) return NOTHING;
    throw new BisyncError("other", `cannot read \`${file}\`: ${failure(error, file).message}`, { path: file, cause: error });
  }
  return new Reader(text, file, home).read();
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #home: string | undefined;

  constructor(text: string, file: string, home: string | undefined) {
    this.#text = text;
    this.#file = file;
    this.#home = home;
  }

  read(): Configuration {
    const configuration: Configuration = { file: this.#file, defaults: [], pairs: new Map() };
    for (const [key, value] of Object.entries(this.#parsed())) {
      if (key === "defaults") {
        const table = this.#table([key], value);
        const path = ["path1", "path2"].find((name) => Object.hasOwn(table, name));
        if (path) throw this.#blamed([key, path], `\`${path}\` is for pairs, as in \`[pair.NAME]\`, and cannot be a default`);
        configuration.defaults = this.#options([key], table);
      } else if (key === "pair") {
        for (const [name, pair] of Object.entries(this.#table([key], value))) {
          configuration.pairs.set(name, this.#pair(name, this.#table([key, name], pair)));
        }
      } else throw this.#blamed([key], `\`${key}\` has no meaning here: there are \`[defaults]\` and \`[pair.NAME]\``);
    }
    return configuration;
  }

  #parsed(): TomlTable {
    try {
      return parse(this.#text, { integersAsBigInt: "asNeeded" });
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const problem = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "");
      throw new BisyncError("usage", `\`${this.#file}\` line ${error.line}: ${problem}`, { path: this.#file, cause: error });
    }
  }

  #table(keys: string[], value: TomlValue): TomlTable {
    if (typeof value === "object" && !Array.isArray(value) && !(value instanceof TomlDate)) return value as TomlTable;
    throw this.#blamed(keys, `\`${keys.at(-1)}\` has to be a table of options, as in \`[defaults]\` or \`[pair.NAME]\``);
  }

  #pair(name: string, table: TomlTable): NamedPair {
    const keys = ["pair", name];
    const why = unusable(name);
    if (why) throw this.#blamed(keys, `\`${name}\` cannot name a pair: ${why}`);
    const path = (key: string) => {
      if (!Object.hasOwn(table, key)) throw this.#blamed(keys, `the pair \`${name}\` has no \`${key}\``);
      const value = table[key];
      if (typeof value !== "string") throw this.#blamed([...keys, key], `\`${key}\` takes a path in quotes`);
      return this.#path(value);
    };
    return { paths: [path("path1"), path("path2")], given: this.#options(keys, table) };
  }

  /** Reads the options of a table, in the order in which they are written. The paths of a pair are passed over. */
  #options(keys: string[], options: TomlTable): Placed[] {
    return Object.entries(options).flatMap(([name, value]) => {
      if (name === "path1" || name === "path2") return [];
      const refused = (problem: string) => this.#blamed([...keys, name], problem);
      const flag = findFlag(name);
      if (!flag) throw refused(`unknown option \`${name}\`${meantOption(name)}`);
      if ([...NOT_LASTING, "defaults-file"].includes(name)) throw refused(`\`${name}\` cannot be set in a file`);
      const texts = textsOf(flag, value);
      if (!texts) throw refused(`\`${name}\` takes ${accepted(flag)}`);
      return texts.map((text): Placed => {
        const value = flag.path ? this.#path(text) : text;
        const problem = flag.kind.startsWith("file") ? undefined : table.checkOption(name, value);
        if (problem !== undefined) throw refused(problem);
        return { flag, value, origin: () => this.#origin([...keys, name]) };
      });
    });
  }

  /** Makes a path independent of where the command is started. */
  #path(path: string): string {
    if (this.#home !== undefined && (path === "~" || path.startsWith("~/"))) {
      return path === "~" ? this.#home : below(this.#home, path.slice(1).replace(/^\/+/, ""));
    }
    return path === "" || namesRemote(path) || isAbsolute(path) ? path : below(dirname(this.#file), path);
  }

  #origin(keys: string[]): string {
    return `\`${this.#file}\` line ${this.#lineOf(keys)}`;
  }

  #blamed(keys: string[], problem: string): unknown {
    return blamed(new BisyncError("usage", problem, { path: this.#file }), () => this.#origin(keys));
  }

  /** Returns the line of a key, from 1. The library tells none: it is the first line without which the file has no such key. */
  #lineOf(keys: string[]): number {
    const lines = this.#text.split("\n");
    // What spans several lines is only whole with the last of them, and begins after the last line with which all was whole.
    let begin = 1;
    for (let end = 1; end <= lines.length; end += 1) {
      const there = parsedOrNothing(lines.slice(0, end).join("\n"));
      if (!there) continue;
      if (has(there, keys)) return begin;
      begin = end + 1;
    }
    return begin;
  }
}

/** Returns the path of something in a directory. It is not cleaned: behind a link, `..` leads elsewhere than its text says. */
function below(directory: string, path: string): string {
  return directory.endsWith("/") ? directory + path : `${directory}/${path}`;
}

function parsedOrNothing(text: string): TomlTable | undefined {
  try {
    return parse(text, { integersAsBigInt: "asNeeded" });
  } catch {
    return undefined;
  }
}

function has(value: TomlValue | undefined, keys: string[]): boolean {
  const [key, ...rest] = keys;
  if (key === undefined) return true;
  return typeof value === "object" && Object.hasOwn(value, key) && has((value as TomlTable)[key], rest);
}

/** Says whether a path is one of a remote: `name:path`, or `:backend:path`. A letter before the colon is a disk on Windows. */
export function namesRemote(path: string): boolean {
  return /^[^/]*:/.test(path) && !(process.platform === "win32" && /^[a-z]:|^[^:]*\\/i.test(path));
}

/** Returns why a pair cannot have a name, if it cannot. */
function unusable(name: string): string | undefined {
  if (name === "" || /[\s\p{Cc}]/u.test(name)) return "a name is one word";
  if (/[/:]|^-/.test(name)) return "it would be read as a path or as an option";
  return findCommand(name) ? "it is a command" : undefined;
}

/** Asks for the option that was probably meant, with its sense. */
function meantOption(name: string): string {
  const nearest = table.nearest(name, ALL.map((flag) => flag.name));
  if (nearest === undefined) return "";
  return `; did you mean \`${nearest}${isOpposite(name, nearest) ? " = false" : ""}\`?`;
}

/** Returns the values that the command line would take instead; nothing when the type is not the option's. */
function textsOf({ kind, number }: Flag, value: TomlValue): string[] | undefined {
  if (typeof value === "string") return [value];
  if (typeof value === "boolean") return ["flag", "count", "choice"].includes(kind) ? [String(value)] : undefined;
  if (typeof value === "number" || typeof value === "bigint") return number ? [String(value)] : undefined;
  if (value instanceof TomlDate) return kind === "age" ? [value.toISOString().replace(/\.000(?!\d)/, "")] : undefined;
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) return undefined;
  if (kind === "list" || kind === "files") return value;
  return kind === "words" ? [value.join(",")] : undefined;
}

function accepted({ name, kind }: Flag): string | undefined {
  if (kind === "list" || kind === "files") return 'a list of texts, as in `["one", "two"]`';
  return kind === "text" || kind === "file" ? "a text in quotes" : table.accepted(name);
}
