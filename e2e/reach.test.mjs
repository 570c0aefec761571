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

const QUESTION = {
  titleText: 'Shall we tell you about new pots?', bodyText: 'Once a month, when the kiln is open.',
  okButtonText: 'Yes, tell me', rejectButtonText: 'No, thanks',
};

/** What breaks a rule of WCAG 2.2 A or AA in an element; runs in the page, where axe is. */
const violations = async (selector) => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
  const rules = { 'target-size': { enabled: true } };
  const { violations } = await window.axe.run(selector, { runOnly: tags, rules, iframes: false, resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary.slice(0, 200)}`));
};

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

  test('the question about push takes the focus to its title, closes on Escape as a no, and gives the focus back', async () => {
    const page = await world.visit((await world.site()).page('/', { body: BODY }));
    await page.focus('#search');
    await page.evaluate((question) => clevertap.notifications.push({ ...question, rejectCallback: () => (window.said = 'no') }), QUESTION);
    await until('the question', () => page.$('>>> #wzrk-confirm'));
    const inside = () => page.evaluate(() => document.querySelector('#wzrk_wrapper').shadowRoot.activeElement?.id);
    assert.equal(await inside(), 'title');
    const card = await page.$eval('>>> .card', (element) => {
      const of = (name) => element.getRootNode().getElementById(element.getAttribute(name)).textContent;
      return [element.getAttribute('role'), of('aria-labelledby'), of('aria-describedby')];
    });
    assert.deepEqual(card, ['dialog', QUESTION.titleText, QUESTION.bodyText]);
    await page.keyboard.press('Tab');
    assert.equal(await inside(), 'wzrk-cancel');
    await page.keyboard.press('Tab');
    assert.equal(await inside(), 'wzrk-confirm');
    await page.keyboard.press('Escape');
    await until('the end of it', async () => (await page.$('#wzrk_wrapper')) === null);
    assert.equal(await inPage(page), 'search');
    assert.equal(await page.evaluate(() => window.said), 'no');
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
  /** What breaks a rule, in the frame and around it. */
  const broken = async (frame) => {
    for (const context of [frame, page]) await context.evaluate(`window.axe || (() => { ${axe} })()`);
    return [...(await frame.evaluate(violations, 'html')), ...(await page.evaluate(violations, '[id^=wizParDiv], #intentPreview'))];
  };
  /** The same while a form complains, and while it thanks. */
  const allBroken = async (pop) => {
    const found = await broken(pop.frame);
    if (!(await pop.frame.$('form'))) return found;
    await pop.click('click');
    await pop.frame.waitForSelector('[data-campanile="error"]:not([hidden])');
    found.push(...(await broken(pop.frame)));
    if (await pop.frame.$('[type="email"]')) await pop.frame.type('[name="answer"]', 'ann@example.com');
    else await pop.frame.$eval('[name="answer"]', (field) => field.click());
    await pop.click('click');
    await pop.frame.waitForSelector('[data-campanile="thanks"]:not([hidden])');
    found.push(...(await broken(pop.frame)));
    return found;
  };
  const faultsOf = async (templates, look) => {
    const faults = {};
    for (const { name, show, end } of templates) {
      const found = await look(await show(page));
      await end(page);
      if (found.length > 0) faults[name] = found;
    }
    return faults;
  };

  for (const width of [1280, 390]) {
    for (const scheme of ['light', 'dark']) {
      test(`no rule is broken by any template, ${scheme}, at ${width} px, also while it complains and while it thanks`, async () => {
        await page.setViewport({ width, height: 844 });
        await look({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' });
        assert.deepEqual(await faultsOf(gallery, allBroken), {});
      });
    }
  }

  test('no rule is broken from right to left', async () => {
    await page.setViewport({ width: 390, height: 844 });
    await look({ 'prefers-color-scheme': 'light', 'prefers-reduced-motion': 'reduce' });
    const turned = await galleryOf(world, () => ({ language: 'ar' }));
    assert.deepEqual(await faultsOf(turned, async (pop) => {
      assert.equal(await pop.frame.evaluate(() => getComputedStyle(document.body).direction), 'rtl');
      return allBroken(pop);
    }), {});
  });

  test('the rules find what breaks them', async () => {
    const [{ show, end }] = gallery;
    const { frame } = await show(page);
    await frame.$eval('[data-campanile="close"]', (button) => button.removeAttribute('aria-label'));
    await frame.$eval('#title', (title) => (title.style.color = '#eee'));
    const found = await broken(frame);
    for (const rule of ['button-name', 'color-contrast']) assert.ok(found.some((text) => text.startsWith(rule)), `${rule} in ${found}`);
    await end(page);
  });

  test('whatever can be pressed is at least 24 pixels wide and high, on a telephone and at 320 px', async () => {
    await look({ 'prefers-reduced-motion': 'reduce' });
    for (const width of [390, 320]) {
      await page.setViewport({ width, height: 700 });
      const faults = await faultsOf(gallery, ({ frame }) =>
        frame.$$eval('button, a[href], input, textarea, select, summary', (all) =>
          all
            // A label is pressed for its field.
            .map((element) => (/radio|checkbox/.test(element.type) && element.closest('label')) || element)
            .map((element) => ({ html: element.outerHTML.slice(0, 90), box: element.getBoundingClientRect() }))
            .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
            .map(({ html, box }) => `${box.width} × ${box.height}: ${html}`),
        ));
      assert.deepEqual(faults, {}, `${width} px`);
    }
  });

  test('the question about push breaks no rule either', async () => {
    const other = await world.visit((await world.site()).page('/', { body: BODY }));
    const others = await other.createCDPSession();
    await other.evaluate((question) => clevertap.notifications.push(question), QUESTION);
    await until('the question', () => other.$('>>> #wzrk-confirm'));
    await other.evaluate(axe);
    for (const scheme of ['light', 'dark']) {
      await others.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }] });
      const still = () => other.$eval('>>> .card', (card) => card.getAnimations().length === 0);
      await until('the end of the motion', still);
      assert.deepEqual(await other.evaluate(violations, '#wzrk_wrapper'), [], scheme);
    }
    const sizes = await other.$eval('#wzrk_wrapper', ({ shadowRoot }) =>
      [...shadowRoot.querySelectorAll('button')].map((button) => button.getBoundingClientRect()).map(({ width, height }) => Math.min(width, height)));
    assert.ok(sizes.length === 2 && sizes.every((size) => size >= 24), `${sizes}`);
    await other.close();
    await page.bringToFront();
  });

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
