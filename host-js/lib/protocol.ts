// What the engine says: the types of `engine/src/protocol.rs` and `engine/src/outcome.rs`, as serde writes them.

import type { Fingerprint, Found } from "./side.js";

export type SideName = "path1" | "path2";
type Version = [path: string, fingerprint: Fingerprint];
type Expect = "absent" | { exactly: Fingerprint };
export type Disposal = "discard" | { backup: string };

export type Verb =
  | { verb: "listDirectory"; side: SideName; path: string; hash?: string; metadata: boolean }
  | { verb: "describe"; side: SideName; path: string }
  | { verb: "sameContent"; one: Version; two: Version; half?: SideName }
  | CopyFile
  | { verb: "moveFile"; side: SideName; path: string; expect: Fingerprint; target: string; temporary: string }
  | { verb: "deleteFile"; side: SideName; path: string; expect: Fingerprint; disposal: Disposal }
  | { verb: "makeDirectory"; side: SideName; path: string }
  | { verb: "removeDirectory"; side: SideName; path: string; emptiness: "empty" | "noFiles" }
  | { verb: "setTime"; side: SideName; path: string; expect: Fingerprint; modified: { seconds: number; nanoseconds: number } }
  | { verb: "setMetadata" }
  | { verb: "flush"; side: SideName }
  | StateVerb;

export interface CopyFile {
  verb: "copyFile";
  from: SideName;
  path: string;
  source: Fingerprint;
  target: string;
  expect: Expect;
  disposal: Disposal;
  staging: { temporary: string } | "inPlace";
  verify?: string;
}

export type StateVerb =
  | { verb: "readState"; name: string; offset: number; length: number }
  | { verb: "writeState"; name: string; offset: number; bytes: Uint8Array }
  | { verb: "replaceState"; name: string; target: string }
  | { verb: "keepState"; name: string; target: string }
  | { verb: "removeState"; name: string };

export interface Request {
  id: number;
  verb: Verb;
}

/** What was done to a side, or would be in a dry run. */
export interface Counts {
  /** Files in the listing of this side, as far as it was read. */
  files: number;
  copied: number;
  copiedBytes: number;
  moved: number;
  deleted: number;
  /** Files whose time alone was set. */
  touched: number;
  metadataSet: number;
  directoriesMade: number;
  directoriesRemoved: number;
}

/** How a run ended. */
export interface Report {
  /** 0 success; 1 something failed or was refused, a rerun may succeed; 7 critical, needs a human. */
  exitCode: number;
  headline: string;
  dryRun: boolean;
  counts: Record<SideName, Counts>;
  /** Paths that were changed on both sides, and what became of them. */
  conflicts: { path: string; resolution: string }[];
  /** Paths that could not be brought in step. */
  failures: { path: string; reason: string }[];
}

/** What a run has to copy, as far as it is known. */
export interface Workload {
  files: number;
  bytes: number;
  isFinal: boolean;
}

/** A message of the engine's. */
export interface Notice {
  level: "error" | "notice" | "info" | "debug";
  /** A stable word for programs: `copied`, `too-many-deletes`. */
  code: string;
  path?: string;
  text: string;
}

export interface Turn {
  requests: Request[];
  events: Notice[];
  workload: Workload;
  outcome?: Report;
}

/** An answer to a request. Pages of listings and parts of blobs are given as bytes. `anew` comes between pages: those before it count no more. */
export type Reply =
  | "anew"
  | { described: Found | null }
  | { same: boolean }
  | { done: Found | null }
  | { failed: { kind: string; message: string } };
