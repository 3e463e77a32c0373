import { uptime } from "node:os";

/** Returns how long the machine has been running, in milliseconds, that in which it slept included. */
export function passedMs(): number {
  return uptime() * 1000;
}
