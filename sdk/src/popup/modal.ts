/**
 * Keyboard and focus of an interstitial: the page behind it is inert, focus goes in, stays in, and comes back.
 *
 * Left out: the veil and the look (`frame.ts`). Invariant: what is made inert here, and nothing else, is made usable again, whoever
 * ends the message and however.
 */

const STOPS = 'a[href],button,input,select,textarea,summary,iframe,audio[controls],video[controls],[contenteditable],[tabindex]';

/** Makes all of the page inert but `kept`; returns what undoes it and gives the focus back. */
export function isolate(kept: readonly Node[]): () => void {
  const before = document.activeElement as HTMLElement | null;
  const made = new Set<Element>();
  const look = () => {
    for (const element of document.body.children) {
      // Usable beside a message: the dialog that asks for push, and the overlay.
      if (kept.includes(element) || element.matches('[data-campanile],[inert]')) continue;
      element.setAttribute('inert', '');
      made.add(element);
    }
  };
  look();
  const arrivals = new MutationObserver(look);
  arrivals.observe(document.body, { childList: true });
  return () => {
    arrivals.disconnect();
    for (const element of made) element.removeAttribute('inert');
    // Who went on to something else keeps it.
    const now = document.activeElement;
    if (!now || now === document.body || kept.some((part) => part.contains(now))) before?.focus?.({ preventScroll: true });
  };
}

/** Moves the focus to the title of the dialog. */
export function focusTitle(frame: HTMLIFrameElement, inner: Document): void {
  const dialog = inner.querySelector('[role=dialog],[role=alertdialog]');
  const id = dialog?.getAttribute('aria-labelledby');
  const title = ((id && inner.getElementById(id)) ||
    inner.querySelector('h1,h2,h3') ||
    dialog ||
    inner.body) as HTMLElement;
  if (title.tabIndex < 0) {
    title.tabIndex = -1;
    // Nothing can be done with it: a ring would say otherwise.
    title.style.outline = '0';
  }
  frame.focus({ preventScroll: true });
  title.focus({ preventScroll: true });
}

/** Lets Tab go round inside. */
export function trap(inner: Document | ShadowRoot): void {
  (inner as Document).addEventListener('keydown', (event) => {
    if (event.key !== 'Tab') return;
    const stops = [...inner.querySelectorAll<HTMLElement>(STOPS)].filter(
      (element) => element.tabIndex >= 0 && !element.matches(':disabled') && element.getClientRects().length > 0,
    );
    const at = stops.indexOf(inner.activeElement as HTMLElement);
    const last = stops.length - 1;
    // Backwards from the title, which is no stop, would lead out as well.
    if (event.shiftKey ? at > 0 : at !== last) return;
    event.preventDefault();
    stops[event.shiftKey ? last : 0]?.focus();
  });
}

/** Keeps the wheel and the finger from moving the page behind, through a message that has nothing to scroll. */
export function keepScroll(inner: Document): void {
  const root = inner.documentElement;
  root.style.overscrollBehavior = 'contain';
  for (const name of ['wheel', 'touchmove']) {
    inner.addEventListener(
      name,
      (event) => {
        let at = event.target as Element | null;
        // Two fingers enlarge.
        if ((event as TouchEvent).touches?.length > 1) return;
        for (; at; at = at.parentElement) {
          const scrolls = at === root || /auto|scroll/.test(getComputedStyle(at).overflowY);
          if (scrolls && at.scrollHeight > at.clientHeight) return;
        }
        event.preventDefault();
      },
      { passive: false },
    );
  }
}
