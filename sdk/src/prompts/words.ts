/**
 * The words that bell, preference centre and help bring along, and the steps that lead out of a block.
 *
 * English; a page in another language gives its own (`words`). Left out: the texts of the question, which are always the page's.
 * Invariant: a step names what the visitor sees in their browser, and no step needs more than a reader finds there.
 */
import type { PromptWords } from '../../types/index.d.ts';
import { browserName } from '../push/browser.ts';
import type { Options } from '../push/options.ts';

const ENGLISH: Omit<PromptWords, 'steps'> = {
  on: 'Notifications are on',
  onText: 'In this browser, on this device.',
  off: 'Notifications are off',
  offText: 'In this browser, on this device. Turn them on whenever you like.',
  turnOn: 'Turn on',
  turnOff: 'Turn all off',
  notNow: 'Not now',
  close: 'Close',
  saved: 'Saved',
  noTopic: 'Choose at least one.',
  blocked: 'Your browser blocks us',
  blockedText: 'You once chose Block. Only you can change that.',
  showHow: 'Show me how',
  help: 'Turn notifications back on',
  shownFor: 'Shown for your browser: {browser}.',
  leaveOff: 'Leave it off',
  notifications: 'Notifications',
};

/** With the page's own in the place of ours. */
export function wordsOf(options: Options): PromptWords {
  return { steps: steps(navigator.userAgent), ...ENGLISH, ...options.words };
}

/** Family and kind of machine. */
export function browserOf(userAgent: string): { name: string; phone: boolean } {
  return { name: browserName(userAgent), phone: /Android|iPhone|iPad|Mobile/.test(userAgent) };
}

function steps(userAgent: string): string[] {
  const { name, phone } = browserOf(userAgent);
  const back = 'Come back here. We notice by ourselves.';
  if (name === 'Safari') {
    return phone
      ? ['Open the *Settings* of your telephone, then *Notifications*.', 'Choose this app and allow notifications.', back]
      : ['Open *Settings* in the Safari menu, then *Websites*, *Notifications*.', 'Set this site to *Allow*.', back];
  }
  if (name === 'Firefox') {
    return phone
      ? ['Press the *lock* beside the address.', 'Press *Notifications* until it says *Allowed*.', back]
      : ['Press the *crossed-out bubble*, left of the address.', 'Press *×* beside *Send notifications*.', 'Come back here and turn them on.'];
  }
  return phone
    ? ['Press the *site controls* sign, left of the address, then *Permissions*.', 'Set *Notifications* to on.', back]
    : ['Press the *site controls* sign, left of the address.', 'Set *Notifications* to on.', back];
}
