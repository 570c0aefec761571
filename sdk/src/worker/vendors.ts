/**
 * Messages of other providers, as they come in a push: what of them a notification can show.
 *
 * For the takeover worker, where the old vendor's own script is gone. Left out: reporting to the vendor. Invariant: never throws, and
 * what has another type than it should is left out.
 */
import type { Payload } from './payload.ts';

type Fields = Record<string, unknown>;
type Notification = NonNullable<Payload['notification']>;

const object = (value: unknown): Fields => (value && typeof value === 'object' ? (value as Fields) : {});
const text = (...values: unknown[]): string | undefined => values.find((value): value is string => typeof value === 'string' && value !== '');

/** OneSignal (`alert`, `custom.u`, `o`), Firebase (`notification`, `fcmOptions`), CleverTap (`notificationOptions`, `deepLink`), Pushwoosh (`header`, `openUrl`), and what looks like them. */
export function readVendor(json: unknown): Notification {
  const outer = object(json);
  const inner = { ...outer, ...object(outer['notificationOptions']), ...object(outer['notification']) };
  const data = object(inner['data']);
  const link = object(outer['fcmOptions'] ?? outer['fcm_options'])['link'];
  const found = {
    title: text(inner['title'], inner['header'], data['title']),
    body: text(inner['body'], inner['alert'], inner['message'], inner['text'], data['body'], data['message']),
    navigate: text(inner['navigate'], object(outer['custom'])['u'], link, inner['click_action'], inner['deepLink'], inner['openUrl'], inner['url'], inner['link'], data['url'], data['link']),
    icon: text(inner['icon'], data['icon']),
    image: text(inner['image'], data['image']),
    badge: text(inner['badge']),
    tag: text(inner['tag']),
    actions: buttons(inner['o'] ?? inner['actions'] ?? inner['buttons']),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as Notification;
}

function buttons(list: unknown): Notification['actions'] {
  if (!Array.isArray(list)) return undefined;
  return list.map(object).flatMap((button, at) => {
    const title = text(button['title'], button['n'], button['text']);
    const navigate = text(button['navigate'], button['u'], button['url'], button['link'], button['deepLink']);
    return title ? [{ action: text(button['action'], button['i'], button['id']) ?? String(at), title, ...(navigate && { navigate }) }] : [];
  });
}
