/**
 * Reports of the worker that survive: kept in IndexedDB until the server has answered, tried again at the next event.
 *
 * Left out: what is reported (`worker.ts`). Invariant: a report is forgotten after an answer or a refusal only, or when
 * a hundred newer ones wait; without IndexedDB it is sent once, at once.
 */
import { read, update, within, type Site } from '../idb.ts';
import { encode, type Op } from '../wire.ts';

/** Replaced by the build. */
declare const CAMPANILE_VERSION: string;
/** Replaced by the server when it serves the file. */
const PATH = '%CAMPANILE_ENDPOINT%';
const KEY = 'reports';
/** What the page says to the worker on a visit, and what the browser says when the network is back. */
export const TAG = 'campanile';
const MOST = 100;
const PATIENCE = 2_000;

export interface Report {
  account: string;
  endpoint: string;
  device?: string;
  op: Op;
}

/** Where reports go: what the message says, else what the page left, else the worker's own origin. */
export function endpointFor(own: string | undefined, site: Site | undefined): string {
  const path = PATH.startsWith('%') ? '/ring' : PATH;
  return own ?? site?.endpoint ?? new URL(path, self.location.origin).href;
}

export function readSite(): Promise<Site | undefined> {
  return within(read<Site>('site'), PATIENCE, undefined);
}

/** Keeps reports and sends all that wait. */
export async function report(news: Report[]): Promise<void> {
  const kept = await within(
    update<Report[]>(KEY, (waiting = []) => [...waiting, ...news].slice(-MOST)),
    PATIENCE,
    undefined,
  );
  await send(kept ?? news);
}

/** Sends what earlier events could not. */
export async function retry(): Promise<void> {
  await send((await within(read<Report[]>(KEY), PATIENCE, undefined)) ?? []);
}

async function send(reports: Report[]): Promise<void> {
  const batches = new Map<string, Report[]>();
  for (const report of reports) {
    const key = JSON.stringify([report.endpoint, report.account, report.device]);
    batches.set(key, [...(batches.get(key) ?? []), report]);
  }
  await Promise.all([...batches.values()].map(sendBatch));
}

async function sendBatch(reports: Report[]): Promise<void> {
  const [first] = reports;
  if (!first) return;
  const { account, endpoint, device } = first;
  const ops = reports.map(({ op }) => op);
  const head = { account, ...(device && { device }), sdk: `worker/${CAMPANILE_VERSION}`, now: Date.now() };
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain;charset=UTF-8' },
      body: encode(head, ops),
      credentials: 'omit',
      keepalive: true,
    });
    const { status } = response;
    if (status === 408 || status === 429 || status >= 500) return later();
    if (!response.ok) console.error(`Campanile ${status}: the server refused reports of the worker; they were dropped.`);
  } catch {
    return later(); // offline: kept for the next event
  }
  const done = new Set(ops.map(({ id }) => id));
  await within(
    update<Report[]>(KEY, (waiting = []) => waiting.filter(({ op }) => !done.has(op.id))),
    PATIENCE,
    undefined,
  );
}

/** Asks the browser to wake us when the network is back. Where it cannot, the next event or the page's next visit does. */
async function later(): Promise<void> {
  try {
    await (self as unknown as { registration: { sync?: { register(tag: string): Promise<void> } } }).registration.sync?.register(TAG);
  } catch {
    // Not allowed, or no page is open.
  }
}
