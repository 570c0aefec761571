/**
 * The host and the frame of a pop-up: where it stands, how large it is, how it comes and goes.
 *
 * `div#wizParDiv0` (box) and `div#wizParDiv2` (banner) around a same-origin `srcdoc` frame; an interstitial is `div#intentPreview`
 * over the veil `div#intentOpacityDiv`. Works under a strict CSP: styles are set through CSSOM only, the page's nonce goes into the
 * message's own `<style>`, and HTML passes the Trusted Types policy. Left out: what happens inside (`show.ts`), keyboard and focus
 * (`modal.ts`). Invariant: the page around does not move, and before `enter` nothing can be seen, met or clicked.
 */
import { trustedHtml } from '../trusted.ts';
import type { Layout, Message } from '../wire.ts';

/** Host ids by kind. The documented close snippets look for exactly these. */
export const HOSTS: Record<Layout, string> = { box: 'wizParDiv0', banner: 'wizParDiv2', interstitial: 'intentPreview' };

/** Free space between a message and the edges of the viewport, in CSS pixels. */
const INSET = 12;

export interface Frame {
  host: HTMLElement;
  frame: HTMLIFrameElement;
  /** Behind an interstitial. */
  veil: HTMLElement | undefined;
  /** Takes all out of the page. */
  remove(): void;
}

