/**
 * The looks of the question about push, for the preview in the dashboard: what visitors' pages draw, with nobody to ask.
 *
 * A script of its own for a sandboxed frame, which is told by `postMessage` what the form says. Left out: asking, keeping, telling. Invariant:
 * draws with the very code of visitors' pages, and nothing that is pressed there does anything.
 */
import { ask } from './prompts/ask.ts';
import { bell } from './prompts/bell.ts';
import { Consent, type ConsentPorts } from './push/consent.ts';
import { openDialog } from './push/dialog.ts';
import { completed, type Question } from './push/options.ts';
import type { PushSettings } from './wire.ts';

/** What a page could have written. */
const WORDS = {
  titleText: 'Shall we ring you?',
  bodyText: 'Only when something you wait for is back.',
  okButtonText: 'Yes, ring me',
  rejectButtonText: 'Not now',
};

const nothing = () => {};
const kept = new Map<string, string>();
const ports = {
  _store: { _get: (key: string) => kept.get(key), _set: (key: string, value: string) => kept.set(key, value), _remove: (key: string) => kept.delete(key) },
  _log: { _debug: nothing, _info: nothing, _warn: nothing, _error: nothing },
  _account: '',
  _raise: nothing,
  _pushKey: () => '',
} as unknown as ConsentPorts;

/** Somebody who was not asked yet, and whose answer goes nowhere. */
class Nobody extends Consent {
  override _state(): 'off' {
    return 'off';
  }
  override _ask(): Promise<void> {
    return Promise.resolve();
  }
}

// The form beside the frame keeps the focus.
HTMLElement.prototype.focus = nothing;

addEventListener('message', ({ source, data }) => {
  if (source !== parent) return;
  const settings = data as PushSettings;
  for (const host of document.querySelectorAll('[data-campanile=prompt]')) host.remove();
  kept.clear();
  const question = completed({ ...WORDS }, settings) as Question;
  const again = () => draw(question);
  draw(question);

  function draw(question: Question): void {
    const nobody = new Nobody(ports, '');
    if (question.style === 'bell') bell(question, nobody);
    else if (question.style === 'card' || question.style === 'center') ask(question, nobody, again, again);
    else openDialog(question, (html) => html, again, again);
  }
});
parent.postMessage('looks', '*');
