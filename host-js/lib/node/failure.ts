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
  const { code = "", message = String(cause) } = cause as NodeJS.ErrnoException;
  // `ENOENT: no such file or directory, open '/a/b'`
  const words = message.replace(/^[A-Z0-9]+: /, "").replace(/, \w+( '.*)?$/s, "");
  return new BisyncError(KINDS[code] ?? "other", words, { path, cause });
}

/** Whether an error of the file system has this code. */
export function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}
