// Strict pages: a policy with nonces and Trusted Types, and isolation from other origins. No rule is broken by anything that is shown.
//
// The policy is the one of docs/guide/install.md and no wider. A pop-up's document has the policy of its page. What breaks it in any frame
// comes on the console as an error, in the browser's own words, and `page.errors` keeps it. (A listener of ours in a frame would be gone
// with the empty document that the frame begins with.)

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { PNG } from 'pngjs';
import { galleryOf } from './rig/gallery.mjs';
import { until } from './rig/poll.mjs';
import { gone, HOSTS, popupOn, raise } from './rig/popup.mjs';
import { ISOLATED, NONCE, pasted, policy } from './rig/strict.mjs';
import { watched } from './rig/visitor.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300"><rect width="600" height="300" fill="#2f5d46"/></svg>';
/** Own HTML as owners write it: a style sheet, a script, both without a nonce. */
const OWN = `<style>.mine{padding:30px;background:rgb(255,241,232);font:16px/1.5 sans-serif}</style>
<div class="mine"><p id="say">Before</p><button class="jsCT_CTA">Go on</button> <button data-campanile="close">Away</button></div>
<script>document.getElementById('say').textContent = 'Said by a script of its own';</script>`;
const QUESTION = {
  titleText: 'Shall we tell you about new pots?', bodyText: 'Once a month, when the kiln is open.',
  okButtonText: 'Yes, tell me', rejectButtonText: 'No, thanks',
};

