// Pages of a listing (ListObjectsV2).

import { BisyncError } from "../error.js";
import { plainEtag } from "../http/version-id.js";
import { all, type Element, textIn } from "../http/xml.js";
import type { Server } from "./server.js";

/** An object in a listing. */
export interface Listed {
  key: string;
  /** In bytes. */
  size: number;
  etag: string;
  /** When it was last written, as the server says it. */
  written: string;
}

/** What keys begin with a prefix. */
export interface Contents {
  objects: Listed[];
  /** What keys that go on after the next `/` begin with, up to that. */
  prefixes: string[];
}

/** Lists what keys begin with a prefix: page after page to the end, with directories in place of what is in them where that is wanted. */
export async function* pagesOf(server: Server, prefix: string, path: string, wanted: { delimiter?: string; most?: number } = {}): AsyncGenerator<Contents> {
  const { delimiter, most = 1000 } = wanted;
  let token: string | undefined;
  for (;;) {
    const query = {
      "list-type": "2",
      "encoding-type": "url",
      "max-keys": String(most),
      prefix,
      ...(delimiter !== undefined && { delimiter }),
      ...(token !== undefined && { "continuation-token": token }),
    };
    const page = pageOf(await server.told({ method: "GET", path, query }), path);
    if (![...page.objects.map(({ key }) => key), ...page.prefixes].every((key) => key.startsWith(prefix))) {
      throw new BisyncError("other", "the server lists what was not asked for", { path });
    }
    yield page;
    if (page.next === undefined) return;
    if (page.next === token) throw new BisyncError("other", "the server lists the same again and again", { path });
    token = page.next;
  }
}

function pageOf(root: Element, path: string): Contents & { next: string | undefined } {
  const unreadable = (words: string) => new BisyncError("other", `the server's listing cannot be read: ${words}`, { path });
  if (root.name !== "ListBucketResult") throw unreadable("it is none");
  const isEncoded = textIn(root, "EncodingType") === "url";
  const keyOf = (text: string | undefined): string => {
    if (text === undefined) throw unreadable("a key is missing");
    if (!isEncoded) return text;
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      throw unreadable("a key is not UTF-8");
    }
  };
  const objects = all(root, "Contents").map((object) => {
    const size = textIn(object, "Size")?.trim() ?? "";
    if (!/^\d+$/.test(size)) throw unreadable("a size is no number");
    return { key: keyOf(textIn(object, "Key")), size: Number(size), etag: plainEtag(textIn(object, "ETag") ?? ""), written: textIn(object, "LastModified") ?? "" };
  });
  const prefixes = all(root, "CommonPrefixes").map((prefix) => keyOf(textIn(prefix, "Prefix")));
  const isTruncated = textIn(root, "IsTruncated")?.trim();
  if (isTruncated !== "true" && isTruncated !== "false") throw unreadable("it does not say whether it goes on");
  const next = isTruncated === "true" ? textIn(root, "NextContinuationToken") : undefined;
  if (isTruncated === "true" && !next) throw unreadable("it does not say how it goes on");
  return { objects, prefixes, next };
}
