/**
 * The public surface: the documented `clevertap.*` object, and nothing else.
 *
 * Types stand in `types/index.d.ts`. Left out: all behaviour (`sdk.ts`). Invariant: no call throws, and each may come at any
 * time, before the account is known as well.
 */
import type { CleverTap } from '../types/index.d.ts';
import { events, isObject, logins, privacy, profiles } from './calls.ts';
import { VERSION, type Sdk } from './sdk.ts';

/** Arrays of the stub, in the order in which they are drained. A page view comes after the second. */
export const QUEUES = ['onUserLogin', 'privacy', 'event', 'profile', 'notifications'] as const;

export function createApi(sdk: Sdk): CleverTap {
  const queue = (take: (args: readonly unknown[]) => void) => ({
    push(...args: unknown[]): number {
      take(args);
      return 0;
    },
  });
  let spa = false;
  let popupCallback: CleverTap['popupCallback'];
  const api = {
    init(accountId, region, targetDomain) {
      sdk._init(accountId, region, targetDomain);
    },
    account: queue(([account, region, domain]) => {
      const own = isObject(account) ? (account as Record<string, unknown>) : { id: account };
      sdk._init(own['id'], own['region'] ?? region, own['targetDomain'] ?? domain);
    }),
    event: queue((args) => sdk._take(events, args)),
    profile: queue((args) => sdk._take(profiles, args)),
    onUserLogin: queue((args) => sdk._take(logins, args)),
    privacy: queue((args) => sdk._take(privacy, args)),
    notifications: queue((args) => sdk._notifications(args)),
    pushPreferences: (options) => sdk._notifications([options], 1),
    pushUnsubscribe: (done) => sdk._notifications([done], 2),
    raiseNotificationViewed: (message) => sdk._custom._viewed(message),
    raiseNotificationClicked: (message) => sdk._custom._clicked(message),
    get popupCallback() {
      return popupCallback;
    },
    set popupCallback(callback) {
      popupCallback = callback;
      sdk._custom._listen(callback);
    },
    raisePopupNotificationClicked: (data) => sdk._custom._render('click', data),
    renderNotificationViewed: (message) => sdk._custom._render('view', message),
    renderNotificationClicked: (message) => sdk._custom._render('click', message),
    getCleverTapID: () => sdk._visitor._device(),
    getAccountID: () => sdk._account,
    getSDKVersion: () => `web-sdk-campanile-v${VERSION}`,
    logout: () => sdk._logout(),
    clear: () => sdk._clear(),
    pageChanged: () => sdk._pageView(),
    get spa() {
      return spa;
    },
    set spa(on) {
      spa = on;
      sdk._spa(on);
    },
    why: () => sdk._openWhy(),
    setLogLevel(level) {
      sdk._log._level = Number(level);
    },
    setOffline: (offline) => sdk._setOffline(offline),
    session: {
      getTimeElapsed() {
        const session = sdk._visitor._session();
        return session ? Math.max(0, Math.floor(Date.now() / 1000) - session.id) : 0;
      },
      getPageCount: () => sdk._visitor._session()?.pages ?? 0,
    },
    user: { getTotalVisits: () => sdk._visitor._session()?.number ?? 0 },
  } as CleverTap;
  // What the page calls stands in the overlay. Questions are left out: some pages ask all the time.
  const note = <A extends unknown[], R>(name: string, run: (...args: A) => R) => (...args: A): R => {
    sdk._called(name, args);
    return run(...args);
  };
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(api)) as [string, PropertyDescriptor][]) {
    if (value?.push) value.push = note(`${name}.push`, value.push as () => void);
    else if (typeof value === 'function' && !name.startsWith('get')) (api as unknown as Record<string, unknown>)[name] = note(name, value as () => void);
  }
  return api;
}
