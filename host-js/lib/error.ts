/** Why something was not done. `usage`: the run was not begun; `engine`: a fault of this package or of a side. */
export type ErrorCode = FailureKind | "usage" | "engine";

/** Why a side did not do what it was asked. */
export type FailureKind =
  | "refused"
  | "changed"
  | "notFound"
  | "permissionDenied"
  | "readOnly"
  | "noSpace"
  | "impossibleName"
  | "wrongKind"
  | "notEmpty"
  | "elsewhere"
  | "stopped"
  | "busy"
  | "temporary"
  | "other";

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
