// Listings of S3, which come in pages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bisync, memoryFolder, memoryState, type RunEvent, s3 } from "bisync";

/** What a page of a listing shows: files, and directories with `/` at their ends. */
type Page = string[];

/** A folder that is listed in these pages; all its files have the same content. */
function paged(pages: Page[]) {
  const asked: string[] = [];
  const fetch = async (url: string, { method }: RequestInit): Promise<Response> => {
    const { pathname, searchParams: query } = new URL(url);
    if (method === "HEAD") return new Response(null, { headers: { "content-length": "3", etag: '"e"', "x-amz-meta-mtime": "1600000000" } });
    if (!query.has("delimiter") || query.get("prefix") !== "") return new Response("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
    assert.equal(pathname, "/b/");
    const page = Number(query.get("continuation-token") ?? 0);
    asked.push(`page ${page}`);
    const entries = (pages[page] ?? []).map((key) =>
      key.endsWith("/") ? `<CommonPrefixes><Prefix>${key}</Prefix></CommonPrefixes>` : `<Contents><Key>${key}</Key><Size>3</Size><ETag>"e"</ETag><LastModified>now</LastModified></Contents>`,
    );
    const isLast = page === pages.length - 1;
    const end = `<IsTruncated>${!isLast}</IsTruncated>${isLast ? "" : `<NextContinuationToken>${page + 1}</NextContinuationToken>`}`;
    return new Response(`<ListBucketResult>${entries.join("")}${end}</ListBucketResult>`);
  };
  return { side: s3({ endpoint: "http://host", region: "r", bucket: "b", accessKeyId: "a", secretAccessKey: "s", fetch }), asked };
}

test("a page goes on before the next one is asked for", async () => {
  const { side, asked } = paged([["a", "b"], ["c/"], ["d"]]);
  const seen: string[] = [];
  for await (const page of side.list("", undefined)) seen.push(`${asked.at(-1)}: ${page.map(({ name, kind }) => `${name} is a ${kind}`).join(", ")}`);
  assert.deepEqual(seen, ["page 0: a is a file, b is a file", "page 1: c is a directory", "page 2: d is a file"]);
});

test("what is a file and a directory at once takes no part, however far apart it is listed", async () => {
  for (const pages of [[["a", "a/", "b"]], [["a"], ["a-", "b"], ["a/"]]]) {
    const memory = memoryFolder("memory");
    memory.put("a", "kept");
    const run = bisync(memory, paged(pages).side, { state: memoryState(), dryRun: true });
    const notices: RunEvent[] = [];
    for await (const event of run) if (event.type === "notice" && event.path === "a") notices.push(event);
    const { exitCode, counts, failures } = await run.report;
    assert.deepEqual([exitCode, counts.path1.copied, counts.path2.copied, failures], [0, pages.flat().length - 2, 0, []]);
    assert.deepEqual(notices.map((notice) => notice.type === "notice" && notice.code), ["listed-twice-skipped"]);
  }
});
