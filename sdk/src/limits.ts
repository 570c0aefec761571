/**
 * Makes what a page passes sendable: plain JSON within the documented limits.
 *
 * What breaks a limit is cut or left out and reported with its code; the good part is kept. Left out: what only the server
 * knows (characters that it strips, the meaning of profile fields): it reports those in its reply. Invariant: the result has no
 * functions, no cycles, at most three levels and 100 keys.
 */
import type { Json, Props } from './wire.ts';

export type Report = (code: number, text: string) => void;

const CHARS = 1024;
const DEPTH = 3;
const KEYS = 100;
const ELEMENTS = 100;

/** Names that only the system raises. */
const RESERVED = [
  'stayed',
  'utm visited',
  'app launched',
  'notification sent',
  'notification viewed',
  'notification clicked',
];

/** The name to send, or undefined when the event cannot be kept. */
export function eventName(name: unknown, report: Report): string | undefined {
  if (typeof name !== 'string' || !name.trim()) {
    report(512, 'An event needs a name as its first argument: clevertap.event.push("Name", {...}). It was not kept.');
    return undefined;
  }
  if (RESERVED.includes(name.trim().toLowerCase())) {
    report(513, `"${name}" is a name that only the system raises. Choose another; the event was not kept.`);
    return undefined;
  }
  return cut(name, () => report(510, `The event's name was cut to ${CHARS} characters.`));
}

/** Properties of an event or a profile. `path` names the root in reports. */
export function cleanProps(props: object, path: string, report: Report): Props {
  let keys = KEYS;

  function object(source: object, path: string, depth: number): Props {
    const kept: Props = {};
    for (const [name, value] of Object.entries(source)) {
      const here = `${path}.${name.slice(0, 40)}`;
      const cleaned = any(value, here, depth);
      if (cleaned === undefined) continue;
      if (keys-- <= 0) {
        report(544, `${path}: more than ${KEYS} properties; the rest was left out.`);
        break;
      }
      kept[cut(name, () => report(520, `${here}: the name was cut to ${CHARS} characters.`))] = cleaned;
    }
    return kept;
  }

  function any(value: unknown, path: string, depth: number): Json | undefined {
    if (value instanceof Date) value = Number.isNaN(+value) ? null : `$D_${Math.floor(+value / 1000)}`;
    switch (typeof value) {
      case 'string':
        return cut(value, () => report(521, `${path}: the value was cut to ${CHARS} characters.`));
      case 'boolean':
        return value;
      case 'number':
        if (Number.isFinite(value)) return value;
        break;
      case 'bigint':
        return String(value);
      case 'object':
        if (value === null) break;
        if (depth >= DEPTH) {
          report(541, `${path}: nested deeper than ${DEPTH} levels; the deeper part was left out.`);
          return undefined;
        }
        return Array.isArray(value) ? array(value, path, depth) : object(value, path, depth + 1);
    }
    report(545, `${path}: an empty value, or one that is no text, number, date, list or object, was left out.`);
    return undefined;
  }

  function array(list: unknown[], path: string, depth: number): Json[] {
    if (list.length > ELEMENTS) report(543, `${path}: more than ${ELEMENTS} elements; the rest was left out.`);
    return list
      .slice(0, ELEMENTS)
      .map((element) => any(element, path, depth + 1))
      .filter((element) => element !== undefined);
  }

  return object(props, path, 1);
}

function cut(text: string, report: () => void): string {
  if (text.length <= CHARS) return text;
  const characters = [...text]; // by code point: a cut never splits a surrogate pair
  if (characters.length <= CHARS) return text;
  report();
  return characters.slice(0, CHARS).join('');
}
