// Whether a file is still the version that is expected.

import type { BigIntStats } from "node:fs";

import { BisyncError } from "../error.js";
import { type Fingerprint, isStill } from "../side.js";
import { failure, isCode } from "./failure.js";
import { found } from "./found.js";
import { look, type Place } from "./links.js";

/** Looks at a file; throws this code unless it is the version that is expected. */
export async function expected(path: string, place: Place, expect: Fingerprint, code: "refused" | "changed" = "refused"): Promise<BigIntStats> {
  try {
    const stats = await look(place);
    const { kind, fingerprint } = found(stats, place.form);
    if (kind === "file" && isStill(expect, fingerprint)) return stats;
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) throw new BisyncError(code, "it is gone", { path, cause: error });
    throw failure(error, path);
  }
  throw changed(path, code);
}

export function changed(path: string, code: "refused" | "changed" = "refused"): BisyncError {
  return new BisyncError(code, "it has changed in the meantime", { path });
}
