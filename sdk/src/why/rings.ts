/**
 * The bronze line around each message that stands on the page, with a tab that names it.
 *
 * Follows the message through scrolling, resizing and its own coming and going, and goes with it. Left out: what the tab says
 * (`panel.ts`). Invariant: nothing of it can be clicked, and the message itself is not touched.
 */
import type { Shown } from '../why-ports.ts';
import { make, say, set } from './element.ts';

/** Free space between message and line, and the line's own width. */
const GAP = 7;
const LINE = 2;
/** What the tab needs above the line. */
const TAB = 24;

interface Ring {
  box: HTMLElement;
  tab: HTMLElement;
  last: string;
}

export interface Rings {
  update(shown: readonly Shown[], title: (shown: Shown) => string): void;
  /** Where messages with their lines and tabs stand. */
  places(): DOMRect[];
  stop(): void;
}

/** Draws into `layer`; `moved` is called when a line is another one than before. */
export function rings(layer: HTMLElement, moved: () => void): Rings {
  const drawn = new Map<HTMLElement, Ring>();
  let frame = 0;

  const follow = () => {
    frame = 0;
    let changed = false;
    for (const [host, ring] of drawn) changed = draw(host, ring) || changed;
    // An animation or a page script moves a message without telling anyone, so it is looked at as often as it is painted.
    if (drawn.size > 0) frame = requestAnimationFrame(follow);
    if (changed) moved();
  };

  return {
    update(shown, title) {
      for (const [host, { box }] of drawn) {
        if (shown.some((one) => one.host === host)) continue;
        box.remove();
        drawn.delete(host);
      }
      for (const one of shown) {
        let ring = drawn.get(one.host);
        if (!ring) {
          const tab = make('span', 'tab');
          const box = set(make('div', 'ring', tab), { 'aria-hidden': 'true' });
          ring = { box, tab, last: '' };
          drawn.set(one.host, ring);
          layer.append(box);
        }
        say(ring.tab, title(one));
      }
      if (!frame) follow();
    },
    places: () =>
      [...drawn.keys()]
        .map(around)
        .filter(({ width }) => width > 0)
        .map(({ left, top, width, height }) => new DOMRect(left, top - TAB, width, height + TAB)),
    stop() {
      cancelAnimationFrame(frame);
      for (const { box } of drawn.values()) box.remove();
      drawn.clear();
    },
  };
}

/** The message with its line; without extent where it is not there. */
function around(host: HTMLElement): DOMRect {
  const { left, top, width, height } = host.getBoundingClientRect();
  const more = GAP + LINE;
  return width > 0 && height > 0 ? new DOMRect(left - more, top - more, width + 2 * more, height + 2 * more) : new DOMRect();
}

function draw(host: HTMLElement, drawn: Ring): boolean {
  const { box, tab, last } = drawn;
  const { left, top, width, height, bottom } = around(host);
  const now = [left, top, width, height, innerWidth, innerHeight].join();
  if (now === last) return false;
  drawn.last = now;
  const ring = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
  Object.assign(box.style, ring, { borderRadius: `${(parseFloat(getComputedStyle(host).borderTopLeftRadius) || 0) + GAP}px` });
  box.hidden = width === 0;
  // Above the line where there is room, else below it, else inside.
  tab.dataset['tab'] = top >= TAB ? 'above' : bottom + TAB <= innerHeight ? 'below' : 'inside';
  return true;
}
