import type { Fetch } from "../http/client.js";

/** Where a folder on a WebDAV server is, and who asks. */
export interface WebdavOptions {
  /** The address of the folder, which has to be there. */
  url: string;
  /** Who asks, by HTTP's basic authentication. */
  user?: string;
  password?: string;
  /** Headers that go with every request: `{ authorization: "Bearer …" }`. */
  headers?: Record<string, string>;
  /** Whether files get the time in the header `X-OC-Mtime`. Left out, it is asked for: rclone, Nextcloud and ownCloud do that. */
  setsTime?: boolean;
  /** Whether `fetch` sends content while it is read. Left out: yes in Node, Deno and Bun, and no in browsers, which do it over HTTP/2 alone or not at all. */
  streams?: boolean;
  /** What makes the requests, in place of the platform's `fetch`. */
  fetch?: Fetch;
}
