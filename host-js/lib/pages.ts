// What a listing finds, handed on page by page while it goes on.

import type { Item } from "./side.js";

/** What becomes of the pages of a listing before its last one. */
export interface Reader {
  /** Takes a page. */
  page(items: Item[]): void;
  /** The listing begins once more: what came of it so far counts no more. */
  anew(): void;
}

/** Takes what a listing finds, through all its tries. A page goes on as soon as there is another one, so that no directory is held here. */
export class Pages {
  readonly #reader: Reader;
  #held: Item[] = [];
  #hasSent = false;
  #files = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** How many files there were so far. */
  get files(): number {
    return this.#files;
  }

  add(items: Item[]): void {
    this.#files += items.filter(({ kind }) => kind === "file").length;
    if (this.#held.length > 0) {
      this.#reader.page(this.#held);
      this.#hasSent = true;
    }
    this.#held = items;
  }

  /** Forgets all there was: the directory is listed once more. */
  beginAnew(): void {
    this.#held = [];
    this.#files = 0;
    if (this.#hasSent) this.#reader.anew();
    this.#hasSent = false;
  }

  /** Takes out what is left: the last page. */
  takeLast(): Item[] {
    return this.#held;
  }
}
