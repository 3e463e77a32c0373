// Folders on WebDAV servers, with the real rclone as the server.

import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { bisync, checkSide, memoryFolder, memoryState, webdav, type Side, type WebdavOptions } from "bisync";
import { between, type Passing } from "./proxy.js";
import { serveWebdav, withRclone } from "./rclone.js";
import { all, chunks, contents, many, put, remove, seen, staysInStep, text, thrown } from "./store.js";

const WHO = { user: "user", password: "secret" };
/** More than is read before an upload begins. */
const LARGE = 5_000_000;
const LATER = { seconds: 1_710_000_000, nanoseconds: 0 };

const names = async (side: Side) => {
  const found: string[] = [];
  for await (const page of side.list("", undefined)) found.push(...page.map(({ name }) => name));
  return found.sort();
};

test("a folder on a WebDAV server keeps what a side promises", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  await checkSide(webdav({ url: address, ...WHO }));
});

test("a folder on a WebDAV server and one in memory", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  await staysInStep(context, () => webdav({ url: address, ...WHO }));
});

test("a large file", withRclone, async (context) => {
  const { address, directory } = await serveWebdav(context);
  for (const streams of [true, false]) {
    await context.test(streams ? "is sent while it is read" : "is gathered where it cannot be sent while it is read", async () => {
      const side = webdav({ url: address, ...WHO, streams });
      const { fingerprint } = await put(side, "large", many(LARGE), { seconds: 1_600_000_000 + Number(streams), nanoseconds: 5 });
      assert.equal(fingerprint.size, LARGE);
      assert.deepEqual(fingerprint.modified, { seconds: 1_600_000_000 + Number(streams), nanoseconds: 0 });
      assert.equal(statSync(join(directory, "large")).mtimeMs, 1_600_000_000_000 + 1000 * Number(streams));
      assert.ok((await all(side.read("large", fingerprint))).equals(await all(many(LARGE))));
    });
  }

  await context.test("that breaks off changes nothing", async () => {
    for (const streams of [true, false]) {
      const side = webdav({ url: address, ...WHO, streams });
      const before = await side.describe("large");
      const broken = async function* () {
        yield* many(LARGE);
        throw new Error("the disk is broken");
      };
      const options = { expect: before?.fingerprint, temporary: ".bisync-00000000000000aa-1.partial", modified: undefined, verify: undefined };
      assert.equal((await thrown(() => side.write("large", broken(), options))).message, "the disk is broken");
      assert.deepEqual(await side.describe("large"), before);
    }
  });
});

test("files are gathered one at a time", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const side = webdav({ url: address, ...WHO, streams: false });
  await side.open();
  let [arrived, atOnce, most] = [0, 0, 0];
  let allArrived = () => {};
  const arrival = new Promise<void>((resolve) => (allArrived = resolve));
  const counted = async function* () {
    // The first 4 MiB are held by each, and one look beyond.
    yield* many(4 << 20);
    if (++arrived === 3) allArrived();
    yield* many(50_000);
    most = Math.max(most, ++atOnce);
    // Whoever does not wait for its turn is here by now.
    await arrival;
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    for (let piece = 0; piece < 20; piece += 1) yield* many(50_000);
    atOnce -= 1;
  };
  await Promise.all(["a", "b", "c"].map((name) => put(side, name, counted())));
  assert.equal(most, 1);
  assert.equal((await side.describe("c"))?.fingerprint.size, (4 << 20) + 1_050_000);
});

test("a time that is set stays with the content", withRclone, async (context) => {
  const { address, directory } = await serveWebdav(context);
  const side = webdav({ url: address, ...WHO });
  const { fingerprint } = await put(side, "d/a.txt", "content");
  const modified = { seconds: 1_500_000_000, nanoseconds: 0 };
  assert.deepEqual((await side.setTime("d/a.txt", fingerprint, modified)).fingerprint.modified, modified);
  assert.equal(statSync(join(directory, "d/a.txt")).mtimeMs, 1_500_000_000_000);
  assert.deepEqual(await contents(side), { "d/a.txt": "content" });
});

