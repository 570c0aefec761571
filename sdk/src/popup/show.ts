/**
 * Shows pop-ups, one after the other: places the frame, counts view, click and close, and tidies up.
 *
 * Left out: which pop-ups (the server decides), how the frame looks (`frame.ts`), what a click does (`act.ts`), the page's own
 * rendering (`custom.ts`). Exit intent and the other kinds will join as hosts in `frame.ts` and triggers beside this file.
 * Invariant: at most one host stands in the page, and each of view, click and close is raised at most once for a message.
 */
import type { Log } from '../log.ts';
import type { Draft, Message } from '../wire.ts';
import { act } from './act.ts';
import { build, enter, fit, HOSTS, leave, onceReady } from './frame.ts';
import { onceSeen } from './view.ts';

export interface StagePorts {
  _log: Log;
  _nonce: string;
  _raise(draft: Draft): void;
  /** Sends what waits, because this tab goes to another page. */
  _leaving(): void;
  /** The message's document stands; undefined: it has gone. */
  _rendered(message: Message | undefined): void;
}

export class Stage {
  private _queue: Message[] = [];
  private _takeDown: (() => void) | undefined;

  constructor(private _ports: StagePorts) {}

  /** Shows messages in their order, each when the one before is gone. */
  _show(messages: Message[]): void {
    for (const message of messages) {
      if (!HOSTS[message.display.kind]) {
        const kind = message.display.kind;
        this._ports._log._warn(704, `This SDK knows no pop-up of kind "${kind}"; it was left out. Load the newer SDK.`);
      } else this._queue.push(message);
    }
    this._next();
  }

  /** Takes down what stands and forgets what waits: the page became another one. Nothing is counted as closed. */
  _clear(): void {
    this._queue = [];
    this._takeDown?.();
  }

  private _next(): void {
    if (this._takeDown || this._queue.length === 0) return;
    if (!document.body) {
      document.addEventListener('DOMContentLoaded', () => this._next(), { once: true });
      return;
    }
    const message = this._queue.shift();
    if (message) this._place(message);
  }

  private _place(message: Message): void {
    const { _log, _nonce, _raise, _leaving, _rendered } = this._ports;
    const about = { msg: message.msgId, impression: message.impression };
    let stopSeeing = () => {};
    let open = true;

    let parts: ReturnType<typeof build>;
    try {
      parts = build(message, _nonce);
    } catch (error) {
      _log._error(701, 'The pop-up could not be shown. A CSP with Trusted Types must allow "campanile".', error);
      this._next();
      return;
    }
    const { host, frame } = parts;

    /** Ends this message, once. `removed`: the host is gone already. */
    const end = (removed = false) => {
      if (!open) return;
      open = false;
      giveUp();
      stopSeeing();
      removal.disconnect();
      _rendered(undefined);
      const gone = () => {
        this._takeDown = undefined;
        this._next();
      };
      if (removed) gone();
      else leave(host, gone);
    };
    const close = (removed = false) => {
      if (!open) return;
      _raise({ op: 'close', ...about });
      end(removed);
    };
    const click = (button: string) => {
      if (!open) return;
      const url = message.onClick.do === 'url' ? message.onClick.url : undefined;
      _raise({ op: 'click', ...about, button: button.slice(0, 64), ...(url !== undefined && { url }) });
      // Ended first: the called function may well bring the next pop-up.
      end();
      act(message, _log, _leaving);
    };

    // The documented close snippets remove the host from inside the frame.
    const removal = new MutationObserver(() => {
      if (!host.isConnected) close(true);
    });

    const giveUp = onceReady(frame, (inner) => {
      const content = inner.getElementById('contentDiv') ?? inner.body;
      inner.addEventListener('click', (event) => {
        const target = event.target as Element | null;
        if (target?.closest('[data-campanile=close]')) {
          close();
          return;
        }
        const button = target?.closest<HTMLElement>('[data-campanile=click],.jsCT_CTA');
        if (!button) return;
        event.preventDefault();
        click(button.dataset['button'] ?? 'main');
      });
      inner.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') close();
      });
      if (!inner.querySelector('[role=dialog]')) {
        host.setAttribute('role', 'dialog');
        host.setAttribute('aria-label', frame.title);
      }
      fit(frame, content);
      enter(host);
      stopSeeing = onceSeen(host, () => _raise({ op: 'view', ...about }));
      _rendered(message);
    });

    this._takeDown = () => end();
    // First in the document: keyboards and screen readers reach it from the top of the page.
    document.body.prepend(host);
    removal.observe(document.body, { childList: true });
  }
}
