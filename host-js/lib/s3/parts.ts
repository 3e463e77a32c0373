// Objects that are made of parts. Nothing is at the key before the last step, which puts the parts together.

import { BisyncError } from "../error.js";
import { discard } from "../http/client.js";
import type { Pieces } from "../http/pieces.js";
import { plainEtag } from "../http/version-id.js";
import { escaped, textIn } from "../http/xml.js";
import { encodedMd5, type Md5 } from "../md5.js";
import type { Condition, Server } from "./server.js";

/** Servers take no more parts than this. */
const MOST_PARTS = 10_000;

/** An upload under way. */
export class Parts {
  readonly #server: Server;
  readonly #key: string;
  readonly #path: string;
  readonly #upload: string;
  readonly #etags: string[] = [];

  private constructor(server: Server, key: string, path: string, upload: string) {
    this.#server = server;
    this.#key = key;
    this.#path = path;
    this.#upload = upload;
  }

  /** Makes an object out of the parts that `fill` sends, or nothing at all. `condition` is asked for when they are there. */
  static async make(
    server: Server,
    key: string,
    path: string,
    headers: Record<string, string>,
    fill: (parts: Parts) => Promise<void>,
    condition: () => Promise<Condition>,
  ): Promise<void> {
    const begun = await server.told({ method: "POST", key, path, query: { uploads: "" }, headers });
    const upload = textIn(begun, "UploadId");
    if (!upload) throw new BisyncError("other", "the server takes no uploads in parts", { path });
    const parts = new Parts(server, key, path, upload);
    try {
      await fill(parts);
      await parts.#finish(await condition());
    } catch (error) {
      // What failed says more than this could. Parts that stay are removed by the server's own rules, or by `rclone cleanup`.
      await server.ask({ method: "DELETE", key, path, query: { uploadId: upload } }).then(discard).catch(() => {});
      throw error;
    }
  }

  /** Sends content: one part while the next is read. Returns how many bytes there were. */
  async send(first: Uint8Array<ArrayBuffer>, pieces: Pieces, length: number, md5: Md5): Promise<number> {
    let size = 0;
    let sending: Promise<void> = Promise.resolve();
    for (let part = first; part.length > 0; part = await pieces.take(length)) {
      size += part.length;
      md5.update(part);
      await sending;
      sending = this.#put(part);
      // It is heard of before the next part is sent.
      sending.catch(() => {});
    }
    await sending;
    return size;
  }

  async #put(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const query = this.#next();
    const response = await this.#server.ask({ method: "PUT", key: this.#key, path: this.#path, query, headers: { "content-md5": await encodedMd5(body) }, body });
    await discard(response);
    this.#sent(response.headers.get("etag") ?? "");
  }

  /** Copies a part of another object. */
  async copy(headers: Record<string, string>): Promise<void> {
    const copied = await this.#server.told({ method: "PUT", key: this.#key, path: this.#path, query: this.#next(), headers });
    this.#sent(textIn(copied, "ETag") ?? "");
  }

  #next(): { partNumber: string; uploadId: string } {
    const number = this.#etags.length + 1;
    if (number > MOST_PARTS) throw new BisyncError("other", "it has too many parts: a larger `partSize` is needed", { path: this.#path });
    return { partNumber: String(number), uploadId: this.#upload };
  }

  #sent(etag: string): void {
    if (etag === "") throw new BisyncError("other", "the server gives a part no `ETag`: for pages, the CORS rules of the bucket have to expose it", { path: this.#path });
    this.#etags.push(plainEtag(etag));
  }

  async #finish(condition: Condition): Promise<void> {
    const parts = this.#etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${escaped(etag)}"</ETag></Part>`);
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join("")}</CompleteMultipartUpload>`;
    const headers = this.#server.conditioned(condition);
    await this.#server.told({ method: "POST", key: this.#key, path: this.#path, query: { uploadId: this.#upload }, headers, body });
  }
}
