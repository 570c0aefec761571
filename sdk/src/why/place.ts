/**
 * Where the overlay stands: at the end of the line, below, or wherever it covers no message; on a telephone a sheet with a handle.
 *
 * Left out: its look (`sheet.ts`). Invariant: where a place is free that covers no message, it stands there; a place that the person
 * chose by hand on a telephone is theirs.
 */

const WIDTH = 476;
const INSET = 12;
/** Height below and above, and of the sheet. */
const LOW = 336;
const SHEET = 600;
/** A sheet under this height is of no use. */
const LEAST = 220;
/** What is left of the sheet when it is pushed down: its header. */
const HEADER = 56;

type At = 'end' | 'start' | 'below' | 'above' | 'sheet' | 'top';

export interface Place {
  /** Docks below, or back at the side. On a telephone: a low sheet, or a high one. */
  toggle(): void;
  /** Looks whether a message is covered, and moves if so. */
  settle(): void;
  stop(): void;
}

/** Places `panel`, which `handle` drags on a telephone; `docked` is told whether it lies low. */
export function place(panel: HTMLElement, handle: HTMLElement, messages: () => DOMRect[], docked: (low: boolean) => void): Place {
  const phone = matchMedia('(max-width:559px)');
  let low = false;
  let now: At | undefined;
  /** Height of the sheet that the person dragged it to. */
  let dragged: number | undefined;

  const rect = (at: At, height = Math.min(LOW, innerHeight / 2)): DOMRect => {
    // Without the scroll bar.
    const width = document.documentElement.clientWidth;
    if (at === 'sheet' || at === 'top') return new DOMRect(0, at === 'top' ? 0 : innerHeight - height, width, height);
    if (at === 'below' || at === 'above') {
      return new DOMRect(INSET, at === 'above' ? INSET : innerHeight - INSET - height, width - 2 * INSET, height);
    }
    const left = (at === 'end') === (panel.dir === 'rtl') ? INSET : width - INSET - WIDTH;
    return new DOMRect(left, INSET, WIDTH, innerHeight - 2 * INSET);
  };

  const stand = (at: At, height?: number) => {
    now = at;
    panel.dataset['at'] = at;
    const { style } = panel;
    const place = rect(at, height);
    style.left = `${place.left}px`;
    style.top = `${place.top}px`;
    style.width = `${place.width}px`;
    style.height = `${place.height}px`;
  };

  const settleSheet = (covered: DOMRect[]) => {
    const most = innerHeight - 3 * INSET;
    const wanted = Math.min(low ? LOW : SHEET, most);
    if (dragged !== undefined) {
      stand('sheet', Math.min(dragged, most));
      return;
    }
    const above = Math.min(...covered.map(({ top }) => top), innerHeight);
    const below = innerHeight - Math.max(...covered.map(({ bottom }) => bottom), 0);
    if (covered.length === 0 || below >= wanted) stand('sheet', wanted);
    else if (above > below && above >= LEAST) stand('top', Math.min(wanted, above));
    else stand('sheet', below >= LEAST ? below : wanted);
  };

  const settle = () => {
    const covered = messages();
    docked(low);
    if (phone.matches) {
      settleSheet(covered);
      return;
    }
    const order: At[] = low ? ['below', 'above', 'end', 'start'] : ['end', 'start', 'below', 'above'];
    const cost = (at: At) => covered.reduce((sum, message) => sum + overlap(rect(at), message), 0);
    // It stays where it is until a message is covered there, so that it does not jump to and fro.
    if (now && order.includes(now) && now !== order[0] && cost(now) === 0 && cost(order[0] ?? now) > 0) {
      stand(now);
      return;
    }
    const [first = 'end', ...others] = order;
    const best = others.reduce((best, at) => (cost(at) < cost(best) ? at : best), first);
    stand(best);
  };

  const toggle = () => {
    low = !low;
    dragged = undefined;
    settle();
  };

  let grip: number | undefined;
  const onDown = (event: PointerEvent) => {
    if (!phone.matches || event.button !== 0 || (event.target as Element).closest('button')) return;
    grip = event.clientY - panel.getBoundingClientRect().top;
    handle.setPointerCapture(event.pointerId);
  };
  const onMove = ({ clientY }: PointerEvent) => {
    if (grip === undefined) return;
    dragged = Math.max(HEADER, innerHeight - clientY + grip);
    settle();
  };
  const onUp = () => (grip = undefined);
  handle.addEventListener('pointerdown', onDown);
  handle.addEventListener('pointermove', onMove);
  handle.addEventListener('pointerup', onUp);
  handle.addEventListener('pointercancel', onUp);
  addEventListener('resize', settle);
  settle();
  return { toggle, settle, stop: () => removeEventListener('resize', settle) };
}

function overlap(a: DOMRect, b: DOMRect): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}
