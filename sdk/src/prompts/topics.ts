/**
 * The list of topics with a box for each.
 *
 * Left out: what a choice does. Invariant: nothing is ticked but what the visitor chose before, or what the page says that they have
 * asked for.
 */
import { topicsOf, type Options } from '../push/options.ts';
import { make, set } from '../why/element.ts';

export interface Topics {
  list: HTMLElement;
  /** Ids of what is ticked. */
  chosen(): string[];
}

export function topicList(options: Options, before: string[] | undefined, changed: () => void): Topics {
  const boxes = topicsOf(options).map((topic) => {
    const box = set(make('input'), { type: 'checkbox', value: String(topic.id) });
    box.checked = before ? before.includes(String(topic.id)) : topic.checked === true;
    const words = make('span', 'words', make('b', '', topic.title));
    if (topic.text) words.append(make('span', 'what', topic.text));
    const row = make('label', 'topic', box, words);
    if (topic.often) row.append(make('span', 'often', topic.often));
    return { box, row };
  });
  const list = set(make('div', 'topics', ...boxes.map(({ row }) => row)), { role: 'group', 'aria-labelledby': 'title' });
  list.addEventListener('change', changed);
  return { list, chosen: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value) };
}
