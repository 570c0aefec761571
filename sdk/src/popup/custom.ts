/**
 * Pop-ups that the page draws or listens to itself: `notificationCallback`, `popupCallback`, `raiseNotification…`, `renderNotification…`.
 *
 * Left out: our own rendering (`show.ts`). Invariant: what the page raises is counted for the message that it was handed, each
 * callback is called once for a pop-up and with that one's data, and a call that comes too early says so instead of throwing.
 */
import type { Draft, Message } from '../wire.ts';
import { act, addressOf, type ActPorts } from './act.ts';
import { withNonce } from './frame.ts';

/** The documented argument of `notificationCallback`. */
export type PublicMessage = Pick<Message, 'msgContent' | 'msgId' | 'kv'>;
export type PopupData = PublicMessage & { msgCTkv: Record<string, unknown>[] };
type Callback = (data: PopupData) => void;

export interface CustomPorts extends ActPorts {
  _nonce: string;
  _raise(draft: Draft): void;
}

/** A pop-up in its frame. */
interface Standing {
  _message: Message;
  _frame: HTMLIFrameElement;
  _data: PopupData;
  /** Set by the pop-up's own script. */
  _own: Callback | undefined;
  _ready: boolean;
  /** Callbacks that have had it. */
  _told: Set<Callback>;
}

export class Custom {
  private _byId = new Map<string, Message>();
  /** What the page was handed, and of which message that is: two may have the same msgId. */
  private _byData = new WeakMap<object, Message>();
  private _last: Message | undefined;
  private _standing: Standing[] = [];
  private _ofPage: Callback | undefined;

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
    if (message) this._raise('view', message);
  }

  /** `Notification Clicked`, and then what the campaign says a click does. */
  _clicked(given?: unknown): void {
    const message = this._find(given, 'raiseNotificationClicked');
    if (!message) return;
    this._raise('click', message, { button: 'main', ...addressOf(message.onClick) });
    act(message.onClick, message, this._ports);
  }

  /** Counts a view or a click by msgId, for pop-ups and native content that the page draws; does nothing else. */
  _render(op: 'view' | 'click', given: unknown): void {
    const msg = (given as { msgId?: unknown } | null | undefined)?.msgId;
    const known = this._known(given);
    if (known) this._raise(op, known);
    else if (msg && typeof msg === 'string') this._ports._raise({ op, msg });
    else this._ports._log._error(705, 'This call takes {msgId: "..."}, as the message had it. Nothing was counted.');
  }

  /** A pop-up stands in this frame; its script may run at once. */
  _placed(message: Message, frame: HTMLIFrameElement): void {
    const data: PopupData = { ...this._public(message), msgCTkv: [] };
    this._byData.set(data, message);
    this._standing.push({ _message: message, _frame: frame, _data: data, _own: undefined, _ready: false, _told: new Set() });
  }

  /** Its document is there. */
  _rendered(message: Message): void {
    const pop = this._standing.find(({ _message }) => _message === message);
    if (!pop) return;
    pop._ready = true;
    this._tell();
  }

  _gone(message: Message): void {
    this._standing = this._standing.filter(({ _message }) => _message !== message);
  }

  /** `popupCallback`, set by the page, which then gets every pop-up, or by a pop-up's own script, which gets that one. */
  _listen(callback: unknown): void {
    if (callback && typeof callback !== 'function') return;
    const set = (callback as Callback | null | undefined) ?? undefined;
    const owner = this._standing.find(({ _frame }) => set && madeIn(_frame, set));
    if (owner) owner._own = set;
    else this._ofPage = set;
    // The script that set it may have more to do first.
    void Promise.resolve().then(() => this._tell());
  }

  private _tell(): void {
    for (const pop of this._standing) {
      for (const callback of [pop._own, this._ofPage]) {
        if (!callback || !pop._ready || pop._told.has(callback)) continue;
        pop._told.add(callback);
        this._guard('popupCallback', () => callback(pop._data));
      }
    }
  }

  private _find(given: unknown, call: string): Message | undefined {
    const message = this._known(given) ?? this._last;
    if (!message) {
      this._ports._log._warn(705, `${call}() was called before notificationCallback got a message. Nothing was counted.`);
    }
    return message;
  }

  private _known(given: unknown): Message | undefined {
    return this._byData.get(given as object) ?? this._byId.get((given as { msgId?: string } | undefined)?.msgId ?? '');
  }

  private _public(message: Message): PublicMessage {
    const { msgContent, msgId, kv } = message;
    const html = withNonce(msgContent.html, this._ports._nonce);
    const data: PublicMessage = { msgContent: { ...msgContent, html }, msgId, ...(kv && { kv }) };
    this._byData.set(data, message);
    return data;
  }

  private _raise(op: 'view' | 'click', message: Message, more: { button?: string; url?: string } = {}): void {
    if (!message.test) this._ports._raise({ op, msg: message.msgId, impression: message.impression, ...more });
  }

  private _guard(name: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this._ports._log._error(706, `${name} failed.`, error);
    }
  }
}

/** Whether the function was made by the script of this frame: each frame has a `Function` of its own. */
function madeIn(frame: HTMLIFrameElement, made: Callback): boolean {
  try {
    return made instanceof (frame.contentWindow as unknown as { Function: typeof Function }).Function;
  } catch {
    return false; // a sandboxed frame cannot be looked into, and cannot set anything here
  }
}
