/**
 * The SDK of one page: takes calls, keeps them in the outbox, and does what the server answers.
 *
 * Left out: the shape of the public object (`api.ts`), taking over the stub (`page.ts`). Invariant: nothing is sent before an
 * account is known and the page is really shown, and nothing but privacy choices after an opt-out.
 */
import { events, logins, privacy, profiles } from './calls.ts';
import { idMaker } from './id.ts';
import type { Report } from './limits.ts';
import { createLog, verboseIn } from './log.ts';
import { Outbox } from './outbox.ts';
import { Custom, type PublicMessage } from './popup/custom.ts';
import { Stage } from './popup/show.ts';
import { ask, obstacle, readOptions } from './push/prompt.ts';
import { refreshSite } from './push/subscribe.ts';
import { watchHistory } from './spa.ts';
import { createStore } from './storage.ts';
import { beacon, post, withLock } from './transport.ts';
import { Visitor } from './visitor.ts';
import { encode, type Context, type Draft, type Message, type PushSettings, type Reply } from './wire.ts';

/** Replaced by the build. */
declare const CAMPANILE_VERSION: string;
/** Replaced by the server when it serves the file. */
const PATH = '%CAMPANILE_ENDPOINT%';
const MAX_URL = 2048;

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

  private _store = createStore(() => window.localStorage);
  private _newId = idMaker(Date.now, (bytes) => crypto.getRandomValues(bytes));
  private _stage: Stage;
  private _outbox: Outbox | undefined;
  private _endpoint = '';
  private _offline = false;
  private _waiting: (() => void)[] = [];
  private _settings: PushSettings | undefined;
  private _settingsWaiting: ((settings: PushSettings) => void)[] = [];
  private _handed = new Set<string>();
  private _address = document.referrer;
  private _stopSpa: (() => void) | undefined;
  private _report: Report = (code, text) => this._log._error(code, text);

  constructor(private _script: Script) {
    this._visitor = new Visitor(this._store, document, location, this._newId);
    const ports = {
      _log: this._log,
      _nonce: _script._nonce,
      _raise: (draft: Draft) => this._raise(draft),
      _leaving: () => this._outbox?._hide(),
    };
    this._custom = new Custom(ports);
    this._stage = new Stage({
      ...ports,
      _rendered: (message) => {
        this._custom._rendered(message);
        if (message) document.dispatchEvent(new CustomEvent('CT_campaign_rendered'));
      },
    });
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
    this._endpoint = endpointFor(this._script._src || location.href, text(region), text(domain));
    this._visitor._of(account);
    this._outbox = this._createOutbox(account);
    this._outbox._paused = this._offline;
    this._listen(this._outbox);
    this._log._debug(`account ${account}, device ${this._visitor._device()}, endpoint ${this._endpoint}`);
    const begin = () => {
      for (const run of this._waiting.splice(0)) run();
      this._outbox?._wake();
      if (this._store._get(`cmp:${account}:push`)) void refreshSite(this._site());
    };
    // A page that is rendered ahead may never be seen.
    if ((document as { prerendering?: boolean }).prerendering) {
      document.addEventListener('prerenderingchange', begin, { once: true });
    } else begin();
  }

  _events(args: readonly unknown[]): void {
    for (const draft of events(args, this._report)) this._raise(draft);
  }

  _profiles(args: readonly unknown[]): void {
    for (const draft of profiles(args, this._report)) this._raise(draft);
  }

  _logins(args: readonly unknown[]): void {
    for (const draft of logins(args, this._report)) this._raise(draft);
  }

  _privacy(args: readonly unknown[]): void {
    for (const draft of privacy(args, this._report)) this._raise(draft);
  }

  _logout(): void {
    this._raise({ op: 'logout' });
  }

  _clear(): void {
    this._when(() => {
      this._visitor._reset();
      void refreshSite(this._site());
    });
  }

  /** A page view. What stands there from the page before is taken down. */
  _pageView(): void {
    this._when(() => {
      this._stage._clear();
      const url = location.href.slice(0, MAX_URL);
      const referrer = this._address.slice(0, MAX_URL);
      this._address = url;
      const title = document.title.slice(0, 256);
      this._raise({ op: 'page', url, ...(referrer && { referrer }), ...(title && { title }) }, true);
    });
  }

  _spa(on: boolean): void {
    this._stopSpa?.();
    this._stopSpa = on ? watchHistory(() => this._pageView()) : undefined;
  }

  _notifications(args: readonly unknown[]): void {
    const stop = obstacle(window);
    if (stop) {
      this._log[stop[0] === 801 ? '_info' : '_error'](...stop);
      return;
    }
    for (const options of readOptions(args)) {
      this._when(() =>
        this._onceSettings((settings) => {
          const ports = {
            _store: this._store,
            _log: this._log,
            _account: this._account ?? '',
            _now: Date.now,
            _raise: (draft: Draft) => this._raise(draft),
            _site: () => this._site(),
          };
          ask(options, settings, ports).catch((error: unknown) => this._log._error(811, 'Push could not be set up.', error));
        }),
      );
    }
  }

  _setOffline(offline: boolean): void {
    this._offline = offline;
    if (!this._outbox) return;
    this._outbox._paused = offline;
    if (!offline) this._outbox._wake();
  }

  /** Keeps an operation, now or as soon as an account is known. */
  private _raise(draft: Draft, urgent = false): void {
    this._when(() => {
      if (draft.op === 'privacy') {
        if (!this._visitor._choose(draft)) return;
      } else if (this._visitor._optedOut()) {
        this._log._debug(`${draft.op} not kept: the visitor has opted out`);
        return;
      }
      if (draft.op === 'subscribe') this._store._set(`cmp:${this._account}:push`, '1');
      this._outbox?._add(draft, urgent);
    });
  }

  private _when(run: () => void): void {
    const early = this._account === undefined || (document as { prerendering?: boolean }).prerendering;
    if (early) this._waiting.push(run);
    else run();
  }

  private _onceSettings(run: (settings: PushSettings) => void): void {
    if (this._settings) run(this._settings);
    else this._settingsWaiting.push(run);
  }

  private _createOutbox(account: string): Outbox {
    const tabs = createStore(() => window.sessionStorage);
    const tab = tabs._get('cmp:tab') ?? this._newId();
    tabs._set('cmp:tab', tab);
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
      _lock: (work) => withLock(`cmp:${account}`, tab, this._store, work),
      _encode: (device, ops, show) =>
        encode({ account, device, sdk: `web/${VERSION}`, now: Date.now(), show, context: context() }, ops),
      _device: () => this._visitor._device(),
      _reply: (reply) => this._hear(reply),
    });
  }

  private _listen(outbox: Outbox): void {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') outbox._hide();
      else outbox._wake();
    });
    addEventListener('pagehide', () => outbox._hide());
    addEventListener('online', () => outbox._wake());
    // Back from the back/forward cache: the visitor sees this page once more.
    addEventListener('pageshow', (event) => {
      if (event.persisted) this._pageView();
    });
  }

  private _hear(reply: Reply): void {
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
    this._messages(reply.messages ?? []);
  }

  private _messages(given: Message[]): void {
    // Each once: a callback that raises at once would otherwise go round and round with a server that repeats itself.
    const messages = given.filter(({ impression }) => !this._handed.has(impression));
    for (const { impression } of messages) this._handed.add(impression);
    for (const message of messages) this._custom._note(message);
    const callback = this._notificationCallback();
    if (typeof callback !== 'function') {
      this._stage._show(messages);
      return;
    }
    for (const message of messages) this._custom._deliver(callback as (message: PublicMessage) => void, message);
  }

  private _site(): { account: string; endpoint: string; device: string } {
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
    url: location.href.slice(0, MAX_URL),
    referrer: document.referrer.slice(0, MAX_URL),
    language: navigator.language,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    touch: matchMedia('(pointer: coarse)').matches,
    width: innerWidth,
    height: innerHeight,
    push: obstacle(window) ? 'unsupported' : Notification.permission,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value ? value : undefined;
}
