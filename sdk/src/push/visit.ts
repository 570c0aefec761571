/**
 * What each visit of a subscriber looks after, whether or not the page asks for push: the subscription there is beside the one that the
 * server knows, and what the worker knows of this site.
 *
 * Left out: when it is time (`../sdk.ts`: once a tab, and when the device is another). Invariant: nobody is asked, and nobody who turned
 * notifications off is subscribed.
 */
import { update, within, type Site } from '../idb.ts';
import { completed } from './options.ts';
import { consentOf, type PromptPorts } from './prompt.ts';
import { obstacle } from './support.ts';

export interface VisitPorts extends PromptPorts {
  /** The next page of this tab looks after it again. */
  _again(): void;
}

export function onVisit(ports: VisitPorts): void {
  void within(
    update<Site>('site', (old) => old && { ...old, ...ports._site() }),
    2_000,
    undefined,
  );
  if (obstacle(window)) return;
  ports._onceSettings((settings) => {
    const { enabled, key } = settings;
    if (!enabled || !key) return;
    const mine = consentOf(ports, key);
    if (Notification.permission !== 'granted') void blocked().then((so) => so && mine._lost());
    else if (!mine._off()) void mine._subscribe(completed({}, settings)).then((done) => done || ports._again());
  });
}

/**
 * Whether the permission is gone. Asked once more and not at once: a page that is being left reads "denied" from Chromium whatever was
 * allowed, and no longer hears this answer.
 */
async function blocked(): Promise<boolean> {
  return (await navigator.permissions.query({ name: 'notifications' })).state !== 'granted';
}