test("a server that says nothing of times is not taken to set them", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const url = await between(context, address, {
    after: (_, answer) => ({ ...answer, body: Buffer.from(answer.body.toString("latin1").replace(/<D:lastmodified>\d*<\/D:lastmodified>/g, ""), "latin1") }),
  });
  const side = webdav({ url, ...WHO });
  assert.equal((await side.open()).setsTime, false);
  assert.equal((await webdav({ url: address, ...WHO }).open()).setsTime, true);
  const { fingerprint } = await put(side, "a", "a", { seconds: 1_500_000_000, nanoseconds: 0 });
  assert.notEqual(fingerprint.modified?.seconds, 1_500_000_000);
  assert.equal((await thrown(() => side.setTime("a", fingerprint, { seconds: 1, nanoseconds: 0 }))).code, "other");
});

test("a server that is busy is asked again", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const asked = new Map<string, number>();
  const url = await between(context, address, {
    // The first request of each kind is refused.
    before: ({ method, url }) => {
      const count = (asked.get(method + url) ?? 0) + 1;
      asked.set(method + url, count);
      return count === 1 ? { status: 503, headers: { "retry-after": "0" }, body: Buffer.from("later") } : undefined;
    },
  });
  const side = webdav({ url, ...WHO });
  await put(side, "sub/a.txt", "a");
  assert.equal(await text(side, "sub/a.txt"), "a");
  await remove(side, "sub/a.txt");
  assert.deepEqual(await contents(side), {});
});

test("a server that stays busy is given up", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  let tries = 0;
  const url = await between(context, address, {
    before: () => {
      tries += 1;
      return { status: 503, headers: {}, body: Buffer.from("") };
    },
  });
  const error = await thrown(() => webdav({ url, ...WHO }).describe("a.txt"));
  assert.deepEqual([error.code, error.path, error.retryable, tries], ["temporary", "a.txt", true, 5]);
});

test("what cannot be used says why, and no secret", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const SECRET = "wrong-secret";
  const wrong: [string, WebdavOptions, RegExp][] = [
    ["permissionDenied", { url: address, user: "user", password: SECRET }, /does not accept the credentials/],
    ["permissionDenied", { url: address.replace("://", `://user:${SECRET}@`) }, /does not accept the credentials/],
    ["permissionDenied", { url: address, headers: { authorization: `Bearer ${SECRET}` } }, /does not accept the credentials/],
    ["notFound", { url: `${address}/nothing`, ...WHO }, /no such folder/],
    ["usage", { url: `user:${SECRET}@host` }, /`https:\/\/`/],
    ["usage", { url: `http://[${SECRET}` }, /no whole address/],
    ["usage", { url: address, headers: { authorization: `Bearer\n${SECRET}` } }, /`headers`/],
    ["temporary", { url: `http://user:${SECRET}@127.0.0.1:1/` }, /no answer/],
  ];
  for (const [code, given, message] of wrong) {
    const error = await thrown(async () => webdav(given).open());
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(seen(error), new RegExp(`${SECRET}|${btoa(`user:${SECRET}`)}`));
  }
  await put(webdav({ url: address, ...WHO }), "file", "a");
  assert.equal((await thrown(() => webdav({ url: `${address}/file`, ...WHO }).open())).code, "usage");
  assert.doesNotMatch(webdav({ url: `http://user:${SECRET}@host/dav` }).name, new RegExp(SECRET));
  assert.equal(webdav({ url: `http://user:${SECRET}@host/dav` }).name, "http://user@host/dav/");
});

