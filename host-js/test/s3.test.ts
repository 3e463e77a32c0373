// Folders in buckets, with the real rclone as the server.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { checkSide, s3, type S3Options } from "bisync";
import { serveS3, withRclone } from "./rclone.js";
import { staysInStep } from "./store.js";

/** An empty bucket. */
async function bucket(context: TestContext): Promise<S3Options & { directory: string }> {
  const { address, directory } = await serveS3(context);
  mkdirSync(join(directory, "bucket"));
  return { endpoint: address, region: "us-east-1", bucket: "bucket", accessKeyId: "access", secretAccessKey: "secret", directory: join(directory, "bucket") };
}

test("a folder in a bucket keeps what a side promises", withRclone, async (context) => {
  const given = await bucket(context);
  await checkSide(s3(given));
  await checkSide(s3({ ...given, prefix: "in parts/", partSize: 100_000, copyPartSize: 50_000 }));
});

test("a folder in a bucket and one in memory", withRclone, async (context) => {
  const given = await bucket(context);
  await staysInStep(context, () => s3(given));
});
