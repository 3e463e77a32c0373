// Folders on WebDAV servers, with the real rclone as the server.

import { test } from "node:test";

import { checkSide, webdav } from "bisync";
import { serveWebdav, withRclone } from "./rclone.js";

const WHO = { user: "user", password: "secret" };

test("a folder on a WebDAV server keeps what a side promises", withRclone, async (context) => {
  const { address } = await serveWebdav(context);
  await checkSide(webdav({ url: address, ...WHO }));
});
