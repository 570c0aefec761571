/**
 * When a pop-up counts as viewed: at least half of it in the viewport, on a page that is looked at, for one second without a break.
 *
 * Left out: what is then reported. Invariant: `seen` is called at most once, and never after `stop`.
 */

const LONG_ENOUGH = 1_000;

/** Watches `element`; returns `stop`. */
export function onceSeen(element: Element, seen: () => void): () => void {
  let inView = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const observer = new IntersectionObserver(
    (entries) => {
      inView = (entries[entries.length - 1]?.intersectionRatio ?? 0) >= 0.5;
      weigh();
    },
    { threshold: [0, 0.5, 1] },
  );

  function weigh(): void {
    const looking = inView && document.visibilityState === 'visible';
    if (!looking) {
      clearTimeout(timer);
      timer = undefined;
    } else {
      timer ??= setTimeout(() => {
        stop();
        seen();
      }, LONG_ENOUGH);
    }
  }

  function stop(): void {
    clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener('visibilitychange', weigh);
  }

  document.addEventListener('visibilitychange', weigh);
  observer.observe(element);
  return stop;
}
