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
  // Made with a sender id of old there is no key at all.
  const foreign = (one: PushSubscription | null | undefined) => !!one?.options && toBase64Url(one.options.applicationServerKey) !== site.key;
  let now = change?.newSubscription ?? (await pushManager.getSubscription());
  let old = change?.oldSubscription;
  if (foreign(now) || foreign(old)) {
    if (!heir) return;
    if (foreign(now)) {
      // Nothing is ended that nothing could take the place of.
      const permission = await pushManager.permissionState({ userVisibleOnly: true, applicationServerKey: site.key });
      if (!navigator.onLine || permission !== 'granted') return;
      old = now;
      await keep({ ...site, ...(now && { replaces: now.endpoint }) });
      await now?.unsubscribe();
      now = null;
    }
  }
  // Nothing is missing; or nobody knows that there ever was something.
  else if (known ? now && !change && !known.replaces : !now && !(heir && change)) return;
  let draft: Draft;
  try {
    now ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: site.key });
    const replaces = old?.endpoint ?? site.replaces;
    draft = {
      op: 'subscribe',
      subscription: now.toJSON(),
      key: site.key,
      browser: browserName(navigator.userAgent),
      topics: site.topics,
      ...(replaces && replaces !== now.endpoint && { replaces }),
    };
  } catch (error) {
    // The permission is gone, or the push service is out of reach; the next event tries again.
    if (!old || (error as Error).name !== 'NotAllowedError') return;
    draft = { op: 'unsubscribe', endpoint: old.endpoint };
  }
  const { replaces: _done, ...rest } = site;
  if (!known || known.replaces) await keep(rest);
  const { account, device } = site;
  await report([{ account, device, endpoint: endpointFor(undefined, site), op: { id: newId(), t: Date.now(), ...draft } }]);
}

/** What the page has left in the meantime stays. */
function keep(site: Site): Promise<unknown> {
  return within(
    update<Site>('site', (left) => (left && left.device !== site.device ? undefined : site)),
    2_000,
    undefined,
  );
}
