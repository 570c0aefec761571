// Pop-ups for everybody: keyboard, focus, names and roles, the rules of WCAG 2.2 A and AA, less motion, few colours.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { galleryOf } from './rig/gallery.mjs';
import { until } from './rig/poll.mjs';
import { gone, HOSTS, popupOn, raise } from './rig/popup.mjs';
import { inBothBrowsers, inChromium } from './rig/world.mjs';

const BODY = `<button id="open">Open</button> <input id="search" aria-label="Search"> <a href="#x">Link</a><div id="own" inert>Inert by the page</div>`;

inBothBrowsers('pop-ups by keyboard', (world) => {
  const open = async (title, popup) => {
    const id = await world.api.popup(title, { on: 'event', event: title }, { popup: { title, ...popup } });
    const page = await world.visit((await world.site()).page('/', { body: BODY }));
    return { id, page };
  };
  const inPage = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.localName);
  const inert = (page) => page.$$eval('[inert]', (all) => all.map(({ id, localName }) => id || localName));
  const modal = { template: 'interstitial', second: { label: 'Not now' } };

  for (const [kind, template] of [['box', 'box'], ['banner', 'banner']]) {
    test(`a ${kind} leaves the focus where it is, and the page usable`, async () => {
      const { page } = await open(`Quiet ${kind}`, { template });
      await page.focus('#search');
      await raise(page, `Quiet ${kind}`);
      const { frame } = await popupOn(page, kind);
      assert.equal(await inPage(page), 'search');
      await page.keyboard.type('blue');
      assert.equal(await page.$eval('#search', (field) => field.value), 'blue');
      assert.deepEqual(await inert(page), ['own']);
      // First in the document: Shift and Tab lead to it from the top of the page.
      await page.focus('#open');
      await page.keyboard.down('Shift');
      await page.keyboard.press('Tab');
      await page.keyboard.up('Shift');
      await until('the focus in the frame', () => frame.evaluate(() => document.activeElement.matches('button')));
      await page.keyboard.press('Escape');
      await gone(page, kind);
      await page.close();
    });
  }

  test('an interstitial takes the focus to its title, keeps it, and gives it back', async () => {
    const { id, page } = await open('Over all', modal);
    await page.focus('#open');
    await raise(page, 'Over all');
    const { frame } = await popupOn(page, 'interstitial');
    const inside = () => frame.evaluate(() => document.activeElement.id || document.activeElement.dataset.button || document.activeElement.dataset.campanile);
    await until('the title', async () => (await inside()) === 'title');
    assert.equal(await inPage(page), 'wiz-iframe-intent');
    const walk = async (count) => {
      const stops = [];
      for (let at = 0; at < count; at += 1) {
        await page.keyboard.press('Tab');
        stops.push(await inside());
        assert.equal(await inPage(page), 'wiz-iframe-intent', 'the focus stays in the message');
      }
      return stops;
    };
    assert.deepEqual(await walk(5), ['main', 'second', 'close', 'main', 'second']);
    await page.keyboard.down('Shift');
    assert.deepEqual(await walk(3), ['main', 'close', 'second']);
    await page.keyboard.up('Shift');
    await page.keyboard.press('Escape');
    await gone(page, 'interstitial');
    assert.equal(await inPage(page), 'open');
    await world.counted(id, { clicked: 0, closed: 1 });
    await page.close();
  });

  test('Escape closes an interstitial from the page as well; the page behind it is inert, and only what was made so is freed', async () => {
    const { id, page } = await open('From outside', modal);
    await raise(page, 'From outside');
    await popupOn(page, 'interstitial');
    assert.deepEqual((await inert(page)).filter((name) => ['open', 'search', 'own'].includes(name)), ['open', 'search', 'own']);
    await page.evaluate(() => document.body.append(Object.assign(document.createElement('p'), { id: 'late' })));
    await until('what comes later to be inert', async () => (await inert(page)).includes('late'));
    await page.$eval('#open', (button) => button.focus());
    assert.notEqual(await inPage(page), 'open', 'nothing behind takes the focus');
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('Escape');
    await gone(page, 'interstitial');
    assert.deepEqual(await inert(page), ['own']);
    await world.counted(id, { closed: 1 });
    await page.close();
  });

  test('names and roles: dialogs and regions say what they are and what they are called', async () => {
    const own = { template: 'custom', custom: { html: '<p>My own words</p><button data-campanile="close">Away</button>', layout: 'interstitial' } };
    const { page } = await open('Named own', own);
    for (const template of ['box', 'banner', 'interstitial']) {
      const title = `Named ${template}`;
      await world.api.popup(title, { on: 'event', event: title }, { popup: { title, template } });
      await raise(page, title);
      const pop = await popupOn(page, template, title);
      const said = await pop.frame.$eval('[role]', (element) => ({
        role: element.getAttribute('role'),
        modal: element.getAttribute('aria-modal'),
        name: document.getElementById(element.getAttribute('aria-labelledby')).textContent,
        text: document.getElementById(element.getAttribute('aria-describedby'))?.textContent.trim(),
        language: document.documentElement.lang,
      }));
      assert.deepEqual(said, {
        role: template === 'banner' ? 'region' : 'dialog', modal: template === 'interstitial' ? 'true' : null,
        name: title, text: 'Eleven jugs came out of this firing.', language: 'en',
      });
      assert.equal(await page.$eval(`#${HOSTS[template]} iframe`, (frame) => frame.title), title);
      assert.match(await pop.frame.$eval('[data-campanile="close"]', (button) => button.getAttribute('aria-label')), /\w/);
      await pop.click('close');
      await gone(page, template);
    }
    await raise(page, 'Named own');
    await popupOn(page, 'interstitial', 'My own words');
    const host = await page.$eval('#intentPreview', (element) => ['role', 'aria-label', 'aria-modal'].map((name) => element.getAttribute(name)));
    assert.deepEqual(host, ['dialog', 'Named own', 'true']);
    await page.close();
  });
});

