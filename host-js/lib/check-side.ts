import { BisyncError, wordsOf } from "./error.js";
import type { Capabilities, Fingerprint, Found, Instant, Item, Side, WriteOptions } from "./side.js";

const TIME: Instant = { seconds: 1_600_000_000, nanoseconds: 123_456_789 };
const OTHER_TIME: Instant = { seconds: 1_500_000_000, nanoseconds: 0 };
const NAMES = ["a b", " a", "a.", "-a", "#a", "a%41", "a+b", "a&b?c=d", "it's", "ä", "日本", "😀", "A", ".a"];

/**
 * Holds a side to what the interface `Side` promises, and throws a `BisyncError` that lists what it does not keep.
 *
 * For whoever implements a side, in any test runner: `await checkSide(mySide())`. The side has to be empty; what the checks
 * make is left in it.
 */
export async function checkSide(side: Side): Promise<void> {
  const capabilities = await side.open();
  const there = (await listed(side, "")).map(({ name }) => name);
  if (there.length > 0) throw new BisyncError("usage", `the side has to be empty, and \`${there[0]}\` is there`, { path: there[0] ?? "" });
  const faults: string[] = [];
  for (const [index, [what, check]] of Object.entries(CHECKS).entries()) {
    try {
      await check(new Place(side, capabilities, `check-${index}`));
    } catch (error) {
      faults.push(`- ${what}: ${wordsOf(error)}`);
    }
  }
  if (faults.length > 0) throw new BisyncError("engine", `the side does not keep what \`Side\` promises:\n${faults.join("\n")}`);
}

