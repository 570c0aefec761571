// The kinds of pop-up: each in its place with its ids, as large as its content, counted once, and several at a time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stays, until } from './rig/poll.mjs';
import { fits, gone, HOSTS, popupOn, raise, standing } from './rig/popup.mjs';
import { inBothBrowsers } from './rig/world.mjs';

/** A picture of 600 × 300 px with one colour. */
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300"><rect width="600" height="300" fill="#2f5d46"/></svg>';

const KINDS = [
  { name: 'box', kind: 'box', popup: { template: 'box' } },
  { name: 'banner at the top', kind: 'banner', popup: { template: 'banner', edge: 'top' } },
  { name: 'banner at the bottom', kind: 'banner', popup: { template: 'banner', edge: 'bottom' } },
  { name: 'interstitial', kind: 'interstitial', popup: { template: 'interstitial' } },
  { name: 'picture in a box', kind: 'box', popup: { template: 'image-sticker', image: { url: '/picture.svg', width: 600, height: 300 } } },
  {
    name: 'picture over the page', kind: 'interstitial',
    popup: { template: 'image-poster', image: { url: '/picture.svg', width: 600, height: 300 } },
  },
];
const OWN = `<style>.mine{padding:30px;background:#fff;font:16px/1.5 sans-serif}</style>
<div class="mine"><p id="say">A word of our own</p><button class="jsCT_CTA">Go on</button> <button data-campanile="close">Away</button></div>`;
for (const kind of Object.keys(HOSTS)) {
  KINDS.push({ name: `own HTML as a ${kind}`, kind, own: true, popup: { template: 'custom', custom: { html: OWN, layout: kind, width: 380 } } });
}

