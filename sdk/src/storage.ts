/**
 * Text kept in this browser: localStorage, and memory for what it does not take.
 *
 * Reading and writing never throw and never wait. Where storage is blocked or full, a value lives as long as the page.
 * Left out: IndexedDB (`idb.ts`), which only the worker's side needs. Invariant: what `set` took, `get` gives back on this page.
 */

export interface Store {
  _get(key: string): string | null;
  _set(key: string, value: string): void;
  _remove(key: string): void;
  /** All keys that begin with `prefix`, sorted. */
  _keys(prefix: string): string[];
}

/** `open` gives the storage, or throws where it is blocked. */
export function createStore(open: () => Storage | null | undefined): Store {
  const memory = new Map<string, string>();
  let disk: Storage | undefined;
  try {
    disk = open() ?? undefined;
  } catch {
    disk = undefined; // blocked by the visitor's settings: memory only
  }
  const attempt = <T>(work: (disk: Storage) => T): T | undefined => {
    try {
      return disk && work(disk);
    } catch {
      return undefined; // full, or blocked since; the caller goes on with memory
    }
  };
  return {
    _get: (key) => memory.get(key) ?? attempt((disk) => disk.getItem(key)) ?? null,
    _set(key, value) {
      const kept = attempt((disk) => {
        disk.setItem(key, value);
        return true;
      });
      if (kept) memory.delete(key);
      else memory.set(key, value);
    },
    _remove(key) {
      memory.delete(key);
      attempt((disk) => disk.removeItem(key));
    },
    _keys(prefix) {
      const stored = attempt((disk) => Array.from({ length: disk.length }, (_, i) => disk.key(i) ?? '')) ?? [];
      return [...new Set([...stored, ...memory.keys()])].filter((key) => key.startsWith(prefix)).sort();
    },
  };
}

/** Value of a cookie, or null. */
export function readCookie(document: Pick<Document, 'cookie'>, name: string): string | null {
  try {
    const start = name + '=';
    const pair = document.cookie.split('; ').find((pair) => pair.startsWith(start));
    return pair === undefined ? null : pair.slice(start.length);
  } catch {
    return null; // a sandboxed document throws
  }
}

/** Writes a first-party cookie for one year on the widest domain that the browser takes, so that sub-domains share it. */
export function writeCookie(document: Pick<Document, 'cookie'>, location: Location, name: string, value: string): void {
  const secure = location.protocol === 'https:' ? ';secure' : '';
  const put = (name: string, value: string, domain: string, age: number) => {
    document.cookie = `${name}=${value}${domain};path=/;max-age=${age};samesite=lax${secure}`;
  };
  const labels = location.hostname.split('.');
  // IP addresses and bare host names take no domain: that is the last candidate.
  const domains = labels.map((_, i) => ';domain=' + labels.slice(-1 - i).join('.')).concat('');
  try {
    for (const domain of domains) {
      // A probe, because the cookie itself may stand there from an earlier page and would hide a refusal.
      put('campanile_probe', '1', domain, 60);
      if (readCookie(document, 'campanile_probe') === null) continue;
      put('campanile_probe', '', domain, 0);
      put(name, value, domain, 31_536_000);
      return;
    }
  } catch {
    // Cookies are blocked: localStorage has the value.
  }
}
