/**
 * The SDK of one page: takes calls, keeps them in the outbox, and does what the server answers.
 *
 * Left out: the shape of the public object (`api.ts`), taking over the stub (`page.ts`). Invariant: nothing is sent before an
 * account is known and the page is really shown, and nothing but privacy choices after an opt-out.
 */
import { idMaker } from './id.ts';
import type { Report } from './limits.ts';
import { createLog, verboseIn } from './log.ts';
import { Outbox, type Sent } from './outbox.ts';
import { MORE, PUSH, use, type Place } from './part.ts';
import { Custom, type PublicMessage } from './popup/custom.ts';
import { Stage } from './popup/show.ts';
import type { Signals } from './popup/signals.ts';
import { obstacle } from './push/support.ts';
import { watchHistory } from './spa.ts';
import { createStore } from './storage.ts';
import { beacon, post, withLock } from './transport.ts';
import { trustedHtml, trustedScriptUrl } from './trusted.ts';
import { Visitor } from './visitor.ts';
import type { Call } from './why-ports.ts';
import { encode, type Context, type Draft, type Head, type Message, type PushSettings, type Reply } from './wire.ts';

/** Replaced by the build. */
declare const CAMPANILE_VERSION: string;
/** Replaced by the server when it serves the file. */
const PATH = '%CAMPANILE_ENDPOINT%';
const MAX_URL = 2048;
/** Calls of the page that are remembered for the overlay. */
const MAX_CALLS = 50;
/** Kept in the tab: tokens of the owner's links, and waits that go on (`popup/signs.ts`), and for which token the overlay is shut (`why-host.ts`). */
const TEST = 'cmp:test';
const WHY = 'cmp:why';
const WAITS = 'cmp:waits';
const SHUT = 'cmp:why-shut';
/** Set in a tab that has looked after its subscription. */
const VISIT = 'cmp:visit';

export const VERSION = CAMPANILE_VERSION;

/** What only the entry knows about the script element that brought the SDK. */
export interface Script {
  _src: string;
  _nonce: string;
}

export class Sdk {
  readonly _log = createLog(console, verboseIn(window));
  readonly _visitor: Visitor;
  readonly _custom: Custom;
  _account: string | undefined;
  /** Asked at each message, because pages set it at any time. */
  _notificationCallback: () => unknown = () => undefined;

  _store = createStore(() => window.localStorage);
  _tab = createStore(() => window.sessionStorage);
  private _newId = idMaker(Date.now, (bytes) => crypto.getRandomValues(bytes));
  _stage: Stage;
  private _outbox: Outbox | undefined;
  _endpoint = '';
  private _offline = false;
  private _waiting: (() => void)[] = [];
  private _begun = false;
  _settings: PushSettings | undefined;
  private _settingsWaiting: ((settings: PushSettings) => void)[] = [];
  private _handed = new Set<string>();
  private _address = document.referrer;
  private _stopSpa: (() => void) | undefined;
  _view: string | undefined;
  _signals: Signals | undefined;
  _calls: Call[] = [];
  _reason: Reply['why'];
  /** The overlay was asked for: from then on the debug switch is a question to the server as well. */
  _curious = false;
  _watcher: (() => void) | undefined;
  _place: Place;
  private _source: string;
  private _report: Report = (code, text) => this._log._error(code, text);

