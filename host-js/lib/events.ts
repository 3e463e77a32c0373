import type { Progress } from "./driver.js";
import type { Notice } from "./protocol.js";

/** What a run says while it works. */
export type RunEvent =
  | ({ type: "notice" } & Notice)
  | ({ type: "progress" } & Progress);

/** Events on their way to who iterates. */
export class Events {
  #waiting: RunEvent[] = [];
  #sleeping: (() => void)[] = [];
  #heard = false;
  #ended = false;
  #error: { error: unknown } | undefined;

  add(event: RunEvent): void {
    const last = this.#waiting.at(-1);
    if (event.type === "progress" && last?.type === "progress") this.#waiting.pop();
    // Nobody may ever ask; then only what matters is kept.
    if (this.#heard || (event.type === "notice" && (event.level === "error" || event.level === "notice"))) {
      this.#waiting.push(event);
      this.#wake();
    }
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#error = { error };
    this.end();
  }

  iterate(): AsyncIterator<RunEvent> {
    this.#heard = true;
    return this.#each();
  }

  async *#each(): AsyncGenerator<RunEvent> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length > 0) continue;
      if (this.#error) throw this.#error.error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => this.#sleeping.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#sleeping.splice(0)) wake();
  }
}
