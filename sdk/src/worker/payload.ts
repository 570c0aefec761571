/**
 * From the text of a push message to what the browser shows.
 *
 * The payload is declarative web push (`docs/wire/push-payload.json`) with our part beside it. Left out: showing and reporting.
 * Invariant: a payload without a `campanile` part is not ours and is left alone; with one, there is always something to show.
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

export interface Ours {
  account: string;
  /** Token that this message is reported with. */
  send: string;
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

/** Undefined: not ours. */
export function parsePayload(text: string | undefined): Payload | undefined {
  try {
    const payload = JSON.parse(text ?? '') as Partial<Payload> | null;
    return typeof payload?.campanile?.send === 'string' ? (payload as Payload) : undefined;
  } catch {
    return undefined;
  }
}

/** Title and options for `showNotification`; `fallback` is the title of a message that has none. */
export function toNotification(payload: Payload, fallback: string): { title: string; options: NotificationOptions } {
  const { title, navigate, actions = [], ...shown } = payload.notification ?? {};
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
