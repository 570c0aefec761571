/**
 * One watch for each kind of sign: delay, scroll, idle, exit, click, visible.
 *
 * Left out: which belong together (`signals.ts`). Invariant: a watch reports once, holds no listener after it has or was stopped, and
 * an exit is never reported on a touch device, over a list that is open, or while a button is held.
 */
import type { Progress } from '../why-ports.ts';
import type { Signal } from '../wire.ts';

/** Where waits for the next page are kept in the tab; looked for by the page SDK as well. */
export const ACROSS = 'cmp:waits';

export interface Watch {
  _progress(): Progress;
  _stop(): void;
}

type Listen = (target: EventTarget, names: string, run: (event: Event) => void, capture?: boolean) => void;

/** A touch was seen: from then on the pointer says nothing. */
let touched = false;
/** After a press on a link the pointer may go where it likes. */
const LEAVING = 2_000;
/** A short page may still grow; it is believed after so long. */
const SETTLED = 1_000;

/** Watches for one sign; calls `met` once, `fault` when it can never come. */
export function watch(signal: Signal, since: number, met: () => void, fault: (text: string) => void): Watch {
  const ends: (() => void)[] = [];
  const progress: Progress = { on: signal.on, unit: 'times', now: 0, goal: 1, met: false };
  const stop = () => {
    for (const end of ends.splice(0)) end();
  };
  const done = () => {
    if (progress.met) return;
    progress.met = true;
    progress.now = Math.max(progress.now, progress.goal);
    stop();
    met();
  };
  const listen: Listen = (target, names, run, capture = true) => {
    for (const name of names.split(' ')) {
      target.addEventListener(name, run, { capture, passive: true });
      ends.push(() => target.removeEventListener(name, run, { capture }));
    }
  };
  let now: (() => number) | undefined;

  switch (signal.on) {
    case 'delay': {
      Object.assign(progress, { unit: 's', goal: signal.seconds });
      now = () => (Date.now() - since) / 1000;
      const timer = setTimeout(done, Math.max(0, since + signal.seconds * 1000 - Date.now()));
      ends.push(() => clearTimeout(timer));
      break;
    }
    case 'idle': {
      Object.assign(progress, { unit: 's', goal: signal.seconds });
      let last = Math.min(since, Date.now());
      now = () => (Date.now() - last) / 1000;
      listen(window, 'pointermove pointerdown keydown scroll wheel touchstart focus blur visibilitychange', () => (last = Date.now()));
      let timer: ReturnType<typeof setTimeout>;
      const look = () => {
        const left = last + signal.seconds * 1000 - Date.now();
        // Who looks at another tab is not at rest here.
        if (document.visibilityState === 'hidden') timer = setTimeout(look, signal.seconds * 1000);
        else if (left > 0) timer = setTimeout(look, left);
        else done();
      };
      look();
      ends.push(() => clearTimeout(timer));
      break;
    }
    case 'scroll':
      Object.assign(progress, { unit: '%', goal: signal.percent });
      scroll(signal.percent, progress, done, listen, ends);
      break;
    case 'exit':
      exit(done, listen);
      break;
    case 'click':
    case 'visible': {
      const { selector } = signal;
      progress.selector = selector;
      try {
        document.querySelector(selector);
      } catch {
        progress.fault = `"${selector}" is no CSS selector`;
        fault(`The pop-up waits for "${selector}", which is no CSS selector. It is not shown for that; correct the campaign.`);
        break;
      }
      if (signal.on === 'click') {
        listen(document, 'click', (event) => {
          const [target] = event.composedPath();
          if (target instanceof Element && target.closest(selector)) done();
        });
      } else visible(selector, done, ends);
      break;
    }
  }
  return {
    _progress: () => ({ ...progress, now: Math.round((progress.met ? progress.goal : (now?.() ?? progress.now)) * 10) / 10 }),
    _stop: stop,
  };
}

function scroll(percent: number, progress: Progress, done: () => void, listen: Listen, ends: (() => void)[]): void {
  let waiting = 0;
  const measure = (element: Element) => {
    const way = element.scrollHeight - element.clientHeight;
    if (way < 1) return;
    progress.now = Math.max(progress.now, Math.round((element.scrollTop / way) * 100));
    // The last pixel may be a fraction.
    if (element.scrollTop >= (way * percent) / 100 - 1) done();
  };
  const root = () => document.scrollingElement ?? document.documentElement;
  listen(document, 'scroll', ({ target }) => {
    const element = target instanceof Element ? target : root();
    // Some sites scroll a part that fills the window.
    if (element !== root() && element.clientHeight < innerHeight * 0.6) return;
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      measure(element);
    });
  });
  ends.push(() => cancelAnimationFrame(waiting));
  if (root().scrollTop > 0) measure(root());
  if (progress.met) return;
  // What cannot be scrolled has been seen whole.
  let timer: ReturnType<typeof setTimeout>;
  const short = () => {
    timer = setTimeout(() => {
      if (document.readyState !== 'complete') short();
      else if (root().scrollHeight <= innerHeight && !scroller()) done();
    }, SETTLED);
  };
  short();
  listen(window, 'resize', () => {
    clearTimeout(timer);
    short();
  });
  ends.push(() => clearTimeout(timer));
}

/** A part of the page that scrolls in the page's stead. */
function scroller(): Element | undefined {
  for (let at = document.elementFromPoint(innerWidth / 2, innerHeight / 2); at; at = at.parentElement) {
    if (at.scrollHeight > at.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return undefined;
}

function exit(done: () => void, listen: Listen): void {
  let inside = false;
  let leaving = 0;
  listen(document, 'touchstart', () => (touched = true));
  listen(document, 'mousemove mouseover', () => (inside = true));
  listen(document, 'click', (event) => {
    if ((event.target as Element | null)?.closest?.('a[href],area[href]')) leaving = Date.now();
  });
  const left = (event: Event) => {
    const { relatedTarget, clientY, buttons, target } = event as MouseEvent;
    if (relatedTarget || clientY > 0 || buttons || !inside || touched) return;
    if (matchMedia('(pointer:coarse)').matches) return;
    if ((target as Element | null)?.closest?.('select,option,input[list]') || Date.now() - leaving < LEAVING) return;
    done();
  };
  // Not every browser tells the document; each tells one of these.
  listen(document, 'mouseout', left);
  listen(document.documentElement, 'mouseleave', left, false);
}

/** Elements that come later are looked for at most four times a second. */
const LOOK = 250;
const MOST = 50;

function visible(selector: string, done: () => void, ends: (() => void)[]): void {
  const seen = new WeakSet<Element>();
  const views = new IntersectionObserver(
    (entries) => {
      const inView = entries.some(
        ({ isIntersecting, intersectionRatio, intersectionRect }) =>
          isIntersecting && (intersectionRatio >= 0.25 || intersectionRect.height >= innerHeight / 2),
      );
      if (inView) done();
    },
    { threshold: [0.01, 0.1, 0.25] },
  );
  const look = () => {
    timer = undefined;
    for (const element of [...document.querySelectorAll(selector)].slice(0, MOST)) {
      if (seen.has(element)) continue;
      seen.add(element);
      views.observe(element);
    }
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arrivals = new MutationObserver(() => {
    timer ??= setTimeout(look, LOOK);
  });
  look();
  arrivals.observe(document.documentElement, { childList: true, subtree: true });
  ends.push(
    () => views.disconnect(),
    () => arrivals.disconnect(),
    () => clearTimeout(timer),
  );
}
