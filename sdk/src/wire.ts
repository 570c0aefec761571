/**
 * The wire between browser and server, as `docs/wire/README.md` has it.
 *
 * Types and one encoder; what the operations mean is the server's business. Left out: sending (`outbox.ts`, `transport.ts`).
 * Invariant: the fixtures in `docs/wire/*.json` type-check against these types and come out of `encode` byte for byte.
 */

/** What happened, before it has an id and a time. */
export type Draft =
  | { op: 'page'; url: string; referrer?: string; title?: string }
  | { op: 'event'; name: string; props?: Props }
  | { op: 'profile'; set: Props }
  | { op: 'login'; identity: Identity; set?: Props }
  | { op: 'logout' }
  | { op: 'privacy'; optOut?: boolean; useIP?: boolean }
  | { op: 'subscribe'; subscription: SubscriptionJson; key: string; browser: string }
  | { op: 'unsubscribe'; endpoint: string }
  | { op: 'prompt'; outcome: PromptOutcome }
  | { op: 'view'; msg: string; impression?: string }
  | { op: 'click'; msg: string; impression?: string; button?: string; url?: string }
  | { op: 'close'; msg: string; impression?: string }
  | { op: 'push_shown' | 'push_clicked' | 'push_dismissed'; send: string; action?: string };

/** One operation. `id` is a UUIDv7 in 32 hex digits, `t` milliseconds since 1970 by the browser's clock. */
export type Op = { id: string; t: number } & Draft;

export type Props = { [name: string]: Json };
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Identity = { Identity?: Json; Email?: Json; Phone?: Json };
export type PromptOutcome = 'shown' | 'accepted' | 'rejected' | 'granted' | 'denied' | 'dismissed';

/** What `PushSubscription.toJSON()` gives. */
export interface SubscriptionJson {
  endpoint?: string;
  expirationTime?: number | null;
  keys?: Record<string, string>;
}

export interface Context {
  url?: string;
  referrer?: string;
  language?: string;
  zone?: string;
  touch?: boolean;
  width?: number;
  height?: number;
  push?: string;
}

/** Everything of a request but its operations. */
export interface Head {
  account: string;
  device?: string;
  sdk: string;
  now: number;
  show?: boolean;
  context?: Context;
}

export interface Request extends Head {
  v: 1;
  ops: Op[];
}

export interface Reply {
  v: 1;
  device?: string;
  session?: { id: number; pages: number; number: number };
  identified?: boolean;
  optOut?: boolean;
  settings?: { push?: PushSettings };
  accepted?: number;
  refused?: Refusal[];
  messages?: Message[];
}

export interface PushSettings {
  enabled: boolean;
  key?: string;
}

/** An operation, or a part of one, that the server did not keep. */
export interface Refusal {
  id?: string;
  code: number | string;
  field?: string;
  message: string;
}

/** A pop-up to show now. */
export interface Message {
  impression: string;
  msgId: string;
  kv?: Record<string, string>;
  msgContent: {
    html: string;
    type: number;
    templateType: string;
    title?: string;
    description?: string;
    kv?: Record<string, string>;
  };
  display: { kind: string; corner?: string; width?: number; radius?: number; theme?: string; label?: string };
  onClick: OnClick;
}

export type OnClick =
  | { do: 'url'; url: string; target?: string }
  | { do: 'function'; name: string }
  | { do: 'close' };

/** Body of a request. Keys stand in the order of the fixtures, so that two equal requests are two equal texts. */
export function encode(head: Head, ops: Op[]): string {
  const { account, device, sdk, now, show, context } = head;
  const request: Request = {
    v: 1,
    account,
    ...(device !== undefined && { device }),
    sdk,
    now,
    ...(show && { show }),
    ...(context && { context }),
    ops,
  };
  return JSON.stringify(request);
}
