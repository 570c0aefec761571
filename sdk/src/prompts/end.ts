/**
 * Ends the subscription of this browser.
 *
 * Left out: asking whether that is meant. Invariant: the server is told even where the browser fails to unsubscribe, and neither page
 * nor worker subscribes again before the visitor says yes.
 */
import { update, within, type Site } from '../idb.ts';
import { toBase64Url } from '../push/base64.ts';
import type { Consent } from '../push/consent.ts';

export async function end(consent: Consent): Promise<void> {
  const { _ports, _key } = consent;
  consent._setOff();
  // The worker would subscribe again with this key when the browser asks it to.
  const forget = update<Site>('site', (old) => {
    if (!old) return undefined;
    const { key: _gone, ...rest } = old;
    return rest;
  });
  await within(forget, 2_000, undefined);
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    const subscription = await registration.pushManager.getSubscription();
    // Another provider's has another key.
    if (!subscription || toBase64Url(subscription.options.applicationServerKey) !== _key) continue;
    _ports._raise({ op: 'unsubscribe', endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  consent._changed();
}
