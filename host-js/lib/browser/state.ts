import { BisyncError } from "../error.js";
import type { StateStore } from "../state.js";
import { inBrowser } from "./failure.js";

/** Which content a name stands for: two names may stand for one. */
const NAMES = "names";
/** Contents in parts, by content and offset. */
const PARTS = "parts";

/**
 * Keeps the listings in the page's own database, which all pages of one origin share.
 *
 * What is given its name is on the disk. Pages that run the same pair at once are kept apart by a lock, which a closed page gives up.
 */
export function browserState(database = "bisync"): StateStore {
  let opened: Promise<IDBDatabase> | undefined;
  const connect = () => (opened ??= open(database));

  /** Does something in one transaction: all of it, or nothing. One that is `strict` waits for the disk, and for what was done before it. */
  const transact = <T>(
    mode: IDBTransactionMode,
    work: (names: IDBObjectStore, parts: IDBObjectStore) => Promise<T>,
    durability: IDBTransactionDurability = "relaxed",
  ) =>
    inBrowser(database, async () => {
      const transaction = (await connect()).transaction([NAMES, PARTS], mode, { durability });
      const committed = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new DOMException("the database gave up", "AbortError"));
      });
      // Whichever fails first is thrown.
      const [result] = await Promise.all([work(transaction.objectStore(NAMES), transaction.objectStore(PARTS)), committed]);
      return result;
    });

  return {
    async lock(session) {
      return new Promise((resolve, reject) => {
        const name = `bisync ${database} ${session}`;
        const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
          if (!lock) return reject(new BisyncError("busy", "another run of these sides is at work: wait for its end"));
          return new Promise<void>((release) => resolve(async () => release()));
        });
        held.catch(reject);
      });
    },
    read: (name, offset, length) =>
      transact("readonly", async (names, parts) => {
        const content = await got<number | undefined>(names.get(name));
        if (content === undefined) return undefined;
        const bytes = new Uint8Array(length);
        let filled = 0;
        // The first part begins at the offset, or before it.
        let cursor = await got(parts.openCursor(IDBKeyRange.bound([content, 0], [content, offset]), "prev"));
        while (cursor && filled < length) {
          const [, begin] = cursor.key as [number, number];
          const rest = (cursor.value as Uint8Array).subarray(offset + filled - begin, offset + length - begin);
          if (rest.length === 0) break;
          bytes.set(rest, filled);
          filled += rest.length;
          cursor = await got(parts.openCursor(IDBKeyRange.bound([content, offset + filled], [content, Infinity])));
        }
        return bytes.slice(0, filled);
      }),
    write: (name, offset, bytes) =>
      transact("readwrite", async (names, parts) => {
        let content = await got<number | undefined>(names.get(name));
        if (offset === 0 || content === undefined) {
          await forget(name, names, parts);
          content = await nextContent(names);
          await got(names.put(content, name));
        }
        await got(parts.put(bytes, [content, offset]));
      }),
    async replace(name, target) {
      const rename = async (names: IDBObjectStore, parts: IDBObjectStore) => {
        const content = await got<number | undefined>(names.get(name));
        if (content === undefined) throw new BisyncError("notFound", `there is no blob \`${name}\``);
        if (name !== target) await forget(target, names, parts);
        await got(names.put(content, target));
        if (name !== target) await got(names.delete(name));
      };
      await transact("readwrite", rename, "strict");
    },
    keep: (name, target) =>
      transact("readwrite", async (names, parts) => {
        const content = await got<number | undefined>(names.get(name));
        if (content === undefined || name === target) return;
        await forget(target, names, parts);
        await got(names.put(content, target));
      }),
    remove: (name) => transact("readwrite", (names, parts) => forget(name, names, parts)),
  };
}

async function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(NAMES);
    request.result.createObjectStore(PARTS);
  };
  return got(request);
}

/** Takes a name away, and its content when no other name stands for it. */
async function forget(name: string, names: IDBObjectStore, parts: IDBObjectStore): Promise<void> {
  const content = await got<number | undefined>(names.get(name));
  if (content === undefined) return;
  await got(names.delete(name));
  const all = await got<number[]>(names.getAll());
  if (!all.includes(content)) await got(parts.delete(IDBKeyRange.bound([content, 0], [content, Infinity])));
}

async function nextContent(names: IDBObjectStore): Promise<number> {
  const all = await got<number[]>(names.getAll());
  return all.reduce((most, content) => Math.max(most, content), 0) + 1;
}

function got<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
