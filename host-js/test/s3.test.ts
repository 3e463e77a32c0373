// Folders in buckets, with the real rclone as the server.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { AwsClient } from "aws4fetch";
import { bisync, checkSide, memoryFolder, memoryState, nodeFolder, type RunEvent, s3, type S3Options, type Side } from "bisync";
import { between, type Interference } from "./proxy.js";
import { RCLONE, serveS3, withRclone } from "./rclone.js";
import { all, chunks, contents, many, ODD_NAMES, put, remove, seen, staysInStep, text, thrown } from "./store.js";

const LATER = { seconds: 1_710_000_000, nanoseconds: 0 };
const TEMPORARY = ".bisync-00000000000000dd-1.partial";

/** An empty bucket, and the directory in which the server keeps its objects. */
async function bucket(context: TestContext, ...more: string[]): Promise<{ given: S3Options; directory: string }> {
  const { address, directory } = await serveS3(context, ...more);
  mkdirSync(join(directory, "bucket"));
  return { given: { endpoint: address, region: "us-east-1", bucket: "bucket", accessKeyId: "access", secretAccessKey: "secret" }, directory: join(directory, "bucket") };
}

/** The same bucket, with something in the way. */
async function disturbed(context: TestContext, given: S3Options, interference: Interference): Promise<S3Options> {
  return { ...given, endpoint: await between(context, given.endpoint, interference) };
}

const queryOf = (url: string) => new URL(url, "http://host").searchParams;

test("a folder in a bucket keeps what a side promises", withRclone, async (context) => {
  const { given } = await bucket(context);
  await checkSide(s3(given));
  await checkSide(s3({ ...given, prefix: "in parts/", partSize: 100_000, copyPartSize: 50_000 }));
});

test("a folder in a bucket and one in memory", withRclone, async (context) => {
  const { given } = await bucket(context);
  await staysInStep(context, () => s3({ ...given, prefix: "a folder/in it" }));
});

test("rclone and this package read each other's files", withRclone, async (context) => {
  const { given, directory } = await bucket(context);
  const remote = `:s3,provider=Rclone,endpoint='${given.endpoint}',access_key_id=access,secret_access_key=secret:bucket`;
  const rclone = (...line: string[]) => execFileSync(RCLONE, ["--config=", ...line], { encoding: "utf8" });
  const modified = { seconds: 1_600_000_000, nanoseconds: 123_456_789 };
  const side = s3({ ...given, partSize: 5 << 20 });
  for (const name of ODD_NAMES) await put(side, name, name, modified);
  await put(side, "in parts", many(6_000_000), modified);
  const listed = JSON.parse(rclone("lsjson", "--recursive", "--files-only", remote)) as { Path: string; Size: number; ModTime: string }[];
  assert.deepEqual(listed.map(({ Path }) => Path).sort(), [...ODD_NAMES, "in parts"].sort());
  for (const { ModTime } of listed) assert.match(ModTime, /^2020-09-13T12:26:40\.123456789/);

  const home = join(directory, "../home");
  mkdirSync(home);
  for (const name of ["from rclone", "before", "large"]) writeFileSync(join(home, name), name === "large" ? await all(many(6_000_000)) : name);
  utimesSync(join(home, "from rclone"), 1_500_000_000.25, 1_500_000_000.25);
  utimesSync(join(home, "before"), new Date(-1500), new Date(-1500));
  rclone("copy", "--s3-upload-cutoff=5M", "--s3-chunk-size=5M", home, remote);
  assert.deepEqual((await side.describe("from rclone"))?.fingerprint.modified, { seconds: 1_500_000_000, nanoseconds: 250_000_000 });
  assert.deepEqual((await side.describe("before"))?.fingerprint.modified, { seconds: -2, nanoseconds: 500_000_000 });
  assert.equal(await text(side, "from rclone"), "from rclone");
  // Nothing is copied, since nothing differs.
  const report = await bisync(nodeFolder(home), s3({ ...given, prefix: "" }), { state: memoryState(), filter: ["+ /from rclone", "+ /before", "+ /large", "- *"], dryRun: true }).report;
  assert.deepEqual([report.exitCode, report.counts.path1.copied, report.counts.path2.copied, report.conflicts], [0, 0, 0, []]);
});