/** What is checked, each in a directory of its own. */
const CHECKS: Record<string, (at: Place) => Promise<void>> = {
  "what is not there": async ({ side, path }) => {
    same(await side.describe(path("nothing")), undefined, "`describe` of nothing");
    same((await side.describe(""))?.kind, "directory", "the kind of the root");
    await throws(() => listed(side, path("nothing")), ["notFound"], "`list` of nothing");
  },
  "content comes back": async (at) => {
    for (const length of [0, 1, 70_000, 300_001]) {
      const name = `deep/er/${length}`;
      const found = await at.write(name, pattern(length));
      same(found.kind, "file", "the kind that `write` returns");
      same(found.fingerprint.size, length, "the size that `write` returns");
      same(await at.text(name), text(pattern(length)), `the content of ${length} bytes`);
    }
  },
  "listing, describing and writing agree": async (at) => {
    const written = await at.write("d/a", "a", { modified: TIME });
    if (at.keepsEmptyDirectories) await at.side.makeDirectory(at.path("d/sub"));
    else await at.write("d/sub/b", "b");
    const items = await listed(at.side, at.path("d"));
    same(items.map(({ name }) => name).sort().join(), "a,sub", "the names in a directory with a file and a directory");
    const item = items.find(({ name }) => name === "a");
    const described = await at.side.describe(at.path("d/a"));
    same(shown(item?.fingerprint), shown(written.fingerprint), "what `list` and `write` say of a file");
    same(shown(described?.fingerprint), shown(written.fingerprint), "what `describe` and `write` say of a file");
    same(items.find(({ name }) => name === "sub")?.kind, "directory", "the kind of a directory");
    if (at.capabilities.setsTime) at.sameTime(written, TIME, "the time given to `write`");
  },
  "a new file takes no file's place": async (at) => {
    await at.write("a", "old");
    await throws(() => at.write("a", "newer"), ["refused"], "`write` that expects nothing, where a file is");
    same(await at.text("a"), "old", "the content after it");
  },
  "a new file takes no directory's place": async (at) => {
    await at.write("d/a", "a");
    await throws(() => at.write("d", "file"), ["refused", "wrongKind"], "`write` where a directory is");
    same(await at.text("d/a"), "a", "what is in the directory after it");
  },
  "only the version that is expected is replaced": async (at) => {
    const { fingerprint } = await at.write("a", "old");
    await throws(() => at.write("a", "newer", { expect: stale(fingerprint) }), ["refused"], "`write` that expects another version");
    same(await at.text("a"), "old", "the content after it");
    await throws(() => at.write("b", "new", { expect: fingerprint }), ["refused", "notFound"], "`write` that expects a version of what is gone");
    same(await at.text("b"), undefined, "what is there after it");
    await at.write("a", "newer", { expect: fingerprint });
    same(await at.text("a"), "newer", "the content after `write` that expects what is there");
  },
  "what is written in place is what was expected": async (at) => {
    if (!at.side.writesInPlace) return;
    const inPlace = true;
    const { fingerprint } = await at.write("a", "old");
    await throws(() => at.write("a", "newer", { expect: stale(fingerprint), inPlace }), ["refused"], "`write` in place that expects another version");
    await throws(() => at.write("a", "newer", { inPlace }), ["refused"], "`write` in place that expects nothing, where a file is");
    const unreadable = async function* (): AsyncGenerator<Uint8Array> {
      throw new BisyncError("changed", "the source changed");
    };
    await throws(() => at.put("a", unreadable(), { expect: fingerprint, inPlace }), ["changed"], "`write` in place of content that cannot be read");
    same(await at.text("a"), "old", "the content after it");
    const written = await at.write("a", "newer", { expect: fingerprint, modified: TIME, inPlace });
    same(await at.text("a"), "newer", "the content after `write` in place");
    same(shown((await at.side.describe(at.path("a")))?.fingerprint), shown(written.fingerprint), "what `describe` and `write` in place say of a file");
    await at.write("d/b", "b", { inPlace });
    same(await at.text("d/b"), "b", "the content of a new file that was written in place");
    await throws(() => at.put("c", unreadable(), { inPlace }), ["changed"], "`write` in place of a new file that cannot be read");
    same(await at.text("c"), undefined, "what is there after it");
  },
  "what breaks off changes nothing": async (at) => {
    const { fingerprint } = await at.write("a", "old");
    const broken = async function* () {
      yield pattern(100_000);
      throw new BisyncError("changed", "the source changed");
    };
    await throws(() => at.put("a", broken(), { expect: fingerprint }), ["changed"], "`write` of content that breaks off");
    await throws(() => at.put("b", broken()), ["changed"], "`write` of a new file whose content breaks off");
    same(await at.text("a"), "old", "the content after it");
    same((await listed(at.side, at.path(""))).map(({ name }) => name).join(), "a", "the names in the directory after it");
  },
  "hashes": async (at) => {
    const [hash] = at.capabilities.hashes;
    if (hash === undefined) return;
    const { fingerprint } = await at.write("a", "content");
    const [item] = await listed(at.side, at.path(""), hash);
    const value = item?.fingerprint.hash;
    if (!value?.startsWith(`${hash}:`)) throw new Error(`\`list\` was asked for ${hash} and gave ${value}`);
    await at.write("b", "content", { verify: value });
    await throws(() => at.write("a", "other!!", { expect: fingerprint, verify: value }), undefined, "`write` of content with another hash");
    same(await at.text("a"), "content", "the content after it");
  },
  "only the version that is expected is read": async (at) => {
    const { fingerprint } = await at.write("a", "old");
    await throws(() => collected(at.side.read(at.path("a"), stale(fingerprint))), ["changed"], "`read` of another version");
    await throws(() => collected(at.side.read(at.path("b"), fingerprint)), ["changed", "notFound"], "`read` of nothing");
  },
  "moving": async (at) => {
    const { fingerprint } = await at.write("a", "a", { modified: TIME });
    await at.write("b", "b");
    await throws(() => at.side.move(at.path("a"), stale(fingerprint), at.path("c")), ["refused"], "`move` of another version");
    await throws(() => at.side.move(at.path("a"), fingerprint, at.path("b")), ["refused"], "`move` to where a file is");
    same(`${await at.text("a")}${await at.text("b")}`, "ab", "the contents after it");
    const moved = await at.side.move(at.path("a"), fingerprint, at.path("new/c"));
    same(await at.text("new/c"), "a", "the content after `move`");
    same(await at.side.describe(at.path("a")), undefined, "what is left after `move`");
    same(shown((await at.side.describe(at.path("new/c")))?.fingerprint), shown(moved.fingerprint), "what `describe` and `move` say of the file");
    if (at.capabilities.setsTime) at.sameTime(moved, TIME, "the time after `move`");
  },
  "removing": async (at) => {
    const { fingerprint } = await at.write("a", "a");
    await throws(() => at.side.remove(at.path("a"), stale(fingerprint)), ["refused"], "`remove` of another version");
    same(await at.text("a"), "a", "the content after it");
    await at.side.remove(at.path("a"), fingerprint);
    same(await at.side.describe(at.path("a")), undefined, "what is there after `remove`");
  },
  "directories": async (at) => {
    const { side, path } = at;
    same((await side.makeDirectory(path("d/e"))).kind, "directory", "the kind that `makeDirectory` returns");
    await side.makeDirectory(path("d/e"));
    if (at.keepsEmptyDirectories) await throws(() => side.removeDirectory(path("d")), ["notEmpty"], "`removeDirectory` where a directory is in it");
    await at.write("f/a", "a");
    await throws(() => side.removeDirectory(path("f")), ["notEmpty"], "`removeDirectory` where a file is in it");
    same(await at.text("f/a"), "a", "the content after it");
    await throws(() => side.makeDirectory(path("f/a")), undefined, "`makeDirectory` where a file is");
    same(await at.text("f/a"), "a", "the content after it");
    await side.removeDirectory(path("d/e"));
    same((await side.describe(path("d/e")))?.kind, undefined, "what is there after `removeDirectory`");
    await side.removeDirectory(path("d/e"));
  },
  "trees of directories": async (at) => {
    const { side, path } = at;
    if (!side.removeTree) return;
    await side.makeDirectory(path("d/e"));
    await side.makeDirectory(path("d/f/g"));
    await at.write("h/a", "a");
    await side.makeDirectory(path("h/i"));
    await throws(async () => side.removeTree?.(path("h")), ["notEmpty"], "`removeTree` where a file is in it");
    same(await at.text("h/a"), "a", "the content after it");
    same((await side.describe(path("h/i")))?.kind, "directory", "what is beside the file after it");
    await side.removeTree(path("d"));
    same((await side.describe(path("d")))?.kind, undefined, "what is there after `removeTree`");
    await side.removeTree(path("d"));
  },
  "times": async (at) => {
    const { fingerprint } = await at.write("a", "a", { modified: TIME });
    if (!at.capabilities.setsTime) return;
    await throws(() => at.side.setTime(at.path("a"), stale(fingerprint), OTHER_TIME), ["refused"], "`setTime` of another version");
    at.sameTime(await at.side.describe(at.path("a")), TIME, "the time after it");
    at.sameTime(await at.side.setTime(at.path("a"), fingerprint, OTHER_TIME), OTHER_TIME, "the time that `setTime` returns");
    at.sameTime(await at.side.describe(at.path("a")), OTHER_TIME, "the time after `setTime`");
    same(await at.text("a"), "a", "the content after `setTime`");
  },
  "names come back as they were given, or are refused": async (at) => {
    const kept: string[] = [];
    for (const name of NAMES) {
      try {
        await at.write(name, name);
        kept.push(name);
      } catch (error) {
        if (!(error instanceof BisyncError && error.code === "impossibleName")) throw error;
      }
    }
    const names = (await listed(at.side, at.path(""))).map(({ name }) => name);
    same(names.sort().join("|"), kept.sort().join("|"), "the names");
    for (const name of kept) same(await at.text(name), name, `the content of \`${name}\``);
  },
  "no path leads out": async (at) => {
    for (const path of ["../out", `${at.path("d")}/../../../out`]) {
      await throws(() => at.side.write(path, once(pattern(1)), options(path)), undefined, `\`write\` to \`${path}\``);
    }
  },
  "many at a time": async (at) => {
    const names = Array.from({ length: 16 }, (_, index) => `d/${index}`);
    const all = await Promise.all(names.map((name) => at.write(name, name)));
    for (const name of names) same(await at.text(name), name, `the content of \`${name}\``);
    const ids = all.map(({ fingerprint }) => fingerprint.id).filter((id) => id !== undefined);
    same(new Set(ids).size, ids.length, "how many ids different files have");
    await at.side.flush();
  },
};

