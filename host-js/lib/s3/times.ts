// Times as rclone writes them into the metadata of an object: seconds, with up to nine digits after the point; negative before 1970.

import type { Instant } from "../side.js";

const NANOSECONDS = 1_000_000_000;

/** Reads a time; `undefined` when it is none. */
export function readTime(text: string): Instant | undefined {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const seconds = Number(whole);
  if (!Number.isSafeInteger(seconds)) return undefined;
  const nanoseconds = Number(fraction.padEnd(9, "0").slice(0, 9));
  if (sign === "") return { seconds, nanoseconds };
  return nanoseconds === 0 ? { seconds: 0 - seconds, nanoseconds } : { seconds: -seconds - 1, nanoseconds: NANOSECONDS - nanoseconds };
}

/** Writes a time. */
export function writeTime({ seconds, nanoseconds }: Instant): string {
  const isBefore = seconds < 0;
  const whole = isBefore ? -seconds - (nanoseconds > 0 ? 1 : 0) : seconds;
  const rest = isBefore && nanoseconds > 0 ? NANOSECONDS - nanoseconds : nanoseconds;
  const fraction = String(rest).padStart(9, "0").replace(/0+$/, "");
  return `${isBefore ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}