  constructor(script: Script) {
    this._visitor = new Visitor(this._store, document, location, this._newId);
    this._place = {
      _log: this._log,
      _nonce: script._nonce,
      _html: trustedHtml,
      _scriptUrl: trustedScriptUrl,
      // In a package there is no script element; then the server's own place counts.
      _src: () => script._src || new URL('/js/', this._endpoint || location.href).href,
    };
    this._source = script._src;
    const ports = {
      _log: this._log,
      _nonce: script._nonce,
      _raise: (draft: Draft) => void this._raise(draft),
      _leaving: () => this._outbox?._hide(),
      _prompt: ({ msgId, impression }: Message) => this._notifications([{ skipDialog: true, _askedBy: { msg: msgId, impression } }]),
    };
    this._custom = new Custom(ports);
    this._stage = new Stage({
      ...ports,
      _changed: () => this._changed(),
      _more: (run, failed) => use(MORE, this._place, run, failed),
      _placed: (message, frame) => this._custom._placed(message, frame),
      _gone: (message) => this._custom._gone(message),
      _rendered: (message) => {
        this._custom._rendered(message);
        const { msgId } = message;
        const detail = { msgId, campaignId: parseInt(msgId, 10) };
        document.dispatchEvent(new CustomEvent('CT_campaign_rendered', { detail }));
      },
    });
    this._readLinks();
  }

  _init(account: unknown, region?: unknown, domain?: unknown): void {
    if (typeof account !== 'string' || !account) {
      this._log._error(500, 'init needs the account id. Nothing is sent until it has one.');
      return;
    }
    if (this._account !== undefined) {
      if (this._account !== account) this._log._warn(500, `Already started with account ${this._account}; ${account} is ignored.`);
      return;
    }
    this._account = account;
    this._endpoint = endpointFor(this._source || location.href, text(region), text(domain));
    this._visitor._of(account);
    this._outbox = this._createOutbox(account);
    this._outbox._paused = this._offline;
    this._log._debug(`account ${account}, device ${this._visitor._device()}, endpoint ${this._endpoint}`);
    const begin = () => this._begin();
    // In a task of its own: the page has just read this script.
    setTimeout(begin);
    document.addEventListener('prerenderingchange', begin);
    // Before the outbox hears of it: who leaves at once is heard as well.
    addEventListener('pagehide', begin);
    this._listen(this._outbox);
  }

  /** Does what was said so far, once. A page that is rendered ahead may never be seen: nothing is done for it until it is. */
  private _begin(): void {
    if (this._begun || !this._account || (document as { prerendering?: boolean }).prerendering) return;
    this._begun = true;
    this._visitor._begin();
    for (const run of this._waiting.splice(0)) run();
    this._outbox?._wake();
    this._visit();
    if (this._tab._get(WAITS)) this._listenFor();
    if (this._tab._get(WHY) !== this._tab._get(SHUT)) this._openWhy();
  }

  /** Keeps what a call says; `read` knows its arguments. */
  _take(read: (args: readonly unknown[], report: Report) => Draft[], args: readonly unknown[]): void {
    for (const draft of read(args, this._report)) this._raise(draft);
  }

  _logout(): void {
    this._when(() => this._forgetWaits());
    this._raise({ op: 'logout' });
  }

  _clear(): void {
    // The new id is there at once.
    this._begin();
    this._when(() => {
      this._visitor._reset();
      this._forgetWaits();
      this._visit();
    });
  }

  /** A page view. What stands there from the page before is taken down. */
  _pageView(): void {
    // As they are now: a router of the page may change the address before what is said of it is kept.
    const url = address();
    const title = document.title.slice(0, 256);
    this._when(() => {
      this._stage._clear();
      this._signals?._page();
      const referrer = this._address.slice(0, MAX_URL);
      this._address = url;
      this._view = this._keep({ op: 'page', url, referrer: referrer || undefined, title: title || undefined }, true);
    });
  }

  _spa(on: boolean): void {
    this._stopSpa?.();
    this._stopSpa = on ? watchHistory(() => this._pageView()) : undefined;
  }

  /** Calls about push; `what` as in `push/prompt.ts`. */
  _notifications(args: readonly unknown[], what: 0 | 1 | 2 = 0): void {
    this._when(() => use(PUSH, this._place, (push) => push._onPush(what, args, this)));
  }

  /** Opens the overlay, or closes it. */
  _openWhy(): void {
    this._when(() =>
      use(MORE, this._place, (more) => {
        more._openWhy(this);
      }),
    );
  }

  /** Remembers a call of the page. */
  _called(call: string, args: unknown[]): void {
    this._calls.push({ at: Date.now(), call, args });
    if (this._calls.length > MAX_CALLS) this._calls.shift();
    this._watcher?.();
  }

