// What a server says of its resources (RFC 4918, section 13).

import { BisyncError } from "../error.js";
import { idOf } from "../http/version-id.js";
import { all, type Element, parse, textIn } from "../http/xml.js";
import type { Found } from "../side.js";

/** Something on a server. */
export interface Resource {
  /** The names that lead to it from the root of the server, a character for each byte. */
  names: string[];
  found: Found;
  /** What the server calls this version; `undefined` when it does not, or says that it is not sure of it. */
  etag: string | undefined;
  /** Whether the server says what only those say that set times. */
  hasSign: boolean;
}

const DAV = "DAV:";

/** Reads an answer, all of it or nothing. What was deleted meanwhile is left out. */
export async function readMultistatus(text: string, path: string): Promise<Resource[]> {
  const root = await parse(text, path);
  if (root.namespace !== DAV || root.name !== "multistatus") throw new BisyncError("other", "the server's answer is none of WebDAV", { path });
  return all(root, "response").flatMap((response) => resource(response, path) ?? []);
}

function resource(response: Element, path: string): Resource | undefined {
  const href = textIn(response, "href");
  const status = textIn(response, "status");
  if (status !== undefined && isStatus(status, 404)) return undefined;
  // 507 says that the listing goes on and will not be told; what cannot be told would look deleted.
  if (href === undefined || (status !== undefined && !isStatus(status, 200))) {
    throw new BisyncError("other", `the server does not tell all: ${status ?? "a resource without an address"}`, { path });
  }
  const known = new Map<string, Element>();
  for (const propstat of all(response, "propstat")) {
    if (!isStatus(textIn(propstat, "status") ?? "", 200)) continue;
    for (const property of all(propstat, "prop").flatMap(({ children }) => children)) known.set(property.namespace + property.name, property);
  }
  const type = known.get(`${DAV}resourcetype`);
  if (!type) throw new BisyncError("other", `the server does not say what \`${href}\` is`, { path });
  const etag = known.get(`${DAV}getetag`)?.text.trim() ?? "";
  const names = namesOf(href);
  const hasSign = known.has(`${DAV}lastmodified`) || known.has("http://owncloud.org/nsid");
  if (all(type, "collection").length > 0) return { names, found: { kind: "directory", fingerprint: {} }, etag: undefined, hasSign };
  const size = known.get(`${DAV}getcontentlength`)?.text.trim() ?? "";
  const time = Date.parse(known.get(`${DAV}getlastmodified`)?.text ?? "");
  const id = idOf(etag, names.join("/"));
  const fingerprint = {
    ...(/^\d+$/.test(size) && { size: Number(size) }),
    ...(!Number.isNaN(time) && { modified: { seconds: Math.floor(time / 1000), nanoseconds: 0 } }),
    ...(id !== undefined && { id }),
  };
  return { names, found: { kind: "file", fingerprint }, etag: /^"[^"]*"$/.test(etag) ? etag : undefined, hasSign };
}

function isStatus(line: string, status: number): boolean {
  return new RegExp(`^HTTP/\\S+ ${status}\\b`).test(line.trim());
}

/** Returns the names in an address or its path, a character for each byte. Some servers write `//` for `/`. */
export function namesOf(href: string): string[] {
  const path = href.trim().replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  return path.split("/").filter((name) => name !== "").map((name) => {
    const bytes = Array.from(new TextEncoder().encode(name), (byte) => String.fromCharCode(byte)).join("");
    return bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  });
}
