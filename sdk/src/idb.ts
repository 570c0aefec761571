/**
 * A key-value drawer in IndexedDB that page and worker share: database `campanile`, store `kv`.
 *
 * Left out: everything that must be there at start-up; nothing waits for this longer than it says. Invariant: `update` is atomic,
 * also between the page and several events of the worker.
 */

/** What the page leaves for the worker under the key `site`. */
export interface Site {
  account: string;
  /** Absolute. */
  endpoint: string;
  device: string;
  /** VAPID public key of the subscription, base64url; for a worker that has to subscribe again. */
  key?: string;
  /** Topics that the visitor chose; they go with a subscription that the worker makes anew. */
  topics?: string[];
  /** Endpoint that the next subscription takes the place of: it was ended, and there is none yet. */
  replaces?: string;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('campanile', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('kv');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error('blocked'));
  });
}

/**
 * Reads the value of `key`, hands it to `change` and keeps what that returns (`undefined` keeps all as it is).
 * Resolves with the value that then stands. A connection lives for one call: Safari closes idle ones behind one's back.
 */
export async function update<T>(key: string, change: (value: T | undefined) => T | undefined): Promise<T | undefined> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction('kv', 'readwrite');
      const store = transaction.objectStore('kv');
      const reading = store.get(key);
      let now: T | undefined;
      reading.onsuccess = () => {
        const old = reading.result as T | undefined;
        const changed = change(old);
        now = changed ?? old;
        if (changed !== undefined) store.put(changed, key);
      };
      transaction.oncomplete = () => resolve(now);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** The value of `key`. */
export function read<T>(key: string): Promise<T | undefined> {
  return update<T>(key, () => undefined);
}

/** `promise`, or `otherwise` when it fails or takes longer than `ms`. */
export function within<T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> {
  return Promise.race([
    promise.catch(() => otherwise),
    new Promise<T>((resolve) => {
      setTimeout(() => resolve(otherwise), ms);
    }),
  ]);
}
