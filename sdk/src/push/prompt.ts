/**
 * `clevertap.notifications.push(...)`: whether to ask, with which dialog, and what comes of the answer.
 *
 * Left out: the dialog's look (`dialog.ts`), subscribing (`subscribe.ts`). Invariant: nobody who said no is asked again before
 * the time that the page set, and the browser's own prompt comes only after a yes or `skipDialog`.
 */
import { isObject } from '../calls.ts';
import type { Log } from '../log.ts';
import type { Store } from '../storage.ts';
import type { Draft, PushSettings } from '../wire.ts';
import { openDialog, type DialogTexts } from './dialog.ts';
import { subscribe, type SubscribePorts } from './subscribe.ts';

/** One week. */
const ASK_AGAIN = 604_800;

export interface PromptPorts extends SubscribePorts {
  _store: Store;
  _log: Log;
  _account: string | undefined;
  _raise(draft: Draft): void;
}

export interface Options extends Partial<DialogTexts> {
  skipDialog?: boolean;
  askAgainTimeInSeconds?: number;
  serviceWorkerPath?: string;
  okCallback?: () => void;
  rejectCallback?: () => void;
  subscriptionCallback?: () => void;
}

/** Arguments of one call, or of several that the stub has collected in one array. */
function readOptions(args: readonly unknown[]): Options[] {
  const objects = args.filter(isObject);
  if (objects.length > 0 || args.length === 0) return objects as Options[];
  const [titleText, bodyText, okButtonText, rejectButtonText, okButtonColor, skipDialog, askAgainTimeInSeconds] = args;
  return [
    { titleText, bodyText, okButtonText, rejectButtonText, okButtonColor, skipDialog, askAgainTimeInSeconds } as Options,
  ];
}

let asking = false;

/** `clevertap.notifications.push` with these arguments. `settings` are those of the server's last reply. */
export function ask(args: readonly unknown[], settings: PushSettings, ports: PromptPorts): void {
  for (const options of readOptions(args)) {
    askFor(options, settings, ports).catch((error: unknown) => ports._log._error(811, 'Push could not be set up.', error));
  }
}

/** Goes through one request of the page. */
async function askFor(options: Options, settings: PushSettings, ports: PromptPorts): Promise<void> {
  const { _log, _store } = ports;
  const raise = (draft: Draft) => ports._raise(draft);
  const { key } = settings;
  if (!settings.enabled || !key) {
    _log._info(803, 'Push is switched off in the settings of this account. Nobody was asked.');
    return;
  }
  const subscribed = async () => {
    if (await subscribe(options.serviceWorkerPath || '/clevertap_sw.js', key, ports)) run(options.subscriptionCallback, _log);
  };
  if (Notification.permission === 'granted') {
    await subscribed();
    return;
  }
  if (Notification.permission === 'denied') {
    _log._info(805, 'The visitor has blocked notifications for this site; only the browser settings can undo it.');
    return;
  }
  if (asking) return;

  const native = async () => {
    const answer = await Notification.requestPermission();
    raise({ op: 'prompt', outcome: answer === 'default' ? 'dismissed' : answer });
    if (answer === 'granted') await subscribed();
  };
  if (options.skipDialog) {
    asking = true;
    await native().finally(() => (asking = false));
    return;
  }

  const { titleText, bodyText, okButtonText, rejectButtonText } = options;
  if (!titleText || !bodyText || !okButtonText || !rejectButtonText) {
    _log._error(804, 'notifications.push needs titleText, bodyText, okButtonText and rejectButtonText. Nobody was asked.');
    return;
  }
  const memory = `cmp:${ports._account}:rejected`;
  const rejected = Number(_store._get(memory));
  const pause = options.askAgainTimeInSeconds ?? ASK_AGAIN;
  if (rejected && Date.now() / 1000 - rejected < pause) {
    _log._info(806, 'The visitor said no a short while ago. Nobody was asked.');
    return;
  }
  asking = true;
  raise({ op: 'prompt', outcome: 'shown' });
  openDialog(
    { ...options, titleText, bodyText, okButtonText, rejectButtonText },
    (html) => ports._place._html(html),
    () => {
      asking = false;
      raise({ op: 'prompt', outcome: 'accepted' });
      run(options.okCallback, _log);
      void native();
    },
    () => {
      asking = false;
      _store._set(memory, String(Math.floor(Date.now() / 1000)));
      raise({ op: 'prompt', outcome: 'rejected' });
      run(options.rejectCallback, _log);
    },
  );
}

function run(callback: unknown, log: Log): void {
  if (typeof callback !== 'function') return;
  try {
    (callback as () => void)();
  } catch (error) {
    log._error(706, 'A callback of notifications.push failed.', error);
  }
}
