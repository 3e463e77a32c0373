import { BisyncError } from "../error.js";
import { Reach } from "./reach.js";

/** What makes requests: `fetch` of the platform, or one that does as much. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request as it goes out. */
export interface Outgoing {
  url: string;
  init: RequestInit & { duplex?: "half" };
}

/** So many times in all a request is made that may work when it is made again. */
const TRIES = 5;
/** So many milliseconds are waited before the second try; after that, each time twice as many. */
const FIRST_PAUSE = 100;
/** A server that wants to be left alone for longer than so many milliseconds is not waited for. */
const LONGEST_WISH = 120_000;
/** No answer but the content of a file is longer than this, in bytes. */
const LONGEST_ANSWER = 256 << 20;

/** Makes requests, more than once where that may help. How long an answer may take is left to the platform, which gives up after some minutes. */
export class Client {
  readonly #fetch: Fetch;
  readonly #reach = new Reach();

  constructor(given: Fetch | undefined) {
    // Browsers want to be called as `fetch` of the window.
    this.#fetch = given ?? ((url, init) => fetch(url, init));
  }

  /** Begins a run: what the requests of others found out counts no more. */
  begin(): void {
    this.#reach.hear();
  }

  /**
   * Makes a request; `make` makes it anew each time. An answer with a status that says that something is wrong is an answer too, but for a server
   * that is doubted. A request whose body can be sent only once is made once.
   */
  async send(path: string, make: () => Promise<Outgoing>, isRepeatable = true): Promise<Response> {
    for (let tries = 1, pause = FIRST_PAUSE; ; tries += 1, pause *= 2) {
      const answer = await this.#answer(await make(), path);
      this.#hear(answer, path);
      const isLast = !isRepeatable || tries === TRIES;
      let wait = pause;
      if (answer instanceof BisyncError) {
        if (isLast) throw answer;
      } else {
        const wish = isTemporary(answer.status) ? wishOf(answer.headers.get("retry-after")) : undefined;
        if (isLast || !isTemporary(answer.status) || (wish ?? 0) > LONGEST_WISH) return answer;
        await discard(answer);
        wait = Math.max(pause, wish ?? 0);
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #answer({ url, init }: Outgoing, path: string): Promise<Response | BisyncError> {
    try {
      // What a cache holds is not what is there.
      return await this.#fetch(url, { cache: "no-store", ...init });
    } catch (cause) {
      return noAnswer(path, cause);
    }
  }

  /** Takes note of what came of a request. Throws where a server that is doubted was asked in vain once more: another try would come to the same. */
  #hear(answer: Response | BisyncError, path: string): void {
    if (!isInVain(answer)) return this.#reach.hear();
    this.#reach.hearNothing();
    if (!this.#reach.isDoubted) return;
    if (answer instanceof BisyncError) throw notAgain(answer.message, path, answer);
    void discard(answer);
    throw notAgain(`the server has trouble (status ${answer.status})`, path);
  }
}

/** Whether nothing was answered, or nothing but that the server has trouble, without a word of when that will be over. */
function isInVain(answer: Response | BisyncError): boolean {
  return answer instanceof BisyncError || ([500, 502, 503, 504].includes(answer.status) && !answer.headers.has("retry-after"));
}

function notAgain(why: string, path: string, cause?: BisyncError): BisyncError {
  return new BisyncError("other", `${why}; it is not asked again, since the server answers nothing else either`, { path, cause });
}

/** Whether the same request may be answered otherwise a little later. Some servers lock what they are just changing (423). */
export function isTemporary(status: number): boolean {
  return [408, 423, 425, 429, 500, 502, 503, 504].includes(status);
}

/** Leaves the rest of an answer. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}

/** Returns the whole of an answer as text. An answer that breaks off throws the code `temporary`. */
export async function textOf(response: Response, path: string): Promise<string> {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let length = 0;
  for await (const chunk of piecesOf(response, path)) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new BisyncError("other", "the server's answer does not end", { path });
    texts.push(decoder.decode(chunk, { stream: true }));
  }
  return texts.join("") + decoder.decode();
}

/** Gives the body of an answer piece by piece. One that breaks off throws the code `temporary`. */
export async function* piecesOf(response: Response, path: string): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new BisyncError("temporary", "the answer of the server broke off", { path, cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Browsers do not say more than that there is no answer; Node says why in the cause. */
function noAnswer(path: string, cause: unknown): BisyncError {
  if (cause instanceof BisyncError) return cause;
  const { code } = ((cause as { cause?: { code?: unknown } }).cause ?? {}) as { code?: unknown };
  const inPage = globalThis.location === undefined ? "" : ": it cannot be reached, or does not allow requests from this page (CORS)";
  return new BisyncError("temporary", `no answer from the server${typeof code === "string" ? `: ${code}` : inPage}`, { path, cause });
}

/** Returns how many milliseconds the server wants to be left alone: it says so many seconds, or until a date. */
export function wishOf(text: string | null, now = Date.now()): number | undefined {
  if (text === null) return undefined;
  const milliseconds = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
