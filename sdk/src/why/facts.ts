/**
 * The texts of the overlay's other tabs: the visitor, push with what is missing, the last calls, and all of it as JSON.
 *
 * Left out: drawing (`panel.ts`). Invariant: what the server did not say is called unknown, not left out or guessed.
 */
import type { Call, WhyState } from '../why-ports.ts';
import { clock, label } from './words.ts';

/** A name and what is known under it. */
export type Fact = [name: string, value: string];

const NAMES: Record<string, string> = {
  identified: 'Logged in',
  session: 'Visit',
  page: 'Page of the visit',
  subscribed: 'Subscribed to push',
  utm: 'UTM',
};

/** The visitor as the server knows them, with the page and device as the browser does. */
export function visitorFacts({ why, page, device }: WhyState): Fact[] {
  const told = why?.visitor;
  const known = told !== null && typeof told === 'object' && !Array.isArray(told) ? told : {};
  const facts = Object.entries({ device, ...known }).map(([key, value]): Fact => [NAMES[key] ?? label(key), plain(value)]);
  return [['Address', page], ...facts];
}

function plain(value: unknown): string {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (value !== null && typeof value === 'object') {
    const parts = Object.entries(value).map(([key, part]) => `${key}: ${plain(part)}`);
    return parts.join(', ') || 'nothing';
  }
  return value === null || value === undefined || value === '' ? 'not known' : String(value as string | number);
}

const PERMISSIONS: Record<string, string> = {
  granted: 'allowed',
  denied: 'blocked',
  default: 'not asked',
  unsupported: 'not possible here',
};

const HAS = { ours: 'has our subscription', another: 'has a subscription under another key', none: 'no subscription' };

/** Push on this page; the last one says what is missing. */
export function pushFacts({ push: { permission, subscribed, worker, controller, workers = [] }, why }: WhyState): Fact[] {
  const visitor = why?.visitor as { subscribed?: unknown } | null | undefined;
  const server = visitor?.subscribed;
  return [
    ['Permission', PERMISSIONS[permission] ?? permission],
    ['Subscription here', subscribed ? 'there' : 'none'],
    ['Controls this page', controller ?? 'no service worker'],
    ...workers.map(({ scope, script, has }): Fact => [`Service worker for ${scope}`, `${script}: ${HAS[has]}`]),
    ['The server can reach this person', plain(server)],
    ['What is missing', missing(permission, subscribed, worker !== undefined, server)],
  ];
}

function missing(permission: string, subscribed: boolean, worker: boolean, server: unknown): string {
  switch (permission) {
    case 'unsupported':
      return 'A browser with web push and a page on HTTPS; on an iPhone, a site on the home screen.';
    case 'denied':
      return 'The permission, which was refused. Only the visitor can change that, in the browser’s site settings.';
    case 'granted':
      if (!worker) return 'The service worker. Put its file on this site, then call clevertap.notifications.push.';
      if (!subscribed) return 'The subscription. Call clevertap.notifications.push once more.';
      return server === false ? 'The server’s knowledge of it, which comes with the next page view.' : 'Nothing. A push can arrive.';
    default:
      return 'The permission. Ask with clevertap.notifications.push, after something worth hearing about.';
  }
}

/** Longest text of a call's arguments. */
const SHORT = 160;

/** The calls, the newest first: time, name, short arguments. */
export function callFacts(calls: readonly Call[]): string[][] {
  return calls.map(({ at, call, args }) => [clock(at, 'medium'), call, short(args)]).reverse();
}

function short(args: readonly unknown[]): string {
  const text = args.map((arg) => JSON.stringify(writable(arg))).join(', ');
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}

/** An argument as JSON can have it: what has no form there is named. */
function writable(arg: unknown): unknown {
  try {
    const text = JSON.stringify(arg, (_, part: unknown) => {
      if (typeof part === 'function') return 'a function';
      if (typeof part === 'bigint') return String(part);
      // An element of the page would bring the whole page along.
      return part instanceof EventTarget ? String(part) : part;
    });
    return text === undefined ? String(arg) : (JSON.parse(text) as unknown);
  } catch {
    return 'refers to itself';
  }
}

/** All that the overlay was given, as JSON. */
export function everything({ shown, calls, ...state }: WhyState): string {
  return JSON.stringify(
    {
      ...state,
      shown: shown.map(({ campaign, msgId, viewed, test }) => ({ campaign, msgId, viewed, test })),
      calls: calls.map((call) => ({ ...call, args: call.args.map(writable) })),
    },
    null,
    2,
  );
}
