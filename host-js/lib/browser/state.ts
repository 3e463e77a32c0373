import { BisyncError, wordsOf } from "../error.js";
import type { StateStore } from "../state.js";
import { got, openDatabase, transact } from "./database.js";
import { isNamed } from "./failure.js";

/** Which content a name stands for: two names may stand for one. */
const NAMES = "names";
/** Contents in parts, by content and offset. */
const PARTS = "parts";

type Stores = (name: string) => IDBObjectStore;

/**
 * Keeps the listings in the page's own storage, which all pages of one origin share.
 *
 * Pages that run the same pair at once are kept apart by a lock, which a page that is closed gives up. The browser may clear its storage
 * when space runs out, unless `navigator.storage.persist()` was granted; the next run is a first one then, and deletes nothing.
 */
export function browserState(database = "bisync"): StateStore {
  return new DatabaseState(database);
}

class DatabaseState implements StateStore {
  readonly #name: string;
  #opened: Promise<IDBDatabase> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async lock(session: string): Promise<() => Promise<void>> {
    // Browsers have it only where a page cannot be changed on its way.
    if (!("locks" in navigator)) throw new BisyncError("usage", "listings can be kept only by a page that came by https, or from this computer");
    return new Promise((resolve, reject) => {
      const held: Promise<void> = navigator.locks.request(`bisync ${this.#name} ${session}`, { ifAvailable: true }, (lock) => {
        if (!lock) throw new BisyncError("busy", "another run of these sides is at work: wait for its end");
        return new Promise<void>((release) => {
          resolve(async () => {
            release();
            await held;
          });
        });
      });
      held.catch(reject);
    });
  }

  read(name: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    return this.#transact("readonly", async (store) => {
      const content = await contentOf(name, store);
      if (content === undefined) return undefined;
      const bytes = new Uint8Array(length);
      let filled = 0;
      // The first part begins at the offset, or before it.
      let cursor = await got(store(PARTS).openCursor(IDBKeyRange.bound([content, 0], [content, offset]), "prev"));
      while (cursor && filled < length) {
        const [, begin] = cursor.key as [number, number];
        const rest = (cursor.value as Uint8Array).subarray(offset + filled - begin, offset + length - begin);
        if (rest.length === 0) break;
        bytes.set(rest, filled);
        filled += rest.length;
        cursor = await got(store(PARTS).openCursor(IDBKeyRange.only([content, offset + filled])));
      }
      return bytes.slice(0, filled);
    });
  }

  write(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    return this.#transact("readwrite", async (store) => {
      let content = await contentOf(name, store);
      if (offset === 0) {
        await forget(name, store);
        content = await nextContent(store);
        await got(store(NAMES).put(content, name));
      }
      if (content === undefined) throw missing(name);
      await got(store(PARTS).put(bytes.slice(), [content, offset]));
    });
  }

  replace(name: string, target: string): Promise<void> {
    return this.#transact("readwrite", async (store) => {
      const content = await contentOf(name, store);
      if (content === undefined) throw missing(name);
      if (name === target) return;
      await forget(target, store);
      await got(store(NAMES).put(content, target));
      await got(store(NAMES).delete(name));
    });
  }

  keep(name: string, target: string): Promise<void> {
    return this.#transact("readwrite", async (store) => {
      const content = await contentOf(name, store);
      if (content === undefined || name === target) return;
      await forget(target, store);
      await got(store(NAMES).put(content, target));
    });
  }

  remove(name: string): Promise<void> {
    return this.#transact("readwrite", (store) => forget(name, store));
  }

  async #transact<T>(mode: "readonly" | "readwrite", work: (store: Stores) => Promise<T>): Promise<T> {
    try {
      return await transact(await this.#database(), mode, work);
    } catch (cause) {
      if (cause instanceof BisyncError) throw cause;
      if (isNamed(cause, "QuotaExceededError")) throw new BisyncError("noSpace", "the listings cannot be kept: no space is left for this page", { cause });
      throw new BisyncError("other", `the listings cannot be kept: ${wordsOf(cause)}`, { cause });
    }
  }

  #database(): Promise<IDBDatabase> {
    return (this.#opened ??= this.#open());
  }

  async #open(): Promise<IDBDatabase> {
    const forgotten = () => void (this.#opened = undefined);
    try {
      const database = await openDatabase(this.#name, [NAMES, PARTS]);
      // The user cleared it, or another page wants to delete it.
      database.onclose = forgotten;
      database.onversionchange = () => {
        forgotten();
        database.close();
      };
      return database;
    } catch (error) {
      forgotten();
      throw error;
    }
  }
}

const missing = (name: string) => new BisyncError("notFound", `there is no blob \`${name}\``);

function contentOf(name: string, store: Stores): Promise<number | undefined> {
  return got<number | undefined>(store(NAMES).get(name));
}

/** Takes a name away, and its content when no other name stands for it. */
async function forget(name: string, store: Stores): Promise<void> {
  const content = await contentOf(name, store);
  if (content === undefined) return;
  await got(store(NAMES).delete(name));
  const all = await got<number[]>(store(NAMES).getAll());
  if (!all.includes(content)) await got(store(PARTS).delete(IDBKeyRange.bound([content, 0], [content, Infinity])));
}

async function nextContent(store: Stores): Promise<number> {
  const all = await got<number[]>(store(NAMES).getAll());
  return all.reduce((most, content) => Math.max(most, content), 0) + 1;
}
