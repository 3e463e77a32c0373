// The real rclone as a server, on this machine only.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export const RCLONE = process.env["RCLONE"] ?? "rclone";
const isThere = spawnSync(RCLONE, ["version"], { stdio: "ignore" }).status === 0;

/** What tests are left out without. The time is a limit for what hangs. */
export const withRclone = { skip: isThere ? false : `there is no rclone: ${RCLONE}`, timeout: 300_000 };

/** A server that ends with the test. */
export interface Served {
  address: string;
  /** The directory that it serves. */
  directory: string;
}

/** Serves an empty directory over WebDAV, to `user` with the password `secret`. */
export function serveWebdav(context: TestContext, ...more: string[]): Promise<Served> {
  return serve(context, ["webdav", "--user=user", "--pass=secret", ...more]);
}

/** Serves an empty directory over S3, to `access` with the secret `secret`; directories in it are buckets. */
export function serveS3(context: TestContext, ...more: string[]): Promise<Served> {
  return serve(context, ["s3", "--auth-key=access,secret", "--vfs-cache-mode=off", ...more]);
}

async function serve(context: TestContext, [protocol = "", ...options]: string[]): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), `bisync-${protocol}-`));
  context.after(() => rmSync(directory, { recursive: true }));
  const port = await freePort();
  // In a group of its own: what is called `rclone` may be a script that starts it.
  const child = spawn(RCLONE, ["--config=", "serve", protocol, directory, `--addr=127.0.0.1:${port}`, ...options], { stdio: "ignore", detached: true });
  context.after(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`rclone ends with ${code}`);
  });
  // That it ends later on is as it should be.
  ended.catch(() => {});
  await Promise.race([ended, answers(port)]);
  return { address: `http://127.0.0.1:${port}`, directory };
}

/** Waits until somebody listens. */
async function answers(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      socket.destroy();
    }
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || !address) throw new Error("the server has no port");
  return address.port;
}
