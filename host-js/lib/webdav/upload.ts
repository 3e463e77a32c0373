// The three ways of content to a server: at once, while it is read, and gathered first.

import { discard } from "../http/client.js";
import { Pieces } from "../http/pieces.js";
import type { Late } from "./late.js";
import type { Server } from "./server.js";

/** Up to so many bytes a file is read before anything is sent. Then the server is told its length, which some have to know. */
const WHOLE = 4 << 20;
/** Content is gathered in pieces of so many bytes. */
const PIECE = 1 << 20;

/** Whether `fetch` sends content while it is read. Browsers do over HTTP/2 at most, and it cannot be asked what a server speaks. */
export const STREAMS = typeof process === "object" && typeof process.versions?.node === "string";

/** Uploads of content that is gathered wait for each other: no more than one such file is held, whatever the number of folders. */
let gathering: Promise<unknown> = Promise.resolve();

/** Writes content to a path at which nothing is, and returns how many bytes it had. What breaks off may leave something there, also later: that is noted. */
export async function upload(server: Server, path: string, content: AsyncIterable<Uint8Array>, headers: Record<string, string>, streams: boolean, late: Late): Promise<number> {
  const again = () => late.add(path);
  const put = async (body: BodyInit, isRepeatable: boolean) => {
    try {
      await discard(await server.ask({ method: "PUT", path, headers, body, isRepeatable, again }));
    } catch (error) {
      late.add(path);
      throw error;
    }
  };
  const pieces = new Pieces(content);
  try {
    const first = await pieces.take(WHOLE);
    if (await pieces.isAtEnd()) {
      await put(first, true);
      return first.length;
    }
    if (!streams) return await inTurn(async () => {
      const { size, blob } = await gathered(first, pieces);
      await put(blob, true);
      return size;
    });
    const stream = new Streamed(first, pieces);
    await put(stream.body, false).catch((error: unknown) => {
      throw stream.failure?.error ?? error;
    });
    return stream.length;
  } finally {
    await pieces.close();
  }
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = gathering.then(work);
  gathering = turn.catch(() => {});
  return turn;
}

/** Browsers keep large blobs on the disk. */
async function gathered(first: Uint8Array<ArrayBuffer>, pieces: Pieces): Promise<{ size: number; blob: Blob }> {
  const parts = [new Blob([first])];
  while (!(await pieces.isAtEnd())) parts.push(new Blob([await pieces.take(PIECE)]));
  const blob = new Blob(parts);
  return { size: blob.size, blob };
}

/** A body that is read while it is sent. */
class Streamed {
  readonly body: ReadableStream<Uint8Array>;
  /** Why the content broke off. */
  failure: { error: unknown } | undefined;
  /** How many bytes were sent so far. */
  length = 0;

  constructor(first: Uint8Array, pieces: Pieces) {
    const content = (async function* () {
      yield first;
      yield* pieces.rest();
    })();
    this.body = new ReadableStream({
      pull: async (controller) => {
        try {
          const { done, value } = await content.next();
          if (done) return controller.close();
          this.length += value.length;
          controller.enqueue(value);
        } catch (error) {
          this.failure = { error };
          controller.error(error);
        }
      },
    });
  }
}