test("a listing that is not whole is no empty folder", withRclone, async (context) => {
  const { address, directory } = await serveWebdav(context);
  mkdirSync(join(directory, "folder"));
  const response = (href: string, rest: string) => `<D:response><D:href>${href}</D:href>${rest}</D:response>`;
  const faults: Record<string, [words: RegExp, change: (body: string) => string]> = {
    "ends early": [/no whole XML/, (body) => body.slice(0, body.lastIndexOf("<D:response>"))],
    "says that there is more": [/does not tell all/, (body) => body.replace("</D:multistatus>", `${response("/folder/", "<D:status>HTTP/1.1 507 Insufficient Storage</D:status>")}</D:multistatus>`)],
    "says nothing of a file": [/does not tell all/, (body) => body.replace(/<D:href>\/folder\/b\.txt<\/D:href>.*?<\/D:response>/, "<D:href>/folder/b.txt</D:href><D:status>HTTP/1.1 403 Forbidden</D:status></D:response>")],
    "does not say what something is": [/does not say what/, (body) => body.replace(/<D:resourcetype>.*?<\/D:resourcetype>/, "")],
    "is of another folder": [/not asked for/, (body) => body.replaceAll("<D:href>/", "<D:href>/other/")],
    "is empty": [/no whole XML/, () => ""],
    "is none": [/none of WebDAV/, () => "<html></html>"],
    "lacks the folder": [/something else than the directory/, (body) => body.replace(/<D:response><D:href>\/folder\/<\/D:href>.*?<\/D:response>/, "")],
  };
  let fault: ((body: string) => string) | undefined;
  const isListing = ({ method, headers }: Passing) => method === "PROPFIND" && headers["depth"] === "1";
  const server = await between(context, address, {
    after: (request, answer) => (fault && isListing(request) ? { ...answer, body: Buffer.from(fault(answer.body.toString())) } : answer),
  });
  const url = `${server}/folder`;
  const memory = memoryFolder("memory");
  for (const name of ["a.txt", "b.txt", "c.txt"]) memory.put(name, name);
  const state = memoryState();
  const run = () => bisync(memory, webdav({ url, ...WHO }), { state, force: true }).report;
  assert.equal((await run()).exitCode, 0);
  for (const [what, [words, change]] of Object.entries(faults)) {
    await context.test(`one that ${what}`, async () => {
      fault = change;
      assert.match((await thrown(() => names(webdav({ url, ...WHO })))).message, words);
      const report = await run();
      assert.notEqual(report.exitCode, 0, report.headline);
      assert.deepEqual(memory.paths(), ["a.txt", "b.txt", "c.txt"]);
      fault = undefined;
      assert.equal((await run()).exitCode, 0);
    });
  }
});

test("a file that arrives cut off is no file", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const url = await between(context, address, { after: ({ method }, answer) => (method === "GET" ? { ...answer, isCutOff: true } : answer) });
  const shorter = await between(context, address, { after: ({ method }, answer) => (method === "GET" ? { ...answer, body: answer.body.subarray(0, 3) } : answer) });
  const { fingerprint } = await put(webdav({ url: address, ...WHO }), "a.txt", "content");
  for (const cut of [url, shorter]) {
    const error = await thrown(() => all(webdav({ url: cut, ...WHO }).read("a.txt", fingerprint)));
    assert.deepEqual([error.code, error.path], ["temporary", "a.txt"]);
  }
});

test("what somebody else writes meanwhile is not replaced", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const theirs = webdav({ url: address, ...WHO });
  let meanwhile: (() => Promise<unknown>) | undefined;
  const url = await between(context, address, {
    after: async ({ method }, answer) => {
      if (method !== "PUT") return answer;
      const work = meanwhile;
      meanwhile = undefined;
      await work?.();
      return answer;
    },
  });
  const side = webdav({ url, ...WHO });
  await side.open();
  const { fingerprint } = await put(theirs, "a.txt", "old");
  const write = (path: string, expect: typeof fingerprint | undefined) =>
    thrown(() => side.write(path, chunks("ours"), { expect, temporary: ".bisync-00000000000000bb-1.partial", modified: undefined, verify: undefined }));
  meanwhile = () => put(theirs, "a.txt", "new", LATER);
  assert.equal((await write("a.txt", fingerprint)).code, "refused");
  meanwhile = () => put(theirs, "b.txt", "theirs");
  assert.equal((await write("b.txt", undefined)).code, "refused");
  assert.deepEqual(await contents(theirs), { "a.txt": "new", "b.txt": "theirs" });
});

