import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { BisyncError, checkSide, memoryFolder, nodeFolder, type Side, type WriteOptions } from "bisync";

test("the sides that are included keep what a side promises", async (context) => {
  await checkSide(memoryFolder("m"));
  const home = mkdtempSync(join(tmpdir(), "bisync-check-"));
  context.after(() => rmSync(home, { recursive: true }));
  await checkSide(nodeFolder(home));
  for (const links of ["keep", "follow"] as const) {
    rmSync(home, { recursive: true });
    mkdirSync(home);
    await checkSide(nodeFolder(home, { links }));
  }
});

test("a side that holds something is not touched", async () => {
  const side = memoryFolder("m");
  side.put("photo.jpg", "p");
  await assert.rejects(checkSide(side), { code: "usage", message: /has to be empty, and `photo.jpg` is there/ });
  assert.deepEqual(side.paths(), ["photo.jpg"]);
});

/** A side in memory with some methods replaced by others that are given the right one. */
function broken(change: (right: Side) => Partial<Side>): Side {
  const right = memoryFolder("m");
  return { ...right, ...change(right) };
}

const now = async (side: Side, path: string) => (await side.describe(path))?.fingerprint ?? {};
const withHashes = (right: Side): Partial<Side> => ({
  open: async () => ({ ...(await right.open()), hashes: ["md5"] }),
  async *list(path) {
    for await (const page of right.list(path, undefined)) yield page.map((item) => ({ ...item, fingerprint: { ...item.fingerprint, hash: "md5:0" } }));
  },
});

const FAULTS: [string, (right: Side) => Partial<Side>, RegExp][] = [
  ["nothing is described as a file", () => ({ describe: async () => ({ kind: "file", fingerprint: {} }) }), /what is not there/],
  ["a missing directory lists as empty", (right) => ({
    async *list(path) { if (await right.describe(path)) yield* right.list(path, undefined); },
  }), /`list` of nothing throws nothing/],
  ["write ignores what it expects", (right) => ({
    async write(path, content, options: WriteOptions) {
      const there = await right.describe(path);
      return right.write(path, content, { ...options, expect: there?.kind === "file" ? there.fingerprint : undefined });
    },
  }), /a new file takes no file's place[^]*only the version that is expected is replaced/],
  ["write in place empties what it should not", (right) => ({
    writesInPlace: true,
    async write(path, content, options) {
      const there = options.inPlace && options.expect ? await right.describe(path) : undefined;
      if (there?.kind !== "file") return right.write(path, content, options);
      const emptied = await right.write(path, (async function* () {})(), { ...options, expect: there.fingerprint });
      return right.write(path, content, { ...options, expect: emptied.fingerprint });
    },
  }), /what is written in place is what was expected: `write` in place that expects another version throws nothing/],
  ["write replaces a directory", (right) => ({
    async write(path, content, options) {
      if ((await right.describe(path))?.kind === "directory") {
        for await (const page of right.list(path, undefined)) for (const { name, fingerprint } of page) await right.remove(`${path}/${name}`, fingerprint);
        await right.removeDirectory(path);
      }
      return right.write(path, content, options);
    },
  }), /`write` where a directory is throws nothing/],
  ["makeDirectory replaces a file", (right) => ({
    async makeDirectory(path) {
      const there = await right.describe(path);
      if (there?.kind === "file") await right.remove(path, there.fingerprint);
      return right.makeDirectory(path);
    },
  }), /`makeDirectory` where a file is throws nothing/],
  ["write cuts off", (right) => ({
    write: (path, content, options) => right.write(path, (async function* () { for await (const chunk of content) yield chunk.subarray(0, 1000); })(), options),
  }), /content comes back/],
  ["write loses the time", (right) => ({ write: (path, content, options) => right.write(path, content, { ...options, modified: undefined }) }), /the time given to `write`/],
  ["write leaves what broke off behind", (right) => ({
    async write(path, content, options) {
      try {
        return await right.write(path, content, options);
      } catch (error) {
        await right.write(options.temporary, (async function* () {})(), { ...options, expect: undefined });
        throw error;
      }
    },
  }), /what breaks off changes nothing: the names/],
  ["write does not verify", (right) => withHashes(right), /`write` of content with another hash throws nothing/],
  ["list gives no hashes", (right) => ({ open: async () => ({ ...(await right.open()), hashes: ["md5"] }) }), /asked for md5 and gave undefined/],
  ["read ignores the version", (right) => ({ async *read(path) { yield* right.read(path, await now(right, path)); } }), /`read` of another version throws nothing/],
  ["move ignores the version", (right) => ({ move: async (path, _, target) => right.move(path, await now(right, path), target) }), /`move` of another version throws nothing/],
  ["move replaces", (right) => ({
    async move(path, expect, target) {
      if ((await right.describe(path)) && (await right.describe(target))) await right.remove(target, await now(right, target));
      return right.move(path, expect, target);
    },
  }), /`move` to where a file is throws nothing/],
  ["remove ignores the version", (right) => ({ remove: async (path) => right.remove(path, await now(right, path)) }), /`remove` of another version throws nothing/],
  ["remove does nothing", (right) => ({
    async remove(path, expect) { await right.setTime(path, expect, (await now(right, path)).modified ?? { seconds: 0, nanoseconds: 0 }); },
  }), /what is there after `remove`/],
  ["removeDirectory takes what is below", (right) => ({
    async removeDirectory(path) {
      const name = `${path}/a`;
      if ((await right.describe(name))?.kind === "file") await right.remove(name, await now(right, name));
      return right.removeDirectory(path);
    },
  }), /`removeDirectory` where a file is in it throws nothing/],
  ["removeTree stops half way", (right) => ({
    async removeTree(path) {
      await right.removeDirectory(`${path}/i`);
      for (const name of ["e", "f/g", "f", ""]) await right.removeDirectory(name ? `${path}/${name}` : path);
    },
  }), /what is beside the file after it/],
  ["setTime does nothing", (right) => ({
    setTime: async (path, expect) => right.setTime(path, expect, (await now(right, path)).modified ?? { seconds: 0, nanoseconds: 0 }),
  }), /the time that `setTime` returns/],
  ["errors have no code", (right) => ({
    remove: (path, expect) => right.remove(path, expect).catch(() => { throw new Error("no"); }),
  }), /throws Error: no, and not `refused`/],
  ["names are changed", (right) => ({
    async *list(path) { for await (const page of right.list(path, undefined)) yield page.map((item) => ({ ...item, name: item.name.trim() })); },
  }), /names come back/],
  ["ids are alike", (right) => ({
    write: async (path, content, options) => {
      const { kind, fingerprint } = await right.write(path, content, { ...options, expect: options.expect && { size: options.expect.size ?? 0 } });
      return { kind, fingerprint: { ...fingerprint, id: 7n } };
    },
  }), /how many ids different files have/],
];

test("a side that does not is told what is wrong", async (context) => {
  for (const [name, change, expected] of FAULTS) {
    await context.test(name, () => assert.rejects(checkSide(broken(change)), (error: unknown) => {
      assert.ok(error instanceof BisyncError && error.code === "engine", String(error));
      assert.match(error.message, expected);
      return true;
    }));
  }
});

test("a folder that cannot be used says so", async (context) => {
  const home = mkdtempSync(join(tmpdir(), "bisync-check-"));
  context.after(() => rmSync(home, { recursive: true }));
  writeFileSync(join(home, "file"), "");
  await assert.rejects(checkSide(nodeFolder(join(home, "file"))), { code: "usage" });
});
