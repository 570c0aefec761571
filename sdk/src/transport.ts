/**
 * How a batch leaves the page, and how tabs take turns.
 *
 * Bodies are JSON as `text/plain`, which needs no CORS preflight. Left out: what is sent and when (`outbox.ts`).
 * Invariant: nothing here waits for ever; a request that has no answer after 15 s counts as failed.
 */
import type { Answer } from './outbox.ts';

const TIMEOUT = 15_000;
/** Browsers refuse keepalive bodies over 64 KiB. */
const MAX_KEEPALIVE = 60_000;

/** Rejects on network failure and timeout. */
export async function post(endpoint: string, body: string): Promise<Answer> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT);
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain;charset=UTF-8' },
      body,
      credentials: 'omit',
      cache: 'no-store',
      keepalive: new Blob([body]).size < MAX_KEEPALIVE,
      signal: controller.signal,
    });
    const text = await response.text();
    return { _status: response.status, _retryAfter: seconds(response.headers.get('Retry-After')), _body: parse(text) };
  } finally {
    clearTimeout(timer);
  }
}

export function beacon(endpoint: string, body: string): boolean {
  try {
    return navigator.sendBeacon(endpoint, new Blob([body], { type: 'text/plain;charset=UTF-8' }));
  } catch {
    return false;
  }
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
export function seconds(header: string | null, now = Date.now()): number | undefined {
  if (!header) return undefined;
  const number = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(number) ? Math.max(0, number) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy's page; the status says enough
  }
}

/**
 * Runs `work` at once and tells it whether this tab holds the lock called `name`. Where there are no locks (pages without HTTPS), every
 * tab does: what two tabs send the server counts once.
 */
export async function withLock(name: string, work: (held: boolean) => Promise<void>): Promise<void> {
  let started = false;
  try {
    await navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      started = true;
      return work(!!lock);
    });
  } catch {
    // None, or sandboxed documents, which may not use them.
    if (!started) await work(true);
  }
}
