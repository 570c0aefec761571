/**
 * Where a visitor sees whether notifications are on, chooses topics, and turns them on or off: for the bell and the preference centre.
 *
 * Left out: the bell (`bell.ts`), the help (`help.ts`). Invariant: what stands there is what is; each change of the permission or the
 * subscription is drawn anew, and a choice is kept as soon as it is made.
 */
import type { Consent } from '../push/consent.ts';
import { topicsOf, type Options } from '../push/options.ts';
import { make, set } from '../why/element.ts';
import { end } from './end.ts';
import { help } from './help.ts';
import { button, cross, painted, show, textOf, title, type Shell } from './shell.ts';
import { topicList } from './topics.ts';
import { wordsOf } from './words.ts';

/** Fills `card`; gives back what ends the watching. `leave` is called where the visitor goes on elsewhere. */
export function panel(card: HTMLElement, options: Options, consent: Consent, leave: () => void): () => void {
  const words = wordsOf(options);
  const many = topicsOf(options).length > 0;
  const said = set(make('p', 'said'), { role: 'status' });
  const draw = () => {
    const state = consent._state();
    const focused = (card.getRootNode() as ShadowRoot).activeElement;
    const inside = card.contains(focused);
    const parts: Node[] = [cross(words.close)];
    if (state === 'blocked') {
      const how = painted(button('yes', words.showHow), options);
      how.addEventListener('click', () => {
        leave();
        help(options, consent);
      });
      parts.push(title(words.blocked), textOf(words.blockedText), make('div', 'row wide', how));
    } else {
      const on = state === 'on';
      const list = topicList(options, consent._topics(), () => {
        consent._choose(list.chosen());
        if (!on) return;
        void consent._subscribe({ ...options, subscriptionCallback: () => (said.textContent = words.saved) });
        said.textContent = '';
      });
      const go = on ? button('off', words.turnOff) : painted(button('yes', words.turnOn), options);
      go.addEventListener('click', () => {
        go.setAttribute('aria-disabled', 'true');
        if (!on && many) consent._choose(list.chosen());
        (on ? end(consent) : consent._ask(options))
          .catch((error: unknown) => consent._ports._log._error(811, 'Push could not be changed.', error))
          .finally(() => go.removeAttribute('aria-disabled'));
      });
      parts.push(title(on ? words.on : words.off), textOf(on ? words.onText : words.offText));
      if (many) parts.push(list.list);
      parts.push(make('div', 'row wide', go));
    }
    parts.push(said);
    card.replaceChildren(...parts);
    card.querySelector('.x')?.addEventListener('click', leave);
    // What had the focus is gone.
    if (inside) (card.querySelector('#title') as HTMLElement).focus({ preventScroll: true });
  };
  let state = consent._state();
  draw();
  const changed = () => {
    const now = consent._state();
    // Nothing else of it can have changed but by the visitor's own hand.
    if (now !== state) draw();
    state = now;
  };
  consent._watchers.add(changed);
  const stop = onPermission(changed);
  return () => {
    consent._watchers.delete(changed);
    stop();
  };
}

/** Calls `run` when the visitor changes the permission in the browser's settings. */
export function onPermission(run: () => void): () => void {
  let stop = () => {};
  let over = false;
  navigator.permissions?.query({ name: 'notifications' }).then(
    (status) => {
      if (over) return;
      status.addEventListener('change', run);
      stop = () => status.removeEventListener('change', run);
    },
    () => {}, // a browser that does not tell; the state is read again at the next look
  );
  return () => {
    over = true;
    stop();
  };
}

/** Opens the preference centre; one stands there already: that one. */
export function preferences(options: Options, consent: Consent): void {
  if (document.getElementById('campanile_preferences')) return;
  let ended = () => {};
  const words = wordsOf(options);
  const shell: Shell = show({ id: 'campanile_preferences', kind: 'panel', modal: true }, options, [title(words.on)], () => ended());
  const stop = panel(shell.card, options, consent, () => {
    shell.close();
    ended();
  });
  ended = stop;
  (shell.card.querySelector('#title') as HTMLElement).focus({ preventScroll: true });
}
