/**
 * Pop-ups that the page draws or listens to itself: `notificationCallback`, `popupCallback`, `raiseNotification…`, `renderNotification…`.
 *
 * Left out: our own rendering (`show.ts`). Invariant: what the page raises is counted for the message that it was handed, and a
 * call that comes too early says so instead of throwing.
 */
import type { Log } from '../log.ts';
import type { Draft, Message } from '../wire.ts';
import { act } from './act.ts';
import { withNonce } from './frame.ts';

/** The documented argument of `notificationCallback`. */
export type PublicMessage = Pick<Message, 'msgContent' | 'msgId' | 'kv'>;
export type PopupData = PublicMessage & { msgCTkv: Record<string, unknown>[] };

export interface CustomPorts {
  _log: Log;
  _nonce: string;
  _raise(draft: Draft): void;
  _leaving(): void;
}

export class Custom {
  private _byId = new Map<string, Message>();
  private _last: Message | undefined;
  private _shown: Message | undefined;
  private _popupCallback: ((data: PopupData) => void) | undefined;

  constructor(private _ports: CustomPorts) {}

  /** Remembers a message, so that it can be raised by its msgId. */
  _note(message: Message): void {
    this._byId.set(message.msgId, message);
  }

  /** Hands a message to the page instead of showing it. */
  _deliver(callback: (message: PublicMessage) => void, message: Message): void {
    this._last = message;
    this._guard('notificationCallback', () => callback(this._public(message)));
  }

  /** `Notification Viewed` for what the callback was handed last, or for the message given. */
  _viewed(given?: unknown): void {
    const message = this._find(given, 'raiseNotificationViewed');
    if (message) this._ports._raise({ op: 'view', ...about(message) });
  }

  /** `Notification Clicked`, and then what the campaign says a click does. */
  _clicked(given?: unknown): void {
    const message = this._find(given, 'raiseNotificationClicked');
    if (!message) return;
    const url = message.onClick.do === 'url' ? message.onClick.url : undefined;
    this._ports._raise({ op: 'click', ...about(message), button: 'main', ...(url !== undefined && { url }) });
    act(message, this._ports._log, this._ports._leaving);
  }

  /** Counts a view or a click by msgId, for pop-ups and native content that the page draws; does nothing else. */
  _render(op: 'view' | 'click', given: unknown): void {
    const msgId = (given as { msgId?: unknown } | null | undefined)?.msgId;
    if (typeof msgId !== 'string' || !msgId) {
      this._ports._log._error(705, 'This call takes {msgId: "..."}, as the message had it. Nothing was counted.');
      return;
    }
    const known = this._byId.get(msgId);
    this._ports._raise({ op, ...(known ? about(known) : { msg: msgId }) });
  }

  /** The document of a shown pop-up stands; undefined: it has gone. */
  _rendered(message: Message | undefined): void {
    this._shown = message;
    this._tell();
  }

  /** `popupCallback`, set by the page or by the pop-up's own script, before or after the pop-up is there. */
  _listen(callback: unknown): void {
    this._popupCallback = typeof callback === 'function' ? (callback as (data: PopupData) => void) : undefined;
    this._tell();
  }

  private _tell(): void {
    const { _popupCallback: callback, _shown: message } = this;
    if (!callback || !message) return;
    this._guard('popupCallback', () => callback({ ...this._public(message), msgCTkv: [] }));
  }

  private _find(given: unknown, call: string): Message | undefined {
    const msgId = (given as { msgId?: string } | null | undefined)?.msgId;
    const message = (msgId !== undefined && this._byId.get(msgId)) || this._last;
    if (!message) {
      this._ports._log._warn(705, `${call}() was called before notificationCallback got a message. Nothing was counted.`);
    }
    return message;
  }

  private _public(message: Message): PublicMessage {
    const { msgContent, msgId, kv } = message;
    const html = withNonce(msgContent.html, this._ports._nonce);
    return { msgContent: { ...msgContent, html }, msgId, ...(kv && { kv }) };
  }

  private _guard(name: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this._ports._log._error(706, `${name} failed.`, error);
    }
  }
}

function about(message: Message): { msg: string; impression: string } {
  return { msg: message.msgId, impression: message.impression };
}
