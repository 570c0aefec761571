/**
 * Builds elements without markup, so that no page's Trusted Types or CSP is asked for anything.
 *
 * Left out: style (`sheet.ts`). Invariant: text is text; nothing that came from a page or a server is read as markup.
 */

/** Sets attributes. */
export function set<E extends Element>(element: E, attributes: Record<string, string>): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** A tag with its class and what is in it. */
export function make<T extends keyof HTMLElementTagNameMap>(tag: T, name = '', ...inside: (Node | string)[]): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag);
  element.className = name;
  element.append(...inside);
  return element;
}

/** What stands where there is nothing to list. */
export function nothing(title: string, text: string): HTMLElement {
  return make('div', 'empty', make('b', '', title), make('p', '', text));
}

/** A heading of a table's column or row; without a text a cell. */
export function heading(scope: 'col' | 'row', title: string): HTMLElement {
  return title ? set(make('th', '', title), { scope }) : make('td');
}

/** A table of lines under headings. */
export function tabled(head: readonly string[], lines: readonly Node[]): HTMLElement {
  const table = make('table', '', make('tbody', '', ...lines));
  if (head.length > 0) table.prepend(make('thead', '', make('tr', '', ...head.map((title) => heading('col', title)))));
  return table;
}

/** Sets a text that is another one than before: a reader's place and a selection stay. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const ROUND = 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20';
const DRAWINGS = {
  bell: 'M10.3 21a2 2 0 0 0 3.4 0M3.3 15.3A1 1 0 0 0 4 17h16a1 1 0 0 0 .7-1.7C19.4 14 18 12.5 18 8A6 6 0 0 0 6 8c0 4.5-1.4 6-2.7 7.3',
  copy: 'M10 8h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H10a2 2 0 0 1-2-2V10a2 2 0 0 1 2-2M4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2',
  dock: 'M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2M3 15h18',
  x: 'M18 6 6 18M6 6l12 12',
  check: 'M20 6 9 17l-5-5',
  dash: 'M5 12h14',
  shown: `${ROUND}M16 9l-5.5 5.5L8 12`,
  wait: `${ROUND}M12 6v6l4 2`,
  not: `${ROUND}M15 9l-6 6M9 9l6 6`,
};

export type Icon = keyof typeof DRAWINGS;

function drawing(tag: string, attributes: Record<string, string>): Element {
  return set(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes);
}

/** A drawing that says nothing by itself. */
export function icon(name: Icon): Element {
  const svg = drawing('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: name });
  svg.append(drawing('path', { d: DRAWINGS[name] }));
  return svg;
}

/** A text in which paths stand in the type of code. */
export function marked(text: string): (Node | string)[] {
  return text.split(/((?<![^\s“(])\/[^\s,;”)]*[^\s,;”).])/).map((part, at) => (at % 2 ? make('code', '', part) : part));
}
