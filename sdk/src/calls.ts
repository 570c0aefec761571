/**
 * From the arguments of the documented calls to operations.
 *
 * `event.push`, `profile.push`, `onUserLogin.push` and `privacy.push` take lists of arguments, in the stub as well as later; here is
 * the only place that knows their shapes. Left out: when the operations are sent. Invariant: a bad argument is reported and never
 * takes the good ones with it.
 */
import { cleanProps, eventName, type Report } from './limits.ts';
import type { Draft, Identity } from './wire.ts';

/** `name, props?, name2, props2?…` */
export function events(args: readonly unknown[], report: Report): Draft[] {
  const drafts: Draft[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = eventName(args[i], report);
    const next = args[i + 1];
    const props = isObject(next) ? next : undefined;
    if (props) i++;
    if (name === undefined) continue;
    drafts.push({ op: 'event', name, ...(props && { props: cleanProps(props, 'props', report) }) });
  }
  return drafts;
}

/** `{Site: {…}}…` */
export function profiles(args: readonly unknown[], report: Report): Draft[] {
  return sites(args, 'profile', report).map((site): Draft => ({ op: 'profile', set: cleanProps(site, 'Site', report) }));
}

/** `{Site: {Identity | Email | Phone, …}}…`: a login; without any of the three, only properties. */
export function logins(args: readonly unknown[], report: Report): Draft[] {
  return sites(args, 'onUserLogin', report).map((site): Draft => {
    const set = cleanProps(site, 'Site', report);
    const identity: Identity = {};
    for (const kind of ['Identity', 'Email', 'Phone'] as const) {
      const value = set[kind];
      if (value !== undefined && value !== '') identity[kind] = value;
    }
    if (Object.keys(identity).length > 0) return { op: 'login', identity, set };
    report(602, 'onUserLogin needs Identity, Email or Phone in Site. Nobody was logged in; the properties were kept.');
    return { op: 'profile', set };
  });
}

/** `{optOut: boolean}`, `{useIP: boolean}`, in one object or several. */
export function privacy(args: readonly unknown[], report: Report): Draft[] {
  const drafts: Draft[] = [];
  for (const arg of args) {
    const { optOut, useIP } = isObject(arg) ? (arg as { optOut?: unknown; useIP?: unknown }) : {};
    const draft: Draft = {
      op: 'privacy',
      ...(typeof optOut === 'boolean' && { optOut }),
      ...(typeof useIP === 'boolean' && { useIP }),
    };
    if (Object.keys(draft).length > 1) drafts.push(draft);
    else report(512, 'privacy.push takes {optOut: true or false} or {useIP: true or false}. This one was not kept.');
  }
  return drafts;
}

function sites(args: readonly unknown[], call: string, report: Report): object[] {
  return args.flatMap((arg) => {
    const site = isObject(arg) ? (arg as { Site?: unknown }).Site : undefined;
    if (isObject(site)) return [site];
    report(512, `${call}.push takes {Site: {...}}. This one was not kept.`);
    return [];
  });
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
