/**
 * The browser's name, for the list of subscriptions in the dashboard.
 *
 * Left out: versions, and any decision: features are tested, never names. Invariant: page and worker give the same name.
 */

export function browserName(userAgent: string): string {
  const known: [name: string, mark: RegExp][] = [
    ['Edge', /Edg(A|iOS)?\//],
    ['Opera', /OPR\//],
    ['Samsung Internet', /SamsungBrowser/],
    ['Firefox', /Firefox|FxiOS/],
    ['Chrome', /Chrom(e|ium)|CriOS/],
    ['Safari', /Safari/],
  ];
  return known.find(([, mark]) => mark.test(userAgent))?.[0] ?? 'Other';
}
