/**
 * Durable queue of operations: what a page did reaches the server once, in order, whatever happens to page and network.
 *
 * One storage key an operation (`cmp:<account>:o:<id>`): ids sort by time, so sorted keys are the order, and tabs never overwrite
 * each other's. An operation leaves storage only after a real answer; a beacon has none, so what it carried is sent again and the
 * server counts it once. A tab sends what it made itself, because the pop-ups of the answer belong to it, and adopts what a
 * closed tab left, if it gets the lock of the account. A `due` asks for a pop-up on the page view that it happened on, and ends with it. Left
 * out: HTTP and timers, which are ports. Invariant: any other operation is removed by an answer, by the bound, or by a refusal that the
 * console names; by nothing else.
 */
import type { Log } from './log.ts';
import type { Store } from './storage.ts';
import type { Draft, Op, Reply } from './wire.ts';

/** What the server said. */
export interface Answer {
  _status: number;
  /** Seconds of a Retry-After header, if there was one. */
  _retryAfter?: number | undefined;
  _body: unknown;
}

/** The outside world. Times in milliseconds. */
export interface Ports {
  _store: Store;
  _log: Log;
  _now(): number;
  /** 0 to 1. */
  _random(): number;
  _id(): string;
  _later(run: () => void, ms: number): unknown;
  _cancel(timer: unknown): void;
  /** Rejects when there was no answer. */
  _post(body: string): Promise<Answer>;
  /** True if the browser took it; there is no answer. */
  _beacon(body: string): boolean;
  /** Runs `work` at once; `held` tells whether this tab now is the only one that adopts. `work` does not reject. */
  _lock(work: (held: boolean) => Promise<void>): Promise<void>;
  /** The body of a request. */
  _encode(device: string, ops: Op[], show: boolean): string;
  _device(): string;
  /** Id of the operation of the page view that is looked at. */
  _view(): string | undefined;
  _reply(reply: Reply, request: Sent): void;
}

/** The request that a reply answers. */
export interface Sent {
  /** When it went out. */
  _at: number;
  /** On which page view. */
  _view: string | undefined;
  _ops: Op[];
}

interface Entry {
  device: string;
  tab: string;
  op: Op;
}

/** Most operations and characters that wait. */
const MAX_WAITING = 500;
const MAX_CHARACTERS = 256_000;
/** Most of one batch. Browsers refuse keepalive bodies over 64 KiB in all. */
const MAX_BATCH = 50;
const MAX_BATCH_BYTES = 60_000;
/** Operations wait so long for company. */
const DEBOUNCE = 200;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 300_000;
/** The server may ask for more patience than ours, within reason: one hour. */
const LONGEST_WAIT = 3_600_000;
/** What another tab has not sent after this time, it will not send. */
const ORPHANED = 10_000;
/** These decide who somebody is: the bound never drops them before others. */
const KEEP = ['login', 'logout', 'privacy'];

export class Outbox {
  /** True while `setOffline(true)` holds: operations wait. */
  _paused = false;

  private _prefix: string;
  private _waitKey: string;
  private _timer: unknown;
  private _due = Infinity;
  private _busy = false;
  private _again = false;
  private _attempts = 0;
  private _flying: string[] = [];
  private _beaconed = new Set<string>();
  private _warned = false;

  constructor(
    account: string,
    private _tab: string,
    private _ports: Ports,
  ) {
    this._prefix = `cmp:${account}:o:`;
    this._waitKey = `cmp:${account}:wait`;
  }

  /** Keeps an operation and sends it soon; `urgent`: together with what this task still adds, then at once. Gives back its id. */
  _add(draft: Draft, urgent = false): string {
    const { _store, _id, _now, _device, _log } = this._ports;
    const op: Op = { id: _id(), t: _now(), ...draft };
    const entry: Entry = { device: _device(), tab: this._tab, op };
    _store._set(this._prefix + op.id, JSON.stringify(entry));
    _log._debug(`${op.op} kept`, op);
    this._bound();
    this._schedule(urgent ? 0 : DEBOUNCE);
    return op.id;
  }

  /** True while an operation of this kind waits. */
  _holds(kind: Op['op']): boolean {
    return this._entries().some(([, entry]) => entry.op.op === kind);
  }

  /** Sends what waits: at start, when the network is back, when the page is looked at again. */
  _wake(): void {
    this._attempts = 0;
    this._schedule(0);
  }

  /** The page hides: sends what was not sent yet, by beacon, and keeps it. */
  _hide(): void {
    if (this._paused) return;
    const { ops, device } = this._take(false, ({ id, op }) => op !== 'due' && !this._beaconed.has(id) && !this._flying.includes(id));
    if (device === undefined) return;
    if (this._ports._beacon(this._ports._encode(device, ops, false))) {
      for (const op of ops) this._beaconed.add(op.id);
    }
  }

  private _schedule(ms: number): void {
    const at = this._ports._now() + ms;
    if (at >= this._due) return;
    this._ports._cancel(this._timer);
    this._due = at;
    this._timer = this._ports._later(() => {
      this._due = Infinity;
      void this._flush();
    }, ms);
  }

