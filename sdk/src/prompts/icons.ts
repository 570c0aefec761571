/**
 * The drawings of the prompts, by stroke, as in the rest of the house.
 *
 * Left out: colours and sizes (`sheet.ts`). Invariant: a drawing says nothing by itself; a name stands beside it or on its button.
 */
import { set } from '../why/element.ts';

const BELL = 'M10.3 21a2 2 0 0 0 3.4 0M3.3 15.3A1 1 0 0 0 4 17h16a1 1 0 0 0 .7-1.7C19.4 14 18 12.5 18 8A6 6 0 0 0 6 8c0 4.5-1.4 6-2.7 7.3';
const DRAWINGS = {
  bell: BELL,
  on: `${BELL}M4 2C2.8 3.7 2 5.7 2 8M22 8c0-2.3-.8-4.3-2-6`,
  off: 'M10.3 21a2 2 0 0 0 3.4 0M17 17H4a1 1 0 0 1-.7-1.7C4.6 14 6 12.5 6 8a6 6 0 0 1 .2-1.7M8.7 3A6 6 0 0 1 18 8c0 2.7.8 4.7 1.7 6M2 2l20 20',
  x: 'M18 6 6 18M6 6l12 12',
  sliders: 'M10 5H3M12 19H3M14 3v4M16 17v4M21 12h-9M21 19h-5M21 5h-7M8 10v4M8 12H3',
};

export function icon(name: keyof typeof DRAWINGS): Element {
  const drawing = (tag: string) => document.createElementNS('http://www.w3.org/2000/svg', tag);
  const svg = set(drawing('svg'), { viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  svg.append(set(drawing('path'), { d: DRAWINGS[name] }));
  return svg;
}
