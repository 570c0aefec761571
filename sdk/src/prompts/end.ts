/**
 * Ends the subscription of this browser.
 *
 * Left out: asking whether that is meant. Invariant: the server is told even where the browser fails to unsubscribe, and neither page
 * nor worker subscribes again before the visitor says yes.
 */
import { update, within, type Site } from '../idb.ts';
import { toBase64Url } from '../push/base64.ts';
import type { Consent } from '../push/consent.ts';

export function end(consent: Consent): Promise<void> {
  const { _ports, _key } = consent;
  // At once, for whatever begins from now on; and in its turn, after what had begun before.
  consent._setOff();
  return consent._inTurn(async () => {
    consent._setOff();
    // The worker would subscribe again with this key when the browser asks it to.
    const forget = update<Site>('site', (old) => {
      if (!old) return undefined;
      const { key: _gone, ...rest } = old;
      return rest;
    });
    await within(forget, 2_000, undefined);
    const { endpoint: known } = consent._worker();
    const told = new Set(known ? [known] : []);
    const left: PushSubscription[] = [];
    for (const registration of await navigator.serviceWorker.getRegistrations()) {
      const subscription = await registration.pushManager.getSubscription();
      if (!subscription) continue;
      // The server may write to it under a key of yesterday, or one that was brought along; of another provider's it knows nothing.
      told.add(subscription.endpoint);
      const ours = toBase64Url(subscription.options.applicationServerKey) === _key || subscription.endpoint === known;
      if (ours) left.push(subscription);
    }
    for (const endpoint of told) _ports._raise({ op: 'unsubscribe', endpoint });
    for (const subscription of left) await subscription.unsubscribe();
    consent._changed();
  });
}
