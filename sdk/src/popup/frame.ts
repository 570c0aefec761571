/**
 * The host and the frame of a pop-up: `div#wizParDiv0` around a same-origin `srcdoc` frame, in its corner, as high as its content.
 *
 * Works under a strict CSP: styles are set through CSSOM only, the page's nonce goes into the message's own `<style>`, and HTML
 * passes the Trusted Types policy. Left out: what happens inside (`show.ts`). Invariant: the page around does not move.
 */
import { trustedHtml } from '../trusted.ts';
import type { Message } from '../wire.ts';

/** Host ids by kind. The documented close snippets look for exactly these. Banner and modal kinds will stand here too. */
export const HOSTS: Record<string, string> = { box: 'wizParDiv0' };

/** Free space between a box and the edges of the viewport, in CSS pixels. */
const INSET = 12;

export interface Frame {
  host: HTMLElement;
  frame: HTMLIFrameElement;
}

/** Builds, but does not place. `nonce` is that of the SDK's own script element. */
export function build(message: Message, nonce: string): Frame {
  const { display } = message;
  const [vertical = 'bottom', side = 'right'] = (display.corner ?? '').split('-').filter(Boolean);
  const scheme = display.theme === 'dark' || display.theme === 'light' ? display.theme : 'light dark';
  const edge = vertical === 'top' ? 'top' : 'bottom';
  const tall = `max-height:calc(100vh - ${2 * INSET}px);max-height:calc(100dvh - ${2 * INSET}px);`;

  const host = document.createElement('div');
  host.id = HOSTS[display.kind] ?? '';
  host.style.cssText =
    'all:initial;position:fixed;z-index:2147483647;display:block;overflow:hidden;opacity:0;' +
    `${edge}:${INSET}px;${edge}:calc(${INSET}px + env(safe-area-inset-${edge},0px));` +
    `${side === 'left' ? 'left' : 'right'}:${INSET}px;` +
    `width:min(100vw - ${2 * INSET}px,${Number(display.width) || 400}px);${tall}` +
    `border-radius:${Number(display.radius) || 0}px;` +
    'box-shadow:0 18px 50px #0b0e1440,0 2px 6px #0b0e1426;';

  const frame = document.createElement('iframe');
  frame.id = 'wiz-iframe';
  frame.title = display.label ?? message.msgContent.title ?? '';
  frame.style.cssText =
    'all:initial;display:block;width:100%;height:0;border:0;background:transparent;' +
    // The same on frame element and document, or the browser paints an opaque ground behind the frame.
    `color-scheme:${scheme};${tall}`;
  frame.srcdoc = trustedHtml(withNonce(message.msgContent.html, nonce));
  host.append(frame);
  return { host, frame };
}

/** Puts the page's nonce where the server left `campanile-nonce`. */
export function withNonce(html: string, nonce: string): string {
  return nonce ? html.split('campanile-nonce').join(nonce) : html;
}

/** Calls `ready` once the message's document can be used: before its pictures are there. Returns a function that gives up. */
export function onceReady(frame: HTMLIFrameElement, ready: (document: Document) => void): () => void {
  const poll = setInterval(check, 20);
  frame.addEventListener('load', check);
  function check(): void {
    const inner = frame.contentDocument;
    // Until the srcdoc is there, the frame shows an empty about:blank.
    if (!inner || inner.URL !== 'about:srcdoc' || inner.readyState === 'loading') return;
    stop();
    ready(inner);
  }
  function stop(): void {
    clearInterval(poll);
    frame.removeEventListener('load', check);
  }
  return stop;
}

/** Keeps the frame as high as `content`; what is higher than the viewport scrolls inside. */
export function fit(frame: HTMLIFrameElement, content: Element): void {
  const size = () => {
    frame.style.height = `${Math.ceil(content.getBoundingClientRect().height)}px`;
  };
  size();
  // The frame's own observer: it ends with the frame.
  const { ResizeObserver } = frame.contentWindow as unknown as { ResizeObserver: typeof globalThis.ResizeObserver };
  new ResizeObserver(size).observe(content);
}

/** Boxes rise 12 px and fade in; who prefers less motion gets a short fade. */
export function enter(host: HTMLElement): void {
  host.style.opacity = '1';
  if (calm()) host.animate([{ opacity: 0 }, { opacity: 1 }], 80);
  else {
    host.animate(
      [
        { opacity: 0, transform: 'translateY(12px)' },
        { opacity: 1, transform: 'none' },
      ],
      { duration: 220, easing: 'cubic-bezier(.2,.8,.2,1)' },
    );
  }
}

/** Fades out, removes, then calls `gone`. By timer, because animations stand still in hidden tabs. */
export function leave(host: HTMLElement, gone: () => void): void {
  const ms = calm() ? 80 : 120;
  host.style.pointerEvents = 'none';
  host.animate([{ opacity: 1 }, { opacity: 0 }], { duration: ms, fill: 'forwards' });
  setTimeout(() => {
    host.remove();
    gone();
  }, ms);
}

export function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
