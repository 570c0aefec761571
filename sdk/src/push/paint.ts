/**
 * Colours of what asks for push: the house's own in light and dark, and what can be read on a colour of the owner's.
 *
 * Left out: sheets (`dialog.ts`, `../prompts/sheet.ts`). Invariant: a text that is placed by `textOn` or a mark by `visibleOn` has at
 * least the contrast of WCAG AA on its ground.
 */

const DARK =
  '--bg:#1c2029;--ink:#f3f3ee;--mut:#aab1bd;--line:#ffffff2b;--acc:var(--acc-dark,#cf9350);--on:var(--on-dark,#1a1004);' +
  '--soft:var(--soft-dark,#2f2a26);--veil:#05070bc4;color-scheme:dark';

/** The variables, for a host with or without `data-theme`. */
export const VARIABLES = `:host{--bg:#fff;--ink:#14181f;--mut:#565d6b;--line:#14181f24;--acc:var(--acc-light,#8a541b);--on:var(--on-light,#fff);--soft:var(--soft-light,#f8eee2);--veil:#0b0e14a8;color-scheme:light}
@media(prefers-color-scheme:dark){:host(:not([data-theme=light])){${DARK}}}
:host([data-theme=dark]){${DARK}}`;

/** The documented form of a colour. */
export function isColour(text: unknown): text is string {
  return typeof text === 'string' && /^#[0-9a-f]{6}$/i.test(text);
}

/** Relative luminance of `#rrggbb`. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever is easier to read on `colour` (`#rrggbb`), by WCAG contrast. */
export function textOn(colour: string): string {
  // Equal contrast to black and white lies at a luminance of 0.179.
  return luminance(colour) > 0.179 ? '#000000' : '#ffffff';
}

/** Contrast of two colours. */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** `colour`, or the nearest to it that can be told from `ground` as well as text can. */
export function visibleOn(colour: string, ground: string): string {
  const end = textOn(ground);
  const channel = (text: string, at: number) => parseInt(text.slice(at, at + 2), 16);
  for (let share = 0; share <= 1; share += 0.1) {
    const mixed = [1, 3, 5].map((at) => Math.round(channel(colour, at) * (1 - share) + channel(end, at) * share));
    const now = '#' + mixed.map((value) => value.toString(16).padStart(2, '0')).join('');
    if (contrast(now, ground) >= 4.5) return now;
  }
  return end;
}
