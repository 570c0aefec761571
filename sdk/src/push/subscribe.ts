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
import { browserName } from './browser.ts';

/** How long a browser may take to reach its push service, and a worker to start. */
const PATIENCE = 30_000;

export interface SubscribePorts {
  _log: Log;
  _raise(draft: Draft): void;
  _site(): Omit<Site, 'key' | 'topics'>;
  _place: Place;
}

/** Subscribes, or refreshes the subscription; true if the server will hear of one. */
export async function subscribe(path: string, key: string, topics: string[] | undefined, ports: SubscribePorts): Promise<boolean> {
  const { _log } = ports;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register(ports._place._scriptUrl(path));
  } catch (error) {
    _log._error(810, await whyNoWorker(path), error);
    return false;
  }
  try {
    await started(registration);
    const manager = registration.pushManager;
    const wanted = fromBase64Url(key);
    let subscription = await manager.getSubscription();
    let replaced: string | undefined;
    if (subscription && toBase64Url(subscription.options.applicationServerKey) !== key) {
      replaced = subscription.endpoint;
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await timed(manager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted }));
    if (replaced !== undefined) ports._raise({ op: 'unsubscribe', endpoint: replaced });
    ports._raise({ op: 'subscribe', subscription: subscription.toJSON(), key, browser: browserName(navigator.userAgent), topics });
  } catch (error) {
    _log._error(811, whyNoSubscription(error), error);
    return false;
  }
  // Where the worker reports to. A browser without IndexedDB still has the address in the messages themselves.
  await within(
    update<Site>('site', () => ({ ...ports._site(), key, ...(topics && { topics }) })),
    2_000,
    undefined,
  );
  return true;
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

/** Bytes of a base64url text. Throws `InvalidAccessError`, as the browser would, when it is none. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  } catch {
    throw new DOMException('not base64url', 'InvalidAccessError');
  }
}

export function toBase64Url(bytes: ArrayBuffer | null): string {
  const text = String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0)));
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
