/**
 * From a granted permission to a subscription that the server knows: worker, VAPID key, endpoint.
 *
 * An existing subscription made with another key, ours of yesterday or another provider's, is replaced without a prompt. Left out:
 * asking (`prompt.ts`). Invariant: never hangs (each step has a limit), and each failure says on the console what to do.
 */
import { update, within, type Site } from '../idb.ts';
import type { Log } from '../log.ts';
import type { Place } from '../part.ts';
import type { Draft } from '../wire.ts';
import { fromBase64Url, toBase64Url } from './base64.ts';
import { browserName } from './browser.ts';

/** How long a browser may take to reach its push service, and a worker to start. */
const PATIENCE = 30_000;
/** What this page has told the server of the subscription: a visit and a call of the page say it once. */
export const told = { _last: '' };

export interface SubscribePorts {
  _log: Log;
  _raise(draft: Draft): void;
  _site(): Omit<Site, 'key' | 'topics'>;
  _place: Place;
}

/** Where the worker stands, and the endpoint that came of it. Kept for the visits on which no page asks. */
export interface Worker {
  path: string;
  scope?: string | undefined;
  endpoint?: string | undefined;
}


/**
 * Subscribes, or refreshes the subscription; the worker with its endpoint, if the server knows or will hear of one. Workers at the paths of
 * `former` go once that is done.
 */
export async function subscribe(
  worker: Worker,
  key: string,
  topics: string[] | undefined,
  former: string[] | undefined,
  ports: SubscribePorts,
): Promise<Worker | undefined> {
  const { path, scope } = worker;
  const { _log } = ports;
  const workers = navigator.serviceWorker;
  let registration: ServiceWorkerRegistration;
  try {
    const before = (await workers.getRegistrations()).map(({ active, scope }) => [scope, active?.scriptURL.split('?')[0]]);
    registration = await workers.register(ports._place._scriptUrl(path), scope ? { scope } : {});
    const stood = before.find(([place]) => place === registration.scope)?.[1];
    if (stood && stood !== new URL(path, location.href).href.split('?')[0]) {
      _log._warn(812, `${path} took the place of the service worker ${stood}. If you still need that one, import ours into it and name its path in serviceWorkerPath.`);
    }
  } catch (error) {
    _log._error(810, await whyNoWorker(path), error);
    return undefined;
  }
  let endpoint: string;
  try {
    await started(registration);
    const manager = registration.pushManager;
    const wanted = fromBase64Url(key);
    const ours = (one: PushSubscription) => toBase64Url(one.options.applicationServerKey) === key;
    let subscription = await manager.getSubscription();
    let replaces = worker.endpoint;
    if (subscription && !ours(subscription)) {
      // Without a connection nothing would come in its place.
      if (!navigator.onLine) throw new DOMException('offline', 'NetworkError');
      replaces = subscription.endpoint;
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await timed(manager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted }));
    ({ endpoint } = subscription);
    const now = JSON.stringify([ports._site(), key, endpoint, topics]);
    if (told._last !== now) {
      told._last = now;
      if (replaces === endpoint) replaces = undefined;
      ports._raise({ op: 'subscribe', subscription: subscription.toJSON(), key, browser: browserName(navigator.userAgent), topics, replaces });
    }
    // The worker has moved, or an old provider's is to go: messages come to one place.
    for (const other of await workers.getRegistrations()) {
      if (other.scope === registration.scope) continue;
      const left = await other.pushManager.getSubscription();
      const goes = !!other.active && former?.includes(new URL(other.active.scriptURL).pathname);
      if (left && (goes || ours(left))) await left.unsubscribe();
      if (goes) await other.unregister();
    }
  } catch (error) {
    _log._error(811, whyNoSubscription(error), error);
    return undefined;
  }
  // Where the worker reports to. A browser without IndexedDB still has the address in the messages themselves.
  await within(
    update<Site>('site', () => ({ ...ports._site(), key, ...(topics && { topics }) })),
    2_000,
    undefined,
  );
  registration.active?.postMessage('campanile');
  return { path, scope, endpoint };
}

/** Resolves when the registration has an active worker; `serviceWorker.ready` would wait for one that controls this page. */
function started(registration: ServiceWorkerRegistration): Promise<unknown> {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active || !worker) return Promise.resolve();
  return timed(
    new Promise<void>((resolve, reject) => {
      worker.addEventListener('statechange', () => {
        if (worker.state === 'activated') resolve();
        else if (worker.state === 'redundant') reject(new Error('the service worker failed to install'));
      });
    }),
  );
}

function timed<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new DOMException(`no answer within ${PATIENCE / 1000} s`, 'TimeoutError')), PATIENCE);
    }),
  ]);
}

/** Browsers hide the reason; asking for the file shows it. */
async function whyNoWorker(path: string): Promise<string> {
  const remedy = 'Put the worker file there, or give notifications.push the serviceWorkerPath where it stands.';
  try {
    const response = await fetch(path, { cache: 'no-store' });
    const type = response.headers.get('Content-Type') ?? 'none';
    if (!response.ok) return `The service worker ${path} was not found (${response.status}). ${remedy}`;
    if (!/javascript/.test(type)) {
      return `The service worker ${path} has Content-Type "${type}"; it must be text/javascript. ${remedy}`;
    }
  } catch {
    return `The service worker ${path} could not be loaded; it must be on the page's own origin. ${remedy}`;
  }
  return `The service worker ${path} did not start: see the error here. A CSP must allow it in worker-src.`;
}

function whyNoSubscription(error: unknown): string {
  switch ((error as Error | undefined)?.name) {
    case 'NotAllowedError':
      return 'The browser does not allow push here: the visitor or a policy denied it.';
    case 'InvalidAccessError':
      return 'The VAPID public key of the settings is not valid. Make a new one in Settings, Web push.';
    default:
      return "The browser's push service could not be reached. It is asked again on the next call.";
  }
}
