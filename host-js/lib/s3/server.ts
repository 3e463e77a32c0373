// Addresses and requests of an S3 server, and what its answers mean.

import { BisyncError, type FailureKind } from "../error.js";
import { addressOf, unusable } from "../http/address.js";
import { Client, textOf } from "../http/client.js";
import { type Element, parse, textIn } from "../http/xml.js";
import { objectOf, type S3Object } from "./object.js";
import type { S3Options } from "./options.js";

/** What the server is to do. */
export interface Asked {
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Left out for the bucket itself. */
  key?: string;
  /** The path that errors name. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
}

/** What a request expects at its key: nothing, or the object with this tag. */
export type Condition = "absent" | { etag: string };

/** A server, and a bucket on it. */
export class Server {
  /** The address of the bucket, without `/` at its end. */
  readonly address: string;
  readonly bucket: string;
  readonly #client: Client;
  readonly #region: string;
  readonly #credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Keys for signing, one a day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();
  /** Whether the server is thought to know what is expected at a key. */
  #conditions = true;

  constructor({ endpoint, region, bucket, accessKeyId, secretAccessKey, sessionToken, pathStyle = true, fetch }: S3Options) {
    const url = endpointOf(endpoint);
    for (const [name, value] of Object.entries({ region, bucket, accessKeyId, secretAccessKey })) {
      if (typeof value !== "string" || value === "") throw new BisyncError("usage", `\`${name}\` is missing`, { path: name });
    }
    if (!/^[A-Za-z0-9._-]+$/.test(bucket) || /^\.+$/.test(bucket)) throw new BisyncError("usage", "`bucket` is no name of a bucket", { path: "bucket" });
    if (!pathStyle) {
      url.host = `${bucket}.${url.host}`;
      if (!url.host.startsWith(`${bucket}.`)) throw new BisyncError("usage", "this bucket can stand in the path of addresses only", { path: "pathStyle" });
    }
    const base = url.href.replace(/\/+$/, "");
    this.address = pathStyle ? `${base}/${bucket}` : base;
    this.bucket = bucket;
    this.#region = region;
    this.#credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
    this.#client = new Client(fetch);
  }

  /** Begins a run. */
  begin(): void {
    this.#client.begin();
  }

  /** Makes a request, and returns an answer that is good. */
  async ask(asked: Asked): Promise<Response> {
    const { path, key } = asked;
    // Whatever an address is made into on its way: it must not become that of another object.
    if (key !== undefined && key.split("/").some((part) => part === "." || part === "..")) {
      throw new BisyncError("impossibleName", "no address leads to this key", { path });
    }
    const response = await this.#client.send(path, () => this.#signed(asked));
    if (response.ok) return response;
    throw await this.#failure(response, asked);
  }

  /** Makes a request, and returns what its answer says. Some servers say with a good status that something failed. */
  async told(asked: Asked): Promise<Element> {
    const response = await this.ask(asked);
    const root = await parse(await textOf(response, asked.path), asked.path);
    if (root.name === "Error") throw failureOf(response.status, textIn(root, "Code") ?? "", asked.path);
    return root;
  }

  /** Says what is at a key; `undefined` when there is nothing. */
  async look(key: string, path: string): Promise<S3Object | undefined> {
    try {
      return objectOf(await this.ask({ method: "HEAD", key, path }), path);
    } catch (error) {
      if (error instanceof BisyncError && error.code === "notFound") return undefined;
      throw error;
    }
  }