/** Builds, but does not place. `html` is the message's document as it goes into the frame. */
export function build(message: Message, html: string): Frame {
  const { display } = message;
  const modal = display.kind === 'interstitial';
  const banner = display.kind === 'banner';
  const [up = 0, right = 0, down = 0, left = 0] = display.bleed ?? [];
  const bleeds = up + right + down + left > 0;
  const scheme = display.theme === 'dark' || display.theme === 'light' ? display.theme : 'light dark';
  const narrow = matchMedia('(max-width:519px)');

  const host = document.createElement('div');
  const frame = document.createElement('iframe');
  host.id = HOSTS[display.kind as Layout];

  const place = () => {
    const sheet = display.sheet && narrow.matches;
    let radius = `${Number(display.radius) || 0}px`;
    let css =
      'all:initial;position:fixed;display:block;box-sizing:border-box;' +
      `z-index:${modal ? 2147483647 : 2147483645};opacity:${host.style.opacity || 0};pointer-events:${host.style.pointerEvents || 'none'};`;
    if (display.full) {
      css += 'inset:0;' + safe('top') + safe('bottom') + safe('left') + safe('right');
      radius = '0';
    } else if (banner || sheet) {
      const edge = banner && display.edge !== 'bottom' ? 'top' : 'bottom';
      css += `${edge}:0;left:0;right:0;` + safe(edge) + (banner ? safe('left') + safe('right') : '');
      if (sheet) radius += ` ${radius} 0 0`;
    } else {
      css += `width:min(100vw - ${Math.max(2 * INSET, left + right)}px,${Number((narrow.matches && display.narrow) || display.width) || 400}px);`;
      if (modal) {
        // The frame, not its surface, has to fit into the window.
        css += `inset:${up}px 0 ${down}px;margin:auto;height:fit-content;`;
      } else {
        const [vertical, side] = (display.corner ?? '').split('-');
        // A corner is meant as start or end where the message is written from right to left.
        const onTheRight = (side === 'left') === /<html[^>]*\sdir=["']?rtl/i.test(html);
        const at = (edge: string, bleed: number) =>
          `${edge}:calc(${Math.max(INSET, bleed)}px + env(safe-area-inset-${edge},0px));`;
        css += vertical === 'top' ? at('top', up) : at('bottom', down);
        css += onTheRight ? at('right', right) : at('left', left);
      }
    }
    const shadow = display.shadow ?? 'box';
    if (shadow === 'drop') css += 'filter:drop-shadow(0 18px 25px #0b0e1440) drop-shadow(0 2px 3px #0b0e1426);';
    else {
      css += `border-radius:${radius};`;
      if (shadow === 'box') css += 'box-shadow:0 18px 50px #0b0e1440,0 2px 6px #0b0e1426;';
      if (!bleeds) css += 'overflow:hidden;';
    }
    host.style.cssText = css;
  };
  place();
  narrow.addEventListener('change', place);

  frame.id = modal ? 'wiz-iframe-intent' : 'wiz-iframe';
  frame.title = display.label ?? message.msgContent.title ?? '';
  frame.style.cssText =
    `all:initial;display:block;width:calc(100% + ${left + right}px);margin:-${up}px -${right}px -${down}px -${left}px;` +
    // The same on frame element and document, or the browser paints an opaque ground behind the frame.
    `border:0;background:transparent;color-scheme:${scheme};` +
    (display.full ? 'height:100%' : ['vh', 'dvh'].map((unit) => `max-height:calc(100${unit} - ${banner ? 0 : 2 * INSET}px);`).join('') + 'height:0');
  if (display.sandbox) frame.setAttribute('sandbox', 'allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox');
  frame.srcdoc = trustedHtml(html);
  host.append(frame);

  const veil = modal ? document.createElement('div') : undefined;
  if (veil) {
    veil.id = 'intentOpacityDiv';
    const dark = scheme === 'dark' || (scheme !== 'light' && matchMedia('(prefers-color-scheme:dark)').matches);
    veil.style.cssText =
      'all:initial;position:fixed;inset:0;display:block;z-index:2147483646;opacity:0;pointer-events:none;' +
      `background:${dark ? '#05070bc4' : '#0b0e14a8'};`;
    // Instead of hiding the page's scroll bar, which would move the page.
    for (const part of [veil, host]) {
      for (const name of ['wheel', 'touchmove']) {
        part.addEventListener(name, (event) => event.preventDefault(), { passive: false });
      }
    }
  }
  const remove = () => {
    narrow.removeEventListener('change', place);
    host.remove();
    veil?.remove();
  };
  return { host, frame, veil, remove };
}

/** Room for the notch and the bar of a telephone. */
function safe(edge: string): string {
  return `padding-${edge}:env(safe-area-inset-${edge},0px);`;
}

/** Puts the page's nonce where the server left `campanile-nonce`. */
export function withNonce(html: string, nonce: string): string {
  return nonce ? html.split('campanile-nonce').join(nonce) : html;
}

/**
 * Calls `ready` once the message's document can be used: before its pictures are there, and not in the task that has just read it, which
 * is long enough. Returns a function that gives up.
 */
export function onceReady(frame: HTMLIFrameElement, ready: (document: Document) => void): () => void {
  const poll = setInterval(() => {
    const inner = frame.contentDocument;
    // Until the srcdoc is there, the frame shows an empty about:blank.
    if (!inner || inner.URL !== 'about:srcdoc' || inner.readyState === 'loading') return;
    clearInterval(poll);
    ready(inner);
  }, 20);
  return () => clearInterval(poll);
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

/** How long each takes to come, in ms, and from where. */
const MOTION: Record<Layout, [ms: number, from: string]> = {
  box: [220, 'translateY(12px)'],
  banner: [200, 'translateY(-100%)'],
  interstitial: [180, 'scale(.98)'],
};

/** Shows it. Boxes rise, banners slide their own height, interstitials grow a little; who prefers less motion gets a short fade. */
export function enter({ host, veil }: Frame, { kind, edge }: Message['display']): void {
  const [ms, from] = MOTION[kind as Layout];
  const transform = edge === 'bottom' ? from.replace('-', '') : from;
  for (const part of [veil, host]) {
    if (!part) continue;
    part.style.opacity = '1';
    part.style.pointerEvents = 'auto';
    const moves = part === host && !calm();
    const duration = calm() ? 80 : moves ? ms : 140;
    const start = { opacity: moves && kind === 'banner' ? 1 : 0, ...(moves && { transform }) };
    part.animate([start, { opacity: 1 }], { duration, easing: 'cubic-bezier(.2,.8,.2,1)' });
  }
}

/** Fades out, removes, then calls `gone`. By timer, because animations stand still in hidden tabs. */
export function leave({ host, veil, remove }: Frame, gone: () => void): void {
  const ms = calm() ? 80 : 120;
  for (const part of [veil, host]) {
    if (!part) continue;
    part.style.pointerEvents = 'none';
    part.animate([{ opacity: 1 }, { opacity: 0 }], { duration: ms, fill: 'forwards' });
  }
  setTimeout(() => {
    remove();
    gone();
  }, ms);
}

export function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