  _setOffline(offline: boolean): void {
    this._offline = offline;
    if (!this._outbox) return;
    this._outbox._paused = offline;
    if (!offline) this._outbox._wake();
  }

  /** Calls the overlay, if it stands. */
  _changed(): void {
    this._watcher?.();
  }

  /** Keeps an operation, now or as soon as an account is known. */
  _raise(draft: Draft, urgent = false): void {
    this._when(() => this._keep(draft, urgent));
  }

  private _keep(draft: Draft, urgent: boolean): string | undefined {
    if (draft.op === 'privacy') {
      if (!this._visitor._choose(draft)) return undefined;
    } else if (this._visitor._optedOut()) {
      this._log._debug(`${draft.op} not kept: the visitor has opted out`);
      return undefined;
    }
    if (draft.op === 'subscribe') this._store._set(this._pushKey(), JSON.stringify(this._site()));
    return this._outbox?._add(draft, urgent);
  }

  private _when(run: () => void): void {
    if (this._begun) run();
    else this._waiting.push(run);
  }

  _onceSettings(run: (settings: PushSettings) => void): void {
    if (this._settings) run(this._settings);
    else this._settingsWaiting.push(run);
  }

  private _createOutbox(account: string): Outbox {
    const tab = this._tab._get('cmp:tab') ?? this._newId();
    this._tab._set('cmp:tab', tab);
    return new Outbox(account, tab, {
      _store: this._store,
      _log: this._log,
      _now: Date.now,
      _random: Math.random,
      _id: this._newId,
      _later: (run, ms) => setTimeout(run, ms),
      _cancel: (timer) => clearTimeout(timer as number),
      _post: (body) => {
        this._log._debug(`POST ${this._endpoint}`, body);
        return post(this._endpoint, body);
      },
      _beacon: (body) => beacon(this._endpoint, body),
      _lock: (work) => withLock(`cmp:${account}`, work),
      _encode: (device, ops, show) => {
        const first = show && ops.some(({ op }) => op === 'page');
        return encode(
          {
            ...this._head(account, device),
            show,
            ...(show && { view: this._view, busy: this._stage._busy(), why: this._asks() }),
            ...(first && { test: this._tab._get(TEST) ?? undefined }),
          },
          ops,
        );
      },
      _device: () => this._visitor._device(),
      _view: () => this._view,
      _reply: (reply, sent) => this._hear(reply, sent),
    });
  }

  _head(account: string, device: string): Head {
    return { account, device, sdk: `web/${VERSION}`, now: Date.now(), context: context() };
  }

