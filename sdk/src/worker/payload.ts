/**
 * From the text of a push message to what the browser shows.
 *
 * The payload is declarative web push (`docs/wire/push-payload.json`) with our part beside it. Left out: showing and reporting, and
 * whose turn it is when a payload is not ours. Invariant: nothing here throws, and whatever came there is something to show.
 */

export interface Payload {
  notification?: {
    title?: string;
    body?: string;
    navigate?: string;
    icon?: string;
    image?: string;
    badge?: string;
    lang?: string;
    dir?: NotificationDirection;
    tag?: string;
    silent?: boolean;
    requireInteraction?: boolean;
    actions?: { action: string; title: string; navigate?: string; icon?: string }[];
  };
  campanile: Ours;
}

/** Without account and token the message is shown all the same, and not reported. */
export interface Ours {
  account?: string;
  /** Token that this message is reported with. */
  send?: string;
  /** Absolute; overrides what the page left in IndexedDB. */
  endpoint?: string;
}

/** Kept with the notification, for its click. */
export interface NotificationData {
  campanile: Ours;
  navigate?: string;
  /** Address by action. */
  actions: Record<string, string>;
}

/** What came, and whether it bears our mark. */
export function parsePayload(data: { text(): string } | null): { payload: Payload; ours: boolean; json: unknown } {
  let text = '';
  let json: unknown;
  try {
    text = data?.text() ?? '';
    json = JSON.parse(text);
  } catch {
    // Empty, or no JSON: ours only if it looks like it.
  }
  const { campanile } = (json ?? {}) as Partial<Payload>;
  if (campanile && typeof campanile === 'object') return { payload: json as Payload, ours: true, json };
  return { payload: { notification: guess(json), campanile: {} }, ours: text.includes('"campanile":'), json };
}

/** What most services call title and text. */
function guess(json: unknown): NonNullable<Payload['notification']> {
  const outer = (json ?? {}) as { notification?: unknown };
  const { title, body } = (outer.notification ?? outer) as { title?: unknown; body?: unknown };
  return { ...(typeof title === 'string' && { title }), ...(typeof body === 'string' && { body }) };
}

/** Title and options for `showNotification`; `fallback` is the title of a message that has none. */
export function toNotification(payload: Payload, fallback: string): { title: string; options: NotificationOptions } {
  const { title, navigate, actions: given, ...shown } = payload.notification ?? {};
  const actions = Array.isArray(given) ? given.filter((action) => action?.action && action.title) : [];
  const data: NotificationData = {
    campanile: payload.campanile,
    ...(navigate && { navigate }),
    actions: Object.fromEntries(actions.flatMap(({ action, navigate }) => (navigate ? [[action, navigate]] : []))),
  };
  const options = {
    ...shown,
    data,
    // `navigate` is ours to follow; browsers that read it in actions would follow it twice.
    actions: actions.map(({ navigate: _, ...action }) => action),
  };
  return { title: title || fallback, options };
}

/** Address to open, absolute; `action` is empty for a click on the notification itself. */
export function targetOf(data: NotificationData, action: string, base: string): string {
  const address = (action && data.actions[action]) || data.navigate || '/';
  try {
    const url = new URL(address, base);
    return /^https?:$/.test(url.protocol) ? url.href : new URL('/', base).href;
  } catch {
    return new URL('/', base).href;
  }
}

/** True if a tab at `open` shows what `wanted` asks for: the same address but for its fragment. */
export function samePage(open: string, wanted: string): boolean {
  return open.split('#')[0] === wanted.split('#')[0];
}
