/** Content that is taken in pieces of a wanted length. */
export class Pieces {
  readonly #content: AsyncIterator<Uint8Array>;
  /** What was read, and not taken yet. */
  #held: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content[Symbol.asyncIterator]();
  }

  /** Whether all was taken. */
  async isAtEnd(): Promise<boolean> {
    while (this.#held.length === 0 && !this.#ended) {
      const { done, value } = await this.#content.next();
      if (done) this.#ended = true;
      else this.#held = value;
    }
    return this.#held.length === 0;
  }

  /** Takes the next bytes: as many as wanted, or those that are left. */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    let taken = new Uint8Array(Math.min(length, 1 << 16));
    let at = 0;
    while (at < length && !(await this.isAtEnd())) {
      const piece = this.#held.subarray(0, length - at);
      if (at + piece.length > taken.length) {
        const longer = new Uint8Array(Math.min(length, Math.max(2 * taken.length, at + piece.length)));
        longer.set(taken);
        taken = longer;
      }
      taken.set(piece, at);
      at += piece.length;
      this.#held = this.#held.subarray(piece.length);
    }
    return taken.subarray(0, at);
  }

  /** Takes what is left as it comes. */
  async *rest(): AsyncGenerator<Uint8Array> {
    while (!(await this.isAtEnd())) {
      const piece = this.#held;
      this.#held = new Uint8Array();
      yield piece;
    }
  }

  /** Says that nothing more will be taken. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#content.return?.();
  }
}
