/**
 * Whether this page can have web push at all.
 *
 * Apart from asking (`prompt.ts`), which is a part that most pages never load. Left out: everything that a page with push needs.
 */

/** Says why push is impossible here, or undefined if it is possible. */
export function obstacle(window: Window): [code: number, text: string] | undefined {
  if (!window.isSecureContext) {
    return [802, `Push needs HTTPS; this page is ${window.location.origin}. Nobody was asked.`];
  }
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
    return [801, 'This browser has no web push (on iOS only from the home screen). Nobody was asked.'];
  }
  return undefined;
}