test("a large file goes in parts", withRclone, async (context) => {
  const { given, directory } = await bucket(context);
  const SIZE = 700_001;
  let [uploading, most, parts, aborted] = [0, 0, 0, 0];
  const client = new AwsClient({ accessKeyId: given.accessKeyId, secretAccessKey: given.secretAccessKey, service: "s3", region: given.region });
  const seenBy = await disturbed(context, given, {
    before: async ({ method, url, headers }) => {
      if (method === "PUT" && queryOf(url).has("partNumber")) [uploading, parts] = [uploading + 1, parts + 1];
      most = Math.max(most, uploading);
      if (method === "DELETE" && queryOf(url).has("uploadId")) aborted += 1;
      const source = headers["x-amz-copy-source"];
      if (source === undefined || !queryOf(url).has("partNumber")) return undefined;
      // rclone copies no parts: it is done in its place.
      const range = { range: String(headers["x-amz-copy-source-range"]), "if-match": String(headers["x-amz-copy-source-if-match"]) };
      const part = await client.fetch(given.endpoint + source, { headers: range });
      const copied = await client.fetch(given.endpoint + url, { method: "PUT", body: await part.arrayBuffer() });
      return { status: copied.status, headers: {}, body: Buffer.from(`<CopyPartResult><ETag>${copied.headers.get("etag")}</ETag></CopyPartResult>`) };
    },
    after: ({ method, url }, answer) => {
      if (method === "PUT" && queryOf(url).has("partNumber")) uploading -= 1;
      return answer;
    },
  });
  const side = s3({ ...seenBy, partSize: 100_000, copyPartSize: 300_000 });
  const modified = { seconds: 1_600_000_000, nanoseconds: 5 };
  const { fingerprint } = await put(side, "large", many(SIZE), modified);
  assert.deepEqual([fingerprint.size, fingerprint.modified, parts, most], [SIZE, modified, 8, 1]);
  assert.ok((await all(side.read("large", fingerprint))).equals(await all(many(SIZE))));

  await context.test("which is copied in parts when it is moved", async () => {
    parts = 0;
    const moved = await side.move("large", fingerprint, "d/moved");
    assert.deepEqual([parts, moved.fingerprint.modified, readdirSync(directory)], [3, modified, ["d"]]);
    assert.ok((await all(side.read("d/moved", moved.fingerprint))).equals(await all(many(SIZE))));
  });

  await context.test("which breaks off without a trace", async () => {
    const broken = async function* () {
      yield* many(250_000);
      throw new Error("the disk is broken");
    };
    const before = await side.describe("d/moved");
    const options = { expect: before?.fingerprint, temporary: TEMPORARY, modified: undefined, verify: undefined };
    assert.equal((await thrown(() => side.write("d/moved", broken(), options))).message, "the disk is broken");
    assert.equal((await thrown(() => side.write("new", broken(), { ...options, expect: undefined }))).message, "the disk is broken");
    assert.deepEqual([await side.describe("d/moved"), await side.describe("new"), aborted], [before, undefined, 2]);
  });

  await context.test("which is not what it has to be is not there", async () => {
    const options = { expect: undefined, temporary: TEMPORARY, modified: undefined, verify: "md5:378840336ab14afa9c6b8d887e68a340" };
    assert.equal((await thrown(() => side.write("new", many(SIZE), options))).code, "temporary");
    assert.equal((await thrown(() => side.write("new", many(10), options))).code, "temporary");
    assert.equal(await side.describe("new"), undefined);
  });
});

test("a time is set without an upload, and all else stays", withRclone, async (context) => {
  const { given, directory } = await bucket(context);
  const side = s3(given);
  const { fingerprint } = await put(side, "d/a.txt", "content");
  let bytes = 0;
  let directive: unknown;
  const counted = await disturbed(context, given, {
    before: ({ method, headers }) => {
      if (method === "PUT") [bytes, directive] = [bytes + Number(headers["content-length"] ?? 0), headers["x-amz-metadata-directive"]];
      return undefined;
    },
  });
  const set = await s3(counted).setTime("d/a.txt", fingerprint, LATER);
  assert.deepEqual([set.fingerprint.modified, set.fingerprint.size, bytes, directive], [LATER, 7, 0, "REPLACE"]);
  assert.equal(statSync(join(directory, "d/a.txt")).mtimeMs, 1_710_000_000_000);
  assert.equal(await text(side, "d/a.txt"), "content");
});

