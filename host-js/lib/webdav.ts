import type { Side } from "./side.js";
import { webdavFolder } from "./webdav/folder.js";
import type { WebdavOptions } from "./webdav/options.js";

export type { WebdavOptions };

/**
 * Makes a side of a folder on a WebDAV server.
 *
 * Times are kept in whole seconds. A file is uploaded beside its place, looked at, and moved there. Where content cannot be sent while it is read, files
 * of more than 4 MiB are gathered first, one at a time.
 */
export function webdav(options: WebdavOptions): Side {
  return webdavFolder(options);
}