inChromium('the gallery for everybody', (world) => {
  let gallery = [];
  let [page, tools, axe] = [];
  const look = (features) =>
    tools.send('Emulation.setEmulatedMedia', { features: Object.entries(features).map(([name, value]) => ({ name, value })) });
  before(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    gallery = await galleryOf(world);
    page = await world.visit((await world.site()).page('/', { body: BODY }));
    tools = await page.createCDPSession();
  });
  /** What breaks a rule of WCAG 2.2 A or AA, in the frame and around it. */
  const broken = async (frame) => {
    const run = async (context, root) => {
      await context.evaluate(`window.axe || (() => { ${axe} })()`);
      return context.evaluate(async (selector) => {
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
        const { violations } = await window.axe.run(selector, { runOnly: tags, iframes: false, resultTypes: ['violations'] });
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary.slice(0, 200)}`));
      }, root);
    };
    return [...(await run(frame, 'html')), ...(await run(page, '[id^=wizParDiv], #intentPreview'))];
  };

  for (const width of [1280, 390]) {
    for (const scheme of ['light', 'dark']) {
      test(`no rule is broken by any template, ${scheme}, at ${width} px, also while it complains and while it thanks`, async () => {
        await page.setViewport({ width, height: 844 });
        await look({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' });
        const faults = {};
        for (const { name, show, end } of gallery) {
          const pop = await show(page);
          const found = await broken(pop.frame);
          if (await pop.frame.$('form')) {
            await pop.click('click');
            await pop.frame.waitForSelector('[data-campanile="error"]:not([hidden])');
            found.push(...(await broken(pop.frame)));
            if (await pop.frame.$('[type="email"]')) await pop.frame.type('[name="answer"]', 'ann@example.com');
            else await pop.frame.$eval('[name="answer"]', (field) => field.click());
            await pop.click('click');
            await pop.frame.waitForSelector('[data-campanile="thanks"]:not([hidden])');
            found.push(...(await broken(pop.frame)));
          }
          await end(page);
          if (found.length) faults[name] = found;
        }
        assert.deepEqual(faults, {});
      });
    }
  }

  test('with less motion wanted nothing moves; otherwise each kind comes from its side', async () => {
    await page.setViewport({ width: 1280, height: 800 });
    const moves = async (reduce) => {
      await look({ 'prefers-reduced-motion': reduce });
      const seen = {};
      for (const { kind, show, end } of gallery.filter(({ name }) => HOSTS[name])) {
        await page.evaluate(() => {
          window.kept = [];
          Element.prototype.animate = new Proxy(Element.prototype.animate, {
            apply: (run, self, given) => (kept.push(given[0].some(({ transform }) => transform)), Reflect.apply(run, self, given)),
          });
        });
        const { frame } = await show(page);
        const own = await frame.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length);
        seen[kind] = (await page.evaluate(() => kept.some(Boolean))) || own > 0;
        await end(page);
      }
      return seen;
    };
    assert.deepEqual(await moves('no-preference'), { box: true, banner: true, interstitial: true });
    assert.deepEqual(await moves('reduce'), { box: false, banner: false, interstitial: false });
  });

  test('where the visitor chooses the colours, edges and buttons can still be told apart', async () => {
    await page.setViewport({ width: 1280, height: 800 });
    await look({ 'forced-colors': 'active', 'prefers-reduced-motion': 'reduce' });
    const faults = [];
    for (const { name, show, end } of gallery.filter(({ name }) => name !== 'custom')) {
      const { frame } = await show(page);
      assert.equal(await frame.evaluate(() => matchMedia('(forced-colors: active)').matches), true);
      const bare = await frame.$$eval('#contentDiv, button, a[href], input, textarea', (all) =>
        all
          .filter((element) => element.getClientRects().length > 0)
          .filter((element) => {
            const [style, inner] = [getComputedStyle(element), getComputedStyle(element, '::before')];
            const edged = [style, inner].some((one) => parseFloat(one.borderTopWidth) > 0 && one.borderTopStyle !== 'none');
            const native = /radio|checkbox/.test(element.type);
            return !edged && !native && !style.textDecorationLine.includes('underline') && !element.matches('.all');
          })
          .map((element) => element.outerHTML.slice(0, 90)),
      );
      faults.push(...bare.map((html) => `${name}: ${html}`));
      await end(page);
    }
    assert.deepEqual(faults, []);
  });
});
