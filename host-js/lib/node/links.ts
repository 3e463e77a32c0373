// Symbolic links that take part, as rclone has it: as files that hold where they lead, named with an ending (`--links`), or as what they lead to
// (`--copy-links`).

import type { BigIntStats } from "node:fs";
import { lstat, lutimes, readlink, stat, symlink } from "node:fs/promises";

import { BisyncError } from "../error.js";
import type { Instant } from "../side.js";
import { timeOf } from "./disk.js";
import { isCode } from "./failure.js";
import { fromDisk } from "./names.js";

/** What becomes of links where they are not skipped. */
export type Links = "keep" | "follow";

/** What a place stands for: what is there, a link that counts as a file, or what is there or behind the link that is there. */
export type Form = "plain" | "link" | "followed";

/** Where something is on the disk. */
export interface Place {
  at: Buffer;
  form: Form;
}

/** What the name of a link ends in where it takes part as a file: the same as in rclone. */
const SUFFIX = Buffer.from(".rclonelink");

/** What a link leads to has at most so many bytes. */
const LONGEST_TARGET = 4095;

/** Looks at what a place stands for. */
export async function look({ at, form }: Place): Promise<BigIntStats> {
  if (form !== "followed") return lstat(at, { bigint: true });
  try {
    return await stat(at, { bigint: true });
  } catch (error) {
    // A link that leads nowhere, or round in circles, is still there.
    if (isCode(error, "ENOENT", "ELOOP", "ENOTDIR", "ENAMETOOLONG")) return lstat(at, { bigint: true });
    throw error;
  }
}

/** Whether a link is at a place that stands for what is behind it. */
export async function isFollowedLink({ at, form }: Place): Promise<boolean> {
  return form === "followed" && (await lstat(at)).isSymbolicLink();
}

/**
 * Returns what a path on the disk stands for. A path with the suffix is that of the link without it; only where a file of the very name is, that is meant. A
 * new one is a link.
 */
export async function resolved(links: Links | undefined, at: Buffer, isNew: boolean): Promise<Place> {
  if (links === "follow") return { at, form: "followed" };
  const stripped = at.subarray(0, -SUFFIX.length);
  const isLinkName = at.subarray(-SUFFIX.length).equals(SUFFIX) && stripped.at(-1) !== 0x2f;
  if (!links || !isLinkName) return { at, form: "plain" };
  const isLink = (await statsOf(stripped))?.isSymbolicLink() || (isNew && !(await statsOf(at)));
  return isLink ? { at: stripped, form: "link" } : { at, form: "plain" };
}

/** Returns the name that a listing has for a link. Throws when something else has that name: it could not be told which of both is meant. */
export async function listedName(directory: Buffer, name: Buffer): Promise<string> {
  const listed = Buffer.concat([name, SUFFIX]);
  if (!(await statsOf(Buffer.concat([directory, Buffer.from("/"), listed])))) return fromDisk(listed);
  throw new BisyncError("other", `\`${fromDisk(listed)}\` is there, and stands for a link that is there as well`);
}

/** Gathers where a link is to lead. */
export async function targetIn(content: AsyncIterable<Uint8Array>, path: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const impossible = () => new BisyncError("impossibleName", "a link cannot lead to what it holds", { path });
  for await (const part of content) {
    length += part.length;
    if (length > LONGEST_TARGET) throw impossible();
    parts.push(part);
  }
  const target = Buffer.concat(parts);
  if (length === 0 || target.includes(0)) throw impossible();
  return target;
}

/** Returns where a link leads. */
export function targetOf(at: Buffer): Promise<Buffer> {
  return readlink(at, { encoding: "buffer" });
}

/** Makes a link where nothing may be. */
export async function makeLink(at: Buffer, target: Buffer, modified: Instant | undefined): Promise<void> {
  await symlink(target, at);
  if (modified) await setLinkTimes(at, modified);
}

/** Gives a link a time, to the microsecond. */
export async function setLinkTimes(at: Buffer, modified: Instant): Promise<void> {
  await lutimes(at, timeOf(modified), timeOf(modified));
}

async function statsOf(at: Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(at, { bigint: true });
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