inBothBrowsers('kinds of pop-up', (world) => {
  const { counted } = world;
  const shop = async (options) => {
    const site = await world.site();
    site.file('/picture.svg', PICTURE, 'image/svg+xml');
    const page = await world.visit(site.page('/', { body: '<p style="height:3000px">A long page</p>', ...options }));
    await page.setViewport({ width: 1000, height: 760 });
    return { site, page };
  };
  const make = (title, popup, more) => world.api.popup(title, { on: 'event', event: title }, { popup: { title, ...popup }, ...more });

  for (const { name, kind, own, popup } of KINDS) {
    test(`${name}: in its place, as large as its content, view, close and click counted once`, async () => {
      const id = await make(`Kind, ${name}`, popup);
      const { page } = await shop();
      await raise(page, `Kind, ${name}`);
      const shown = await popupOn(page, kind);
      assert.deepEqual(await standing(page), [kind]);
      assert.equal(Boolean(await page.$('#intentOpacityDiv')), kind === 'interstitial');
      const { top, bottom, left, right, width, window } = await shown.at();
      if (kind === 'banner') {
        assert.ok(left <= 0 && right >= window.width, `from side to side: ${left} to ${right}`);
        if (popup.edge === 'bottom') assert.ok(Math.abs(bottom - window.height) < 1, `at the bottom: ${bottom}`);
        else assert.ok(Math.abs(top) < 1, `at the top: ${top}`);
      } else if (kind === 'interstitial') {
        assert.ok(Math.abs(left + right - window.width) <= 80, `in the middle: ${left} to ${right}`);
      } else assert.ok(right > window.width - 80 && bottom > window.height - 80, `in its corner: ${right}, ${bottom}`);
      if (own && kind !== 'banner') assert.equal(Math.round(width), 380);
      if (name.startsWith('picture')) await shown.frame.waitForFunction(() => [...document.images].every((image) => image.naturalWidth === 600));
      await fits(page, shown);

      await counted(id, { handed: 1, shown: 1, clicked: 0, closed: 0 });
      await shown.click('close');
      await gone(page, kind);
      await counted(id, { shown: 1, clicked: 0, closed: 1 });

      await raise(page, `Kind, ${name}`);
      await (await popupOn(page, kind)).click(own ? '.jsCT_CTA' : 'click');
      await gone(page, kind);
      await counted(id, { clicked: 1, closed: 1 });
      assert.deepEqual(page.errors, []);
      await page.close();
    });
  }

  test('a change of the content changes the height', async () => {
    await make('Grows', { template: 'custom', custom: { html: OWN, layout: 'box' } });
    const { page } = await shop();
    await raise(page, 'Grows');
    const shown = await popupOn(page, 'box');
    await fits(page, shown);
    const before = (await shown.at()).height;
    const say = (text) => shown.frame.$eval('#say', (element, words) => (element.textContent = words), text);
    await say('A much longer word of our own. '.repeat(12));
    await until('more height', async () => (await shown.at()).height > before + 60);
    await fits(page, shown);
    await say('Short');
    await until('the height from before', async () => Math.abs((await shown.at()).height - before) < 2);
    await page.close();
  });

  test('a window of 320 px holds it, and it turns with the window', async () => {
    await make('Narrow', { template: 'box', text: 'Eleven came out of this firing. '.repeat(4) });
    const { page } = await shop();
    await raise(page, 'Narrow');
    const wide = await (await popupOn(page, 'box')).at();
    await page.setViewport({ width: 320, height: 640 });
    const shown = await popupOn(page, 'box');
    await until('another width', async () => (await shown.at()).width < wide.width);
    await fits(page, shown);
    await page.close();
  });

  test('a ticket is wider and a sticker smaller on a telephone, and both turn with the window', async () => {
    for (const [template, wide, narrow] of [['box-ticket', 340, 366], ['image-sticker', 268, 204]]) {
      await make(`Width, ${template}`, { template, code: template === 'box-ticket' ? 'HELLO15' : null });
      const { page } = await shop();
      await raise(page, `Width, ${template}`);
      const shown = await popupOn(page, 'box');
      const width = async () => Math.round((await shown.at()).width);
      assert.equal(await width(), wide);
      await page.setViewport({ width: 390, height: 844 });
      await until(`${narrow} px`, async () => (await width()) === narrow);
      await page.setViewport({ width: 1000, height: 760 });
      await until(`${wide} px`, async () => (await width()) === wide);
      await page.close();
    }
  });

  test('a box and a banner stand together, and each counts its own click', async () => {
    const box = await make('Beside, box', { template: 'box' });
    const banner = await make('Beside, banner', { template: 'banner' });
    const { page } = await shop();
    await raise(page, 'Beside, box');
    const first = await popupOn(page, 'box', 'Beside, box');
    await raise(page, 'Beside, banner');
    const second = await popupOn(page, 'banner', 'Beside, banner');
    assert.deepEqual(await standing(page), ['box', 'banner']);
    await counted(box, { shown: 1 });
    await counted(banner, { shown: 1 });
    await second.click('click');
    await gone(page, 'banner');
    await counted(banner, { clicked: 1 });
    await counted(box, { clicked: 0, closed: 0 });
    await first.click('click');
    await gone(page, 'box');
    await counted(box, { clicked: 1, closed: 0 });
    await counted(banner, { clicked: 1, closed: 0 });
    await page.close();
  });

  test('the second box waits until the first is gone, and is not counted before', async () => {
    const one = await make('Queue, one', { template: 'box' });
    const two = await make('Queue, two', { template: 'box' });
    const { page } = await shop();
    await raise(page, 'Queue, one');
    const first = await popupOn(page, 'box', 'Queue, one');
    await raise(page, 'Queue, two');
    await counted(one, { shown: 1 });
    await stays('one box', async () => [await standing(page), (await world.api.counts(two)).shown]);
    await counted(two, { shown: 0 });
    await first.click('close');
    await popupOn(page, 'box', 'Queue, two');
    await counted(one, { closed: 1 });
    await counted(two, { shown: 1 });
    await page.close();
  });

  test('an interstitial stands over box and banner; they are there again after it', async () => {
    for (const template of ['box', 'banner', 'interstitial']) await make(`Over, ${template}`, { template });
    const { page } = await shop();
    for (const kind of Object.keys(HOSTS)) {
      await raise(page, `Over, ${kind}`);
      await popupOn(page, kind);
    }
    assert.deepEqual(await standing(page), ['box', 'banner', 'interstitial']);
    const under = (kind) => page.$eval(`#${HOSTS[kind]}`, (host) => {
      const at = host.getBoundingClientRect();
      const top = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);
      return { covered: !host.contains(top), inert: Boolean(host.closest('[inert]')) };
    });
    assert.deepEqual(await under('box'), { covered: true, inert: true });
    assert.deepEqual(await under('banner'), { covered: true, inert: true });
    await (await popupOn(page, 'interstitial')).click('close');
    await gone(page, 'interstitial');
    assert.deepEqual(await under('box'), { covered: false, inert: false });
    assert.deepEqual(await under('banner'), { covered: false, inert: false });
    await page.close();
  });
});