inBothBrowsers('strict pages', (world) => {
  let gallery = [];
  let uploaded;
  before(async () => {
    gallery = await galleryOf(world);
    const answer = await fetch(`${world.server.base}/api/v1/media?name=glaze`, {
      method: 'POST', headers: { authorization: `Bearer ${world.server.api_key}` },
      body: PNG.sync.write(Object.assign(new PNG({ width: 600, height: 300 }), { data: Buffer.alloc(600 * 300 * 4, 0x90) })),
    });
    uploaded = await answer.json();
    assert.equal(answer.status, 201, JSON.stringify(uploaded));
  });

  /** A site with these headers, the nonce on what the owner pastes, and somebody who allows push when the browser asks. */
  const open = async (headers) => {
    const site = await world.site();
    site.file('/picture.svg', PICTURE, 'image/svg+xml');
    const page = await world.visit('about:blank');
    await page.exposeFunction('personAllows', () => world.browser.permit(site.origin));
    await page.evaluateOnNewDocument(() => {
      if (window !== top) return;
      Notification.requestPermission = async () => {
        await window.personAllows();
        return Notification.permission;
      };
    });
    await page.setViewport({ width: 1200, height: 800 });
    await page.goto(site.page('/', { use: pasted(world.snippet), headers }));
    return { site, page };
  };
  /** One of each way to be shown that is not in the gallery as it is. */
  const others = (called) => [
    ...Object.keys(HOSTS).map((layout) => ({ kind: layout, own: true, popup: { template: 'custom', custom: { html: OWN, layout, width: 380 } } })),
    { kind: 'box', own: true, popup: { template: 'custom', custom: { html: OWN, layout: 'box', width: 380, sandbox: true } } },
    { kind: 'box', popup: { template: 'image-sticker', image: { url: '/picture.svg', width: 600, height: 300 } } },
    { kind: 'interstitial', popup: { template: 'image-poster', image: { url: uploaded.url, width: 600, height: 300 } } },
  ].map((one, at) => ({ ...one, event: `${called} ${at}` }));

  const WAYS = [
    ['a policy with nonces and Trusted Types', policy],
    ['isolation from other origins', () => ISOLATED],
    ['both', (base) => ({ ...policy(base), ...ISOLATED })],
  ];
  for (const [called, headers] of WAYS) {
    const strict = called !== WAYS[1][0];
    const isolated = called !== WAYS[0][0];

    test(`${called}: every template, own HTML, pictures, and no rule is broken`, async () => {
      const { page } = await open(headers(world.server.base));
      assert.equal(await page.evaluate(() => self.crossOriginIsolated), isolated);
      for (const { name, kind, show, end } of gallery) {
        const { frame } = await show(page);
        // Without its style sheet a document has a margin.
        assert.equal(await frame.$eval('body', (body) => getComputedStyle(body).margin), '0px', name);
        await end(page);
        await gone(page, kind);
      }
      for (const { kind, event, own, popup } of others(called)) {
        await world.api.popup(event, { on: 'event', event }, { popup: { title: event, ...popup } });
        await raise(page, event);
        const pop = await popupOn(page, kind, own ? 'Said by a script of its own' : '');
        if (own) assert.equal(await pop.frame.$eval('.mine', (mine) => getComputedStyle(mine).backgroundColor), 'rgb(255, 241, 232)');
        else await pop.frame.waitForFunction(() => [...document.images].some((image) => image.naturalWidth > 0));
        await pop.click('close');
        await gone(page, kind);
      }
      assert.deepEqual(page.errors, []);
      await page.close();
    });

    test(`${called}: the question about push, the subscription, and the overlay`, async () => {
      const { page } = await open(headers(world.server.base));
      const { total } = await world.api.get('/subscriptions');
      await page.evaluate((question) => clevertap.notifications.push(question), QUESTION);
      const yes = await until('the question', () => page.$('>>> #wzrk-confirm'));
      const card = await page.$eval('>>> .card', (element) => ({ padding: getComputedStyle(element).padding, text: element.textContent }));
      assert.equal(card.padding, '24px');
      assert.ok(card.text.includes(QUESTION.bodyText));
      await yes.click();
      await until('the subscription', async () => (await world.api.get('/subscriptions')).total === total + 1, { within: 30_000 });
      await page.evaluate(() => clevertap.why());
      await until('the overlay', () => page.evaluate(() => {
        const { width, height } = document.querySelector('[data-campanile="why"]').getBoundingClientRect();
        return width > 200 && height > 100;
      }));
      assert.deepEqual(page.errors, []);
      await page.close();
    });

    test(`${called}: every other way to ask for push`, async () => {
      const { page } = await open(headers(world.server.base));
      const topics = [{ id: 'kiln', title: 'Kiln news' }];
      const drawn = (host) => until(host, () => page.$eval(host, ({ shadowRoot }) => getComputedStyle(shadowRoot.querySelector('.card, .bell')).boxShadow !== 'none'));
      for (const [host, how] of [['#wzrk_wrapper', { style: 'center', okButtonColor: '#2440c7' }], ['#pnWrapper', { style: 'card', boxStyle: { card: { color: '#47203f' } } }], ['#pnWrapper', { topics }]]) {
        await page.evaluate((question) => clevertap.notifications.push(question), { ...QUESTION, ...how, askAgainTimeInSeconds: 0 });
        await drawn(host);
        await page.keyboard.press('Escape');
        await until('it to go', async () => (await page.$(host)) === null);
      }
      await page.evaluate((question) => clevertap.notifications.push({ ...question, style: 'bell' }), QUESTION);
      await drawn('#bell_wrapper');
      await page.evaluate(() => clevertap.pushPreferences());
      await drawn('#campanile_preferences');
      assert.deepEqual(page.errors, []);
      await page.close();
    });

    if (strict) {
      test(`${called}: the policy is in force, and what breaks it inside a pop-up is heard`, async () => {
        const { page } = await open(headers(world.server.base));
        const event = `Broken, ${called}`;
        const html = '<p style="color:red">A style that no nonce can allow</p><p>Two</p><p>Three</p>';
        await world.api.popup(event, { on: 'event', event }, { popup: { title: event, template: 'custom', custom: { html, layout: 'box' } } });
        await raise(page, event);
        await popupOn(page, 'box', 'no nonce can');
        await until('the breach', () => page.errors.some((text) => /style-src/.test(text)));
        const written = await page.evaluate(() => {
          try {
            document.createElement('p').innerHTML = '<b>plain text into a sink</b>';
            return 'written';
          } catch (error) {
            return error.name;
          }
        });
        assert.equal(written, 'TypeError');
        await page.close();
      });
    }
  }
});

inBothBrowsers('strict pages with a pointer', (world) => {
  test('exit intent with own HTML under the whole policy', async () => {
    const site = await world.site();
    const rules = [{ is: 'url', op: 'starts', value: site.origin }];
    const id = await world.api.popup('Before you go', { on: 'page', when: { rules }, signals: { list: [{ on: 'exit' }] } }, {
      popup: { template: 'custom', custom: { html: OWN, layout: 'interstitial', width: 380 } },
    });
    const page = await world.visit('about:blank');
    const head = `<style nonce="${NONCE}">html,body{margin:0;min-height:100vh}</style>`;
    const headers = { ...policy(world.server.base), ...ISOLATED };
    await page.goto(site.page('/', { use: pasted(world.snippet), head, headers }));
    await page.bringToFront();
    await watched(page);
    await world.screen.enter(page);
    await world.screen.leave(page);
    const pop = await popupOn(page, 'interstitial', 'Said by a script of its own');
    await world.counted(id, { shown: 1 });
    await pop.click('close');
    await gone(page, 'interstitial');
    assert.deepEqual(page.errors, []);
    await page.close();
  });
}, { screen: true });
