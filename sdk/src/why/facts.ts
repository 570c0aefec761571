/**
 * The texts of the overlay's other tabs: the visitor, push with what is missing, the last calls, and all of it as JSON.
 *
 * Left out: drawing (`panel.ts`). Invariant: what the server did not say is called unknown, not left out or guessed.
 */
import type { Call, WhyState } from '../why-ports.ts';
import { clock } from './words.ts';

/** A name and what is known under it. */
export type Fact = readonly [name: string, value: string];

const NAMES: Record<string, string> = {
  device: 'Device',
  profile: 'Profile',
  identified: 'Logged in',
  session: 'Visit of this device',
  page: 'Page of this visit',
  kind: 'Kind of device',
  browser: 'Browser',
  system: 'System',
  language: 'Language',
  country: 'Country',
  zone: 'Time zone',
  subscribed: 'Subscribed to push',
  utm: 'Came by (UTM)',
};

/** The visitor as the server knows them, with the page and device as the browser does. */
export function visitorFacts({ why, page, device }: WhyState): Fact[] {
  const told = why?.visitor;
  const known = told !== null && typeof told === 'object' && !Array.isArray(told) ? told : {};
  const facts = Object.entries({ device, ...known }).map(([key, value]): Fact => [NAMES[key] ?? key, plain(value)]);
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
  default: 'not asked, or the question was closed',
  unsupported: 'not possible in this browser',
};

/** Push on this page; the last one says what is missing. */
export function pushFacts({ push: { permission, subscribed, worker }, why }: WhyState): Fact[] {
  const visitor = why?.visitor as { subscribed?: unknown } | null | undefined;
  const server = visitor?.subscribed;
  return [
    ['Permission', PERMISSIONS[permission] ?? permission],
    ['Subscription here', subscribed ? 'there' : 'none'],
    ['Service worker', worker ?? 'none'],
    ['The server can reach this person', plain(server)],
    ['What is missing', missing(permission, subscribed, worker !== undefined, server)],
  ];
}

function missing(permission: string, subscribed: boolean, worker: boolean, server: unknown): string {
  switch (permission) {
    case 'unsupported':
      return 'A browser with web push, and a page on HTTPS. On an iPhone the site has to be on the home screen.';
    case 'denied':
      return 'The permission. It was refused, and only the visitor can change that, in the browser’s settings of this site.';
    case 'granted':
      if (!worker) return 'The service worker. Check that its file lies on this site, and call clevertap.notifications.push again.';
      if (!subscribed) return 'The subscription. Call clevertap.notifications.push again; the permission is there already.';
      if (server === false) return 'The server’s knowledge of the subscription. It is told at the next page view.';
      return 'Nothing. A push can arrive.';
    default:
      return 'The permission. Ask for it with clevertap.notifications.push, after something worth hearing about.';
  }
}

/** Longest text of a call's arguments. */
const SHORT = 160;

/** The calls, the newest first: time, name, short arguments. */
export function callFacts(calls: readonly Call[]): [at: string, call: string, args: string][] {
  return calls
    .map(({ at, call, args }): [string, string, string] => [clock(at, true), call, short(args)])
    .reverse();
}

function short(args: readonly unknown[]): string {
  const text = args.map((arg) => json(arg, 0)).join(', ');
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}

/** As JSON; what JSON has no form for is named by its type, and what refers to itself is cut. */
export function json(value: unknown, indent = 2): string {
  const above: unknown[] = [];
  const text = JSON.stringify(
    value,
    function (this: unknown, _key, part: unknown) {
      if (typeof part === 'function') return 'a function';
      if (typeof part === 'bigint' || typeof part === 'symbol') return String(part);
      if (part === null || typeof part !== 'object') return part;
      // An element of the page would bring the whole page along.
      if ('nodeType' in part && 'nodeName' in part) return `<${String(part.nodeName).toLowerCase()}>`;
      while (above.length && above[above.length - 1] !== this) above.pop();
      if (above.includes(part)) return 'itself';
      above.push(part);
      return part;
    },
    indent,
  );
  return text ?? 'undefined';
}

/** All that the overlay was given. */
export function everything({ shown, ...state }: WhyState): string {
  return json({ ...state, shown: shown.map(({ campaign, msgId, viewed }) => ({ campaign, msgId, viewed })) });
}
