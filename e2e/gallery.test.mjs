// How every template looks: a desk, a telephone, a narrow one; by day, by night, and from right to left; beside kept pictures.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { galleryOf } from './rig/gallery.mjs';
import { differs } from './rig/picture.mjs';
import { fits } from './rig/popup.mjs';
import { inChromium } from './rig/world.mjs';

const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
  { width: 320, height: 640 },
];
const TEMPLATES = [
  'box', 'box-letter', 'box-ticket', 'box-back', 'box-question', 'banner', 'bar-shipping', 'bar-countdown', 'bar-notice', 'interstitial',
  'full-story', 'full-poster', 'full-feature', 'exit-receipt', 'exit-question', 'exit-guide', 'push-card', 'push-dialog', 'image-poster',
  'image-sticker', 'custom',
];

inChromium('the gallery', (world) => {
  let page;
  let [plain, turned] = [[], []];
  before(async () => {
    plain = await galleryOf(world);
    turned = await galleryOf(world, () => ({ language: 'ar' }));
    const site = await world.site();
    page = await world.visit(site.page('/', { head: '<style>html{background:#fff}body{visibility:hidden}</style>' }));
  });

  /** The frame and nothing around it, with what runs on held still. */
  const picture = async (pop) => {
    await pop.frame.evaluate(() => {
      for (const digits of document.querySelectorAll('[data-unit]')) digits.style.visibility = 'hidden';
      document.activeElement?.blur();
    });
    const { left, top, width, height } = await pop.at();
    return page.screenshot({ clip: { x: left, y: top, width, height } });
  };
  const look = (scheme) => page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);

  test('these are all templates', () => assert.deepEqual(plain.map(({ name }) => name), TEMPLATES));

  for (const name of TEMPLATES) {
    test(name, async () => {
      const faults = [];
      const one = plain.find((template) => template.name === name);
      await page.setViewport(SIZES[0]);
      await look('light');
      const pop = await one.show(page);
      for (const size of SIZES) {
        await page.setViewport(size);
        if (name !== 'full-poster') await fits(page, pop);
        for (const scheme of ['light', 'dark']) {
          await look(scheme);
          faults.push(await differs(await picture(pop), `${name}-${size.width}-${scheme}`));
        }
      }
      await one.end(page);
      await page.setViewport(SIZES[1]);
      await look('light');
      const other = turned.find((template) => template.name === name);
      faults.push(await differs(await picture(await other.show(page)), `${name}-390-rtl`));
      await other.end(page);
      assert.deepEqual(faults.filter(Boolean), []);
      assert.deepEqual(page.errors, []);
    });
  }
});