  private _listen(outbox: Outbox): void {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') outbox._hide();
      else outbox._wake();
    });
    addEventListener('pagehide', () => {
      this._stage._clear();
      outbox._hide();
    });
    document.addEventListener('keydown', (event) => {
      if (event.altKey && event.shiftKey && event.code === 'KeyW') this._openWhy();
    });
    addEventListener('online', () => outbox._wake());
    // Back from the back/forward cache: the visitor sees this page once more.
    addEventListener('pageshow', (event) => {
      if (event.persisted) this._pageView();
    });
  }

  _hear(reply: Reply, { _at, _view, _ops }: Sent): void {
    this._log._debug('reply', reply);
    this._visitor._hear(reply, this._outbox?._holds('privacy') ?? false);
    for (const { code, field, message } of reply.refused ?? []) {
      this._log._warn(code, field ? `${field}: ${message}` : message);
    }
    if (reply.settings) {
      const settings = reply.settings.push ?? { enabled: false };
      this._settings = settings;
      for (const run of this._settingsWaiting.splice(0)) run(settings);
    }
    if (reply.why) this._reason = reply.why;
    if (_view === this._view && _ops.some(({ op }) => op === 'page')) {
      // Its owner waits for a message that does not come; the overlay says why.
      if (reply.why?.fault && this._tab._get(TEST) && !this._watcher) this._openWhy();
      this._tab._remove(TEST);
    }
    this._messages(reply.messages ?? [], _at, _view);
    const { waiting } = reply;
    if (waiting?.length && _view === this._view) {
      this._listenFor((signals) => {
        if (_view === this._view) signals._wait(waiting, _at);
      });
    }
    this._watcher?.();
  }

  private _messages(given: Message[], at: number, view: string | undefined): void {
    // Each once: a callback that raises at once would otherwise go round and round with a server that repeats itself.
    const messages = given.filter(({ impression }) => !this._handed.has(impression));
    for (const { impression } of messages) this._handed.add(impression);
    if (view !== this._view) {
      // They were meant for the page before.
      for (const message of messages) this._stage._giveBack(message, 'page');
      return;
    }
    for (const message of messages) this._custom._note(message);
    const callback = this._notificationCallback();
    if (typeof callback !== 'function') {
      this._stage._show(messages, at);
      return;
    }
    for (const message of messages) this._custom._deliver(callback as (message: PublicMessage) => void, message);
  }

  /** Watches for signs, from the next moment at which the part is there. */
  private _listenFor(run: (signals: Signals) => void = () => {}): void {
    use(MORE, this._place, (more) => {
      run((this._signals ??= new more._Signals(this)));
    });
  }

  private _forgetWaits(): void {
    this._tab._remove(WAITS);
    this._signals?._forget();
  }

  /** Notes the tokens of the owner's links for this tab, and takes them out of the address bar: they are not to be passed on. */
  private _readLinks(): void {
    for (const key of [TEST, WHY]) {
      const token = new URLSearchParams(location.search).get(key.replace('cmp:', 'campanile_'));
      if (token) {
        this._tab._set(key, token);
        history.replaceState(history.state, '', plain());
      }
    }
  }

  /** With what the server is asked why. */
  _asks(): string | undefined {
    return this._tab._get(WHY) ?? (this._curious && verboseIn(window)() ? 'debug' : undefined);
  }

  /** Looks after a subscription, once a tab and when what the worker knows is something else now. */
  private _visit(): void {
    const key = this._pushKey();
    const site = JSON.stringify(this._site());
    const known = this._store._get(key);
    if (!known || (known === site && this._tab._get(VISIT))) return;
    use(PUSH, this._place, (push) => {
      this._tab._set(VISIT, site);
      this._store._set(key, site);
      push._onVisit(this);
    });
  }

  _again(): void {
    this._tab._remove(VISIT);
  }

  _pushKey(): string {
    return `cmp:${this._account}:push`;
  }

  _site(): { account: string; endpoint: string; device: string } {
    return { account: this._account ?? '', endpoint: this._endpoint, device: this._visitor._device() };
  }
}

/** Absolute address that batches go to. */
export function endpointFor(script: string, region?: string, domain?: string, path = PATH): string {
  let base = script;
  if (domain) base = domain.includes('://') ? domain : `https://${region ? region + '.' : ''}${domain}`;
  // Not replaced: the file was not served by the server itself.
  return new URL(path.startsWith('%') ? '/ring' : path, base).href;
}

function context(): Context {
  return {
    url: address(),
    referrer: document.referrer.slice(0, MAX_URL),
    language: navigator.language,
    // Intl, the first time, reads all there is about the language: a long task.
    zone: (window as { Temporal?: { Now?: { timeZoneId?(): string } } }).Temporal?.Now?.timeZoneId?.() ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    touch: matchMedia('(pointer: coarse)').matches,
    width: innerWidth,
    height: innerHeight,
    push: obstacle(window) ? 'unsupported' : Notification.permission,
  };
}

/** The page's address, as it is without the owner's tokens. */
function address(): string {
  return plain().slice(0, MAX_URL);
}

function plain(): string {
  return location.href.replace(/([?&])(campanile_(test|why)=[^&#]*&?)+/g, '$1').replace(/[?&](?=#|$)/, '');
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value ? value : undefined;
}
