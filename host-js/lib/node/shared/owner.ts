// Who made a lock that several machines see, and whether it can still be alive.

import { readlink } from "node:fs/promises";

import { hereIs, isOwner } from "../owner.js";

/** A lock that cannot be read lasts so long, in milliseconds. */
export const LASTS_MS = 180_000;
/** No lock lasts longer than this. */
export const LONGEST_MS = 24 * 3600 * 1000;
/** Whoever made a lock so lately may be about to give it up. */
const NEW_MS = 10_000;

/** Who made a lock, and when. */
export interface Owner {
  /** The name of the machine in the network; empty when it is not known. */
  host: string;
  /** The number of the process. */
  process: number;
  /** Where that number means something; left out where nothing tells. */
  realm: string | undefined;
  /** When the lock was renewed, by the clock of that machine, in milliseconds since 1970. */
  renewed: number | undefined;
  /** How long it lasts when it is not renewed. */
  lastsMs: number;
}

/** Whether the owner of a lock is alive: it is to be believed, it has ended for a reason, or only watching tells. */
export type Life = "alive" | "unknown" | { ended: string };

/** Returns what this process writes into its lock. */
export async function thisOwner(lastsMs: number): Promise<Owner> {
  const { host, boot } = await hereIs();
  // Two containers of one machine have the same start, and may have the same name.
  const processes = await readlink("/proc/self/ns/pid").catch(() => undefined);
  const realm = boot === undefined || processes === undefined ? undefined : `${boot} ${processes}`;
  return { host, process: process.pid, realm, renewed: Date.now(), lastsMs };
}

/** Writes it down. */
export function ownerText({ host, process, realm, renewed, lastsMs }: Owner): string {
  const time = renewed === undefined ? null : new Date(renewed).toISOString();
  return `${JSON.stringify({ host, process, realm: realm ?? null, renewed: time, lastsSeconds: Math.floor(lastsMs / 1000) })}\n`;
}

/** Reads what was written down. What cannot be read is not known. */
export function parseOwner(text: string): Owner {
  let fields: Record<string, unknown> = {};
  try {
    fields = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    // It may have been cut off.
  }
  const words = (field: string) => (typeof fields[field] === "string" ? fields[field] : undefined);
  const number = (field: string) => (Number.isSafeInteger(fields[field]) && (fields[field] as number) >= 0 ? (fields[field] as number) : undefined);
  const renewed = Date.parse(words("renewed") ?? "");
  const seconds = number("lastsSeconds");
  const process = number("process") ?? 0;
  return {
    host: words("host") ?? "",
    process: process <= 0xffffffff ? process : 0,
    realm: words("realm"),
    renewed: Number.isNaN(renewed) ? undefined : renewed,
    lastsMs: seconds === undefined ? LASTS_MS : Math.min(Math.max(seconds * 1000, 1000), LONGEST_MS),
  };
}

/** Whether it may not know yet that it is not alone. */
export function isNew({ renewed }: Owner): boolean {
  return renewed !== undefined && Math.abs(Date.now() - renewed) <= NEW_MS;
}

/** Says whether it is alive. Clocks of other machines are believed only where they say that a lock is new. */
export async function lifeOf(owner: Owner): Promise<Life> {
  const here = await thisOwner(owner.lastsMs);
  if (owner.realm !== undefined && owner.realm === here.realm) {
    return (await isOwner(owner.process, owner.renewed)) ? "alive" : { ended: `process ${owner.process} has ended` };
  }
  return owner.renewed !== undefined && Math.abs(Date.now() - owner.renewed) <= owner.lastsMs ? "alive" : "unknown";
}

export function shown({ host, process }: Owner): string {
  return host === "" ? "an unknown machine" : `process ${process} on \`${host}\``;
}