/** A directory for one check. */
class Place {
  readonly side: Side;
  readonly capabilities: Capabilities;
  readonly #directory: string;

  constructor(side: Side, capabilities: Capabilities, directory: string) {
    this.side = side;
    this.capabilities = capabilities;
    this.#directory = directory;
  }

  get keepsEmptyDirectories(): boolean {
    return this.capabilities.keepsEmptyDirectories !== false;
  }

  path = (name: string): string => (name === "" ? this.#directory : `${this.#directory}/${name}`);

  write(name: string, content: string | Uint8Array, given: Partial<WriteOptions> = {}): Promise<Found> {
    return this.put(name, once(typeof content === "string" ? new TextEncoder().encode(content) : content), given);
  }

  put(name: string, content: AsyncIterable<Uint8Array>, given: Partial<WriteOptions> = {}): Promise<Found> {
    return this.side.write(this.path(name), content, { ...options(this.path(name)), ...given });
  }

  /** What is in a file, as the side says that it is now; nothing when there is none. */
  async text(name: string): Promise<string | undefined> {
    const found = await this.side.describe(this.path(name));
    return found && text(await collected(this.side.read(this.path(name), found.fingerprint)));
  }

  /** Throws unless a time is what it should be, as finely as the side keeps times. */
  sameTime(found: Found | undefined, expected: Instant, what: string): void {
    const time = found?.fingerprint.modified;
    const distance = time && Math.abs((time.seconds - expected.seconds) * 1e9 + time.nanoseconds - expected.nanoseconds);
    if (distance === undefined || distance >= Math.max(1, this.capabilities.timePrecisionNs ?? 0)) {
      throw new Error(`${what} is ${shown(found?.fingerprint)}, and should be ${expected.seconds}.${expected.nanoseconds}`);
    }
  }
}

let writes = 0;

function options(path: string): WriteOptions {
  const temporary = `${path.slice(0, path.lastIndexOf("/") + 1)}.bisync-0000000000000000-${(writes++).toString(16)}.partial`;
  return { expect: undefined, temporary, modified: undefined, verify: undefined };
}

/** Another version: one of another size, as that is what all sides know. */
function stale(version: Fingerprint): Fingerprint {
  return { ...version, size: (version.size ?? 0) + 1 };
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => 97 + (index % 26));
}

