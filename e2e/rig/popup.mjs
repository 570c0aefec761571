// A pop-up of any kind on a page, as a visitor meets it: where it stands, what is in it, what can be clicked.

import assert from 'node:assert/strict';
import { until } from './poll.mjs';

/** The host of each kind; the documented close snippets look for exactly these ids. */
export const HOSTS = { box: 'wizParDiv0', banner: 'wizParDiv2', interstitial: 'intentPreview' };

/** Free space between a message and the edges of the window. */
const INSET = 12;

/** Where an element stands and whether it can be seen, in the page's window. */
const place = (element) => {
  const { top, left, bottom, right, width, height } = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return {
    top, left, bottom, right, width, height,
    drawn: style.visibility === 'visible' && style.display !== 'none',
    window: { width: document.documentElement.clientWidth, height: innerHeight },
  };
};

/**
 * Waits until a pop-up of this kind stands on the page with this text in it, has come in and lies inside the window.
 * @param {import('puppeteer-core').Page} page
 * @param {'box' | 'banner' | 'interstitial'} kind
 * @param {string} [words] that its document contains
 */
export async function popupOn(page, kind, words = '') {
  const host = `#${HOSTS[kind]}`;
  const at = () => page.$eval(`${host} iframe`, place);
  const frame = await until(`the ${kind} "${words}"`, async () => {
    const element = await page.$(`${host} iframe`);
    const inside = await element?.contentFrame();
    if (!inside) throw new Error(`no ${kind}`);
    const text = await inside.evaluate(() => document.body?.textContent ?? '');
    if (!text.includes(words)) throw new Error(`a ${kind} that says "${text.slice(0, 200)}"`);
    const { drawn, width, height, top, left, bottom, right, window } = await at();
    const motion = await page.$eval(host, (element) => ({
      opacity: getComputedStyle(element).opacity,
      moving: element.getAnimations().length,
    }));
    if (!drawn || motion.opacity !== '1' || motion.moving || width < 100 || height < 20) {
      throw new Error(`not drawn: ${JSON.stringify({ ...motion, width, height })}`);
    }
    const inWindow = top >= -0.5 && left >= -0.5 && bottom <= window.height + 0.5 && right <= window.width + 0.5;
    if (!inWindow) throw new Error(`outside: ${JSON.stringify({ top, left, bottom, right, window })}`);
    return inside;
  });
  return {
    frame,
    at,
    text: () => frame.evaluate(() => document.body.textContent),
    /** `click` (the main button), `second`, `close`, `copy`, or any selector. */
    click: async (what) => {
      const selectors = {
        click: '[data-campanile="click"]:not([data-button="second"])',
        second: '[data-button="second"]',
        close: '[data-campanile="close"]',
        copy: '[data-campanile="copy"]',
      };
      await (await frame.waitForSelector(selectors[what] ?? what)).click();
    },
  };
}

/** Waits until no pop-up of this kind is there any more. */
export const gone = (page, kind) =>
  until(`no ${kind} on the page`, async () => {
    const left = await page.$$eval(`#${HOSTS[kind]}, #intentOpacityDiv`, (all) => all.map(({ id }) => id));
    return !left.includes(HOSTS[kind]) && (kind !== 'interstitial' || left.length === 0);
  });

/** The kinds that stand on the page now. */
export const standing = (page) =>
  page.evaluate((hosts) => Object.keys(hosts).filter((kind) => document.getElementById(hosts[kind])), HOSTS);

/** Raises an event as the page of an owner does. */
export const raise = (page, name, props) => page.evaluate((event, given) => clevertap.event.push(event, given), name, props ?? {});

/** The frame is exactly as high as its content, or as the window where that is less, and nothing has to be scrolled sideways. */
export async function fits(page, { frame, at }) {
  // Where the window has just been given another size, the page hears of it with its next picture.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await until('the frame to have the size of its content', async () => {
    const { height, window } = await at();
    const inner = await frame.evaluate(() => {
      const { scrollWidth, clientWidth, clientHeight } = document.scrollingElement;
      const high = document.getElementById('contentDiv').getBoundingClientRect().height;
      return { high, seen: clientHeight, wide: scrollWidth, shown: clientWidth };
    });
    // What does not fit into the window scrolls inside.
    const most = inner.high > window.height - 2 * INSET ? window.height - 2 * INSET : Math.ceil(inner.high);
    const right = inner.wide <= inner.shown && Math.abs(inner.seen - height) <= 1 && height >= most - 1 && height <= Math.ceil(inner.high) + 1;
    if (!right) throw new Error(JSON.stringify({ height, ...inner }));
    return true;
  });
  const sideways = await page.evaluate(() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(sideways <= 0, `the page scrolls ${sideways} px sideways`);
}
