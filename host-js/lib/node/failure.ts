import { BisyncError, type FailureKind } from "../error.js";

const KINDS: Record<string, FailureKind> = {
  EACCES: "permissionDenied",
  EPERM: "permissionDenied",
  EROFS: "readOnly",
  ENOSPC: "noSpace",
  EDQUOT: "noSpace",
  ENAMETOOLONG: "impossibleName",
  EILSEQ: "impossibleName",
  ENOENT: "notFound",
  ENOTDIR: "wrongKind",
  EISDIR: "wrongKind",
  ELOOP: "wrongKind",
  ENOTEMPTY: "notEmpty",
  EEXIST: "refused",
  EAGAIN: "busy",
  EBUSY: "busy",
  EINTR: "busy",
  ETXTBSY: "busy",
  ESTALE: "busy",
  EIO: "temporary",
  ENOMEM: "temporary",
  EMFILE: "temporary",
  ENFILE: "temporary",
  ETIMEDOUT: "temporary",
  EHOSTDOWN: "temporary",
  EHOSTUNREACH: "temporary",
  ENETDOWN: "temporary",
  ENETUNREACH: "temporary",
  ENOTCONN: "temporary",
};

/** What the system says, where Node has words of its own for it: the program tells the system's. */
const WORDS: Record<string, string> = {
  EBUSY: "device or resource busy",
  EEXIST: "file exists",
  EIO: "input/output error",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "file name too long",
  ENFILE: "too many open files in system",
  ENOMEM: "cannot allocate memory",
  ETXTBSY: "text file busy",
  EXDEV: "invalid cross-device link",
};

/** Does something on the file system; what it throws becomes a `BisyncError`. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure(error, path);
  }
}

/** Returns the `BisyncError` that an error of the file system is, in its plain words. */
export function failure(cause: unknown, path: string): BisyncError {
  if (cause instanceof BisyncError) return cause;
  const { code = "" } = cause as NodeJS.ErrnoException;
  const message = code === "ELOOP" ? "a symbolic link is in the way" : reason(cause);
  return new BisyncError(KINDS[code] ?? "other", message, { path, cause });
}

/** Returns what an error of the file system says, in its plain words. */
export function reason(cause: unknown): string {
  if (cause instanceof BisyncError) return cause.message;
  const { code = "", message = String(cause) } = cause as NodeJS.ErrnoException;
  // `ENOENT: no such file or directory, open '/a/b'`
  return WORDS[code] ?? message.replace(/^[A-Z0-9]+: /, "").replace(/, \w+( '.*)?$/s, "");
}

/** Whether an error of the file system has this code. */
export function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}