test("a server that looks itself closes the last gap", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const theirs = webdav({ url: address, ...WHO });
  const authorization = `Basic ${btoa("user:secret")}`;
  const etagOf = async (path: string) => (await fetch(address + path, { method: "HEAD", headers: { authorization } })).headers.get("etag");
  let meanwhile: (() => Promise<unknown>) | undefined;
  const conditions: string[] = [];
  // rclone refuses every condition on a tag: here it is looked at in its place, and taken away.
  const url = await between(context, address, {
    before: async ({ method, url, headers }) => {
      if (method !== "MOVE" && method !== "DELETE") return undefined;
      const work = meanwhile;
      meanwhile = undefined;
      await work?.();
      const [, place = "", tag = ""] = /^<([^>]*)> \(\[(.*)\]\)$/.exec(String(headers["if"] ?? "")) ?? [];
      delete headers["if"];
      const wrong = (tag !== "" && (await etagOf(new URL(place).pathname)) !== tag) || (headers["if-match"] !== undefined && (await etagOf(url)) !== headers["if-match"]);
      conditions.push(`${method} ${tag === "" ? "" : "if "}${headers["if-match"] === undefined ? "" : "if-match"}`);
      return wrong ? { status: 412, headers: {}, body: Buffer.from("") } : undefined;
    },
  });
  const side = webdav({ url, ...WHO });
  const { fingerprint } = await put(side, "a.txt", "old");
  const options = { expect: fingerprint, temporary: ".bisync-00000000000000cc-1.partial", modified: undefined, verify: undefined };
  meanwhile = () => put(theirs, "a.txt", "new", LATER);
  assert.equal((await thrown(() => side.write("a.txt", chunks("ours"), options))).code, "refused");
  assert.equal(await text(theirs, "a.txt"), "new");
  const now = (await side.describe("a.txt"))?.fingerprint ?? {};
  meanwhile = () => put(theirs, "a.txt", "newer", LATER);
  assert.equal((await thrown(() => side.remove("a.txt", now))).code, "refused");
  assert.equal(await text(theirs, "a.txt"), "newer");
  assert.deepEqual(await names(theirs), ["a.txt"]);
  assert.deepEqual(conditions.filter((line) => line.includes("if")), ["MOVE if-match", "MOVE if if-match", "DELETE if-match"]);
});

test("an answer that is lost makes no failure of what was done", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  const lost = new Set<string>();
  const url = await between(context, address, {
    after: ({ method }, answer) => {
      if (!["MOVE", "DELETE", "MKCOL", "PUT"].includes(method) || lost.has(method)) return answer;
      lost.add(method);
      return { status: 502, headers: {}, body: Buffer.from("") };
    },
  });
  const side = webdav({ url, ...WHO });
  await put(side, "d/a.txt", "a");
  await put(side, "d/b.txt", "b");
  await remove(side, "d/b.txt");
  assert.deepEqual([...lost].sort(), ["DELETE", "MKCOL", "MOVE", "PUT"]);
  assert.deepEqual(await contents(side), { "d/a.txt": "a" });
});

test("two folders are known to be one", async () => {
  const side = (url: string, user = "user") => webdav({ url, user });
  const apart = (one: Side, other: Side) => one.checkApart?.(other) ?? Promise.resolve();
  await apart(side("http://host/a"), side("http://host/ab"));
  await apart(side("http://host/a"), side("http://host/a", "else"));
  for (const [one, two] of [["http://host/a", "http://host/a/"], ["http://host/a/b", "http://user:x@host/a"], ["http://host", "http://host/a"]] as const) {
    assert.equal((await thrown(() => apart(side(one), side(two)))).code, "usage");
    assert.equal((await thrown(() => apart(side(two), side(one)))).code, "usage");
  }
});
