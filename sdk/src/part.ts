/**
 * Parts of the SDK that most pages never need: loaded from beside the SDK's own script at the first need.
 *
 * A part is a script that puts its exports under its name into `self[Symbol.for('campanile:parts')]`; the build of the package
 * has them inside. Left out: what they do. Invariant: a part is asked for once at a time, `run` comes at once when it is there
 * already, and a failed load is said and tried again at the next need.
 */
import type { Log } from './log.ts';
import type { MorePart } from './more.ts';
import type { PromptsPart } from './prompts.ts';
import type { PushPart } from './push.ts';
import type { WhyPart } from './why-ports.ts';

/** Replaced by the build: version and a mark of the sources, because both files share shortened names. */
declare const CAMPANILE_BUILD: string;

const KEY = Symbol.for('campanile:parts');

/** The name of a part, which knows its type. */
export type Name<P> = string & { _part?: P };

/** Names of the parts. Those with a mark only fit the SDK that they were built with. */
export const MORE: Name<MorePart> = `more:${CAMPANILE_BUILD}`;
export const PUSH: Name<PushPart> = `push:${CAMPANILE_BUILD}`;
export const PROMPTS: Name<PromptsPart> = `prompts:${CAMPANILE_BUILD}`;
export const WHY: Name<WhyPart> = 'why';

function parts(): Record<string, unknown> {
  const global = globalThis as unknown as Record<symbol, Record<string, unknown> | undefined>;
  return (global[KEY] ??= {});
}

/** Called by a part when it has run. */
export function register<P>(name: Name<P>, part: P): void {
  parts()[name] = part;
}

export interface Place {
  _log: Log;
  /** Address of the SDK's own script. */
  _src(): string;
  _nonce: string;
  /** `trusted.ts` of the page SDK. */
  _html(text: string): string;
  _scriptUrl(url: string): string;
}

type Waiting = [run: (part: never) => void, failed: () => void];
const loading: Record<string, Waiting[] | undefined> = {};

/** Hands the part to `run`, or calls `failed` when it cannot be had now. */
export function use<P>(
  name: Name<P>,
  { _log, _src, _nonce, _scriptUrl }: Place,
  run: (part: P) => void,
  failed: () => void = () => {},
): void {
  const there = parts()[name] as P | undefined;
  if (there) {
    run(there);
    return;
  }
  const before = loading[name];
  if (before) {
    before.push([run, failed]);
    return;
  }
  const waiting: Waiting[] = [[run, failed]];
  loading[name] = waiting;
  const file = `clevertap.${name.split(':')[0]}.js`;
  const settle = (error?: unknown) => {
    loading[name] = undefined;
    const part = parts()[name] as never;
    if (!part) _log._error(708, `${file} could not be loaded. What needs it was left out until the next need.`, error);
    for (const [run, failed] of waiting) {
      if (part) run(part);
      else failed();
    }
  };
  try {
    const script = document.createElement('script');
    script.src = _scriptUrl(new URL(`${file}?v=${CAMPANILE_BUILD}`, _src()).href);
    if (_nonce) script.nonce = _nonce;
    script.onload = script.onerror = () => {
      script.remove();
      settle();
    };
    (document.head ?? document.documentElement).append(script);
  } catch (error) {
    settle(error);
  }
}
