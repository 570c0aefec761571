/**
 * Subscribes again where the browser, or another provider, took the subscription away.
 *
 * Left out: the first subscription, which is the page's (`push/subscribe.ts`). Invariant: only with a key that the page left, so
 * nobody who turned notifications off is subscribed again, and a subscription under another provider's key is left alone unless the
 * takeover worker asks for it. The server is told of the old endpoint and the new one in one operation.
 */
import { update, within, type Site } from '../idb.ts';
import { toBase64Url } from '../push/base64.ts';
import { browserName } from '../push/browser.ts';
import type { Draft } from '../wire.ts';
import { endpointFor, readSite, report } from './report.ts';

declare const self: ServiceWorkerGlobalScope;

export interface Change extends ExtendableEvent {
  oldSubscription?: PushSubscription | null;
  newSubscription?: PushSubscription | null;
}

/** Who gets a subscription that another provider made, where the page has left no record. */
export type Heir = Omit<Site, 'device'>;

/**
 * With an event: the browser changed the subscription. Without: looks whether one is missing.
 */
export async function renew(newId: () => string, change?: Partial<Change>, heir?: Heir): Promise<void> {
  const { pushManager } = self.registration;
  const known = await readSite();
  const site = known ?? (heir && { ...heir, device: newId() });
  // Without a key it is another provider's subscription, or the visitor turned notifications off.
  if (!site?.key) return;
  const foreign = (one: PushSubscription | null | undefined) =>
    !!one?.options?.applicationServerKey && toBase64Url(one.options.applicationServerKey) !== site.key;
  let now = change?.newSubscription ?? (await pushManager.getSubscription());
  let old = change?.oldSubscription;
  if (heir && foreign(now)) {
    old = now;
    await now?.unsubscribe();
    now = null;
  } else if (foreign(now) || foreign(old)) return;
  // Nothing is missing; or nobody knows that there ever was something.
  else if (known ? now && !change : !now) return;
  let draft: Draft;
  try {
    now ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: site.key });
    draft = {
      op: 'subscribe',
      subscription: now.toJSON(),
      key: site.key,
      browser: browserName(navigator.userAgent),
      topics: site.topics,
      ...(old && old.endpoint !== now.endpoint && { replaces: old.endpoint }),
    };
  } catch (error) {
    // The permission is gone, or the push service is out of reach; the next event tries again.
    if (!old || (error as Error).name !== 'NotAllowedError') return;
    draft = { op: 'unsubscribe', endpoint: old.endpoint };
  }
  if (!known) await within(update<Site>('site', (left) => left ?? site), 2_000, undefined);
  const { account, device } = site;
  await report([{ account, device, endpoint: endpointFor(undefined, site), op: { id: newId(), t: Date.now(), ...draft } }]);
}
