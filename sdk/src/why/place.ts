/**
 * Where the overlay stands: at the end of the line, below, or wherever it covers no message; on a telephone a sheet with a handle.
 *
 * Left out: its look (`sheet.ts`). Invariant: where some side has enough room for it beside the messages, it covers none of them; a
 * height that the person gave the sheet by hand is kept.
 */

const INSET = 12;
const WIDTH = 476;
/** Height where it lies low, and of the sheet. */
const LOW = 336;
const SHEET = 600;
/** Narrower or lower it is of no use. */
const LEAST_WIDTH = 320;
const LEAST = 200;
/** What is left of the sheet when it is pushed down: its header. */
const HEADER = 56;

type At = 'left' | 'right' | 'below' | 'above';

export interface Place {
  /** Docks below, or back at the side. On a telephone: a low sheet, or a high one. */
  toggle(): void;
  /** Looks where there is room. */
  settle(): void;
  stop(): void;
}

/** Places `panel`, which `handle` drags on a telephone; `docked` is told whether it lies low. */
export function place(panel: HTMLElement, handle: HTMLElement, messages: () => DOMRect[], docked: (low: boolean) => void): Place {
  const phone = matchMedia('(max-width:559px)');
  let low = false;
  /** Height of the sheet that the person dragged it to. */
  let dragged: number | undefined;

  const settle = () => {
    docked(low);
    const sheet = phone.matches;
    const inset = sheet ? 0 : INSET;
    // Without the scroll bar.
    const right = document.documentElement.clientWidth - inset;
    let top = inset;
    let bottom = innerHeight - inset;
    // What lies across the page takes from its height only.
    const rest = messages().filter((message) => {
      if (message.width < right * 0.7 || message.height > innerHeight * 0.4) return true;
      if (message.top + message.bottom < innerHeight) top = Math.max(top, message.bottom + inset);
      else bottom = Math.min(bottom, message.top - inset);
      return false;
    });
    const least = (at: At) => (at === 'left' || at === 'right' ? LEAST_WIDTH : LEAST);
    const wanted = (at: At) => {
      if (least(at) === LEAST_WIDTH) return WIDTH;
      return Math.min(sheet ? (dragged ?? (low ? LOW : SHEET)) : Math.min(LOW, innerHeight / 2), bottom - top);
    };
    const rooms: Record<At, number> = {
      left: Math.min(right, ...rest.map(({ left }) => left - inset)) - inset,
      right: right - Math.max(inset, ...rest.map(({ right }) => right + inset)),
      above: Math.min(bottom, ...rest.map(({ top }) => top - inset)) - top,
      below: bottom - Math.max(top, ...rest.map(({ bottom }) => bottom + inset)),
    };
    const sides: At[] = panel.dir === 'rtl' ? ['left', 'right'] : ['right', 'left'];
    const order: At[] = sheet ? ['below', 'above'] : low ? ['below', 'above', ...sides] : [...sides, 'below', 'above'];
    const first = order[0] ?? 'right';
    const free = order.find((at) => rooms[at] >= wanted(at)) ?? order.find((at) => rooms[at] >= least(at));
    const at = sheet && dragged ? 'below' : (free ?? first);
    const size = free === at && !dragged ? Math.min(rooms[at], wanted(at)) : wanted(at);
    const upright = least(at) === LEAST_WIDTH;
    panel.dataset['at'] = sheet ? at : 'free';
    Object.assign(panel.style, {
      left: `${at === 'right' ? right - size : inset}px`,
      top: `${at === 'below' ? bottom - size : top}px`,
      width: `${upright ? size : right - inset}px`,
      height: `${upright ? bottom - top : size}px`,
    });
  };

  let grip: number | undefined;
  handle.addEventListener('pointerdown', (event) => {
    if (!phone.matches || event.button !== 0 || (event.target as Element).closest('button')) return;
    grip = event.clientY - panel.getBoundingClientRect().top;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener('pointermove', ({ clientY }) => {
    if (grip === undefined) return;
    dragged = Math.max(HEADER, innerHeight - clientY + grip);
    settle();
  });
  for (const name of ['pointerup', 'pointercancel']) handle.addEventListener(name, () => (grip = undefined));
  addEventListener('resize', settle);
  settle();
  return {
    toggle() {
      low = !low;
      dragged = undefined;
      settle();
    },
    settle,
    stop: () => removeEventListener('resize', settle),
  };
}
