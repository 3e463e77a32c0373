// Sides that do not do what they promise, and callers who do not write TypeScript.

import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, bisync, BisyncError, memoryFolder, memoryState, plan, type Plan, type RunEvent, type RunOptions, type Side } from "bisync";
import { thrown } from "./store.js";

/** Two sides in step, of which the first got another version of its file since. */
async function outOfStep() {
  const [one, two] = [memoryFolder("one"), memoryFolder("two")];
  one.put("a.txt", "before", new Date("2024-01-01T00:00:00Z"));
  const options = { state: memoryState() };
  assert.equal((await bisync(one, two, options).report).exitCode, 0);
  one.put("a.txt", "after", new Date("2024-06-01T00:00:00Z"));
  return { one, two, options };
}

const FAULTY_WRITES: Record<string, (side: Side) => Side["write"]> = {
  "writes less than it read": (side) => async (path, content, options) => {
    for await (const _ of content);
    return side.write(path, async function* () {}(), options);
  },
  "writes other content than it was given": (side) => async (path, _, options) => {
    const content = async function* () {
      yield new TextEncoder().encode("other");
    };
    return side.write(path, content(), options);
  },
  "writes nothing": () => async (_, __, { modified }) => ({ kind: "file", fingerprint: { size: 5, ...(modified && { modified }) } }),
};

for (const [what, write] of Object.entries(FAULTY_WRITES)) {
  test(`a side that ${what} has not written the file`, async () => {
    const { one, two, options } = await outOfStep();
    const report = await bisync(one, { ...two, write: write(two) }, options).report;
    assert.deepEqual(report.failures.map(({ path }) => path), ["a.txt"]);
    assert.match(report.failures[0]?.reason ?? "", /^cannot copy to Path2: .*(did not read all of it|another size than its source)$/);
    // The next run sees what is there.
    assert.equal((await bisync(one, two, options).report).exitCode, 0);
    const contents = [one, two].map((side) => side.paths().map((path) => side.text(path)));
    assert.deepEqual(contents[0], contents[1]);
    assert.ok(contents[0]?.includes("after"), contents[0]?.join());
  });
}

test("content that is none is not taken for an empty file", async () => {
  const chunks: unknown[] = ["after", new TextEncoder().encode("after").buffer, new Uint16Array(5), null];
  for (const chunk of chunks) {
    const { one, two, options } = await outOfStep();
    const faulty = {
      ...one,
      // It tells no sizes, which would tell that something is wrong.
      async *list(path: string, hash: string | undefined) {
        for await (const page of one.list(path, hash)) yield page.map(({ fingerprint: { size: _, ...fingerprint }, ...item }) => ({ ...item, fingerprint }));
      },
      async *read() {
        yield chunk as Uint8Array;
      },
    };
    const { failures } = await bisync(faulty, two, options).report;
    assert.deepEqual(failures, [{ path: "a.txt", reason: "cannot copy to Path2: the side tells what cannot be: a chunk of content is no `Uint8Array`" }]);
    assert.equal(two.text("a.txt"), "before");
  }
});

test("a file that grows while it is read is not read without end", async () => {
  const { one, two, options } = await outOfStep();
  let [chunks, isReleased] = [0, false];
  const growing = {
    ...one,
    async *read() {
      try {
        for (; chunks < 100; chunks += 1) yield new Uint8Array(1);
      } finally {
        isReleased = true;
      }
    },
  };
  const { failures } = await bisync(growing, two, options).report;
  assert.match(failures[0]?.reason ?? "", /another size/);
  assert.deepEqual([chunks, isReleased], ["after".length, true]);
});

test("whatever is thrown, it is a `BisyncError`", async () => {
  for (const fault of ["a text", undefined, new TypeError("wrong")]) {
    const { one, two, options } = await outOfStep();
    const faulty: Side = { ...two, open: () => Promise.reject(fault) };
    const run = bisync(one, faulty, options);
    const error = await thrown(() => run.report);
    assert.ok(error instanceof BisyncError);
    assert.deepEqual([error.code, error.cause, error.retryable], ["engine", fault, false]);
    assert.match(error.message, /^Path2 `two\/` cannot be opened: /);
    assert.equal(await thrown(() => run[Symbol.asyncIterator]().next()), error);
    assert.ok((await thrown(() => plan(one, faulty, options))) instanceof BisyncError);
  }
  assert.ok((await thrown(() => apply(undefined as unknown as Plan).report)) instanceof BisyncError);
});

test("what fails for a reason that there is not has failed", async () => {
  const { one, two, options } = await outOfStep();
  const write = () => Promise.reject(new BisyncError("unheard of" as "other", "the reason"));
  assert.deepEqual((await bisync(one, { ...two, write }, options).report).failures, [{ path: "a.txt", reason: "cannot copy to Path2: the reason" }]);
});

test("a side that cannot be what it says is named", async () => {
  const { one, two, options } = await outOfStep();
  const able = await two.open();
  for (const [changed, words] of [
    [{ timePrecisionNs: 1.5 }, "`timePrecisionNs` is no number of nanoseconds"],
    [{ hashes: "md5" }, "`hashes` is no list of names"],
    [{ setsTime: "yes" }, "`setsTime` is neither `true` nor `false`"],
  ] as const) {
    const error = await thrown(() => bisync(one, { ...two, open: async () => ({ ...able, ...changed }) as typeof able }, options).report);
    assert.equal(error.message, `Path2 \`two/\` cannot be opened: the side tells what cannot be: ${words}`);
  }
});

test("a folder that cannot be opened has a name", async () => {
  const { one, two, options } = await outOfStep();
  // The path of the folder itself is empty.
  const open = () => Promise.reject(new BisyncError("notFound", "there is no such folder", { path: "" }));
  const error = await thrown(() => bisync(one, { ...two, open }, options).report);
  assert.equal(error.message, "Path2 `two/` cannot be opened: there is no such folder");
});

test("what is given to a run has a type", async () => {
  const { one, two, options } = await outOfStep();
  const given: [one: unknown, two: unknown, options: unknown, path: string][] = [
    ["one", two, options, "one"],
    [one, { ...two, name: 5 }, options, "two"],
    [one, two, undefined, "state"],
    [one, two, { state: {} }, "state"],
    [one, two, { ...options, signal: new AbortController() }, "signal"],
    [one, two, { ...options, compareDest: two }, "compareDest"],
    [one, two, { ...options, exclude: [/a/] }, "exclude"],
  ];
  for (const [one, two, options, path] of given) {
    const error = await thrown(() => bisync(one as Side, two as Side, options as RunOptions).report);
    assert.deepEqual([error.code, error.path], ["usage", path]);
  }
});

test("events come to an end for all who iterate", async () => {
  const { one, two, options } = await outOfStep();
  const run = bisync(one, two, options);
  const heard: RunEvent[] = [];
  const hear = async () => {
    for await (const event of run) heard.push(event);
  };
  await Promise.all([hear(), hear()]);
  assert.equal(heard.filter((event) => event.type === "notice" && event.code === "copied").length, 1);
});
