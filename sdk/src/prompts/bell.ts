/**
 * The bell: stands in a corner and waits to be rung. Says how things are, and opens what can be done about it.
 *
 * Never opens by itself. Left out: the panel (`panel.ts`). Invariant: one bell on a page, its name says what a press does, and it
 * stands beside our boxes, never on them.
 */
import type { Consent } from '../push/consent.ts';
import { topicsOf, type Options, type Question } from '../push/options.ts';
import { isColour, textOn } from '../push/paint.ts';
import { make, set } from '../why/element.ts';
import { topics } from './ask.ts';
import { icon } from './icons.ts';
import { onPermission, panel } from './panel.ts';
import { hostOf } from './shell.ts';
import { wordsOf } from './words.ts';

export function bell(options: Options, consent: Consent): void {
  const { _ports } = consent;
  const text = options.titleText;
  if (typeof text !== 'string' || !text.trim()) {
    _ports._log._error(804, 'notifications.push: titleText missing, the name of the bell. It was not drawn.');
    return;
  }
  if (document.getElementById('bell_wrapper')) return;
  const words = wordsOf(options);
  const { host, root } = hostOf('bell_wrapper', options);
  const [vertical, side] = (options.position ?? '').split('-');
  host.dataset['at'] = `${vertical === 'top' ? 'top' : 'bottom'}-${side === 'left' ? 'left' : 'right'}`;
  const tip = set(make('span', 'tip'), { id: 'bell_tooltip', role: 'tooltip' });
  const press = set(make('button', 'bell'), { id: 'bell_icon', type: 'button', 'aria-expanded': 'false', 'aria-controls': 'panel' });
  const surface = set(make('div', 'card panel'), { id: 'panel', role: 'dialog', 'aria-labelledby': 'title', 'aria-describedby': 'text', hidden: '' });
  const said = set(make('span', 'hidden'), { role: 'status' });
  if (isColour(options.okButtonColor)) {
    press.style.background = options.okButtonColor;
    press.style.color = textOn(options.okButtonColor);
  }
  root.append(surface, tip, press, said);

  const seen = `cmp:${_ports._account}:bell`;
  let state: string | undefined;
  const draw = () => {
    const now = consent._state();
    const name = now === 'on' ? words.on : now === 'blocked' ? words.blocked : text;
    press.replaceChildren(icon(now === 'off' ? 'bell' : now === 'on' ? 'on' : 'off'));
    if (now === 'off' && !_ports._store._get(seen)) press.append(make('i', 'dot'));
    press.setAttribute('aria-label', name);
    tip.textContent = name;
    if (state !== undefined && state !== now) said.textContent = now === 'off' ? words.off : name;
    state = now;
  };
  draw();
  consent._watchers.add(draw);
  onPermission(() => consent._changed());

  let stop: (() => void) | undefined;
  const fold = (back: boolean) => {
    stop?.();
    stop = undefined;
    surface.hidden = true;
    press.setAttribute('aria-expanded', 'false');
    if (back) press.focus({ preventScroll: true });
  };
  press.addEventListener('click', () => {
    _ports._store._set(seen, '1');
    draw();
    if (stop) {
      fold(true);
      return;
    }
    if (consent._state() !== 'off') {
      stop = panel(surface, options, consent, () => fold(true));
      surface.hidden = false;
      press.setAttribute('aria-expanded', 'true');
      root.getElementById('title')?.focus({ preventScroll: true });
      return;
    }
    const go = () => {
      _ports._raise({ op: 'prompt', outcome: 'accepted' });
      void consent._ask(options);
    };
    if (topicsOf(options).length === 0) {
      go();
      return;
    }
    const question = { bodyText: '', ...options, okButtonText: options.okButtonText || words.turnOn, rejectButtonText: options.rejectButtonText || words.notNow };
    topics(question as Question, consent, (chosen) => {
      consent._choose(chosen);
      go();
    }, () => {});
  });
  host.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && stop) fold(true);
  });
  document.addEventListener('pointerdown', (event) => {
    if (stop && !event.composedPath().includes(host)) fold(false);
  });
  document.body.append(host);
  besideBoxes(host, press);
}

/** Goes above or below a box of ours that stands in its corner, and back. */
function besideBoxes(host: HTMLElement, press: HTMLElement): void {
  const place = () => {
    const box = document.getElementById('wizParDiv0');
    host.style.removeProperty('--up');
    if (!box) return;
    const [mine, its] = [press.getBoundingClientRect(), box.getBoundingClientRect()];
    const apart = mine.right <= its.left || its.right <= mine.left || mine.bottom <= its.top || its.bottom <= mine.top;
    if (its.height === 0 || apart) return;
    const top = host.dataset['at']?.startsWith('top');
    host.style.setProperty('--up', `${top ? its.bottom - mine.top + 12 : mine.bottom - its.top + 12}px`);
  };
  const sizes = new ResizeObserver(place);
  const look = () => {
    sizes.disconnect();
    const box = document.getElementById('wizParDiv0');
    if (box) sizes.observe(box);
    place();
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true });
}
