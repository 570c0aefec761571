/**
 * Shows pop-ups: one at a time in each place (box, banner, interstitial), the others of that place in turn.
 *
 * Places the frame, counts view, click and close, gives back what was not seen, and tidies up. Left out: which pop-ups (the server
 * decides), the look (`frame.ts`), keyboard and focus (`modal.ts`), what a click does (`act.ts`), the page's own rendering
 * (`custom.ts`), fields and the owner's own HTML (parts, loaded when a message has them). Invariant: a place has at most one host; view
 * and close are raised at most once for a message; a message whose time is over is given back, not shown; one that is shown for a test
 * raises nothing.
 */
import type { MorePart } from '../more.ts';
import type { Draft, Layout, Message, OnClick, ReturnReason } from '../wire.ts';
import { act, addressOf, type ActPorts } from './act.ts';
import { build, enter, fit, HOSTS, leave, onceReady, withNonce, type Frame } from './frame.ts';
import { focusTitle, isolate, keepScroll, trap } from './modal.ts';
import { onceSeen } from './view.ts';

export interface StagePorts extends ActPorts {
  _nonce: string;
  _raise(draft: Draft): void;
  /** The frame stands in the page, before its document is there. */
  _placed(message: Message, frame: HTMLIFrameElement): void;
  /** The message's document stands. */
  _rendered(message: Message, host: HTMLElement): void;
  _gone(message: Message): void;
  /** What `_standing` says is another one now. */
  _changed(): void;
  /** Fields and the owner's own HTML. */
  _more(run: (more: MorePart) => void, failed: () => void): void;
}

/** A message on the page, for the parts that work on it. */
export interface Scene {
  _message: Message;
  _host: HTMLElement;
  _frame: HTMLIFrameElement;
  _ports: ActPorts;
  _seen: boolean;
  _raise(draft: Draft): void;
  /** Counts a click. */
  _count(button: string, address?: { url?: string }): void;
  /** Counts a click on one of the two buttons, ends the message and does what the campaign says. */
  _click(button: string): void;
  /** The visitor closed it. */
  _close(): void;
  /** Ends it, uncounted; given back if it was not seen. */
  _end(reason?: ReturnReason): void;
  /** Run when it ends. */
  _stops: (() => void)[];
  /** Makes a frame visible whose document cannot be looked into. */
  _enter(): void;
}

interface Waiting {
  _message: Message;
  /** Shown until then, or not at all. */
  _until: number;
}

