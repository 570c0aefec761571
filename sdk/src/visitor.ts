/**
 * Who this browser is to the server: device id, privacy choice, and the session as the server last told it.
 *
 * The device id is made here on the first page and is there at once. Left out: who the person is (the server merges), when a
 * session ends (the server decides). Invariant: the device id is 32 hex digits and changes only by `reset`.
 */
import { isId } from './id.ts';
import { readCookie, writeCookie, type Store } from './storage.ts';
import type { Draft, Reply } from './wire.ts';

const DEVICE = 'cmp:device';
const COOKIE = 'campanile_device';

interface State {
  optOut?: boolean | undefined;
  useIP?: boolean | undefined;
  session?: NonNullable<Reply['session']>;
}

export class Visitor {
  private _id: string;
  private _account = '';

  constructor(
    private _store: Store,
    private _document: Document,
    private _location: Location,
    private _newId: () => string,
  ) {
    let known = _store._get(DEVICE);
    if (!isId(known)) known = readCookie(_document, COOKIE);
    this._id = isId(known) ? known : _newId();
  }

  /** The device id. */
  _device(): string {
    return this._id;
  }

  /** The account whose state is looked at from now on. */
  _of(account: string): void {
    this._account = account;
  }

  /** True after `optOut: true`: nothing but privacy choices is sent. */
  _optedOut(): boolean {
    return this._state().optOut === true;
  }

  /** Notes a privacy choice; true if it says something new. Snippets repeat theirs on every page. */
  _choose({ optOut, useIP }: Extract<Draft, { op: 'privacy' }>): boolean {
    const state = this._state();
    const next = { ...state, optOut: optOut ?? state.optOut, useIP: useIP ?? state.useIP };
    this._save(next);
    return next.optOut !== state.optOut || next.useIP !== state.useIP;
  }

  /** Takes over what the server knows better. `choosing`: a choice of the visitor is still on its way. */
  _hear(reply: Reply, choosing: boolean): void {
    const state = this._state();
    if (reply.session) state.session = reply.session;
    if (reply.optOut !== undefined && !choosing) state.optOut = reply.optOut;
    this._save(state);
  }

  /** The session as of the last reply. */
  _session(): State['session'] {
    return this._state().session;
  }

  /** A new device: nothing of the old one is known to the server as this one's. */
  _reset(): void {
    this._id = this._newId();
    this._save({});
    this._keep();
  }

  /** The page is really there: keeps the id, or takes that which another page has kept since. */
  _begin(): void {
    const known = this._store._get(DEVICE);
    if (isId(known)) this._id = known;
    this._keep();
  }

  /** For the next page, and for the site's other sub-domains. */
  private _keep(): void {
    this._store._set(DEVICE, this._id);
    writeCookie(this._document, this._location, COOKIE, this._id);
  }

  private _state(): State {
    try {
      return (JSON.parse(this._store._get(`cmp:${this._account}:visitor`) ?? '{}') as State | null) ?? {};
    } catch {
      return {};
    }
  }

  private _save(state: State): void {
    this._store._set(`cmp:${this._account}:visitor`, JSON.stringify(state));
  }
}
