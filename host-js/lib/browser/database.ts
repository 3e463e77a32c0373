/** Opens a database of the page's origin, with these stores. */
export function openDatabase(name: string, stores: string[]): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    for (const store of stores) request.result.createObjectStore(store);
  };
  return got(request);
}

/**
 * Does something in one transaction: all of it, or nothing. When it returns, what was written is on the disk, as far as the
 * browser can say. `work` may wait for nothing but requests of the transaction.
 */
export async function transact<T>(
  database: IDBDatabase,
  mode: "readonly" | "readwrite",
  work: (store: (name: string) => IDBObjectStore) => Promise<T>,
): Promise<T> {
  const transaction = database.transaction([...database.objectStoreNames], mode, { durability: "strict" });
  const ended = new Promise<boolean>((resolve) => {
    transaction.oncomplete = () => resolve(true);
    transaction.onabort = () => resolve(false);
  });
  const aborted = () => transaction.error ?? new DOMException("the database gave up", "AbortError");
  let result: T;
  try {
    result = await work((name) => transaction.objectStore(name));
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // The browser ended it before, and its reason says more than that of the request.
      await ended;
      throw transaction.error ?? error;
    }
    throw error;
  }
  if (!(await ended)) throw aborted();
  return result;
}

/** Waits for a request. */
export function got<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
