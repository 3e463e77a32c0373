import { BisyncError, type FailureKind } from "../error.js";

/** What the browser throws, by name, and what it means. */
const KINDS: Record<string, [code: FailureKind, words: string]> = {
  NotAllowedError: ["permissionDenied", "the page may not do that: its permission was not given, or was taken back"],
  SecurityError: ["permissionDenied", "the page may not do that"],
  NotFoundError: ["notFound", "it is not there"],
  TypeMismatchError: ["wrongKind", "a file is where a directory was expected, or the other way round"],
  QuotaExceededError: ["noSpace", "no space is left for this page"],
  InvalidModificationError: ["notEmpty", "directory not empty"],
  // Another page, or a worker, has the file open for writing.
  NoModificationAllowedError: ["busy", "it is in use elsewhere"],
  NotReadableError: ["changed", "it changed while it was read"],
  AbortError: ["temporary", "the browser broke it off"],
  InvalidStateError: ["changed", "it changed in the meantime"],
};

/** Does something in a folder of the browser's; what it throws becomes a `BisyncError`. */
export async function inBrowser<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure(error, path);
  }
}

/** Returns the `BisyncError` that an error of the browser is. */
export function failure(cause: unknown, path: string): BisyncError {
  if (cause instanceof BisyncError) return cause;
  const { name = "", message = String(cause) } = cause as Partial<DOMException>;
  const [code, words] = KINDS[name] ?? ["other", message];
  return new BisyncError(code, words, { path, cause });
}

/** Whether the browser's error has this name. */
export function isNamed(error: unknown, name: string): boolean {
  return (error as Partial<DOMException> | undefined)?.name === name;
}
