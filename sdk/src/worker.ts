/**
 * Entry of the service worker: shows pushes, follows clicks, reports both, and subscribes again when the browser asks for it.
 *
 * Works as the whole worker and by `importScripts` at the top of an existing one: it then leaves alone what is not Campanile's, and
 * handlers behind it do not see what is. Left out: caching, fetching, anything a push does not need. Invariant: all
 * listeners stand after the first evaluation, and every promise is under `waitUntil`.
 */
import { update, within, type Site } from './idb.ts';
import { idMaker } from './id.ts';
import { browserName } from './push/browser.ts';
import type { Draft } from './wire.ts';
import { parsePayload, samePage, targetOf, toNotification, type NotificationData, type Payload } from './worker/payload.ts';
import { endpointFor, readSite, report, retry } from './worker/report.ts';

declare const self: ServiceWorkerGlobalScope;

interface SubscriptionChange extends ExtendableEvent {
  oldSubscription?: PushSubscription | null;
  newSubscription?: PushSubscription | null;
}

/** So many tokens are remembered; a message that was sent twice is shown once. */
const REMEMBERED = 200;
/** Storage may hang; a notification does not wait for it. */
const PATIENCE = 1_000;

const newId = idMaker(Date.now, (bytes) => crypto.getRandomValues(bytes));
/** Sends that were clicked: Firefox reports a close after our own `close()`. */
const clicked = new Set<string>();

self.addEventListener('push', (event) => {
  const payload = parsePayload(event.data?.text());
  if (!payload) return; // another provider's, or the page's own
  event.stopImmediatePropagation();
  event.waitUntil(show(payload));
});

self.addEventListener('notificationclick', (event) => {
  const data = dataOf(event.notification);
  if (!data) return;
  event.stopImmediatePropagation();
  clicked.add(data.campanile.send);
  event.notification.close();
  const target = targetOf(data, event.action, self.location.href);
  event.waitUntil(Promise.all([open(target), tell(data, 'push_clicked', event.action || 'default')]));
});

self.addEventListener('notificationclose', (event) => {
  const data = dataOf(event.notification);
  if (!data) return;
  event.stopImmediatePropagation();
  if (!clicked.has(data.campanile.send)) event.waitUntil(tell(data, 'push_dismissed'));
});

self.addEventListener('pushsubscriptionchange', (event) => {
  const change = event as SubscriptionChange;
  change.waitUntil(resubscribe(change));
});

self.addEventListener('install', () => {
  // In a worker of the owner's it is the owner who decides when a new version takes over.
  if (/\/(sw_webpush|clevertap_sw)\.js$/.test(self.location.pathname)) void self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  event.waitUntil(retry());
});

async function show(payload: Payload): Promise<void> {
  const { send } = payload.campanile;
  const { registration } = self;
  const { title, options } = toNotification(payload, self.location.hostname);
  if (!(await within(claim(send), PATIENCE, true))) {
    // Shown already. If it still stands, it is drawn again without a sound, because browsers want a push to be seen.
    const standing = options.tag ? await registration.getNotifications({ tag: options.tag }) : [];
    if (standing.length > 0) await registration.showNotification(title, { ...options, silent: true });
    return retry();
  }
  try {
    await registration.showNotification(title, options);
  } catch {
    // An option that this browser refuses must not cost the message.
    await registration.showNotification(title, { body: options.body ?? '', data: options.data as unknown });
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

/** Brings the tab to the front that shows the address, or opens one. */
async function open(target: string): Promise<void> {
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const tab = tabs.find(({ url }) => samePage(url, target));
  try {
    if (tab) {
      await tab.focus();
      return;
    }
  } catch {
    // The browser does not let us; a new window is the next best.
  }
  await self.clients.openWindow(target);
}

async function tell(data: NotificationData, op: 'push_shown' | 'push_clicked' | 'push_dismissed', action?: string): Promise<void> {
  const { account, endpoint, send } = data.campanile;
  const t = Date.now();
  const id = newId();
  const to = endpointFor(endpoint, endpoint ? undefined : await readSite());
  await report([{ account, endpoint: to, op: { id, t, op, send, ...(action && { action }) } }]);
}

async function resubscribe({ oldSubscription, newSubscription }: SubscriptionChange): Promise<void> {
  const site = await readSite();
  // Without the page's record it is another provider's subscription, or nobody knows whose.
  if (!site?.key) return;
  const subscription =
    newSubscription ??
    (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: site.key }));
  const drafts: Draft[] = [
    {
      op: 'subscribe',
      subscription: subscription.toJSON(),
      key: site.key,
      browser: browserName(navigator.userAgent),
      topics: site.topics,
    },
  ];
  if (oldSubscription && oldSubscription.endpoint !== subscription.endpoint) {
    drafts.unshift({ op: 'unsubscribe', endpoint: oldSubscription.endpoint });
  }
  await report(
    drafts.map((draft) => ({ ...endpointOf(site), op: { id: newId(), t: Date.now(), ...draft } })),
  );
}

function endpointOf(site: Site): { account: string; endpoint: string; device: string } {
  return { account: site.account, endpoint: endpointFor(undefined, site), device: site.device };
}

function dataOf(notification: Notification): NotificationData | undefined {
  const data = notification.data as Partial<NotificationData> | null;
  return typeof data?.campanile?.send === 'string' ? (data as NotificationData) : undefined;
}