test("objects are asked for once as long as they are listed alike", withRclone, async (context) => {
  const { given } = await bucket(context);
  let asked: string[] = [];
  const counted = await disturbed(context, given, { before: ({ method, url }) => void (method === "HEAD" && asked.push(url)) });
  const [ours, theirs] = [s3(counted), s3(given)];
  for (const name of ["a", "b"]) await put(theirs, name, name);
  const listed = async () => {
    asked = [];
    const times: (number | undefined)[] = [];
    for await (const page of ours.list("", undefined)) times.push(...page.sort((one, other) => (one.name < other.name ? -1 : 1)).map(({ fingerprint }) => fingerprint.modified?.seconds));
    return times;
  };
  assert.deepEqual(await listed(), [1_700_000_000, 1_700_000_000]);
  assert.equal(asked.length, 2);
  await theirs.setTime("a", (await theirs.describe("a"))?.fingerprint ?? {}, LATER);
  assert.deepEqual(await listed(), [LATER.seconds, 1_700_000_000]);
});

test("empty directories are not asked for where there are none", withRclone, async (context) => {
  const { given } = await bucket(context);
  const memory = memoryFolder("memory");
  memory.put("a.txt", "a");
  await memory.makeDirectory("empty");
  const run = bisync(memory, s3(given), { state: memoryState(), createEmptySrcDirs: true });
  const notices: RunEvent[] = [];
  for await (const event of run) if (event.type === "notice" && event.code === "no-empty-directories") notices.push(event);
  assert.equal((await run.report).exitCode, 0);
  assert.equal(notices.length, 1);
  assert.equal((await memory.describe("empty"))?.kind, "directory");
});

test("a server that is busy is asked again", withRclone, async (context) => {
  const { given } = await bucket(context);
  const asked = new Set<string>();
  const busy = await disturbed(context, given, {
    // The first request of each kind is refused.
    before: ({ method, url }) => {
      const kind = `${method} ${url}`;
      if (asked.has(kind)) return undefined;
      asked.add(kind);
      const body = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
      return { status: 503, headers: { "retry-after": "0", "content-type": "application/xml" }, body: Buffer.from(method === "HEAD" ? "" : body) };
    },
  });
  const side = s3({ ...busy, partSize: 100_000 });
  await put(side, "sub/a.txt", "a");
  await put(side, "large", many(250_000));
  assert.equal(await text(side, "sub/a.txt"), "a");
  await remove(side, "sub/a.txt");
  assert.deepEqual(Object.keys(await contents(side)), ["large"]);
});

test("what cannot be used says why, and no secret", withRclone, async (context) => {
  const { given } = await bucket(context);
  const SECRET = "wrong-secret";
  const wrong: [string, Partial<S3Options>, RegExp][] = [
    ["permissionDenied", { secretAccessKey: SECRET }, /does not accept|`secretAccessKey`/],
    ["permissionDenied", { accessKeyId: "nobody", secretAccessKey: SECRET }, /accessKeyId|status 403|does not accept/],
    ["notFound", { bucket: "nothing" }, /no such bucket/],
    ["temporary", { endpoint: "http://127.0.0.1:1", secretAccessKey: SECRET }, /no answer/],
    ["usage", { endpoint: `http://user:${SECRET}@host` }, /`endpoint`/],
    ["usage", { secretAccessKey: SECRET, sessionToken: `a\n${SECRET}` }, /credentials/],
    ["usage", { secretAccessKey: "" }, /`secretAccessKey` is missing/],
    ["usage", { prefix: "a/../b" }, /`prefix`/],
    ["usage", { partSize: 0 }, /`partSize`/],
    ["usage", { bucket: "a/b" }, /`bucket`/],
    ["usage", { pathStyle: false }, /`?path`? of addresses/],
  ];
  for (const [code, change, message] of wrong) {
    const error = await thrown(async () => s3({ ...given, ...change }).open());
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(seen(error), new RegExp(SECRET));
  }
  assert.equal(s3({ ...given, endpoint: "https://s3.host/", prefix: "/a/b/", secretAccessKey: SECRET }).name, "s3:https://s3.host/bucket/a/b/");
  assert.equal(s3({ ...given, endpoint: "https://s3.host", pathStyle: false }).name, "s3:https://bucket.s3.host/");
});