  private async _flush(): Promise<void> {
    if (this._paused) return;
    if (this._busy) {
      this._again = true;
      return;
    }
    const patience = this._patience();
    if (patience > 0) {
      this._schedule(patience);
      return;
    }
    this._busy = true;
    this._again = false;
    await this._ports._lock(async (held) => {
      while (!this._paused && (await this._sendOne(held)));
    });
    this._busy = false;
    if (this._again) this._schedule(0);
  }

  /** Sends one batch; true if there may be another one to send now. */
  private async _sendOne(held: boolean): Promise<boolean> {
    const { _post, _encode, _log, _now, _reply, _view } = this._ports;
    const { ops, device, show } = this._take(held);
    if (device === undefined) return false;
    const sent: Sent = { _at: _now(), _view: _view(), _ops: ops };
    const ids = ops.map((op) => op.id);
    this._flying = ids;
    let answer: Answer | undefined;
    try {
      answer = await _post(_encode(device, ops, show));
    } catch (error) {
      _log._debug('no answer', error);
    }
    this._flying = [];
    const status = answer?._status ?? 0;
    if (status === 200) {
      this._attempts = 0;
      this._remove(ids);
      const reply = answer?._body as Reply | null;
      if (reply) _reply(reply, sent);
      return true;
    }
    if (!answer || status === 408 || status === 429 || status >= 500) {
      this._retry(status, answer?._retryAfter, ids.length);
      return false;
    }
    this._remove(ids);
    const error = (answer._body as { error?: { code?: string; message?: string } } | null)?.error;
    const said = `${status} ${error?.code ?? ''} ${error?.message ?? ''}`.trim();
    _log._error(error?.code ?? status, `The server refused ${ids.length} operations (${said}). They were not kept.`);
    return true;
  }

  private _retry(status: number, retryAfter: number | undefined, count: number): void {
    const { _log, _now, _random, _store } = this._ports;
    const ceiling = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this._attempts++);
    let wait = ceiling * (0.5 + _random() / 2);
    if (retryAfter !== undefined) {
      wait = Math.min(LONGEST_WAIT, Math.max(wait, retryAfter * 1000));
      _store._set(this._waitKey, String(_now() + wait)); // for the next page and for the other tabs
    }
    const why = status ? `The server answered ${status}` : 'The server could not be reached';
    _log._warn(901, `${why}. ${count} operations are kept; next try in ${Math.ceil(wait / 1000)} s.`);
    this._schedule(wait);
  }

  /** How long the server still wants to be left alone. */
  private _patience(): number {
    const wait = Number(this._ports._store._get(this._waitKey)) - this._ports._now();
    return wait > 0 && wait <= LONGEST_WAIT ? wait : 0;
  }

  /** The oldest operations of one device that fit into one batch. */
  private _take(
    adopt: boolean,
    wanted: (op: Op) => boolean = () => true,
  ): { ops: Op[]; device: string | undefined; show: boolean } {
    const ops: Op[] = [];
    let device: string | undefined;
    let show = false;
    let bytes = 0;
    const view = this._ports._view() ?? '';
    for (const [, entry] of this._entries()) {
      const own = entry.tab === this._tab;
      if (!own && !(adopt && this._ports._now() - entry.op.t > ORPHANED)) continue;
      // Ids rise: what is older than the page view happened before it.
      const here = own && entry.op.id >= view;
      if (entry.op.op === 'due' && !here) {
        this._remove([entry.op.id]);
        continue;
      }
      if (!wanted(entry.op)) continue;
      bytes += new TextEncoder().encode(JSON.stringify(entry.op)).length + 1;
      const full = ops.length === MAX_BATCH || bytes > MAX_BATCH_BYTES || entry.device !== device;
      if (device !== undefined && full) break;
      device = entry.device;
      ops.push(entry.op);
      // Only these can bring a pop-up, and only for the page that they happened on.
      show ||= here && ['page', 'event', 'due'].includes(entry.op.op);
    }
    return { ops, device, show };
  }

  private _entries(): [key: string, entry: Entry, size: number][] {
    const { _store } = this._ports;
    return _store._keys(this._prefix).flatMap((key): [string, Entry, number][] => {
      const text = _store._get(key);
      if (text === null) return []; // another tab has just sent it
      try {
        return [[key, JSON.parse(text) as Entry, text.length]];
      } catch {
        _store._remove(key); // not ours, or cut off in a crash of the browser
        return [];
      }
    });
  }

  private _remove(ids: string[]): void {
    for (const id of ids) {
      this._ports._store._remove(this._prefix + id);
      this._beaconed.delete(id);
    }
  }

  private _bound(): void {
    const entries = this._entries();
    let characters = entries.reduce((sum, [, , size]) => sum + size, 0);
    while (entries.length > MAX_WAITING || (characters > MAX_CHARACTERS && entries.length > 1)) {
      const first = entries.findIndex(([, entry]) => !KEEP.includes(entry.op.op));
      const [dropped] = entries.splice(Math.max(first, 0), 1);
      if (!dropped) return;
      characters -= dropped[2];
      this._ports._store._remove(dropped[0]);
      if (!this._warned) this._ports._log._warn(902, 'Too much waits; the oldest is dropped.');
      this._warned = true;
    }
  }
}
