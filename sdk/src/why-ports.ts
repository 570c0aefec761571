/**
 * What the overlay "Why shown, why not" is given, and what it gives back: the seam between the SDK and `clevertap.why.js`.
 *
 * The overlay is a part (`part.ts`): `why.ts` registers `{ open }` of type `WhyPart`. Plain names, because the two files are built
 * apart. Left out: drawing (`why.ts`), collecting (`why-host.ts`). Invariant: nothing here counts, and nothing here is sent by itself.
 */
import type { Reply, Waiting } from './wire.ts';

/** The part that `why.ts` registers under the name `why`. */
export interface WhyPart {
  /** Opens the overlay. Its host in the body carries a `data-campanile` attribute: modal messages then leave it usable. */
  open(ports: WhyPorts): {
    /** Takes it away; calls `closed` as well. */
    close(): void;
  };
}

export interface WhyPorts {
  latest(): WhyState;
  /** Calls `run` after each change; gives back what ends that. */
  onChange(run: () => void): () => void;
  /** Asks the server for a fresh explanation, without a page view. */
  ask(): void;
  /** Shows the campaign's message once, uncounted. */
  showOnce(campaign: number): void;
  /** The person closed the overlay: it does not open by itself on the next page. */
  closed(): void;
  /** Of the page's CSP; empty where there is none. */
  nonce: string;
}

export interface WhyState {
  /** The server's explanation of the last page view or event; none before the first one came. */
  why?: Reply['why'];
  /** What the page watches for. */
  waiting: WaitingProgress[];
  /** What stands on the page now. */
  shown: Shown[];
  push: {
    permission: string;
    /** With the account's key. */
    subscribed: boolean;
    /** Address of the worker that has the subscription, or of any. */
    worker?: string;
    /** Address of the worker that controls this page. */
    controller?: string;
    /** Every registration here: path of its scope, address of its script, whose subscription it has. */
    workers?: { scope: string; script: string; has: 'ours' | 'another' | 'none' }[];
  };
  /** The last 50 calls of the page, the newest last. */
  calls: Call[];
  page: string;
  device: string;
  /** Whether the server answers this person's questions; false: no link, and the debug switch is off. */
  allowed: boolean;
}

export interface WaitingProgress {
  campaign: number;
  match: 'all' | 'any';
  /** `now` of `goal`, in `unit`; `met` once it was reached, `fault` if it can never be. */
  signals: Progress[];
  event?: Waiting['event'];
}

export interface Progress {
  on: 'delay' | 'scroll' | 'idle' | 'exit' | 'click' | 'visible';
  /** Seconds, per cent, or times. */
  unit: 's' | '%' | 'times';
  now: number;
  goal: number;
  met: boolean;
  selector?: string;
  fault?: string;
}

export interface Shown {
  campaign: number;
  msgId: string;
  host: HTMLElement;
  viewed: boolean;
  /** Shown to the owner: nothing of it is counted. */
  test: boolean;
}

export interface Call {
  /** Milliseconds since 1970. */
  at: number;
  /** As in `event.push`. */
  call: string;
  args: unknown[];
}
