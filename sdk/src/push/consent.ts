/**
 * What the visitor has decided about push on this site, and what follows: the browser's prompt, the subscription, the topics.
 *
 * Kept in localStorage: when they last said no, whether they turned it off here, and their topics. Left out: whether to ask
 * (`prompt.ts`), drawing (`dialog.ts`, `../prompts`). Invariant: who turned notifications off is not subscribed again without a
 * yes, and what was decided is told to the server.
 */
import type { Log } from '../log.ts';
import type { Store } from '../storage.ts';
import type { Draft } from '../wire.ts';
import type { Options } from './options.ts';
import { subscribe, told, type SubscribePorts, type Worker } from './subscribe.ts';

export interface ConsentPorts extends SubscribePorts {
  _store: Store;
  _log: Log;
  _account: string | undefined;
  _raise(draft: Draft): void;
  /** Where it is kept that this browser is subscribed. */
  _pushKey(): string;
}

const seconds = () => Math.floor(Date.now() / 1000);

export class Consent {
  /** Called after each change. */
  _watchers = new Set<() => void>();
  private _turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly _ports: ConsentPorts,
    readonly _key: string,
  ) {}

  private _memory(what: string): string {
    return `cmp:${this._ports._account}:${what}`;
  }

  /** `asked`: they could be. */
  _state(): 'on' | 'off' | 'blocked' {
    const { permission } = Notification;
    if (permission === 'denied') return 'blocked';
    return permission === 'granted' && !this._off() && this._ports._store._get(this._ports._pushKey()) ? 'on' : 'off';
  }

  /** They turned it off here, whatever the browser would allow. */
  _off(): boolean {
    return !!this._ports._store._get(this._memory('off'));
  }

  _setOff(): void {
    this._ports._store._set(this._memory('off'), '1');
    this._ports._store._remove(this._ports._pushKey());
    told._last = '';
    this._rest();
  }

  /** They said no: from now on it is quiet for a while. */
  _rest(): void {
    this._ports._store._set(this._memory('rejected'), String(seconds()));
  }

  /** Whether they said no less than `pause` seconds ago. If the clock was put back since, they have just said it. */
  _rests(pause: number): boolean {
    const ago = seconds() - Number(this._ports._store._get(this._memory('rejected')) ?? -Infinity);
    if (ago < 0) this._rest();
    return ago < pause;
  }

  /** Ids of the topics that they chose; undefined if they were never given the choice. */
  _topics(): string[] | undefined {
    try {
      const kept: unknown = JSON.parse(this._ports._store._get(this._memory('topics')) ?? '');
      return Array.isArray(kept) ? kept.map(String) : undefined;
    } catch {
      return undefined; // never chosen
    }
  }

  _choose(topics: string[] | undefined): void {
    if (topics) this._ports._store._set(this._memory('topics'), JSON.stringify(topics));
  }

  /** The browser's own prompt, and what comes of its answer. Has to begin in the task of the click. */
  async _ask(options: Options): Promise<void> {
    if (Notification.permission === 'default' && navigator.userActivation?.isActive === false) {
      this._ports._log._warn(808, 'Asked without a click: Firefox and Safari show no question then. Call this from a click.');
    }
    const answer = await Notification.requestPermission();
    this._ports._raise({ op: 'prompt', outcome: answer === 'default' ? 'dismissed' : answer, ...options._askedBy });
    if (answer === 'granted') {
      this._ports._store._remove(this._memory('off'));
      await this._subscribe(options);
    } else {
      this._rest();
      this._changed();
    }
  }

  /** The worker of the last subscription here, if there was one. */
  _worker(): Partial<Worker> {
    try {
      return (JSON.parse(this._ports._store._get(this._memory('worker')) ?? '') as Worker | null) ?? {};
    } catch {
      return {}; // never subscribed
    }
  }

  /** One after the other: who turns notifications off while a subscription is under way has them off afterwards. */
  _inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this._turn.then(run);
    this._turn = turn.catch(() => {});
    return turn;
  }

  /** Subscribes, or tells the server again; whether the server knows or will hear of it. */
  _subscribe(options: Options): Promise<boolean> {
    return this._inTurn(async () => {
      if (this._off()) return false;
      const { endpoint, ...before } = this._worker();
      // Where the page does not say: where it stood.
      const { serviceWorkerPath: path = before.path, serviceWorkerScope: scope = options.serviceWorkerPath ? undefined : before.scope } = options;
      const worker = { path: path || '/clevertap_sw.js', scope, endpoint };
      const former = Array.isArray(options.formerWorkers) ? options.formerWorkers : undefined;
      const done = await subscribe(worker, this._key, this._topics(), former, this._ports);
      if (done) this._ports._store._set(this._memory('worker'), JSON.stringify(done));
      this._changed();
      if (done) call(options.subscriptionCallback, this._ports._log);
      return !!done;
    });
  }

  /** The permission is gone: nothing can come here any more. */
  _lost(): void {
    const { endpoint } = this._worker();
    if (endpoint) this._ports._raise({ op: 'unsubscribe', endpoint });
    this._ports._store._remove(this._ports._pushKey());
  }

  _changed(): void {
    for (const run of this._watchers) run();
  }
}

/** Calls a function of the page. */
export function call(callback: unknown, log: Log): void {
  if (typeof callback !== 'function') return;
  try {
    (callback as () => void)();
  } catch (error) {
    log._error(706, 'A callback of notifications.push failed.', error);
  }
}
