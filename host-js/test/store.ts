// What every store has to stand, whatever it is.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import { bisync, type BisyncError, type Found, type Instant, memoryFolder, memoryState, type Report, type RunOptions, type Side } from "bisync";

const BEFORE = new Date("2024-01-01T00:00:00Z");
const LATER = new Date("2024-06-01T00:00:00Z");
const AT: Instant = { seconds: 1_700_000_000, nanoseconds: 0 };
export const ODD_NAMES = ["a b.txt", " blanks ", "100%.txt", "%41", "a+b", "#a", "a&b;c=d?e", "it's \"quoted\"", "<tag>", "back\\slash", "日本/ä.txt", "😀", "tab\u2409", "*.[x]", "~"];

/** Content as sides take it. */
export async function* chunks(...contents: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const content of contents) yield typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** Many bytes, in pieces. */
export async function* many(length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += 50_000) yield Uint8Array.from({ length: Math.min(50_000, length - at) }, (_, index) => ((at + index) * 7 + ((at + index) >> 10)) & 0xff);
}

export async function all(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of content) parts.push(chunk.slice());
  return Buffer.concat(parts);
}

let writes = 0;

/** Puts a file onto a side, whatever is there. */
export async function put(side: Side, path: string, content: string | AsyncIterable<Uint8Array>, modified: Instant = AT): Promise<Found> {
  await side.open();
  const there = await side.describe(path);
  const temporary = `${path.slice(0, path.lastIndexOf("/") + 1)}.bisync-00000000000000ff-${(writes++).toString(16)}.partial`;
  const options = { expect: there?.fingerprint, temporary, modified, verify: undefined };
  return side.write(path, typeof content === "string" ? chunks(content) : content, options);
}

export async function text(side: Side, path: string): Promise<string | undefined> {
  const found = await side.describe(path);
  return found && (await all(side.read(path, found.fingerprint))).toString();
}

export async function remove(side: Side, path: string): Promise<void> {
  await side.remove(path, (await side.describe(path))?.fingerprint ?? {});
}

/** The contents of all files by their paths, in the order of the paths. */
export async function contents(side: Side, directory = ""): Promise<Record<string, string | undefined>> {
  const found: [string, string | undefined][] = [];
  for await (const page of side.list(directory, undefined)) {
    for (const { name, kind } of page) {
      const path = directory === "" ? name : `${directory}/${name}`;
      if (kind === "directory") found.push(...Object.entries(await contents(side, path)));
      else found.push([path, await text(side, path)]);
    }
  }
  return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What something throws. */
export async function thrown(work: () => Promise<unknown>): Promise<BisyncError> {
  try {
    await work();
  } catch (error) {
    return error as BisyncError;
  }
  throw new Error("nothing was thrown");
}

/** All that a person or a log may see of an error, its causes included. */
export function seen(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return `${JSON.stringify(error)} ${message} ${stack}${cause === undefined ? "" : ` ${seen(cause)}`}`;
}

const done = ({ counts: { path1, path2 } }: Report) => [path1, path2].map(({ copied, deleted, moved, touched }) => [copied, deleted, moved, touched].join(" ")).join(", ");

/** Keeps a folder in memory and an empty store in step. `make` opens the store anew, as the next page or process would. */
export async function staysInStep(context: TestContext, make: () => Side): Promise<void> {
  const memory = memoryFolder("memory");
  const options: RunOptions = { state: memoryState() };
  const run = async (): Promise<Report> => {
    const report = await bisync(memory, make(), options).report;
    assert.equal(report.exitCode, 0, `${report.headline} ${JSON.stringify(report.failures)}`);
    assert.deepEqual(await contents(make()), await contents(memory));
    return report;
  };
  for (const name of ODD_NAMES) memory.put(`odd/${name}`, name, BEFORE);
  for (const name of ["a.txt", "b.txt", "c.txt", "sub/deep/d.txt"]) memory.put(name, name, BEFORE);

  await context.test("the first run copies in both directions, the second does nothing", async () => {
    await put(make(), "there/t.txt", "there");
    assert.equal(done(await run()), `1 0 0 0, ${ODD_NAMES.length + 4} 0 0 0`);
    assert.equal(done(await run()), "0 0 0 0, 0 0 0 0");
  });

  await context.test("changes and deletions are carried over in both directions", async () => {
    memory.put("a.txt", "changed here", LATER);
    memory.delete("sub/deep/d.txt");
    await put(make(), "b.txt", "changed there", { seconds: 1_710_000_000, nanoseconds: 0 });
    await remove(make(), "c.txt");
    assert.equal(done(await run()), "1 1 0 0, 1 1 0 0");
    assert.deepEqual([await text(make(), "a.txt"), memory.text("b.txt"), memory.text("c.txt")], ["changed here", "changed there", undefined]);
  });

  await context.test("a conflict keeps both versions", async () => {
    memory.put("a.txt", "one", LATER);
    await put(make(), "a.txt", "the other", { seconds: 1_720_000_000, nanoseconds: 0 });
    const { conflicts } = await run();
    assert.deepEqual(conflicts.map(({ path }) => path), ["a.txt"]);
    assert.deepEqual([memory.text("a.txt.conflict1"), memory.text("a.txt.conflict2")], ["one", "the other"]);
    assert.equal(done(await run()), "0 0 0 0, 0 0 0 0");
  });

  await context.test("a moved file is moved there too", async () => {
    const content = memory.text("b.txt") ?? "";
    memory.delete("b.txt");
    memory.put("moved/b.txt", content, new Date(1_710_000_000_000));
    options.trackRenames = true;
    assert.equal(done(await run()), "0 0 0 0, 0 0 1 0");
    delete options.trackRenames;
  });

  await context.test("a folder whose files were all deleted deletes nothing", async () => {
    const before = await contents(memory);
    for (const path of Object.keys(before)) await remove(make(), path);
    const report = await bisync(memory, make(), options).report;
    assert.notEqual(report.exitCode, 0);
    assert.deepEqual(await contents(memory), before);
  });
}
