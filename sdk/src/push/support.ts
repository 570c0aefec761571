/**
 * Whether this page can have web push at all.
 *
 * Apart from asking (`prompt.ts`), which is a part that most pages never load. Left out: everything that a page with push needs.
 */

/** The code of why push is impossible here, or 0. */
export function obstacle(window: Window): 0 | 801 | 802 {
  if (!window.isSecureContext) return 802;
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window ? 0 : 801;
}
