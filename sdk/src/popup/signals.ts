/**
 * Waits for the signs that only the browser sees: time, scroll, rest, the pointer that leaves, a click, an element in view.
 *
 * The server says which campaign waits for which signs; when they came, it is told (`due`) and decides again. Left out: showing.
 * Invariant: a wait ends with its page view, unless it counts time across pages; a campaign is due once for a wait, and while
 * somebody looks at the page; nothing is watched that nobody waits for.
 */
import type { Log } from '../log.ts';
import type { Store } from '../storage.ts';
import type { Draft, Signal, Waiting } from '../wire.ts';
import type { Progress, WaitingProgress } from '../why-ports.ts';
import { ACROSS, watch, type Watch } from './signs.ts';

export interface SignalPorts {
  _log: Log;
  /** Of this tab: sessionStorage. */
  _tab: Store;
  _raise(draft: Draft, urgent: boolean): void;
  _changed(): void;
}

/** A wait as it is kept for the next page. */
interface Kept {
  waiting: Waiting;
  since: number;
}

interface Wait extends Kept {
  _watches: Watch[];
}

/** A wait that the tab has slept over by so much is forgotten. */
const FORGOTTEN = 3_600_000;

export class Signals {
  private _waits: Wait[] = [];
  /** Campaigns whose page view has brought their signs already. */
  private _met = new Set<number>();

  constructor(private _ports: SignalPorts) {
    for (const { waiting, since } of this._read()) this._begin(waiting, since);
  }

  /** Begins to wait; `since`: when the request went out. A campaign that is waited for already goes on as it is. */
  _wait(list: Waiting[], since: number): void {
    for (const waiting of list) {
      const known = this._waits.some((wait) => wait.waiting.campaign === waiting.campaign);
      if (!known && !(this._met.has(waiting.campaign) && !waiting.event)) this._begin(waiting, since);
    }
    this._keep();
    this._ports._changed();
  }

  /** Another page view: only what counts time across pages goes on, and its other signs begin anew. */
  _page(): void {
    const waits = this._waits;
    this._met.clear();
    this._drop();
    for (const { waiting, since } of waits) if (isAcross(waiting)) this._begin(waiting, since);
  }

  /** Ends all waits. */
  _drop(): void {
    for (const wait of this._waits) stop(wait);
    this._waits = [];
  }

  /** Ends all waits, those for the next page as well: the device is another one. */
  _forget(): void {
    this._drop();
    this._keep();
  }

  /** How far each is. */
  _state(): WaitingProgress[] {
    return this._waits.map(({ waiting: { campaign, signals, event }, _watches }) => ({
      campaign,
      match: signals.match ?? 'all',
      signals: _watches.map((one): Progress => one._progress()),
      ...(event && { event }),
    }));
  }

  private _begin(waiting: Waiting, since: number): void {
    const wait: Wait = { waiting, since, _watches: [] };
    this._waits.push(wait);
    const look = () => {
      // A watch may report while the others are still being made.
      if (wait._watches.length < waiting.signals.list.length || !this._waits.includes(wait)) return;
      this._ports._changed();
      const met = wait._watches.map((one) => one._progress().met);
      if (waiting.signals.match === 'any' ? !met.includes(true) : met.includes(false)) return;
      whileSeen(() => this._fire(wait));
    };
    for (const signal of waiting.signals.list) {
      wait._watches.push(watch(signal, since, look, (text) => this._ports._log._error(707, text)));
    }
    look();
  }

  private _fire(wait: Wait): void {
    if (!this._waits.includes(wait)) return;
    stop(wait);
    this._waits = this._waits.filter((other) => other !== wait);
    const { campaign, event } = wait.waiting;
    this._met.add(campaign);
    this._keep();
    this._ports._raise({ op: 'due', campaign, ...(event && { event }) }, true);
    this._ports._changed();
  }

  private _keep(): void {
    const kept: Kept[] = this._waits
      .filter(({ waiting }) => isAcross(waiting))
      .map(({ waiting, since }) => ({ waiting, since }));
    if (kept.length > 0) this._ports._tab._set(ACROSS, JSON.stringify(kept));
    else this._ports._tab._remove(ACROSS);
  }

  private _read(): Kept[] {
    try {
      const kept = JSON.parse(this._ports._tab._get(ACROSS) ?? '[]') as Kept[];
      return kept.filter(({ waiting, since }) => Date.now() - since < longest(waiting) * 1000 + FORGOTTEN);
    } catch {
      return []; // not ours
    }
  }
}

function stop({ _watches }: Wait): void {
  for (const one of _watches) one._stop();
}

function isAcross({ signals }: Waiting): boolean {
  return signals.list.some((signal) => signal.on === 'delay' && signal.across_pages);
}

function longest({ signals }: Waiting): number {
  return Math.max(...signals.list.map((signal: Signal) => (signal.on === 'delay' ? signal.seconds : 0)));
}

/** Runs it now, or when the page is looked at again. */
function whileSeen(run: () => void): void {
  if (document.visibilityState !== 'hidden') {
    run();
    return;
  }
  const look = () => {
    if (document.visibilityState === 'hidden') return;
    document.removeEventListener('visibilitychange', look);
    run();
  };
  document.addEventListener('visibilitychange', look);
}
