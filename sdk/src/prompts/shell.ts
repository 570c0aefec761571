/**
 * What all prompts stand in: a host in the body, a shadow root with an adopted sheet, a surface with a title, the way out.
 *
 * Modal ones make the page behind inert and keep the focus; all begin on the title, so that Enter does not accept by accident, end
 * with Escape, and give the focus back. Left out: what stands on the surface. Invariant: `dismissed` is called at most once, and a
 * host that the page takes away leaves nothing behind.
 */
import { calm } from '../popup/frame.ts';
import { isolate, trap } from '../popup/modal.ts';
import type { Options } from '../push/options.ts';
import { isColour, textOn, visibleOn } from '../push/paint.ts';
import { make, set } from '../why/element.ts';
import { icon } from './icons.ts';
import { SHEET } from './sheet.ts';

export interface Look {
  /** Of the host; `surface` of what stands on it. */
  id: string;
  surface?: string;
  kind: 'center' | 'card' | 'topics' | 'panel' | 'help';
  modal: boolean;
  at?: string;
}

export interface Shell {
  host: HTMLElement;
  card: HTMLElement;
  /** Takes it away without a word. */
  close(): void;
}

/** A host with the sheet, in the owner's colour and theme. */
export function hostOf(id: string, options: Options): { host: HTMLElement; root: ShadowRoot } {
  const host = document.createElement('div');
  host.id = id;
  host.dataset['campanile'] = 'prompt';
  if (options.theme) host.dataset['theme'] = options.theme;
  const colour = options.okButtonColor;
  if (isColour(colour)) {
    for (const [scheme, ground] of [['light', '#ffffff'], ['dark', '#1c2029']] as const) {
      const seen = visibleOn(colour, ground);
      host.style.setProperty(`--acc-${scheme}`, seen);
      host.style.setProperty(`--on-${scheme}`, textOn(seen));
      host.style.setProperty(`--soft-${scheme}`, `${seen}1f`);
    }
  }
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];
  return { host, root };
}

/** Shows `inside`, whose title has the id `title` and whose text has the id `text`. */
export function show({ id, surface, kind, modal, at }: Look, options: Options, inside: (Node | string)[], dismissed: () => void): Shell {
  const { host, root } = hostOf(id, options);
  // Of the bell, what is inside of it.
  const before = (document.activeElement?.shadowRoot?.activeElement ?? document.activeElement) as HTMLElement | null;
  const card = set(make('div', `card wzrk-alert ${kind}`, ...inside), {
    role: 'dialog',
    'aria-labelledby': 'title',
    'aria-describedby': 'text',
    ...(modal && { 'aria-modal': 'true' }),
  });
  if (surface) card.id = surface;
  const stage = make('div', 'stage', card);
  stage.dataset['at'] = at ?? 'center';
  stage.dataset['kind'] = kind;
  const veil = make('div', 'veil wzrk-overlay');
  if (surface) veil.id = surface.replace('Card', 'Overlay');
  if (modal) root.append(veil);
  root.append(stage);
  document.body.prepend(host);

  let free = () => {};
  const gone = new MutationObserver(() => {
    if (!host.isConnected) close();
  });
  const close = () => {
    gone.disconnect();
    const inside = !document.activeElement || document.activeElement === host || document.activeElement === document.body;
    host.remove();
    free();
    if (inside) before?.focus?.({ preventScroll: true });
  };
  let open = true;
  const dismiss = () => {
    if (!open || !host.isConnected) return;
    open = false;
    close();
    dismissed();
  };
  host.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') dismiss();
  });
  for (const way of [veil, ...root.querySelectorAll('.x,.no')]) way.addEventListener('click', dismiss);
  if (modal) {
    free = isolate([host]);
    trap(root);
    for (const name of ['wheel', 'touchmove']) {
      veil.addEventListener(name, (event) => event.preventDefault(), { passive: false });
    }
  }
  gone.observe(document.body, { childList: true });
  root.getElementById('title')?.focus({ preventScroll: true });
  if (calm()) stage.animate([{ opacity: 0 }, { opacity: 1 }], 80);
  return { host, card, close };
}

/** A title that takes the focus. */
export function title(text: string): HTMLElement {
  const element = make('h2', '', text);
  element.id = 'title';
  element.tabIndex = -1;
  return element;
}

export function textOf(text: string): HTMLElement {
  const element = make('p', '', text);
  element.id = 'text';
  return element;
}

/** The cross. */
export function cross(label: string): HTMLElement {
  const button = set(make('button', 'x'), { type: 'button', 'aria-label': label });
  button.append(icon('x'));
  return button;
}

export function button(name: string, text: string, label?: string): HTMLButtonElement {
  const element = set(make('button', name, text), { type: 'button', ...(label && { 'aria-label': label }) });
  return element;
}

/** The main button in the owner's colour. */
export function painted(main: HTMLButtonElement, { okButtonColor }: Options): HTMLButtonElement {
  if (isColour(okButtonColor)) {
    main.style.background = okButtonColor;
    main.style.color = textOn(okButtonColor);
  }
  return main;
}
