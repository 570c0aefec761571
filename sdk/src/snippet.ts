/**
 * The snippet that owners paste: a stub that collects calls until the SDK is there, and the script element that brings it.
 *
 * The arrays are those of the documented snippet; beside them, calls that are no arrays are collected in `q`. `%ACCOUNT%` and
 * `%BASE%` are put in by the server. Left out: everything else. Invariant: small enough to be pasted without a thought.
 */
const stub: Record<string, unknown> = {
  event: [],
  profile: [],
  account: [],
  onUserLogin: [],
  region: '',
  notifications: [],
  privacy: [],
  q: [],
};
for (const name of ['init', 'logout', 'clear', 'pageChanged', 'setLogLevel', 'setOffline', 'why', 'pushPreferences', 'pushUnsubscribe']) {
  stub[name] = (...args: unknown[]) => {
    (stub['q'] as unknown[]).push([name, args]);
  };
}
(stub['account'] as unknown[]).push({ id: '%ACCOUNT%' });
(stub['privacy'] as unknown[]).push({ optOut: false });
(stub['privacy'] as unknown[]).push({ useIP: false });
(window as unknown as { clevertap: unknown }).clevertap = stub;
