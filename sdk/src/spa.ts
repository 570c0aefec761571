/**
 * Notices that a single-page site went to another page.
 *
 * Left out: what then happens. Invariant: `changed` is called once for each new address, never for the same one twice in a row,
 * and the page's own history calls behave as before.
 */

const SETTLE = 50;

/** Starts watching; returns `stop`. */
export function watchHistory(changed: () => void): () => void {
  let address = location.href;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    // Routers set address and title in two steps.
    timer = setTimeout(() => {
      if (location.href === address) return;
      address = location.href;
      changed();
    }, SETTLE);
  };
  const { pushState, replaceState } = history;
  let watching = true;
  const wrap = (original: History['pushState']): History['pushState'] =>
    function (this: History, ...args) {
      original.apply(this, args);
      if (watching) look();
    };
  history.pushState = wrap(pushState);
  history.replaceState = wrap(replaceState);
  addEventListener('popstate', look);
  return () => {
    watching = false; // the wrappers stay: others may have wrapped them since
    clearTimeout(timer);
    removeEventListener('popstate', look);
  };
}
