import type { BigIntStats } from "node:fs";

import type { Fingerprint, Found, Kind } from "../side.js";
import { modifiedAt } from "./disk.js";
import type { Form } from "./links.js";

/** Says what the system's look at something found. With a device, a directory that is not on it is one of another file system. */
export function found(stats: BigIntStats, form: Form = "plain", onlyDevice?: bigint): Found {
  if (onlyDevice !== undefined && stats.isDirectory() && stats.dev !== onlyDevice) return { kind: "otherFileSystem", fingerprint: {} };
  const isFile = form === "link" ? stats.isSymbolicLink() : stats.isFile();
  const kind: Kind = isFile ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "link" : "special";
  const modified = modifiedAt(stats);
  if (kind !== "file") return { kind, fingerprint: { modified } };
  const fingerprint: Fingerprint = { size: Number(stats.size), modified };
  // Inodes alone are used again.
  if (stats.birthtimeNs > 0n) fingerprint.id = (stats.ino << 64n) | stats.birthtimeNs;
  return { kind, fingerprint };
}
