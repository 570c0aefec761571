/**
 * Entry of the page SDK: takes over the stub and puts the real object in its place.
 *
 * The stub itself becomes the API, so that references to it and to its arrays, and the callbacks set on it, stay good. Left out:
 * everything that the calls do. Invariant: loading twice, or without a window, is harmless.
 */
import type { CleverTap } from '../types/index.d.ts';
import { createApi, QUEUES } from './api.ts';
import { Sdk } from './sdk.ts';

type Stub = Record<string, unknown>;
interface Installed {
  api: CleverTap;
  drain(stub: Stub, firstPage: boolean): void;
}

const MARK = Symbol.for('campanile');
const NAMES = ['clevertap', 'campanile', 'wizrocket'] as const;

function install(): CleverTap {
  const global = window as unknown as Record<string | symbol, unknown>;
  const stub = NAMES.map((name) => global[name]).find((value) => typeof value === 'object' && value !== null) as
    | Stub
    | undefined;
  const before = global[MARK] as Installed | undefined;
  if (before) {
    // The snippet and the script stand in the page twice: what the second stub collected still counts.
    if (stub && stub !== (before.api as unknown)) before.drain(stub, false);
    for (const name of NAMES) global[name] = before.api;
    return before.api;
  }

  const script = document.currentScript as HTMLScriptElement | null;
  const sdk = new Sdk({ _src: script?.src ?? '', _nonce: script?.nonce ?? '' });
  const queued = { ...stub };
  const api = (stub ?? {}) as unknown as CleverTap;
  Object.defineProperties(api, Object.getOwnPropertyDescriptors(createApi(sdk)));
  sdk._notificationCallback = () => api.notificationCallback;

  const drain = (stub: Stub, firstPage: boolean) => {
    const take = (name: (typeof QUEUES)[number] | 'account') => {
      const list = stub[name];
      if (!Array.isArray(list)) return;
      const args = list.splice(0);
      const push = api[name].push as (...args: unknown[]) => number;
      // Who kept a reference to the array pushes on.
      list.push = push;
      if (args.length > 0) push(...args);
    };
    const { account, popupCallback, spa, q } = stub;
    if (Array.isArray(account) && account.length > 0) {
      account[1] ??= stub['region'];
      account[2] ??= stub['targetDomain'];
    }
    take('account');
    const choices = stub['privacy'];
    // An opt-out in the snippet holds for the login beside it.
    if (Array.isArray(choices) && choices.some((choice: { optOut?: unknown } | null) => choice?.optOut === true)) take('privacy');
    take('onUserLogin');
    take('privacy');
    if (firstPage) sdk._pageView();
    take('event');
    take('profile');
    take('notifications');
    if (popupCallback) api.popupCallback = popupCallback as NonNullable<CleverTap['popupCallback']>;
    if (spa) api.spa = true;
    // Calls that are no arrays, collected by our own stub as [name, arguments].
    for (const [name, args] of Array.isArray(q) ? (q as [string, ArrayLike<unknown>][]) : []) {
      const call = (api as unknown as Record<string, unknown>)[name];
      if (typeof call === 'function') (call as (...args: unknown[]) => void)(...Array.from(args));
    }
  };

  global[MARK] = { api, drain } satisfies Installed;
  for (const name of NAMES) global[name] = api;
  drain(queued, true);
  return api;
}

// Imported on a server there is nothing to do; the calls of a page then run in the browser.
export default (typeof window === 'undefined' ? {} : install()) as CleverTap;
