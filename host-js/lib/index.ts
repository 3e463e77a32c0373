export { checkSide } from "./check-side.js";
export { BisyncError, type ErrorCode, type FailureKind } from "./error.js";
export { memoryFolder, memoryState, type MemoryFolder } from "./memory.js";
export type { Options } from "./options.js";
export type { Counts, Notice, Report, Workload } from "./protocol.js";
export { apply, bisync, plan, type Plan, type Run, type RunEvent, type RunOptions } from "./run.js";
export { isStill, type Capabilities, type Fingerprint, type Found, type Instant, type Item, type Kind, type Side, type WriteOptions } from "./side.js";
export type { StateStore } from "./state.js";
export { webdav, type WebdavOptions } from "./webdav.js";
