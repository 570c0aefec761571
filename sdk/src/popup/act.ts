/**
 * What a click on a pop-up does: open a page, call a function of the page, ask for push, or nothing more.
 *
 * Left out: counting, which the caller has done before. Invariant: an address never runs as script, and a page's
 * own exception never reaches the SDK.
 */
import type { Log } from '../log.ts';
import type { Message, OnClick } from '../wire.ts';

export interface ActPorts {
  _log: Log;
  /** Called right before this tab goes to another page. */
  _leaving(): void;
  /** Asks for permission to send push notifications, for this message. */
  _prompt(message: Message): void;
}

export function act(onClick: OnClick, message: Message, { _log, _leaving, _prompt }: ActPorts): void {
  switch (onClick.do) {
    case 'url':
      open(onClick.url, onClick.target === 'new', _log, _leaving);
      break;
    case 'function':
      call(onClick.name, message.kv, _log);
      break;
    case 'prompt':
      _prompt(message);
      break;
  }
}

/** The address that a click goes to, for its count. */
export function addressOf(onClick: OnClick): { url?: string } {
  return onClick.do === 'url' ? { url: onClick.url } : {};
}

function open(address: string, newTab: boolean, log: Log, leaving: () => void): void {
  let url: URL;
  try {
    url = new URL(address, location.href);
  } catch {
    log._error(702, `The pop-up's link "${address}" is not an address. The click was counted; correct the campaign.`);
    return;
  }
  if (/^(javascript|data|vbscript|blob):$/.test(url.protocol)) {
    log._error(702, `The pop-up's link begins with ${url.protocol} and was not opened. The click was counted.`);
    return;
  }
  if (newTab) {
    window.open(url.href, '_blank', 'noopener');
    return;
  }
  leaving();
  location.assign(url.href);
}

/** `name` may be a path, as in `shop.addVoucher`. */
function call(name: string, kv: Message['kv'], log: Log): void {
  const path = name.split('.');
  const method = path.pop() ?? '';
  const owner = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], window);
  const target = (owner as Record<string, unknown> | undefined)?.[method];
  if (typeof target !== 'function') {
    log._error(703, `The page has no function ${name}() for the pop-up's button. The click was counted.`);
    return;
  }
  try {
    target.call(owner, kv ?? {});
  } catch (error) {
    log._error(703, `${name}() failed. The click was counted.`, error);
  }
}
