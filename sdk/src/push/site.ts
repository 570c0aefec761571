/**
 * Keeps what the service worker knows of this site in step with the page.
 *
 * Left out: the first entry, which subscribing makes. Invariant: does nothing where push was never set up.
 */
import { update, within, type Site } from '../idb.ts';

export async function refreshSite(site: Omit<Site, 'key' | 'topics'>): Promise<void> {
  await within(
    update<Site>('site', (old) => old && { ...old, ...site }),
    2_000,
    undefined,
  );
}
