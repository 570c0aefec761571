/**
 * Entry of the service worker: shows pushes, follows clicks, reports both, and subscribes again when the browser asks for it.
 *
 * Works as the whole worker and by `importScripts` at the top of an existing one: it then leaves alone what is not Campanile's, and
 * handlers behind it do not see what is. Left out: caching, fetching, anything a push does not need. Invariant: all
 * listeners stand after the first evaluation, every promise is under `waitUntil`, and a push that nobody else takes shows something.
 */
import { update, within } from './idb.ts';
import { idMaker } from './id.ts';
import { parsePayload, samePage, targetOf, toNotification, type NotificationData, type Payload } from './worker/payload.ts';
import { renew, type Change, type Heir } from './worker/renew.ts';
import { endpointFor, readSite, report, retry, TAG } from './worker/report.ts';

declare const self: ServiceWorkerGlobalScope;

export interface Takeover {
  read(json: unknown): Payload['notification'];
  heir?: Heir | undefined;
}

/** So many tokens are remembered; a message that was sent twice is shown once. */
const REMEMBERED = 200;
/** Storage may hang; a notification does not wait for it. */
const PATIENCE = 1_000;

const newId = idMaker(Date.now, (bytes) => crypto.getRandomValues(bytes));
/** Sends that were clicked: Firefox reports a close after our own `close()`. */
const clicked = new Set<string>();

/** Another push handler stands in this worker: what is not ours is that one's. */
let hosted = false;
/** There is any handler but ours. */
let shared = false;
/** What the takeover worker adds: it knows the old vendors' formats, and whose their subscriptions are to become. */
let takeover: Takeover = { read: () => undefined };

self.addEventListener('push', (event) => {
  const { payload, ours, json } = parsePayload(event.data);
  if (!ours && (hosted || self.onpush)) return; // another provider's, or the page's own
  event.stopImmediatePropagation();
  if (!ours) payload.notification = { ...payload.notification, ...takeover.read(json) };
  event.waitUntil(show(payload));
});

self.addEventListener('notificationclick', (event) => {
  const data = dataOf(event.notification);
  if (!data) return;
  event.stopImmediatePropagation();
  if (data.campanile.send) clicked.add(data.campanile.send);
  event.notification.close();
  const target = targetOf(data, event.action, self.location.href);
  event.waitUntil(Promise.all([open(target), tell(data, 'push_clicked', event.action || 'default')]));
});

self.addEventListener('notificationclose', (event) => {
  const data = dataOf(event.notification);
  if (!data) return;
  event.stopImmediatePropagation();
  if (!clicked.has(data.campanile.send ?? '')) event.waitUntil(tell(data, 'push_dismissed'));
});

self.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil(renew(newId, event as Change, takeover.heir));
});

self.addEventListener('install', () => {
  // In a worker of the owner's it is the owner who decides when a new version takes over.
  if (!shared && !self.onfetch && !self.oninstall) void self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  event.waitUntil(catchUp());
});

// The page says so on each visit.
self.addEventListener('message', (event) => {
  if (event.data !== TAG) return;
  event.stopImmediatePropagation();
  event.waitUntil(catchUp());
});

// The network is back; in browsers that tell.
self.addEventListener('sync', (event) => {
  if ((event as { tag?: string }).tag !== TAG) return;
  event.stopImmediatePropagation();
  (event as ExtendableEvent).waitUntil(retry());
});

// Whoever adds a handler from now on is a host. What they call stays what it was.
const add = self.addEventListener;
self.addEventListener = (...args: unknown[]) => {
  shared = true;
  if (args[0] === 'push') hosted = true;
  Reflect.apply(add, self, args);
};

/** For `takeover.ts`, which has this file inside. */
export function takeOver(how: Takeover): void {
  takeover = how;
}

/** What earlier events could not do: reports that wait, a subscription that was lost. */
async function catchUp(): Promise<void> {
  await Promise.all([retry(), renew(newId, undefined, takeover.heir)]);
}

async function show(payload: Payload): Promise<void> {
  const { send } = payload.campanile;
  const { registration } = self;
  const { title, options } = toNotification(payload, self.location.hostname);
  if (send && !(await within(claim(send), PATIENCE, true))) {
    // Shown already. If it still stands, it is drawn again without a sound, because browsers want a push to be seen.
    const standing = options.tag ? await registration.getNotifications({ tag: options.tag }) : [];
    if (standing.length > 0) await registration.showNotification(title, { ...options, silent: true });
    return retry();
  }
  try {
    await registration.showNotification(title, options);
  } catch {
    // An option that this browser refuses must not cost the message.
    await registration.showNotification(String(title), { body: String(options.body ?? ''), data: options.data as unknown });
  }
  await tell(options.data as NotificationData, 'push_shown');
}

/** True for the first one who asks for this token. */
async function claim(send: string): Promise<boolean> {
  let first = false;
  await update<string[]>('shown', (shown = []) => {
    first = !shown.includes(send);
    return first ? [...shown, send].slice(-REMEMBERED) : undefined;
  });
  return first;
}

/** Brings the tab to the front that shows the address, else leads one of the site's there, else opens one. */
async function open(target: string): Promise<void> {
  const { clients } = self;
  const there = (await clients.matchAll({ type: 'window', includeUncontrolled: true })).find(({ url }) => samePage(url, target));
  // Only tabs that this worker controls can be led anywhere.
  const tab = there ?? (await clients.matchAll({ type: 'window' })).find(({ url }) => new URL(url).origin === new URL(target).origin);
  let front: WindowClient | undefined;
  try {
    // First of all: the leave to bring a tab to the front comes with the click, is for one, and does not last.
    front = await tab?.focus();
    if (front && front.url !== target) await front.navigate(target);
  } catch {
    // The browser does not let us; a new window is the next best.
    if (!there) front = undefined;
  }
  if (!front) await clients.openWindow(target);
}

async function tell(data: NotificationData, op: 'push_shown' | 'push_clicked' | 'push_dismissed', action?: string): Promise<void> {
  const { account, endpoint, send } = data.campanile;
  if (!account || !send) return retry();
  const t = Date.now();
  const id = newId();
  const to = endpointFor(endpoint, endpoint ? undefined : await readSite());
  await report([{ account, endpoint: to, op: { id, t, op, send, ...(action && { action }) } }]);
}

function dataOf(notification: Notification): NotificationData | undefined {
  const data = notification.data as Partial<NotificationData> | null;
  return typeof data?.campanile === 'object' && data.actions ? (data as NotificationData) : undefined;
}