  /** The headers that say what is expected at the key of a request that changes it. Servers that do not know them leave them aside. */
  conditioned(condition: Condition): Record<string, string> {
    if (!this.#conditions) return {};
    return condition === "absent" ? { "if-none-match": "*" } : { "if-match": `"${condition.etag}"` };
  }

  async #signed({ method, key, path, query = {}, headers = {}, body }: Asked): Promise<{ url: string; init: RequestInit }> {
    const search = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
    const url = `${this.address}${key === undefined ? "/" : `/${key.split("/").map(encoded).join("/")}`}${search.length > 0 ? `?${search.join("&")}` : ""}`;
    // It comes when it is needed: whoever has no S3 does not load it.
    const { AwsV4Signer } = await import("aws4fetch");
    try {
      const cache = this.#signingKeys;
      const signer = new AwsV4Signer({ method, url, headers, ...this.#credentials, service: "s3", region: this.#region, cache });
      const signed = await signer.sign();
      return { url, init: { method, headers: signed.headers, redirect: "manual", credentials: "omit", ...(body !== undefined && { body }) } };
    } catch {
      // The cause may hold a secret.
      const words = globalThis.crypto?.subtle ? "the credentials cannot be put into a request" : "requests can be signed only in pages that came over `https:`";
      throw new BisyncError("usage", words, { path });
    }
  }

  async #failure(response: Response, { path, headers = {} }: Asked): Promise<BisyncError> {
    const { status } = response;
    const text = await textOf(response, path).catch(() => "");
    const region = response.headers.get("x-amz-bucket-region");
    if (region !== null && region !== this.#region && (status === 400 || (status >= 300 && status < 400))) {
      return new BisyncError("other", `the bucket is in the region \`${region}\``, { path });
    }
    if (status === 501 && ("if-match" in headers || "if-none-match" in headers)) {
      // From now on only the look just before tells. What was asked for is asked for once more.
      this.#conditions = false;
      return new BisyncError("busy", "the server knows no conditions", { path });
    }
    if (response.type === "opaqueredirect") return new BisyncError("other", "the server sends elsewhere: is it the right `endpoint`?", { path });
    const said = await parse(text, path).catch(() => undefined);
    return failureOf(status, (said?.name === "Error" && textIn(said, "Code")) || "", path);
  }
}

function endpointOf(text: string): URL {
  const url = addressOf(text, "endpoint");
  if (url.username === "" && url.password === "" && url.search === "" && url.hash === "") return url;
  throw unusable("endpoint", "has to be the address of a server alone");
}

/** Writes text in an address, in the one way that is signed. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

const CODES: Record<string, [code: FailureKind, words: string]> = {
  NoSuchKey: ["notFound", "it is not there"],
  NoSuchBucket: ["notFound", "there is no such bucket"],
  NoSuchUpload: ["temporary", "the server has forgotten the upload"],
  InvalidAccessKeyId: ["permissionDenied", "the server does not know `accessKeyId`"],
  SignatureDoesNotMatch: ["permissionDenied", "the server does not accept the signature: is `secretAccessKey` right?"],
  ExpiredToken: ["permissionDenied", "`sessionToken` has expired"],
  InvalidToken: ["permissionDenied", "the server does not accept `sessionToken`"],
  RequestTimeTooSkewed: ["permissionDenied", "the clock of this computer is wrong"],
  PreconditionFailed: ["refused", "it has changed in the meantime"],
  KeyTooLongError: ["impossibleName", "the name is too long for the server"],
  InvalidObjectName: ["impossibleName", "this name is not possible on the server"],
  XMinioInvalidObjectName: ["impossibleName", "this name is not possible on the server"],
  QuotaExceeded: ["noSpace", "no space is left on the server"],
  XMinioStorageFull: ["noSpace", "no space is left on the server"],
  BadDigest: ["temporary", "the server received something else than what was sent"],
};
const TEMPORARY = ["SlowDown", "InternalError", "RequestTimeout", "ServiceUnavailable", "OperationAborted", "ConditionalRequestConflict"];
const STATUSES: Record<number, FailureKind> = { 401: "permissionDenied", 403: "permissionDenied", 404: "notFound", 409: "refused", 412: "refused", 507: "noSpace" };

/** What the server says in its own words is left out: they may repeat what was signed. */
function failureOf(status: number, said: string, path: string): BisyncError {
  const [code, words] = CODES[said] ?? [];
  if (code && words) return new BisyncError(code, words, { path });
  const isTemporary = TEMPORARY.includes(said) || (status >= 500 && status !== 501 && status !== 507) || [408, 425, 429].includes(status);
  const kind = isTemporary ? "temporary" : (STATUSES[status] ?? "other");
  return new BisyncError(kind, `the server answers ${said === "" ? "" : `\`${said}\` `}with status ${status}`, { path });
}
