// Every template of the gallery as a running campaign, with the words that the product suggests for it.

import { gone, popupOn, raise } from './popup.mjs';

const DAY_MS = 86_400_000;
/** Own HTML has its looks from its owner; only where it stands is the gallery's. */
const KINDS = ['box', 'banner', 'interstitial'];

/**
 * Makes one campaign for each template; `more` changes its slots.
 * @returns {Promise<{name: string, kind: string, event: string, title: string, show: (page: any) => Promise<any>, end: (page: any) => Promise<void>}[]>}
 */
export async function galleryOf(world, more = () => ({})) {
  const { templates } = await world.api.get('/templates');
  const all = [];
  for (const { name, layout, sample } of templates) {
    const kind = layout ?? sample.custom.layout;
    if (!KINDS.includes(kind)) throw new Error(`no kind "${kind}" is known here`);
    const changed = { ...sample, ...more(sample) };
    // The sample's own end may be over; what is shown of it is not looked at.
    if (sample.ends_at) changed.ends_at = Date.now() + 3 * DAY_MS;
    const event = `Gallery ${name} ${changed.language}`;
    const id = await world.api.popup(event, { on: 'event', event }, { popup: changed });
    all.push({
      id, name, kind, event,
      title: changed.title.replaceAll('*', ''),
      show: async (page) => {
        await raise(page, event);
        return popupOn(page, kind);
      },
      end: async (page) => {
        await page.evaluate(() => {
          for (const id of ['wizParDiv0', 'wizParDiv2', 'intentOpacityDiv', 'intentPreview']) document.getElementById(id)?.remove();
        });
        await gone(page, kind);
      },
    });
  }
  return all;
}