/** Content in chunks of different lengths, an empty one among them. */
async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0, length = 1; at < content.length; at += length, length = length * 3 + 1) yield content.subarray(at, at + length);
  yield new Uint8Array();
}

async function listed(side: Side, path: string, hash?: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of side.list(path, hash)) items.push(...page);
  return items;
}

async function collected(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of content) parts.push(chunk.slice());
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function shown(fingerprint: Fingerprint | undefined): string {
  if (!fingerprint) return "nothing";
  const { size, modified, id } = fingerprint;
  return `${size} bytes${modified ? ` of ${modified.seconds}.${modified.nanoseconds}` : ""}${id === undefined ? "" : ` with the id ${id}`}`;
}

function same(found: unknown, expected: unknown, what: string): void {
  const short = (value: unknown) => (typeof value === "string" && value.length > 40 ? `${value.length} characters` : String(value));
  if (found !== expected) throw new Error(`${what}: ${short(found)}, and not ${short(expected)}`);
}

/** Throws unless `work` does, with one of these codes or, where none are named, with any error. */
async function throws(work: () => Promise<unknown>, codes: string[] | undefined, what: string): Promise<void> {
  let thrown: unknown;
  try {
    await work();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error(`${what} throws nothing`);
  if (codes === undefined || (thrown instanceof BisyncError && codes.includes(thrown.code))) return;
  throw new Error(`${what} throws ${thrown instanceof BisyncError ? `the code \`${thrown.code}\`` : String(thrown)}, and not \`${codes.join("` or `")}\``);
}
