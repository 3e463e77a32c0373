/** Why something was not done. `usage`: the run was not begun; `engine`: a fault of this package or of a side. */
export type ErrorCode = FailureKind | "usage" | "engine";

const FAILURES = [
  "refused",
  "changed",
  "notFound",
  "permissionDenied",
  "readOnly",
  "noSpace",
  "impossibleName",
  "wrongKind",
  "notEmpty",
  "elsewhere",
  "stopped",
  "busy",
  "temporary",
  "other",
] as const;

/** Why a side did not do what it was asked. */
export type FailureKind = (typeof FAILURES)[number];

/** What this package and its sides throw. */
export class BisyncError extends Error {
  override readonly name = "BisyncError";
  readonly code: ErrorCode;
  /** The path it is about, or the option. */
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, about: { path?: string; cause?: unknown } = {}) {
    super(message, { cause: about.cause });
    this.code = code;
    this.path = about.path;
  }

  /** Whether it may work when it is tried again. */
  get retryable(): boolean {
    return this.code === "busy" || this.code === "temporary" || this.code === "changed";
  }
}

/** Returns what was thrown as a `BisyncError`: anything else is a fault of this package or of a side. */
export function errorOf(thrown: unknown): BisyncError {
  return thrown instanceof BisyncError ? thrown : new BisyncError("engine", wordsOf(thrown), { cause: thrown });
}

/** Says in words what was thrown: sides are written by many hands, and not all throw errors. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Says why a side did not do what it was asked, from what it threw. */
export function failureOf(thrown: unknown): FailureKind {
  return FAILURES.find((kind) => thrown instanceof BisyncError && thrown.code === kind) ?? "other";
}
