/**
 * `clevertap.notifications.push(...)`: whether to ask, how, and what comes of the answer; and the calls beside it.
 *
 * Left out: the dialog's look (`dialog.ts`, and other looks in `../prompts`), subscribing (`consent.ts`). Invariant: nobody who said
 * no is asked again before the time that the page set, and the browser's own prompt comes only after a yes or `skipDialog`.
 */
import type { Log } from '../log.ts';
import { PROMPTS, use } from '../part.ts';
import type { PromptOutcome, PushSettings } from '../wire.ts';
import { call, Consent, type ConsentPorts } from './consent.ts';
import { openDialog } from './dialog.ts';
import { completed, missing, readOptions, topicsOf, type Options, type Question } from './options.ts';
import { obstacle } from './support.ts';

/** One week. */
const ASK_AGAIN = 604_800;
const TOLD = {
  801: 'This browser has no web push (on iOS only from the home screen). Nobody was asked.',
  802: 'Push needs HTTPS or localhost; this page has neither. Nobody was asked.',
};

export interface PromptPorts extends ConsentPorts {
  _onceSettings(run: (settings: PushSettings) => void): void;
}

/** One for a page. */
let consent: Consent | undefined;
/** A question that stands: our dialog, or nothing of ours while the browser asks. */
let asking: { host?: Element; comes?: boolean } | undefined;
/** What the last question of this page said, for a preference centre that is not told otherwise. */
let last: Options = {};

/** `notifications.push`, `pushPreferences` and `pushUnsubscribe`, in this order. */
export function onPush(what: 0 | 1 | 2, args: readonly unknown[], ports: PromptPorts): void {
  const { _log } = ports;
  const stop = obstacle(window);
  if (stop) {
    (stop === 801 ? _log._info : _log._error)(stop, TOLD[stop]);
    if (what === 2) call(args[0], _log); // nothing was on
    return;
  }
  ports._onceSettings((settings) => {
    const { enabled, key } = settings;
    if (!enabled || !key) {
      _log._info(803, 'Push is switched off in the settings of this account. Nobody was asked.');
      return;
    }
    const mine = consentOf(ports, key);
    if (what === 0) {
      for (const options of readOptions(args)) askFor(completed(options, settings), mine).catch((error: unknown) => failed(_log, error));
    } else {
      use(PROMPTS, ports._place, (prompts) => {
        if (what === 1) prompts._preferences(completed({ ...last, ...(args[0] as Options | undefined) }, settings), mine);
        else prompts._end(mine).then(() => call(args[0], _log), (error: unknown) => failed(_log, error));
      });
    }
  });
}

export function consentOf(ports: PromptPorts, key: string): Consent {
  return (consent ??= new Consent(ports, key));
}

function failed(log: Log, error: unknown): void {
  log._error(811, 'Push could not be set up.', error);
}

/** Goes through one request of the page. */
async function askFor(options: Options, mine: Consent): Promise<void> {
  const { _log, _place } = mine._ports;
  const bell = options.style === 'bell';
  // What belongs to one question alone does not outlive it.
  const { _askedBy: _by, okCallback: _yes, rejectCallback: _no, ...lasting } = options;
  last = { ...last, ...lasting };
  if (bell) use(PROMPTS, _place, (prompts) => prompts._bell(options, mine));
  const { permission } = Notification;
  if (permission === 'granted' && !mine._off()) return void (await mine._subscribe(options));
  if (bell) return;
  if (permission === 'denied') {
    _log._info(805, 'The visitor has blocked notifications for this site; only the browser settings can undo it.');
    return;
  }
  // The browser's question may never be answered; a click is a new beginning.
  const clicked = navigator.userActivation?.isActive;
  if (asking && (asking.comes || (asking.host ? asking.host.isConnected && !options.skipDialog : !clicked))) return;
  // A yes elsewhere, to a campaign say, answers our dialog as well.
  asking?.host?.remove();

  const now: typeof asking = {};
  const over = () => {
    if (asking === now) asking = undefined;
  };
  const native = () => mine._ask(options).finally(over);
  if (options.skipDialog) {
    if (mine._off() && !clicked) {
      _log._info(807, 'The visitor turned notifications off on this site. Nobody was asked.');
      return;
    }
    asking = now;
    return native();
  }
  const names = missing(options);
  if (names.length > 0) {
    _log._error(804, `notifications.push: ${names.join(', ')} missing. Nobody was asked.`);
    return;
  }
  if (mine._rests(options.askAgainTimeInSeconds ?? ASK_AGAIN)) {
    _log._info(806, 'The visitor said no a short while ago. Nobody was asked.');
    return;
  }
  asking = now;
  if (!document.body) await new Promise((there) => document.addEventListener('DOMContentLoaded', there));
  const raise = (outcome: PromptOutcome) => mine._ports._raise({ op: 'prompt', outcome });
  const yes = (topics?: string[]) => {
    raise('accepted');
    mine._choose(topics);
    delete now.host;
    call(options.okCallback, _log);
    native().catch((error: unknown) => failed(_log, error));
  };
  const no = () => {
    over();
    mine._rest();
    raise('rejected');
    call(options.rejectCallback, _log);
  };
  const question = options as Question;
  const opened = (host: Element) => {
    now.host = host;
    now.comes = false;
    raise('shown');
  };
  if (topicsOf(options).length > 0 || options.style === 'center' || options.style === 'card') {
    now.comes = true;
    use(PROMPTS, _place, (prompts) => opened(prompts._ask(question, mine, yes, no)), over);
  } else opened(openDialog(question, (html) => _place._html(html), yes, no));
}
