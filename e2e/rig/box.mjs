// What a visitor sees of a pop-up, and does with it.

import { until } from './poll.mjs';

/**
 * Waits until a box with this title is on the page, in its frame in `wizParDiv0`, inside the window and drawn.
 * @returns {Promise<{click: (what: 'click' | 'close') => Promise<void>, frame: import('puppeteer-core').Frame, text: string}>}
 */
export async function boxOn(page, title) {
  const frame = await until(`the box "${title}"`, async () => {
    const element = await page.$('#wizParDiv0 iframe');
    const inside = await element?.contentFrame();
    const heading = await inside?.$eval('#contentDiv h2', (h2) => h2.textContent);
    if (heading?.trim() !== title) throw new Error(inside ? `a box titled "${heading}"` : 'no box');
    const seen = await page.$eval('#wizParDiv0 iframe', (iframe) => {
      const at = iframe.getBoundingClientRect();
      const style = getComputedStyle(iframe);
      return (
        at.width > 200 && at.height > 100 && at.top >= 0 && at.left >= 0 &&
        at.bottom <= innerHeight && at.right <= innerWidth && style.visibility === 'visible'
      );
    });
    return seen && inside;
  });
  return {
    frame,
    text: await frame.$eval('#contentDiv', (content) => content.textContent),
    click: (what) => frame.click(`[data-campanile="${what}"]`),
  };
}

/** Waits until no box is there any more. */
export const noBoxOn = (page) => until('no box on the page', async () => (await page.$('#wizParDiv0')) === null);
