// A server finishes an upload that it gave no answer to, after all.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { bisync, folderState, memoryFolder, memoryState, type RunEvent, webdav } from "bisync";
import { between } from "./proxy.js";
import { serveWebdav, withRclone } from "./rclone.js";
import { contents, put } from "./store.js";

const WHO = { user: "user", password: "secret" };

/** A folder in memory, and one on a server that gives the first upload no answer; `moved` is called when a file has got its name there. */
async function pair(context: TestContext, moved = async () => {}) {
  const { address, directory } = await serveWebdav(context);
  const work = mkdtempSync(join(tmpdir(), "bisync-late-"));
  context.after(() => rmSync(work, { recursive: true }));
  let lost = "";
  const url = await between(context, address, {
    before: ({ method, url }) => {
      if (method !== "PUT" || lost !== "") return undefined;
      lost = url.slice(1);
      return { status: 502, headers: {}, body: Buffer.from("") };
    },
    after: async ({ method }, answer) => {
      if (method === "MOVE") await moved();
      return answer;
    },
  });
  const memory = memoryFolder("memory");
  memory.put("a", "tea");
  const [ours, theirs, state] = [webdav({ url, ...WHO }), webdav({ url: address, ...WHO }), folderState(work)];
  return {
    ours,
    theirs,
    state,
    run: (changed = {}) => bisync(memory, ours, { state, ...changed }),
    /** The server finishes the first upload now. */
    finish: async () => {
      const authorization = `Basic ${btoa(`${WHO.user}:${WHO.password}`)}`;
      assert.ok((await fetch(`${address}/${lost}`, { method: "PUT", headers: { authorization }, body: "tea" })).ok);
    },
    isThere: () => existsSync(join(directory, lost)),
    /** What the journal says, with the run of the first upload named so. */
    journal: () => {
      const [, run = ""] = /^\.bisync-([0-9a-f]{16})-/.exec(lost) ?? [];
      const name = readdirSync(work).find((name) => name.endsWith(".journal"));
      return name && readFileSync(join(work, name), "utf8").replaceAll(run, "of the upload");
    },
  };
}

test("the next two runs remove what is finished late", withRclone, async (context) => {
  const { run, theirs, finish, isThere, journal } = await pair(context);
  assert.equal((await run().report).exitCode, 0);
  assert.deepEqual(await contents(theirs), { a: "tea" });
  assert.equal(journal(), "run of the upload\n");
  await finish();
  assert.equal((await run().report).exitCode, 0);
  assert.deepEqual([isThere(), journal()], [false, "looked of the upload\n"]);
  // It may be later still.
  await finish();
  assert.equal((await run().report).exitCode, 0);
  assert.deepEqual([isThere(), journal()], [false, undefined]);
  assert.deepEqual(await contents(theirs), { a: "tea" });
});

test("what is finished before the end of a run does not outlast it", withRclone, async (context) => {
  const { run, finish, isThere } = await pair(context, () => finish());
  assert.equal((await run().report).exitCode, 0);
  assert.equal(isThere(), false);
});

test("another run with the same server, in the middle, keeps nothing from being found again", withRclone, async (context) => {
  let runs = 0;
  const { run, ours, journal } = await pair(context, async () => {
    runs += 1;
    assert.equal((await bisync(memoryFolder("another"), ours, { state: memoryState() }).report).exitCode, 0);
  });
  assert.equal((await run().report).exitCode, 0);
  assert.deepEqual([runs, journal()], [1, "run of the upload\n"]);
});

test("what is written to set a time is found again, too", withRclone, async (context) => {
  const { run, theirs, finish, isThere, journal } = await pair(context);
  await put(theirs, "a", "tea", { seconds: 1_500_000_000, nanoseconds: 0 });
  const { exitCode, counts } = await run().report;
  assert.deepEqual([exitCode, counts.path2.copied, counts.path2.touched, journal()], [0, 0, 1, "run of the upload\n"]);
  await finish();
  assert.equal((await run().report).exitCode, 0);
  assert.equal(isThere(), false);
});

test("a run whose journal cannot be written says so", withRclone, async (context) => {
  const { run, state, theirs } = await pair(context);
  const { write } = state;
  let journals = 0;
  state.write = async (name, offset, bytes) => {
    // The last one is that of a run that has ended.
    if (name.endsWith(".journal-new") && ++journals > 1 && !new TextDecoder().decode(bytes).includes("commit")) throw new Error("the disk is full");
    return write.call(state, name, offset, bytes);
  };
  const going = run();
  const notices: RunEvent[] = [];
  for await (const event of going) if (event.type === "notice" && event.code === "journal-unwritable") notices.push(event);
  assert.equal((await going.report).exitCode, 0);
  assert.deepEqual(notices, [{ type: "notice", level: "notice", code: "journal-unwritable", text: "cannot write the journal: the disk is full" }]);
  assert.deepEqual(await contents(theirs), { a: "tea" });
});
