/**
 * The list of campaigns: one row each that opens to its conditions and to what can be done.
 *
 * Left out: what is said (`words.ts`). Invariant: a change keeps opened rows open and the focus where it is, and touches what changed.
 */
import type { WhyPorts, WhyState } from '../why-ports.ts';
import { icon, make, marked, say } from './element.ts';
import { everything, json } from './facts.ts';
import { label, readable, rows, waitsFor, type Condition, type Row } from './words.ts';

interface Drawn {
  element: HTMLDetailsElement;
  update(row: Row, state: WhyState): void;
}

export interface Tools {
  /** Copies a text and says so at the button that asked for it. */
  copy(text: string, button: HTMLElement): void;
  /** Says it to who listens. */
  tell(text: string): void;
}

/** Draws into `list`; gives back what brings it up to date. */
export function campaigns(list: HTMLElement, ports: WhyPorts, tools: Tools): (state: WhyState) => void {
  const drawn = new Map<number, Drawn>();
  const once = new Set<number>();
  const empty = make('div', { class: 'empty' });
  let emptiness = '';

  return (state) => {
    const now = rows(state, once);
    const focus = (list.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    for (const [id, { element }] of drawn) {
      if (now.some(({ of }) => of.campaign === id)) continue;
      element.remove();
      drawn.delete(id);
    }
    now.forEach((row, at) => {
      const id = row.of.campaign;
      let one = drawn.get(id);
      if (!one) drawn.set(id, (one = draw(id, ports, tools, once)));
      one.update(row, state);
      // Moved only where it has to be: a row that moves loses the focus.
      if (list.children[at] !== one.element) list.insertBefore(one.element, list.children[at] ?? null);
    });
    if (focus?.isConnected && (list.getRootNode() as ShadowRoot).activeElement !== focus) focus.focus({ preventScroll: true });

    const about = now.length > 0 ? '' : !state.why ? (state.allowed ? 'asking' : 'shut') : 'none';
    if (about === emptiness) return;
    emptiness = about;
    empty.remove();
    if (!about) return;
    const [title, text] = EMPTY[about as keyof typeof EMPTY];
    empty.replaceChildren(make('b', {}, title), make('p', {}, text));
    if (about === 'asking') empty.append(act('Ask again', () => ports.ask()));
    list.append(empty);
  };
}

const EMPTY = {
  none: ['No pop-up campaign is running', 'Start one in the dashboard. It is listed here from the next page view on.'],
  asking: ['Asking the server', 'Its answer comes with the next page view or event as well.'],
  shut: [
    'The server does not answer this page',
    'Open it by a link from the dashboard, or set WZRK_D in the session storage and load the page again.',
  ],
} as const;

function act(name: string, run: (button: HTMLButtonElement) => void): HTMLButtonElement {
  const button = make('button', { type: 'button', class: 'act' }, name);
  button.addEventListener('click', () => run(button));
  return button;
}

function draw(id: number, ports: WhyPorts, tools: Tools, once: Set<number>): Drawn {
  const sign = make('span', { class: 'sign' });
  const name = make('span', { class: 'name' });
  const kind = make('span', { class: 'kind' });
  const text = make('span', { class: 'text' });
  const table = make('div');
  const show = act('Show it once, uncounted', () => {
    once.add(id);
    ports.showOnce(id);
    tools.tell('The server was asked for it.');
  });
  let latest: [Row, WhyState] | undefined;
  const copy = act('Copy as JSON', (button) => {
    if (latest) tools.copy(oneAsJson(...latest), button);
  });
  const link = make('a', { class: 'act', target: '_blank', rel: 'noopener' }, 'Open campaign');
  const element = make(
    'details',
    { class: 'row' },
    make('summary', {}, sign, name, kind, text),
    make('div', { class: 'more' }, table, make('div', { class: 'acts' }, show, copy, link)),
  );
  let drawnRow = '';
  let drawnTable = '';
  return {
    element,
    update(row, state) {
      const { of, word, text: words } = (latest = [row, state])[0];
      const line = `${row.state} ${word} ${words}`;
      if (line !== drawnRow) {
        drawnRow = line;
        sign.replaceChildren(icon(row.state));
        text.replaceChildren(make('b', { class: row.state }, word), ' ', ...marked(words));
      }
      say(name, of.name);
      say(kind, row.kind);
      const base = dashboard(state);
      link.hidden = !base;
      if (base) link.href = `${base}/campaigns/${id}`;
      show.hidden = !state.allowed || state.shown.some(({ campaign }) => campaign === id);
      const inside = JSON.stringify([of.because, row.progress]);
      if (inside === drawnTable) return;
      drawnTable = inside;
      table.replaceChildren(conditions(row));
    },
  };
}

/** Where the dashboard is, if the server told. */
function dashboard({ why }: WhyState): string | undefined {
  const base = (why as { dashboard?: unknown } | undefined)?.dashboard;
  return typeof base === 'string' && /^https?:\/\//.test(base) ? base.replace(/\/+$/, '') : undefined;
}

function conditions({ of, progress }: Row): HTMLElement {
  const head = ['', 'Condition', 'Asked', 'Seen here'].map((title) => make(title ? 'th' : 'td', title ? { scope: 'col' } : {}, title));
  const lines = of.because.map((condition) => line(condition, condition.name === 'sign' && progress ? waitsFor(progress) : undefined));
  return make('table', {}, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...lines));
}

function line({ name, asked, seen, passed }: Condition, progress?: string): HTMLElement {
  const [how, mark, word] =
    passed === true
      ? (['held', 'check', 'holds'] as const)
      : passed === false
        ? (['failed', 'x', 'does not hold'] as const)
        : seen
          ? (['open', 'wait', 'open'] as const)
          : (['skipped', 'dash', ''] as const);
  const here = !seen && passed === null ? 'not looked at' : passed === null && progress ? `waiting for ${progress}` : readable(seen);
  return make(
    'tr',
    { class: how },
    make('td', {}, icon(mark), make('span', { class: 'hidden' }, word)),
    make('th', { scope: 'row' }, label(name)),
    make('td', {}, ...marked(readable(asked))),
    make('td', {}, ...marked(here)),
  );
}

function oneAsJson({ of, progress }: Row, state: WhyState): string {
  const { page, device, shown } = JSON.parse(everything(state)) as { page: string; device: string; shown: { campaign: number }[] };
  const standing = shown.filter(({ campaign }) => campaign === of.campaign);
  return json({ page, device, campaign: of, waiting: progress, shown: standing });
}