/** What only a part can do: fields, a code, a countdown, a question about push. */
const WANTS_MORE = /data-campanile=["']?(copy|form|countdown)/;

export class Stage {
  private _queues: Partial<Record<Layout, Waiting[]>> = {};
  private _scenes = new Map<Layout, Scene | undefined>();

  constructor(private _ports: StagePorts) {
    document.addEventListener('visibilitychange', () => this._next());
  }

  /** Shows messages in their order. `sent`: when their request went out; from then on their time runs. */
  _show(messages: Message[], sent: number): void {
    for (const message of messages) {
      const { kind } = message.display;
      if (HOSTS[kind as Layout]) {
        (this._queues[kind as Layout] ??= []).push({ _message: message, _until: sent + (message.leaseMs ?? Infinity) });
      } else {
        this._ports._log._warn(704, `This SDK knows no pop-up of kind "${kind}". It was given back; load the newer SDK.`);
        this._giveBack(message, 'unsupported');
      }
    }
    // In a task of its own, as each step of what follows: on a slow device all of them together would hold the page up.
    setTimeout(() => this._next());
  }

  /** The page became another one: takes down what stands, uncounted, and gives back what was not seen. */
  _clear(): void {
    const queues = Object.values(this._queues);
    this._queues = {};
    for (const { _message } of queues.flat()) this._giveBack(_message, 'page');
    for (const scene of [...this._scenes.values()]) scene?._end('page');
  }

  /** Layouts that are taken, or about to be. */
  _busy(): Layout[] {
    return (Object.keys(HOSTS) as Layout[]).filter((layout) => this._scenes.has(layout) || this._queues[layout]?.length);
  }

  /** What stands on the page. */
  _standing(): Scene[] {
    return [...this._scenes.values()].filter((scene) => scene !== undefined);
  }

  _giveBack(message: Message, reason: ReturnReason): void {
    if (message.test) return;
    this._ports._raise({ op: 'return', msg: message.msgId, impression: message.impression, reason });
  }

  private _next(): void {
    // What nobody looks at waits, and its time runs on.
    if (document.visibilityState === 'hidden') return;
    if (!document.body) {
      document.addEventListener('DOMContentLoaded', () => this._next(), { once: true });
      return;
    }
    for (const [layout, queue] of Object.entries(this._queues) as [Layout, Waiting[]][]) {
      while (!this._scenes.has(layout)) {
        const next = queue.shift();
        if (!next) break;
        this._prepare(layout, next);
      }
    }
  }

  /** Loads what the message needs. The place is taken meanwhile. */
  private _prepare(layout: Layout, { _message: message, _until }: Waiting): void {
    const { display, action, msgContent, onClick, second } = message;
    if (Date.now() > _until) {
      this._giveBack(message, 'expired');
      return;
    }
    const asks = [onClick.do, second?.do].includes('prompt');
    if (!display.custom && !display.sandbox && !action && !asks && !WANTS_MORE.test(msgContent.html)) {
      this._place(layout, message, _until);
      return;
    }
    this._scenes.set(layout, undefined);
    const still = this._queues;
    const ready = (more?: MorePart) => {
      this._scenes.delete(layout);
      const reason = still !== this._queues ? 'page' : Date.now() > _until ? 'expired' : more ? undefined : 'failed';
      if (reason) this._giveBack(message, reason);
      else this._place(layout, message, _until, more);
      this._next();
    };
    this._ports._more(ready, () => ready());
  }

  private _place(layout: Layout, message: Message, until: number, more?: MorePart): void {
    const { _log, _nonce, _placed, _rendered, _gone, _changed } = this._ports;
    const { display, onClick } = message;
    const about = { msg: message.msgId, impression: message.impression };
    const raise = (draft: Draft) => {
      if (!message.test) this._ports._raise(draft);
    };
    const modal = layout === 'interstitial';
    const own = display.custom || display.sandbox;

    let parts: Frame;
    try {
      const html = withNonce(message.msgContent.html, _nonce);
      parts = build(message, own && more ? more._withBase(html, display.sandbox) : html);
    } catch (error) {
      _log._error(701, 'The pop-up could not be shown. A CSP with Trusted Types must allow "campanile".', error);
      this._giveBack(message, 'failed');
      return;
    }
    const { host, frame, veil } = parts;
    let open = true;

    /** Ends this message, once. `removed`: the host is gone already. */
    const end = (reason?: ReturnReason, removed = false) => {
      if (!open) return;
      open = false;
      for (const stop of scene._stops) stop();
      if (reason && !scene._seen) this._giveBack(message, reason);
      _gone(message);
      const gone = () => {
        this._scenes.delete(layout);
        _changed();
        this._next();
      };
      if (removed || !entered) {
        parts.remove();
        gone();
      } else leave(parts, gone);
    };
    const close = (removed = false) => {
      if (!open) return;
      raise({ op: 'close', ...about });
      end(undefined, removed);
    };
    const count = (button: string, address: { url?: string } = {}) => {
      // Whoever clicks has seen it, and be it for less than a second.
      scene._seen = true;
      raise({ op: 'click', ...about, button: button.slice(0, 64), ...address });
    };
    const click = (button: string) => {
      if (!open) return;
      const does: OnClick = button === 'second' ? (message.second ?? { do: 'close' }) : onClick;
      // A no to the question about push is no click.
      if (onClick.do === 'prompt' && does.do === 'close') return close();
      count(button, addressOf(does));
      // Ended first: the called function may well bring the next pop-up.
      end();
      act(does, message, this._ports);
    };
    const escape = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') close();
    };
    let entered = false;
    const enterNow = () => {
      entered = true;
      clearTimeout(expiry);
      enter(parts, display);
      scene._stops.push(
        onceSeen(host, () => {
          scene._seen = true;
          raise({ op: 'view', ...about });
          _changed();
        }),
      );
      if (modal) {
        scene._stops.push(isolate([host, ...(veil ? [veil] : [])]));
        document.addEventListener('keydown', escape, true);
        scene._stops.push(() => document.removeEventListener('keydown', escape, true));
        if (!display.custom) veil?.addEventListener('click', () => close());
      }
      _rendered(message, host);
      _changed();
    };

    // The documented close snippets remove the host, and the veil, from inside the frame. Where the page's own script put another
    // body into place, the visitor closed nothing.
    const removal = new MutationObserver(() => {
      const lost = [host, veil].find((part) => part && !part.isConnected);
      if (!lost) return;
      if (lost.parentNode) end('page', true);
      else close(true);
    });
    const giveUp = onceReady(frame, (inner) => {
      const content = inner.getElementById('contentDiv') ?? inner.documentElement;
      inner.addEventListener(
        'click',
        (event) => {
          const target = event.target as Element | null;
          if (target?.closest('[data-campanile=close]')) {
            close();
            return;
          }
          const button = target?.closest<HTMLElement>('[data-campanile=click],.jsCT_CTA');
          if (!button) return;
          event.preventDefault();
          click(button.dataset['button'] ?? 'main');
        },
        true,
      );
      inner.addEventListener('keydown', escape);
      if (!inner.querySelector('[role=dialog],[role=alertdialog],[role=region]')) {
        host.setAttribute('role', layout === 'banner' ? 'region' : 'dialog');
        host.setAttribute('aria-label', frame.title);
        if (modal) host.setAttribute('aria-modal', 'true');
      }
      if (own) more?._own(scene, inner);
      else if (!display.full) fit(frame, content);
      // Under a notch the ground of the message goes on.
      if (/[1-9]/.test(getComputedStyle(host).padding)) host.style.background = inner.defaultView?.getComputedStyle(content).background ?? '';
      if (more && !more._fields(scene, inner)) return;
      setTimeout(() => {
        if (!open) return;
        enterNow();
        if (modal) {
          focusTitle(frame, inner);
          trap(inner);
          if (!own) keepScroll(inner);
        }
      });
    });
    // A document that never comes does not keep its place.
    const expiry = until < Infinity ? setTimeout(() => end('expired'), until - Date.now()) : undefined;
    const scene: Scene = {
      _message: message,
      _host: host,
      _frame: frame,
      _ports: this._ports,
      _seen: false,
      _raise: raise,
      _count: count,
      _click: click,
      _close: close,
      _end: end,
      _enter: () => {
        if (!entered && open) {
          enterNow();
          if (modal) frame.focus({ preventScroll: true });
        }
      },
      _stops: [giveUp, () => removal.disconnect(), () => clearTimeout(expiry)],
    };
    this._scenes.set(layout, scene);
    if (display.sandbox) more?._sandbox(scene);
    // First in the document: keyboards and screen readers reach it from the top of the page. A bar at the foot stands at its foot.
    if (layout === 'banner' && display.edge === 'bottom') document.body.append(host);
    else document.body.prepend(...(veil ? [veil] : []), host);
    _placed(message, frame);
    removal.observe(document.body, { childList: true });
    removal.observe(document.documentElement, { childList: true });
  }
}
