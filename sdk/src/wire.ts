/**
 * The wire between browser and server, as `docs/wire/README.md` has it.
 *
 * Types and one encoder; what the operations mean is the server's business. Left out: sending (`outbox.ts`, `transport.ts`).
 * Invariant: the fixtures in `docs/wire/*.json` type-check against these types and come out of `encode` byte for byte.
 */

/** What happened, before it has an id and a time. */
export type Draft =
  | { op: 'page'; url: string; referrer?: string | undefined; title?: string | undefined }
  | { op: 'event'; name: string; props?: Props | undefined }
  | { op: 'profile'; set: Props }
  | { op: 'login'; identity: Identity; set?: Props }
  | { op: 'logout' }
  | { op: 'privacy'; optOut?: boolean; useIP?: boolean }
  | { op: 'subscribe'; subscription: SubscriptionJson; key: string; browser: string; topics?: string[] | undefined; replaces?: string | undefined }
  | { op: 'unsubscribe'; endpoint: string }
  | ({ op: 'prompt'; outcome: PromptOutcome } & AskedBy)
  | { op: 'view'; msg: string; impression?: string }
  | { op: 'click'; msg: string; impression?: string; button?: string; url?: string }
  | { op: 'close'; msg: string; impression?: string }
  | { op: 'due'; campaign: number; event?: WaitingEvent }
  | { op: 'return'; msg: string; impression: string; reason: ReturnReason }
  | { op: 'answer'; msg: string; impression: string; answer: Json; comment?: string; consent?: boolean }
  | { op: 'push_shown' | 'push_clicked' | 'push_dismissed'; send: string; action?: string };

/** One operation. `id` is a UUIDv7 in 32 hex digits, `t` milliseconds since 1970 by the browser's clock. */
export type Op = { id: string; t: number } & Draft;

export type Props = { [name: string]: Json };
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Identity = { Identity?: Json; Email?: Json; Phone?: Json };
export type PromptOutcome = 'shown' | 'accepted' | 'rejected' | 'granted' | 'denied' | 'dismissed';

/** The pop-up that asked, where one did. */
export interface AskedBy {
  msg?: string;
  impression?: string | undefined;
}

/** Why a message goes back unseen. */
export type ReturnReason = 'page' | 'expired' | 'busy' | 'failed' | 'unsupported';
/** Where on the page a message stands. */
export type Layout = 'box' | 'banner' | 'interstitial';

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
  /** Id of the `page` operation of the page view that this comes from. */
  view?: string | undefined;
  /** Layouts that are taken. */
  busy?: Layout[] | undefined;
  /** Token of a signed link that asks why, or `debug`. */
  why?: string | undefined;
  /** Token of a signed link that shows one message to its owner. */
  test?: string | undefined;
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
  waiting?: Waiting[];
  why?: Why;
}

/** A campaign that waits for a sign which only the browser sees. */
export interface Waiting {
  campaign: number;
  signals: { match?: 'all' | 'any'; list: Signal[] };
  /** What began the waiting; comes back with `due`. */
  event?: WaitingEvent;
}

export interface WaitingEvent {
  name: string;
  props: Props;
}

export type Signal =
  | { on: 'delay'; seconds: number; across_pages?: boolean }
  | { on: 'scroll'; percent: number }
  | { on: 'idle'; seconds: number }
  | { on: 'exit' }
  | { on: 'click' | 'visible'; selector: string };

/** Why messages are shown or not. */
export interface Why {
  campaigns: Explained[];
  tookUs: number;
  /** When the link ends, ms since 1970. */
  until?: number;
  /** Base address of the dashboard, for who has a link. */
  dashboard?: string;
  visitor: Json;
  /** Why the link, or the debug switch, opens nothing; then nothing is explained. */
  fault?: string;
}

export interface Explained {
  campaign: number;
  name: string;
  kind: string;
  revision: number;
  /** None: the person is in the control group. */
  variant: string | null;
  outcome: 'show' | 'wait' | 'control' | 'not';
  /** `passed` is null where an earlier condition failed, so that this one was not looked at. */
  because: { name: string; asked: string; seen: string; passed: boolean | null }[];
}

export interface PushSettings {
  enabled: boolean;
  key?: string;
  /** How to ask where the page does not say. */
  asking?: { style?: string; position?: string; theme?: string; color?: string; icon_url?: string; worker_path?: string; worker_scope?: string };
}

/** An operation, or a part of one, that the server did not keep. */
export interface Refusal {
  id?: string;
  code: number | string;
  field?: string;
  message: string;
}

/** A pop-up to show now. Nothing of it is changed here. */
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
  display: Display;
  /** What the main button does. */
  onClick: OnClick;
  /** What the quiet button does. */
  second?: OnClick;
  /** The main button first copies the code, or checks and sends the field. */
  action?: 'copy' | 'answer';
  /** How long after the request was sent the message may still be shown. */
  leaseMs?: number;
  /** Shown to the owner: nothing is counted. */
  test?: boolean;
}

export interface Display {
  kind: string;
  corner?: string;
  edge?: string;
  width?: number;
  /** Instead of `width` on a screen under 520 px. */
  narrow?: number;
  radius?: number;
  theme?: string;
  label?: string;
  /** What draws the shadow; `box` without it. */
  shadow?: 'box' | 'drop' | 'none';
  /** How far the drawing stands out of its surface: top, right, bottom, left. */
  bleed?: number[];
  /** On a narrow screen it lies flush at the bottom. */
  sheet?: boolean;
  /** It fills the screen. */
  full?: boolean;
  /** The owner's own HTML. */
  custom?: boolean;
  /** Without access to the page. */
  sandbox?: boolean;
}

export type OnClick =
  | { do: 'url'; url: string; target?: string }
  | { do: 'function'; name: string }
  | { do: 'prompt' }
  | { do: 'close' };

/** Body of a request. Keys stand in the order of the fixtures, so that two equal requests are two equal texts. */
export function encode(head: Head, ops: Op[]): string {
  const { account, device, sdk, now, show, view, busy, why, test, context } = head;
  // What is undefined is left out by JSON.
  const request = {
    v: 1,
    account,
    device,
    sdk,
    now,
    show: show || undefined,
    view,
    busy: busy?.length ? busy : undefined,
    why,
    test,
    context,
    ops,
  };
  return JSON.stringify(request);
}
