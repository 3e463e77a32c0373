// Uploads that a server may finish when nobody waits for them any more.
//
// A server that has the whole content of an upload may give it its name although the connection broke off: after another try has succeeded, or after the
// temporary file was deleted. Apache does so.

import { BisyncError } from "../error.js";
import { discard } from "../http/client.js";
import type { Server } from "./server.js";

/** The temporary places of uploads of which a try was not answered well. */
export class Late {
  readonly #places = new Set<string>();

  /** Begins a run. That of the one before stands in the journal. */
  begin(): void {
    this.#places.clear();
  }

  /** Takes note of such an upload. */
  add(temporary: string): void {
    this.#places.add(temporary);
  }

  /** Whether there was any. */
  get isThere(): boolean {
    return this.#places.size > 0;
  }

  /** Removes what has been finished late so far. A server that fails at this is left to the next run, which looks in any case. */
  async remove(server: Server): Promise<void> {
    for (const path of this.#places) {
      try {
        await discard(await server.ask({ method: "DELETE", path, isRepeatable: false }));
      } catch (error) {
        if (!(error instanceof BisyncError && error.code === "notFound")) return;
      }
    }
  }
}
