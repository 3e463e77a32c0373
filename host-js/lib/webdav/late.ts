// Uploads that a server may finish when nobody waits for them any more.
//
// A server that has the whole content of an upload may give it its name although the connection broke off: after another try has succeeded, or after the
// temporary file was deleted. Apache does so.

import { BisyncError } from "../error.js";
import { discard } from "../http/client.js";
import type { Server } from "./server.js";

/** The temporary places of uploads of which a try was not answered well. Several runs at once may have some. */
export class Late {
  readonly #places = new Set<string>();

  /** Takes note of such an upload. */
  add(temporary: string): void {
    this.#places.add(temporary);
  }

  /**
   * Forgets those of names that begin so, and removes what has been finished late so far; returns whether there were any. A server that fails at this is left to the
   * next run, which looks in any case.
   */
  async remove(server: Server, beginning: string): Promise<boolean> {
    const ours = [...this.#places].filter((path) => path.slice(path.lastIndexOf("/") + 1).startsWith(beginning));
    for (const path of ours) this.#places.delete(path);
    for (const path of ours) {
      try {
        await discard(await server.ask({ method: "DELETE", path, isRepeatable: false }));
      } catch (error) {
        if (!(error instanceof BisyncError && error.code === "notFound")) break;
      }
    }
    return ours.length > 0;
  }
}