test("a listing that is not whole is no empty folder", withRclone, async (context) => {
  const { given } = await bucket(context);
  const faults: Record<string, [words: RegExp, change: (body: string) => string]> = {
    "ends early": [/no whole XML/, (body) => body.slice(0, body.lastIndexOf("<Contents>"))],
    "does not say how it goes on": [/how it goes on/, (body) => body.replace(/<IsTruncated>.*?<\/IsTruncated>/, "<IsTruncated>true</IsTruncated>")],
    "does not say whether it goes on": [/whether it goes on/, (body) => body.replace(/<IsTruncated>.*?<\/IsTruncated>/, "")],
    "has a file without a size": [/a size is no number/, (body) => body.replace(/<Size>\d+<\/Size>/, "")],
    "is of another folder": [/not asked for/, (body) => body.replace(/<Key>folder/g, "<Key>other")],
    "names what is not found": [
      /does not find it/,
      (body) => body.includes("<Contents>") ? body.replace("<Key>folder/a.txt", "<Key>folder/b.txt") : body.replace("</ListBucketResult>", "<Contents><Key>folder/b.txt</Key><Size>1</Size></Contents></ListBucketResult>"),
    ],
    "is an error": [/InternalError/, () => "<Error><Code>InternalError</Code></Error>"],
    "is empty": [/no whole XML/, () => ""],
    "is none": [/it is none/, () => "<html></html>"],
  };
  let fault: ((body: string) => string) | undefined;
  const between = await disturbed(context, given, {
    after: ({ method, url }, answer) => (fault && method === "GET" && queryOf(url).has("list-type") ? { ...answer, body: Buffer.from(fault(answer.body.toString())) } : answer),
  });
  const memory = memoryFolder("memory");
  for (const name of ["a.txt", "c.txt"]) memory.put(name, name);
  const state = memoryState();
  const run = async () => bisync(memory, s3({ ...between, prefix: "folder" }), { state, force: true }).report;
  assert.equal((await run()).exitCode, 0);
  for (const [what, [words, change]] of Object.entries(faults)) {
    await context.test(`one that ${what}`, async () => {
      fault = change;
      assert.match((await thrown(() => s3({ ...between, prefix: "folder" }).list("", undefined)[Symbol.asyncIterator]().next())).message, words);
      const exitCode = await run().then(({ exitCode }) => exitCode, () => "thrown");
      assert.notEqual(exitCode, 0);
      assert.deepEqual(memory.paths(), ["a.txt", "c.txt"]);
      fault = undefined;
      assert.equal((await run()).exitCode, 0);
    });
  }
});

test("a listing of many pages is whole", withRclone, async (context) => {
  const { given } = await bucket(context);
  const side = s3(given);
  for (const name of ["a", "b/c", "d", "e/f/g", "h"]) await put(side, name, name);
  let pages = 0;
  let entries: string[] = [];
  let isStuck = false;
  const small = await disturbed(context, given, {
    after: ({ url }, answer) => {
      const query = queryOf(url);
      if (!query.has("delimiter")) return answer;
      pages += 1;
      // What is asked for is signed, so the whole answer to the first request is cut into pages of two.
      const from = isStuck ? 0 : Number(query.get("continuation-token") ?? 0);
      if (!query.has("continuation-token")) entries = answer.body.toString().match(/<(Contents|CommonPrefixes)>.*?<\/\1>/gs) ?? [];
      const isLast = from + 2 >= entries.length;
      const end = `<IsTruncated>${!isLast}</IsTruncated>${isLast ? "" : `<NextContinuationToken>${from + 2}</NextContinuationToken>`}`;
      return { status: 200, headers: {}, body: Buffer.from(`<ListBucketResult>${entries.slice(from, from + 2).join("")}${end}</ListBucketResult>`) };
    },
  });
  const names: string[] = [];
  for await (const page of s3(small).list("", undefined)) names.push(...page.map(({ name, kind }) => `${name} ${kind}`));
  assert.deepEqual(names.sort(), ["a file", "b directory", "d file", "e directory", "h file"]);
  assert.equal(pages, 3);
  isStuck = true;
  const listed = async () => {
    for await (const _ of s3(small).list("", undefined));
  };
  assert.match((await thrown(listed)).message, /the same again and again/);
});

