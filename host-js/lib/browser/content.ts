// Content of files: versions, reading, and writing all at once.

import { BisyncError } from "../error.js";
import { type Fingerprint, type Found, isStill } from "../side.js";
import { failure, inBrowser, isNamed } from "./failure.js";

/** Times of the browser are in whole milliseconds. */
export const MILLISECOND_NS = 1_000_000;
/** When a second is over for files too, whose clock goes in steps of up to 10 ms. */
const SECOND_MS = 1_020;
/** How often a file is waited for that is written again and again. */
const WAITS = 3;

export function found({ size, lastModified }: File): Found {
  const seconds = Math.floor(lastModified / 1000);
  return { kind: "file", fingerprint: { size, modified: { seconds, nanoseconds: (lastModified - seconds * 1000) * MILLISECOND_NS } } };
}

/** Says what a file is now. */
export function look(handle: FileSystemFileHandle, path: string): Promise<Found> {
  return inBrowser(path, async () => found(await handle.getFile()));
}

/**
 * Says what a file is now, and waits where a later version could look the same: WebKit tells times in whole seconds, and so a file that was
 * written in this second may get other content of the same size and time.
 */
export async function settled(handle: FileSystemFileHandle): Promise<Found> {
  let file = await handle.getFile();
  for (let waits = 0; waits < WAITS; waits += 1) {
    const rest = file.lastModified + SECOND_MS - Date.now();
    // Where a time has more than seconds nothing is waited for, nor where the clock was set back.
    if (file.lastModified % 1000 !== 0 || rest <= 0 || rest > SECOND_MS) break;
    await new Promise((resolve) => setTimeout(resolve, rest));
    file = await handle.getFile();
  }
  // RACE: of a file that is written all the time, the last version may look like the one before.
  return found(file);
}

/** Reads this version of a file. */
export async function* readVersion(handle: FileSystemFileHandle, path: string, version: Fingerprint): AsyncGenerator<Uint8Array> {
  const changed = (message: string, cause?: unknown) => new BisyncError("changed", message, { path, cause });
  const file = async () => {
    try {
      return await handle.getFile();
    } catch (error) {
      throw isNamed(error, "NotFoundError") ? changed("it is gone", error) : failure(error, path);
    }
  };
  const before = await file();
  if (!isStill(version, found(before).fingerprint)) throw changed("it has changed in the meantime");
  const reader = before.stream().getReader();
  try {
    for (;;) {
      // What a browser says of a file that changes meanwhile is not always of a certain kind: Chromium has a "network error".
      const { done, value } = await reader.read().catch((error: unknown) => {
        const known = failure(error, path);
        throw known.code === "permissionDenied" ? known : changed("it changed while it was read", error);
      });
      if (done) break;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (!isStill(version, found(await file()).fingerprint)) throw changed("it changed while it was read");
}

/**
 * Gives a file this content, all at once and in place of what it has; or leaves it as it is, when something throws or the page is
 * closed. The last look is taken when everything is written, just before it counts.
 */
export async function fill(
  handle: FileSystemFileHandle,
  content: AsyncIterable<Uint8Array>,
  path: string,
  lastLook: () => Promise<void>,
): Promise<Found> {
  // The browser keeps what is written in another file until the stream is closed. Never `keepExistingData`: see `isStill`, which
  // needs a time that changes with the content.
  const stream = await inBrowser(path, () => handle.createWritable());
  let size = 0;
  try {
    for await (const chunk of content) {
      size += chunk.length;
      await inBrowser(path, () => stream.write(alone(chunk)));
    }
    await lastLook();
    await inBrowser(path, () => stream.close());
  } catch (error) {
    await stream.abort().catch(() => {});
    // Chromium says at times that its way to the disk was closed, where there is no space: then it is asked once more.
    const isUnclear = error instanceof BisyncError && isNamed(error.cause, "AbortError");
    throw (isUnclear && (await refusedRoom(handle, size, path))) || error;
  }
  const written = await look(handle, path);
  if (written.fingerprint.size !== size) throw new BisyncError("changed", "it changed just after it was written", { path });
  return written;
}

/** Bytes that have their buffer to themselves: WebKit 2.50 writes all that is in the buffer. */
function alone(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const has = chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer;
  return has ? (chunk as Uint8Array<ArrayBuffer>) : chunk.slice();
}

/** Returns what the browser throws when a file is to be longer than this, and nothing else. */
async function refusedRoom(handle: FileSystemFileHandle, size: number, path: string): Promise<BisyncError | undefined> {
  try {
    const stream = await handle.createWritable();
    try {
      await stream.truncate(size);
    } finally {
      await stream.abort().catch(() => {});
    }
    return undefined;
  } catch (error) {
    return failure(error, path);
  }
}
