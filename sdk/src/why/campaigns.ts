/**
 * The list of campaigns: one row each that opens to its conditions and to what can be done.
 *
 * Left out: what is said (`words.ts`). Invariant: a change keeps opened rows open and the focus where it is, and touches what changed.
 */
import type { WhyPorts, WhyState } from '../why-ports.ts';
import { heading, icon, make, marked, nothing, say, tabled } from './element.ts';
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
  let empty: HTMLElement | undefined;
  let emptiness: string = '';

  return (state) => {
    const now = rows(state);
    const focus = (list.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    for (const [id, { element }] of drawn) {
      if (now.some(({ of }) => of.campaign === id)) continue;
      element.remove();
      drawn.delete(id);
    }
    now.forEach((row, at) => {
      const id = row.of.campaign;
      let one = drawn.get(id);
      if (!one) drawn.set(id, (one = draw(id, ports, tools)));
      one.update(row, state);
      // Moved only where it has to be: a row that moves loses the focus.
      if (list.children[at] !== one.element) list.insertBefore(one.element, list.children[at] ?? null);
    });
    if (focus?.isConnected && (list.getRootNode() as ShadowRoot).activeElement !== focus) focus.focus({ preventScroll: true });

    const { why, allowed } = state;
    const about: keyof typeof EMPTY | '' = now.length > 0 ? '' : why ? (why.fault ? 'fault' : 'none') : allowed ? 'asking' : 'shut';
    if (about === emptiness) return;
    emptiness = about;
    empty?.remove();
    if (!about) return;
    const [title, text] = EMPTY[about];
    empty = nothing(title, why?.fault ?? text);
    if (about === 'asking') empty.append(act('Ask again', () => ports.ask()));
    list.append(empty);
  };
}

const EMPTY = {
  none: ['No pop-up campaign is running', 'One that is started is listed here from the next page view on.'],
  asking: ['Asking the server', 'Its answer also comes with the next page view.'],
  fault: ['Nothing to show here', ''],
  shut: ['The server does not answer here', 'Open this by a link from the dashboard, or set WZRK_D in the session storage.'],
} as const;

function act(name: string, run: (button: HTMLButtonElement) => void): HTMLButtonElement {
  const button = make('button', 'act', name);
  button.addEventListener('click', () => run(button));
  return button;
}

function draw(id: number, ports: WhyPorts, tools: Tools): Drawn {
  const sign = make('span', 'sign');
  const name = make('span', 'name');
  const kind = make('span', 'kind');
  const text = make('span', 'text');
  const table = make('div');
  const show = act('Show it once, uncounted', () => {
    ports.showOnce(id);
    tools.tell('The server was asked for it.');
  });
  let latest: [Row, WhyState] | undefined;
  const copy = act('Copy as JSON', (button) => {
    if (!latest) return;
    const [{ of, progress }, { page, device }] = latest;
    tools.copy(JSON.stringify({ page, device, campaign: of, waiting: progress }, null, 2), button);
  });
  const link = make('a', 'act', 'Open campaign');
  link.target = '_blank';
  link.rel = 'noopener';
  const element = make(
    'details',
    'row',
    make('summary', '', sign, name, kind, text),
    make('div', 'more', table, make('div', 'acts', show, copy, link)),
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
        text.replaceChildren(make('b', row.state, word), ' ', ...marked(words));
      }
      say(name, of.name);
      say(kind, row.kind);
      const base = state.why?.dashboard;
      link.hidden = !base;
      link.href = `${base}/campaigns/${id}`;
      // A link may show messages; the debug switch may not.
      show.hidden = !state.why?.until || state.shown.some(({ campaign }) => campaign === id);
      const inside = JSON.stringify([of.because, row.progress]);
      if (inside === drawnTable) return;
      drawnTable = inside;
      table.replaceChildren(conditions(row));
    },
  };
}

function conditions({ of, progress }: Row): HTMLElement {
  const lines = of.because.map((condition) => line(condition, condition.name === 'sign' && progress ? waitsFor(progress) : undefined));
  return tabled(['', 'Condition', 'Asked', 'Seen here'], lines);
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
    how,
    make('td', '', icon(mark), make('span', 'hidden', word)),
    heading('row', label(name)),
    make('td', '', ...marked(readable(asked))),
    make('td', '', ...marked(here)),
  );
}