test("a file that arrives cut off or changed is no file", withRclone, async (context) => {
  const { given } = await bucket(context);
  const { fingerprint } = await put(s3(given), "a.txt", "content");
  const faults: Interference["after"][] = [
    ({ method, url }, answer) => (method === "GET" && url.includes("a.txt") ? { ...answer, isCutOff: true } : answer),
    ({ method, url }, answer) => (method === "GET" && url.includes("a.txt") ? { ...answer, body: answer.body.subarray(0, 3) } : answer),
    ({ method, url }, answer) => (method === "GET" && url.includes("a.txt") ? { ...answer, body: Buffer.from("CONTENT") } : answer),
  ];
  for (const after of faults) {
    const side = s3(await disturbed(context, given, after ? { after } : {}));
    const error = await thrown(() => all(side.read("a.txt", fingerprint)));
    assert.deepEqual([error.code, error.path], ["temporary", "a.txt"]);
  }
});

/** A server that looks itself whether its conditions hold, as most do and rclone does not. */
function looksItself(theirs: Side, meanwhile: () => Promise<unknown>): { interference: Interference; conditions: string[] } {
  const conditions: string[] = [];
  const interference: Interference = {
    before: async ({ method, url, headers }) => {
      const [isMatch, isNone] = [headers["if-match"], headers["if-none-match"]];
      if (method === "GET" || method === "HEAD" || (isMatch === undefined && isNone === undefined)) return undefined;
      await meanwhile();
      const path = decodeURIComponent(new URL(url, "http://host").pathname.replace("/bucket/", ""));
      const found = await theirs.describe(path);
      conditions.push(`${method} ${isMatch === undefined ? "none" : "match"}`);
      const hash = isMatch && (await md5Of(theirs, path));
      const holds = isNone === "*" ? found === undefined : `"${hash}"` === isMatch;
      return holds ? undefined : { status: 412, headers: {}, body: Buffer.from("<Error><Code>PreconditionFailed</Code></Error>") };
    },
  };
  return { interference, conditions };
}

async function md5Of(side: Side, path: string): Promise<string | undefined> {
  for await (const page of side.list("", "md5")) for (const { name, fingerprint } of page) if (name === path) return fingerprint.hash?.slice(4);
  return undefined;
}

test("a server that looks itself closes the last gap", withRclone, async (context) => {
  const { given } = await bucket(context);
  const theirs = s3(given);
  let change: (() => Promise<unknown>) | undefined;
  const { interference, conditions } = looksItself(theirs, async () => {
    const work = change;
    change = undefined;
    await work?.();
  });
  const side = s3({ ...(await disturbed(context, given, interference)), partSize: 100_000 });
  const options = { temporary: TEMPORARY, modified: undefined, verify: undefined };
  const now = async (path: string) => (await theirs.describe(path))?.fingerprint ?? {};
  await put(theirs, "a", "old");
  const gaps: [string, string, () => Promise<unknown>][] = [
    ["PUT match", "a", async () => side.write("a", chunks("ours"), { ...options, expect: await now("a") })],
    ["PUT none", "new", () => side.write("new", chunks("ours"), { ...options, expect: undefined })],
    ["POST match", "a", async () => side.write("a", many(250_000), { ...options, expect: await now("a") })],
    ["POST none", "new 2", () => side.write("new 2", many(250_000), { ...options, expect: undefined })],
    ["PUT none", "target", async () => side.move("a", await now("a"), "target")],
    ["DELETE match", "a", async () => side.remove("a", await now("a"))],
  ];
  for (const [index, [condition, path, work]] of gaps.entries()) {
    const content = `theirs ${index}`;
    change = () => put(theirs, path, content, LATER);
    assert.equal((await thrown(work)).code, "refused", condition);
    assert.equal(await text(theirs, path), content, condition);
    assert.equal(conditions.at(-1), condition);
  }
});

