/**
 * The way out of a block, drawn for the visitor's browser.
 *
 * Opens from the bell or the preference centre only. Left out: the words (`words.ts`). Invariant: as soon as the browser allows
 * notifications again they are on, and it closes by itself.
 */
import type { Consent } from '../push/consent.ts';
import type { Options } from '../push/options.ts';
import { make, set } from '../why/element.ts';
import { icon } from './icons.ts';
import { onPermission, preferences } from './panel.ts';
import { button, cross, show, title } from './shell.ts';
import { browserOf, wordsOf } from './words.ts';

export function help(options: Options, consent: Consent): void {
  const words = wordsOf(options);
  const { name, phone } = browserOf(navigator.userAgent);
  const steps = words.steps.map((step) => make('li', '', ...step.split('*').map((part, at) => (at % 2 ? make('b', '', part) : part))));
  const list = set(make('ol', '', ...steps), { id: 'text' });
  const shown = make('p', 'shown', words.shownFor.replace('{browser}', phone ? `${name} (mobile)` : name));
  const body = make('div', 'body', cross(words.close), title(words.help), list, make('div', 'row', shown, button('no', words.leaveOff)));
  // Safari has its switch in the settings, not beside the address.
  const inside = name === 'Safari' ? [body] : [drawn(words.notifications), body];
  let stop = () => {};
  const shell = show({ id: 'gif_modal', kind: 'help', modal: true }, options, inside, () => stop());
  stop = onPermission(() => {
    const { permission } = Notification;
    if (permission === 'denied') return;
    stop();
    shell.close();
    const open = () => {
      if (!document.getElementById('bell_wrapper')) preferences(options, consent);
    };
    if (permission === 'granted') void consent._ask(options).then(open);
    else {
      consent._changed();
      open();
    }
  });
}

/** Address bar and settings in plain shapes: no browser's own. */
function drawn(name: string): HTMLElement {
  const sign = make('i', 'sign');
  sign.append(icon('sliders'));
  const bar = make('div', 'bar', sign, make('span', '', location.hostname));
  const line = make('div', 'line', icon('bell'), make('b', '', name), make('i', 'switch'));
  return set(make('div', 'head', bar, make('div', 'menu', line, make('div', 'line dim', make('i', 'blank'), make('i', 'switch off')))), { 'aria-hidden': 'true' });
}
