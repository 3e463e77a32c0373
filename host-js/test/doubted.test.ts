// A server that is gone does not cost all tries for each file.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { bisync, memoryFolder, memoryState, s3, type Side, webdav } from "bisync";
import { thrown } from "./store.js";

/** What a server says of an empty folder. */
const EMPTY: Record<string, () => Response> = {
  "PROPFIND http://host/": () => new Response(MULTISTATUS, { status: 207 }),
  "GET http://host/b/": () => new Response("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
};
const MULTISTATUS = `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop>
  <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`;
const unreachable = (): Response => {
  throw new TypeError("fetch failed");
};
const inTrouble = () => new Response(null, { status: 503 });

/** A server that answers as it is told, each time so many seconds later. Nobody waits for it in truth. */
function server(context: TestContext, seconds = 1) {
  const known = { asked: 0, answer: (request: string) => EMPTY[request]?.() ?? new Response(null, { status: 404 }) };
  context.mock.method(performance, "now", () => known.asked * seconds * 1000);
  context.mock.method(globalThis, "setTimeout", (work: () => void) => setImmediate(work));
  const fetch = async (url: string, { method }: RequestInit) => {
    known.asked += 1;
    return known.answer(`${method} ${url.split("?")[0]}`);
  };
  return { known, fetch };
}

const SIDES: Record<string, (fetch: (url: string, init: RequestInit) => Promise<Response>) => Side> = {
  WebDAV: (fetch) => webdav({ url: "http://host/", fetch }),
  S3: (fetch) => s3({ endpoint: "http://host", region: "r", bucket: "b", accessKeyId: "a", secretAccessKey: "s", fetch }),
};

for (const [protocol, make] of Object.entries(SIDES)) {
  test(`a server of ${protocol} that answers nothing well is asked once, until it does`, async (context) => {
    const { known, fetch } = server(context);
    const side = make(fetch);
    /** How often it is asked in vain for a file, and what comes of that. */
    const inVain = async () => {
      const before = known.asked;
      const { code, message } = await thrown(() => side.describe("a"));
      return [known.asked - before, code, /not asked again/.test(message)];
    };
    for (const answer of [unreachable, inTrouble]) {
      const well = known.answer;
      known.answer = answer;
      assert.deepEqual(await inVain(), [5, "temporary", false]);
      assert.deepEqual(await inVain(), [1, "other", true]);
      known.answer = well;
      assert.equal(await side.describe("a"), undefined);
    }
    known.answer = inTrouble;
    await inVain();
    assert.deepEqual(await inVain(), [1, "other", true]);
    // The next run begins with all tries.
    const before = known.asked;
    assert.equal((await thrown(() => side.open())).code, "temporary");
    assert.equal(known.asked - before, 5);
  });

  test(`a server of ${protocol} that takes its time to fail is asked as often as another`, async (context) => {
    const { known, fetch } = server(context, 60);
    known.answer = unreachable;
    assert.equal((await thrown(() => make(fetch).describe("a"))).code, "temporary");
    assert.equal(known.asked, 5);
  });

  test(`a server of ${protocol} that says when its trouble is over is waited for`, async (context) => {
    const { known, fetch } = server(context);
    known.answer = () => new Response(null, { status: 503, headers: { "retry-after": "1" } });
    const side = make(fetch);
    for (let times = 0; times < 2; times += 1) assert.equal((await thrown(() => side.describe("a"))).code, "temporary");
    assert.equal(known.asked, 10);
  });

  test(`a server of ${protocol} that goes away in a run costs about one try for each file`, async (context) => {
    const { known, fetch } = server(context);
    const memory = memoryFolder("memory");
    for (let file = 0; file < 40; file += 1) memory.put(`${file}.txt`, "content");
    const well = known.answer;
    known.answer = (request) => {
      // It is there as long as the folders are looked at.
      if (known.asked > 2) known.answer = inTrouble;
      return well(request);
    };
    const report = await bisync(memory, make(fetch), { state: memoryState() }).report;
    assert.equal(report.exitCode, 1);
    assert.equal(report.failures.length, 40);
    assert.ok(known.asked < 100, `it was asked ${known.asked} times`);
  });
}
