// Pages that ask the test what to do, and tell it what came of it: so tests need nothing of a browser but that it opens an address.

import { serve } from "./browser.js";
import type { Tab } from "./tab.js";

/** What a page is to do. */
interface Task {
  work: string;
  given: unknown;
}

/** What a page says of it. */
interface Done {
  value?: unknown;
  thrown?: string;
}

/** `undefined`, of which JSON knows nothing. */
const NOTHING = "\0nothing";

/** The first page opens and closes the others. */
const LOOP = `
  const name = new URLSearchParams(location.search).get("tab");
  const opened = [];
  window.first = {
    open: (tab) => void (opened[tab] = window.open("?tab=" + tab, "_blank")),
    close: (tab) => opened[tab].close(),
  };
  const words = (_, value) => (value === undefined ? ${JSON.stringify(NOTHING)} : value);
  for (let done = {}; ; ) {
    const response = await fetch("/next?tab=" + name, { method: "POST", body: JSON.stringify(done, words) });
    const { work, given } = await response.json();
    try {
      done = { value: await (0, eval)("(" + work + ")")(given) };
    } catch (error) {
      done = { thrown: error + "\\n" + error?.stack };
    }
  }
`;

/** A server of such pages. */
export interface Asked {
  /** What the browser has to open. */
  address: string;
  /** Opens a page. */
  open(): Promise<Tab>;
  /** Ends the server; what is waited for fails for this reason. */
  close(reason: Error): void;
}

/** Serves pages that run this script first. */
export async function serveAsking(script: string): Promise<Asked> {
  const pages: Conversation[] = [];
  const page = (tab: number) => (pages[tab] ??= new Conversation());
  const served = await serve({ "/": `<!doctype html><title>bisync</title><script type="module">${script}${LOOP}</script>` }, undefined, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (pathname !== "/next") return false;
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    response.end(JSON.stringify(await page(Number(searchParams.get("tab"))).asked(JSON.parse(text))));
    return true;
  });
  const open = async (): Promise<Tab> => {
    const tab = Math.max(1, pages.length);
    await page(0).tell("(tab) => first.open(tab)", tab);
    return {
      evaluate: async (work: (given: never) => unknown, given?: unknown) => (await page(tab).tell(String(work), given)) as never,
      close: async () => void (await page(0).tell("(tab) => first.close(tab)", tab)),
    };
  };
  const close = (reason: Error) => {
    served.close();
    for (const conversation of pages) conversation?.fail(reason);
  };
  page(0);
  return { address: `${served.address}?tab=0`, open, close };
}

/** What is said with one page, one thing at a time. */
class Conversation {
  #task: Task | undefined;
  #ask: ((task: Task) => void) | undefined;
  #done: ((done: Done) => void) | undefined;

  /** A page says what became of the last task, and waits for another. */
  asked(done: Done): Promise<Task> {
    // Before its first task there is nothing that a page could have done.
    if (!this.#task) this.#done?.(done);
    return new Promise((ask) => {
      this.#ask = ask;
      this.#hand();
    });
  }

  async tell(work: string, given: unknown): Promise<unknown> {
    const { value, thrown } = await new Promise<Done>((done) => {
      this.#done = done;
      this.#task = { work, given };
      this.#hand();
    });
    if (thrown !== undefined) throw new Error(thrown);
    return withNothing(value);
  }

  fail({ message }: Error): void {
    this.#done?.({ thrown: message });
  }

  #hand(): void {
    if (!this.#task || !this.#ask) return;
    this.#ask(this.#task);
    this.#task = this.#ask = undefined;
  }
}

function withNothing(value: unknown): unknown {
  if (value === NOTHING) return undefined;
  if (Array.isArray(value)) return value.map(withNothing);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withNothing(inner)]));
}
