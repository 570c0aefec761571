/**
 * The owner's own HTML in the frame: marked calls to action, links, height, and the channel of a sandboxed one.
 *
 * An element with `wzrk_c2a` or `data-c2a` is counted by its name and does what it does. Left out: what every message has
 * (`show.ts`). Invariant: nothing that the HTML does by itself is prevented, and a sandboxed frame is heard only by messages from
 * exactly that frame.
 */
import type { Scene } from './show.ts';

const MARKED = '[wzrk_c2a],[data-c2a]';
/** Height of a frame that says none. */
const UNKNOWN = 320;

/** Links without a target open in the page, not in the frame; a sandboxed frame may only open new tabs. */
export function withBase(html: string, sandbox: boolean | undefined): string {
  if (/<base\s[^>]*target/i.test(html)) return html;
  const head = /^(?:[\s\S]*?<head(?:\s[^>]*)?>|[\s\S]*?<html(?:\s[^>]*)?>|\s*<!doctype[^>]*>)?/i;
  return html.replace(head, (start) => `${start}<base target="${sandbox ? '_blank' : '_top'}">`);
}

/** A frame that can be looked into. */
export function own(scene: Scene, inner: Document): void {
  inner.addEventListener(
    'click',
    (event) => {
      const target = event.target as Element | null;
      const marked = target?.closest(MARKED);
      if (marked) {
        const name =
          marked.getAttribute('wzrk_c2a') || marked.getAttribute('data-c2a') || marked.id || (marked.textContent ?? '').trim();
        const link = marked.closest<HTMLAnchorElement>('a[href]') ?? marked.querySelector<HTMLAnchorElement>('a[href]');
        scene._count(name.slice(0, 64), link ? { url: link.href } : {});
      }
    },
    true,
  );
  inner.addEventListener('click', (event) => {
    // A link within the message is none to another page.
    const within = (event.target as Element | null)?.closest('a[href^="#"]');
    if (!within || event.defaultPrevented) return;
    event.preventDefault();
    const id = decodeURIComponent(within.getAttribute('href') ?? '').slice(1);
    if (id) inner.getElementById(id)?.scrollIntoView();
  });
  const meta = inner.querySelector<HTMLMetaElement>('meta[name=color-scheme]')?.content;
  const computed = inner.defaultView?.getComputedStyle(inner.documentElement).colorScheme;
  scene._frame.style.colorScheme = computed && computed !== 'normal' ? computed : meta || 'light';
  if (!scene._message.display.full) follow(scene._frame, inner);
}

/** Keeps the frame as high as its document, which may be anything: absolute boxes, no `#contentDiv`, no doctype. */
function follow(frame: HTMLIFrameElement, inner: Document): void {
  const view = inner.defaultView as (Window & typeof globalThis) | null;
  if (!view) return;
  const box = inner.getElementById('contentDiv');
  let timer = 0;
  const size = () => {
    timer = 0;
    const before = frame.style.height;
    // From nothing, or the document would be at least as high as the frame is already.
    frame.style.height = '0';
    const high = box ? box.getBoundingClientRect().height : inner.documentElement.scrollHeight;
    frame.style.height = before;
    const height = `${Math.ceil(high) || UNKNOWN}px`;
    if (height !== before) frame.style.height = height;
  };
  const soon = () => {
    timer ||= view.requestAnimationFrame(size);
  };
  size();
  const observer = new view.ResizeObserver(soon);
  for (const element of [inner.documentElement, inner.body, box]) if (element) observer.observe(element);
  new view.MutationObserver(soon).observe(inner.documentElement, { attributes: true, childList: true, characterData: true, subtree: true });
  inner.addEventListener('load', soon, true);
  view.addEventListener('resize', soon);
}

/** A frame without access to the page: it says its height and its clicks by `postMessage`. */
export function sandbox(scene: Scene): void {
  const { _frame: frame } = scene;
  const { full } = scene._message.display;
  const hear = (event: MessageEvent) => {
    if (event.source !== frame.contentWindow) return;
    const said = event.data as { campanile?: unknown; height?: unknown; button?: unknown } | null;
    switch (said?.campanile) {
      case 'size': {
        const height = Number(said.height);
        if (!full && height > 0 && height < 100_000) frame.style.height = `${Math.ceil(height)}px`;
        scene._enter();
        break;
      }
      case 'click': {
        const button = typeof said.button === 'string' && said.button ? said.button : 'main';
        if (button === 'main' || button === 'second') scene._click(button);
        else scene._count(button);
        break;
      }
      case 'close':
        scene._close();
        break;
    }
  };
  const loaded = () => {
    if (!full && !parseFloat(frame.style.height)) frame.style.height = `${UNKNOWN}px`;
    scene._enter();
  };
  addEventListener('message', hear);
  // A frame that says nothing is shown all the same, when its document is there.
  frame.addEventListener('load', loaded);
  scene._stops.push(() => removeEventListener('message', hear));
}
