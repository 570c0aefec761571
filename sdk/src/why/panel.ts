/**
 * The overlay itself: a closed shadow root over the page, its header, tabs and foot, the keys, and one drawing after each change.
 *
 * Left out: the list (`campaigns.ts`), texts (`words.ts`, `facts.ts`), places (`place.ts`, `rings.ts`). Invariant: `close` takes away
 * all that was put on the page and gives the focus back to where it came from.
 */
import type { Shown, WhyPorts, WhyState } from '../why-ports.ts';
import { campaigns } from './campaigns.ts';
import { heading, icon, make, nothing, say, set, tabled, type Icon } from './element.ts';
import { callFacts, everything, pushFacts, visitorFacts } from './facts.ts';
import { place } from './place.ts';
import { rings } from './rings.ts';
import { SHEET } from './sheet.ts';
import { clock } from './words.ts';

const TITLE = 'Why shown, why not';
/** How often what is waited for is looked at. */
const LOOK = 500;

export function openPanel(ports: WhyPorts): { close(): void } {
  const host = set(make('div'), { 'data-campanile': 'why' });
  host.style.cssText = 'all:initial;position:fixed;inset:0;display:block;z-index:2147483647;pointer-events:none;';
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];

  const live = set(make('p', 'hidden'), { role: 'status' });
  const tell = (text: string) => (live.textContent = text);
  const copy = (text: string, button: HTMLElement) => void copyText(text, root).then((done) => copied(button, done, tell));
  const copyAll = tool('copy', 'Copy all as JSON', () => copy(everything(ports.latest()), copyAll));
  const dock = tool('dock', 'Dock below', () => where.toggle());
  const header = make('header', '', icon('bell'), set(make('h2', '', TITLE), { id: 'title' }), copyAll, dock, tool('x', 'Close', close));

  const list = make('div');
  const bodies = [list, make('div'), make('div'), make('div')] as const;
  const tabs = tabbed(['Campaigns', 'Visitor', 'Push', 'Last 50 calls'], bodies, draw);
  const drawList = campaigns(list, ports, { copy, tell });

  const page = make('b');
  const device = make('code');
  const took = make('b');
  const time = make('span');
  const visitor = make('span', '', 'visitor ', device);
  const decided = make('span', '', 'decided in ', took);
  const link = make('span');
  const panel = make(
    'section',
    'panel',
    header,
    tabs.bar,
    make('div', 'context', page, visitor, decided, time),
    ...bodies,
    make('footer', '', link, make('span', 'esc', 'Esc closes')),
    live,
  );
  set(panel, { role: 'complementary', 'aria-labelledby': 'title', lang: 'en', dir: getComputedStyle(document.body).direction });
  const layer = make('div');
  root.append(make('div', 'all', layer, panel));

  document.body.append(host);
  // Above dialogs of the page, too.
  if ('popover' in host) {
    host.popover = 'manual';
    host.showPopover();
  }

  const around = rings(layer, () => where.settle());
  const where = place(panel, header, around.places, (low) => {
    dock.setAttribute('aria-pressed', String(low));
  });

  let last: WhyState['why'];
  let came = Date.now();
  function draw(): void {
    const state = ports.latest();
    const { why } = state;
    if (why !== last) {
      last = why;
      came = Date.now();
    }
    say(tabs.buttons[0] as HTMLElement, `Campaigns ${why?.campaigns.length || ''}`.trim());
    const { pathname, search } = new URL(state.page);
    say(page, pathname + search);
    say(device, state.device.length > 12 ? `${state.device.slice(0, 6)}…${state.device.slice(-4)}` : state.device);
    visitor.hidden = !state.device;
    decided.hidden = !why?.tookUs;
    say(took, `${why?.tookUs} µs`);
    time.hidden = !why;
    say(time, clock(came, 'medium'));
    say(link, `Only you see this.${why?.until ? ` Link ${why.until < Date.now() ? 'ended' : 'ends'} at ${clock(why.until)}.` : ''}`);

    const at = tabs.selected();
    if (at === 0) drawList(state);
    else if (at === 1) table(bodies[1], visitorFacts(state));
    else if (at === 2) table(bodies[2], pushFacts(state));
    else table(bodies[3], callFacts(state.calls), ['Time', 'Call', 'With']);

    const name = ({ campaign, test }: Shown) => {
      const of = why?.campaigns.find((one) => one.campaign === campaign);
      return `${test ? 'Test, not counted' : 'Shown'}: ${of?.name ?? `campaign ${campaign}`}${of?.variant ? `, variant ${of.variant}` : ''}`;
    };
    around.update(state.shown, name);
    where.settle();
  }

  /** Where the focus was before it came in here. */
  let before: Element | null = null;
  root.addEventListener('focusin', (event) => {
    const from = (event as FocusEvent).relatedTarget as Element | null;
    // From nowhere: it came back after a row moved.
    if (from && !root.contains(from)) before = from;
  });
  root.addEventListener('keydown', (event) => {
    if ((event as KeyboardEvent).key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  const onKey = (event: KeyboardEvent) => {
    const active = document.activeElement;
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    // Once inside, the key goes on to the browser's own parts.
    if (event.key === 'F6' && active !== host) {
      event.preventDefault();
      tabs.focus();
    }
    // A page, or a message, that has the focus means its own Escape.
    if (event.key === 'Escape' && (!active || active === document.body)) close();
  };
  document.addEventListener('keydown', onKey);

  const stopListening = ports.onChange(draw);
  const timer = setInterval(() => {
    if (!document.hidden && ports.latest().waiting.length > 0) draw();
  }, LOOK);

  let open = true;
  function close(): void {
    if (!open) return;
    open = false;
    const inside = document.activeElement === host;
    stopListening();
    clearInterval(timer);
    document.removeEventListener('keydown', onKey);
    around.stop();
    where.stop();
    host.remove();
    if (inside) (before as HTMLElement | null)?.focus?.({ preventScroll: true });
    ports.closed();
  }

  draw();
  return { close };
}

function tool(drawing: Icon, name: string, run: () => void): HTMLButtonElement {
  const button = set(make('button', '', icon(drawing)), { 'aria-label': name, title: name });
  button.addEventListener('click', run);
  return button;
}

/** Tabs that arrow keys go through. */
function tabbed(names: readonly string[], bodies: readonly HTMLElement[], selected: () => void) {
  let at = 0;
  const bar = set(make('div', 'tabs'), { role: 'tablist', 'aria-labelledby': 'title' });
  const buttons = names.map((name, index) => {
    const button = set(make('button', '', name), { role: 'tab', id: `tab${index}`, 'aria-controls': `body${index}` });
    // Each can be scrolled by keys.
    set(bodies[index] as HTMLElement, { role: 'tabpanel', id: `body${index}`, 'aria-labelledby': `tab${index}`, tabindex: '0' });
    button.addEventListener('click', () => {
      select(index);
      selected();
    });
    bar.append(button);
    return button;
  });
  const select = (index: number) => {
    at = index;
    buttons.forEach((button, other) => {
      button.setAttribute('aria-selected', String(other === at));
      button.tabIndex = other === at ? 0 : -1;
      (bodies[other] as HTMLElement).hidden = other !== at;
    });
  };
  select(0);
  const focus = () => buttons[at]?.focus({ preventScroll: true });
  bar.addEventListener('keydown', (event) => {
    const ahead = getComputedStyle(bar).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const { key } = event;
    const to =
      key === 'Home' ? 0 : key === 'End' ? names.length - 1 : /^Arrow(Left|Right)$/.test(key) ? at + (key === ahead ? 1 : -1) : undefined;
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    select((to + names.length) % names.length);
    focus();
    selected();
  });
  return { bar, buttons, focus, selected: () => at };
}

/** Draws facts, or calls, where they are others than before: a selection and the place stay. */
function table(body: HTMLElement, lines: readonly string[][], head: readonly string[] = []): void {
  const rows = lines.map(([name = '', ...values]) => make('tr', '', heading('row', name), ...values.map((value) => make('td', '', value))));
  const made = rows.length > 0 ? tabled(head, rows) : nothing('No call yet', 'What the page calls of clevertap is listed here.');
  made.classList.add('facts');
  if (made.textContent !== body.textContent) body.replaceChildren(made);
}

/** Whether it is in the clipboard now. */
async function copyText(text: string, root: ShadowRoot): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page without HTTPS has no such clipboard, and a policy may forbid it.
    const area = make('textarea', 'hidden');
    const focus = root.activeElement as HTMLElement | null;
    area.value = text;
    root.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    focus?.focus({ preventScroll: true });
    return done;
  }
}

/** Says at the button what became of the copy. */
function copied(button: HTMLElement, done: boolean, tell: (text: string) => void): void {
  const text = done ? 'Copied' : 'This page does not let it be copied';
  tell(text);
  const [now, then] = button.className ? [text, 'Copy as JSON'] : [icon(done ? 'check' : 'x'), icon('copy')];
  button.replaceChildren(now);
  setTimeout(() => button.replaceChildren(then), 2_000);
}
