/**
 * The arguments of `clevertap.notifications.push`: objects, or texts one by one, as many calls as the stub has collected.
 *
 * Left out: what is done with them (`prompt.ts`). Invariant: reading never throws, and what is missing is named, not guessed.
 */
import { isObject } from '../calls.ts';
import type { NotificationOptions, PushTopic } from '../../types/index.d.ts';
import type { AskedBy, PushSettings } from '../wire.ts';

/** `_askedBy`: the pop-up whose button it was. */
export type Options = NotificationOptions & { _askedBy?: AskedBy };
export type Topic = PushTopic;

const TEXTS = ['titleText', 'bodyText', 'okButtonText', 'rejectButtonText'] as const;

/** The texts are there. */
export type Question = Options & Record<(typeof TEXTS)[number], string>;

/** One for each call. Texts one by one: title, text, accept, reject, then if given colour, `skipDialog`, `askAgainTimeInSeconds`. */
export function readOptions(args: readonly unknown[]): Options[] {
  const rest = [...args];
  const all: Options[] = [];
  const next = (fits: (value: unknown) => boolean) =>
    rest.length > 0 && !isObject(rest[0]) && (rest[0] == null || fits(rest[0])) ? rest.shift() : undefined;
  do {
    if (isObject(rest[0])) all.push(rest.shift() as Options);
    else {
      const [titleText, bodyText, okButtonText, rejectButtonText] = TEXTS.map(() => next(() => true));
      // Whatever stands before the switch is the colour, if only an empty text or one that is none.
      const okButtonColor = next((value) => /^#/.test(String(value)) || value === '' || typeof rest[1] === 'boolean');
      const skipDialog = next((value) => typeof value === 'boolean');
      const askAgainTimeInSeconds = next((value) => typeof value === 'number');
      all.push({ titleText, bodyText, okButtonText, rejectButtonText, okButtonColor, skipDialog, askAgainTimeInSeconds } as Options);
    }
  } while (rest.length > 0);
  return all;
}

/** What the page said, and for the rest what the settings say. */
export function completed(options: Options, { asking }: PushSettings): Options {
  const said = Object.entries(options).filter(([, value]) => value !== undefined && value !== '');
  const { color, icon_url, worker_path, worker_scope, style, ...rest } = asking ?? {};
  return {
    ...rest,
    okButtonColor: color,
    iconUrl: icon_url,
    // Whoever asks the browser at once has no use for a bell.
    ...(!options.skipDialog && { style }),
    // A scope belongs to its worker.
    ...(!options.serviceWorkerPath && { serviceWorkerPath: worker_path, serviceWorkerScope: worker_scope }),
    ...Object.fromEntries(said),
  } as Options;
}

/** Names of the texts that are not there. */
export function missing(options: Options): string[] {
  return TEXTS.filter((name) => typeof options[name] !== 'string' || !options[name].trim());
}

/** Topics that can be shown. */
export function topicsOf({ topics }: Options): Topic[] {
  return Array.isArray(topics) ? topics.filter((topic) => isObject(topic) && topic.id && topic.title) : [];
}