test("a server that knows no conditions is served without them", withRclone, async (context) => {
  const { given } = await bucket(context);
  let refused = 0;
  const unable = await disturbed(context, given, {
    before: ({ method, headers }) => {
      if (method === "GET" || (headers["if-match"] === undefined && headers["if-none-match"] === undefined)) return undefined;
      refused += 1;
      return { status: 501, headers: {}, body: Buffer.from("<Error><Code>NotImplemented</Code></Error>") };
    },
  });
  const memory = memoryFolder("memory");
  memory.put("a.txt", "a");
  assert.equal((await bisync(memory, s3(unable), { state: memoryState() }).report).exitCode, 0);
  assert.equal(await text(s3(given), "a.txt"), "a");
  assert.equal(refused, 1);
});

test("what somebody else writes meanwhile is not replaced", withRclone, async (context) => {
  const { given } = await bucket(context);
  const theirs = s3(given);
  let change: (() => Promise<unknown>) | undefined;
  const side = s3({
    ...(await disturbed(context, given, {
      after: async ({ method, url }, answer) => {
        if (method !== "PUT" || !queryOf(url).has("partNumber")) return answer;
        const work = change;
        change = undefined;
        await work?.();
        return answer;
      },
    })),
    partSize: 100_000,
  });
  const { fingerprint } = await put(theirs, "a", "old");
  const options = { temporary: TEMPORARY, modified: undefined, verify: undefined };
  change = () => put(theirs, "a", "new", LATER);
  assert.equal((await thrown(() => side.write("a", many(250_000), { ...options, expect: fingerprint }))).code, "refused");
  change = () => put(theirs, "b", "theirs");
  assert.equal((await thrown(() => side.write("b", many(250_000), { ...options, expect: undefined }))).code, "refused");
  assert.deepEqual(await contents(theirs), { a: "new", b: "theirs" });
});

test("an answer that is lost makes no failure of what was done", withRclone, async (context) => {
  const { given } = await bucket(context);
  const theirs = s3(given);
  const { interference } = looksItself(theirs, async () => {});
  const lost = new Set<string>();
  const losing = await disturbed(context, given, {
    ...interference,
    after: ({ method }, answer) => {
      if (!["PUT", "DELETE"].includes(method) || lost.has(method)) return answer;
      lost.add(method);
      return { status: 502, headers: {}, body: Buffer.from("") };
    },
  });
  const side = s3(losing);
  await put(side, "a.txt", "a");
  await put(side, "b.txt", "b");
  await remove(side, "b.txt");
  assert.deepEqual([...lost].sort(), ["DELETE", "PUT"]);
  assert.deepEqual(await contents(side), { "a.txt": "a" });
});

test("a file that may be gone where it was stays where it was moved to", withRclone, async (context) => {
  const { given } = await bucket(context);
  const theirs = s3(given);
  const { fingerprint } = await put(theirs, "a", "tea");
  const lost = { status: 502, headers: {}, body: Buffer.from("") };
  const side = s3(await disturbed(context, given, { after: ({ method, url }, answer) => (method === "DELETE" && url.includes("/a") ? lost : answer) }));
  assert.equal((await thrown(() => side.move("a", fingerprint, "b"))).code, "temporary");
  assert.deepEqual(await contents(theirs), { b: "tea" });
});

test("two folders are known to be one", async () => {
  const side = (prefix: string, bucket = "bucket") => s3({ endpoint: "https://host", region: "r", bucket, prefix, accessKeyId: "a", secretAccessKey: "s" });
  const apart = (one: Side, other: Side) => one.checkApart?.(other) ?? Promise.resolve();
  await apart(side("a"), side("ab"));
  await apart(side("a"), side("a", "other"));
  for (const [one, two] of [["a", "/a/"], ["a/b", "a"], ["", "a"]] as const) {
    assert.equal((await thrown(() => apart(side(one), side(two)))).code, "usage");
    assert.equal((await thrown(() => apart(side(two), side(one)))).code, "usage");
  }
});
