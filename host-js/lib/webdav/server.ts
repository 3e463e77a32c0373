// Addresses and requests of a WebDAV server, and what its answers mean.

import { BisyncError, type FailureKind } from "../error.js";
import { addressOf, unusable } from "../http/address.js";
import { Client, discard, type Outgoing, textOf } from "../http/client.js";
import { bytesOf } from "../names.js";
import { readMultistatus, type Resource } from "./multistatus.js";
import type { WebdavOptions } from "./options.js";

/** What the server is to do. */
export interface Asked {
  method: string;
  path: string;
  /** Whether the path is that of a directory. */
  isDirectory?: boolean;
  headers?: Record<string, string>;
  body?: BodyInit;
  /** Whether the request may be made again: not when its body can be read only once. */
  isRepeatable?: boolean;
  /** Hears that the request is made again: what becomes of the one before is not known. */
  again?(): void;
}

const PROPERTIES = "<d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/>";
/** What only servers have that give a file the time in `X-OC-Mtime`: rclone, and Nextcloud and ownCloud. */
const SIGNS = '<d:lastmodified/><o:id xmlns:o="http://owncloud.org/ns"/>';

/** A server, and a folder on it. */
export class Server {
  /** The address of the folder, with `/` at its end and without who asks. */
  readonly root: string;
  /** Who asks; empty when nobody is named. */
  readonly user: string;
  readonly #client: Client;
  readonly #headers: Headers;
  /** Whether this is a page of another origin. */
  readonly #isElsewhere: boolean;

  constructor(options: WebdavOptions) {
    const url = folderOf(options.url);
    const user = options.user ?? decodeURIComponent(url.username);
    const password = options.password ?? decodeURIComponent(url.password);
    url.username = url.password = "";
    this.user = user;
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    this.root = url.href;
    this.#isElsewhere = !options.fetch && globalThis.location !== undefined && globalThis.location.origin !== url.origin;
    this.#client = new Client(options.fetch);
    this.#headers = headersOf(options.headers);
    if (user !== "" || password !== "") this.#headers.set("authorization", `Basic ${base64(`${user}:${password}`)}`);
  }

  /** Begins a run. */
  begin(): void {
    this.#client.begin();
  }

  /** Returns the address of a path. Throws for names that no address leads to. */
  url(path: string, isDirectory = false): string {
    if (path === "") return this.root;
    const names = path.split("/").map((name) => {
      const bytes = bytesOf(name);
      if (!bytes || bytes.length === 0 || name === "." || name === ".." || bytes.includes(0)) {
        throw new BisyncError("impossibleName", "this name is not possible here", { path });
      }
      return encoded(bytes);
    });
    return `${this.root}${names.join("/")}${isDirectory ? "/" : ""}`;
  }

  /** Makes a request, and returns an answer that is good. */
  async ask(asked: Asked): Promise<Response> {
    const response = await this.#send(asked);
    if (response.ok) return response;
    await discard(response);
    throw failure(response, asked.path);
  }

  async #send({ method, path, isDirectory = false, headers = {}, body, isRepeatable = true, again }: Asked): Promise<Response> {
    const url = this.url(path, isDirectory);
    const all = new Headers(this.#headers);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    // A change is made where it was asked for; the content of a file may be kept elsewhere.
    const redirect = method === "GET" || method === "PROPFIND" ? "follow" : "manual";
    const init: Outgoing["init"] = { method, headers: all, redirect, ...(body !== undefined && { body }) };
    if (body instanceof ReadableStream) init.duplex = "half";
    let tries = 0;
    const make = async () => {
      if (tries++ > 0) again?.();
      return { url, init };
    };
    return this.#client.send(path, make, isRepeatable);
  }

  /** Asks for a resource and, where `depth` is 1, for what is directly in it. */
  async resources(path: string, depth: 0 | 1, isDirectory: boolean): Promise<Resource[]> {
    const body = `<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:"><d:prop>${PROPERTIES}${path === "" ? SIGNS : ""}</d:prop></d:propfind>`;
    const headers = { depth: String(depth), "content-type": "application/xml; charset=utf-8" };
    const response = await this.ask({ method: "PROPFIND", path, isDirectory, headers, body });
    if (response.status !== 207) {
      await discard(response);
      throw new BisyncError("other", "the server does not speak WebDAV at this address", { path });
    }
    return readMultistatus(await textOf(response, path), path);
  }

  /**
   * Whether requests may have a header. From a page, a server of another origin gets only those that it has named (CORS), and no page sees
   * which these are: the platform makes no request that has another one.
   */
  async takes(header: string, value: string): Promise<boolean> {
    if (!this.#isElsewhere) return true;
    const response = await this.#send({ method: "PROPFIND", path: "", headers: { depth: "0", [header]: value }, isRepeatable: false }).catch(() => undefined);
    if (response) await discard(response);
    return response !== undefined;
  }

  /** Says what there is at a path; `undefined` when there is nothing. */
  async look(path: string): Promise<Resource | undefined> {
    try {
      const [resource] = await this.resources(path, 0, path === "");
      if (!resource) throw new BisyncError("other", "the server's answer says nothing of what was asked for", { path });
      return resource;
    } catch (error) {
      if (error instanceof BisyncError && error.code === "notFound") return undefined;
      throw error;
    }
  }
}

function folderOf(text: string): URL {
  const url = addressOf(text, "url");
  if (url.search === "" && url.hash === "") return url;
  throw unusable("url", "has to be that of a folder, without `?` and `#`");
}

function headersOf(given: Record<string, string> = {}): Headers {
  try {
    return new Headers(given);
  } catch {
    // The cause would hold the value.
    throw new BisyncError("usage", "a name or a value in `headers` is not possible", { path: "headers" });
  }
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

/** Writes every byte so that nothing on the way takes it for something else. */
function encoded(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** What a status means, where it means more than that something failed. */
const MEANINGS: Record<number, [code: FailureKind, words: string]> = {
  401: ["permissionDenied", "the server does not accept the credentials"],
  403: ["permissionDenied", "the server does not allow that"],
  404: ["notFound", "it is not there"],
  410: ["notFound", "it is not there"],
  409: ["notFound", "its directory is not there"],
  412: ["refused", "it has changed in the meantime"],
  413: ["noSpace", "the server takes no files of this size"],
  414: ["impossibleName", "the name is too long for the server"],
  423: ["busy", "it is locked on the server"],
  507: ["noSpace", "no space is left on the server"],
};

function failure({ status, type }: Response, path: string): BisyncError {
  const [code, words] = MEANINGS[status] ?? [];
  if (code && words) return new BisyncError(code, `${words} (status ${status})`, { path });
  if (type === "opaqueredirect" || (status >= 300 && status < 400)) {
    return new BisyncError("other", "the server sends elsewhere: `url` has to be the address to which it does", { path });
  }
  const isTemporary = status >= 500 || status === 408 || status === 425 || status === 429;
  return new BisyncError(isTemporary && status !== 501 ? "temporary" : "other", `the server answers with status ${status}`, { path });
}
