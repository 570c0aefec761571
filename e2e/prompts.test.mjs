// Asking for push: every option of the documented call, its rules, each look, and where a visitor changes their mind. What a push then
// does is in push.test.mjs; the documented dialog by keyboard in reach.test.mjs.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { figures, fill, openDashboard, submit } from './rig/dashboard.mjs';
import { stays, until } from './rig/poll.mjs';
import { gone, popupOn, raise, standing } from './rig/popup.mjs';
import { heard } from './rig/visitor.mjs';
import { inBothBrowsers, inChromium } from './rig/world.mjs';

const QUESTION = {
  titleText: 'Shall we tell you about new pots?', bodyText: 'Once a month, when the kiln is open.',
  okButtonText: 'Yes, tell me', rejectButtonText: 'No, thanks',
};
const TOPICS = [
  { id: 'orders', title: 'My orders', text: 'Packed, sent, delivered', often: '3 per parcel', checked: true },
  { id: 'stock', title: 'Back in stock', text: 'Only what you asked for', often: 'now and then' },
  { id: 'kiln', title: 'Kiln news', text: 'New firings', often: 'weekly' },
];
const WEEK = 604_800;
const BODY = '<button id="open">Open</button> <input id="search" aria-label="Search">';

/**
 * A page of a new site. When the browser asks, the person there answers as told: headless browsers have nobody to click in their bubble.
 * `page.said` is all of the console, `page.ops()` all operations that were sent.
 */
async function visit(world, { answer = 'granted', permission = 'prompt', site, ...how } = {}) {
  site ??= await world.site();
  await world.browser.permit(site.origin, permission);
  const page = await world.browser.page();
  page.site = site;
  page.said = [];
  page.on('console', (message) => page.said.push(message.text()));
  await page.exposeFunction('personAnswers', () => answer !== 'default' && world.browser.permit(site.origin, answer));
  await page.evaluateOnNewDocument((answer) => {
    Notification.requestPermission = async () => {
      window.asked = (window.asked ?? 0) + 1;
      await window.personAnswers();
      return answer;
    };
    window.sent = [];
    const real = window.fetch;
    window.fetch = (url, init) => {
      if (typeof init?.body === 'string') window.sent.push(...(JSON.parse(init.body).ops ?? []));
      return real(url, init);
    };
  }, answer);
  await page.goto(site.page('/', { body: BODY, ...how }));
  page.ops = (op) => page.evaluate((op) => window.sent.filter((one) => one.op === op), op);
  page.outcomes = async () => (await page.ops('prompt')).map(({ outcome }) => outcome);
  return page;
}
const push = (page, ...args) => page.evaluate((args) => clevertap.notifications.push(...args), args);
const found = (page, selector) => until(selector, () => page.$(`>>> ${selector}`));
const away = (page, selector) => until(`${selector} to go`, async () => (await page.$(`>>> ${selector}`)) === null);
const says = (page, code, words = '') =>
  until(`code ${code} on the console`, () => page.said.find((line) => line.includes(`Campanile ${code}:`) && line.includes(words)));
const subscribed = (page) => until('the subscription', async () => (await page.ops('subscribe')).length > 0, { within: 30_000 });
/** The browser's subscription as the server lists it. */
const listed = async (world) => (await world.api.get('/subscriptions')).total;

inBothBrowsers('the documented call', (world) => {
  test('texts that are missing are named, and nobody is asked', async () => {
    const page = await visit(world);
    await push(page, { titleText: 'Only this', okButtonText: ' ' });
    const line = await says(page, 804);
    assert.match(line, /bodyText, okButtonText, rejectButtonText missing/);
    assert.doesNotMatch(line, /titleText/);
    await push(page);
    await says(page, 804, 'titleText, bodyText, okButtonText, rejectButtonText');
    assert.equal(await page.$('>>> #wzrk_wrapper'), null);
    assert.equal(await page.evaluate(() => window.asked), undefined);
    // The next call may have them.
    await push(page, QUESTION);
    await found(page, '#wzrk-confirm');
    await page.close();
  });

  test('texts one by one, with colour, and labels in the object', async () => {
    const page = await visit(world);
    await push(page, 'Title', 'Text', 'Yes', 'No', '#f7d65a');
    const look = await (await found(page, '#wzrk-confirm')).evaluate((button) => {
      const all = button.getRootNode();
      const { backgroundColor, color } = getComputedStyle(button);
      return [all.querySelector('h2').textContent, all.querySelector('p').textContent, button.textContent, all.querySelector('#wzrk-cancel').textContent, backgroundColor, color];
    });
    assert.deepEqual(look, ['Title', 'Text', 'Yes', 'No', 'rgb(247, 214, 90)', 'rgb(0, 0, 0)']);
    await page.close();
    const other = await visit(world);
    await push(other, { ...QUESTION, okButtonColor: 'red', okButtonAriaLabel: 'Allow', rejectButtonAriaLabel: 'Refuse' });
    const names = await (await found(other, '#wzrk-confirm')).evaluate((button) =>
      [button, button.getRootNode().querySelector('#wzrk-cancel')].map((one) => one.getAttribute('aria-label')));
    assert.deepEqual(names, ['Allow', 'Refuse']);
    await other.close();
  });

  test('called before the SDK is there, more than once and in both forms, it asks once', async () => {
    const early = `<script>clevertap.notifications.push('First', 'Text', 'Yes', 'No');
      clevertap.notifications.push('Second', 'Text', 'Yes', 'No', '#112233', false, 5);
      clevertap.notifications.push(${JSON.stringify(QUESTION)});</script>`;
    const page = await visit(world, { after: early });
    const title = await (await found(page, '#wzrk-confirm')).evaluate((button) => button.getRootNode().querySelector('h2').textContent);
    assert.equal(title, 'First');
    for (let i = 0; i < 3; i++) await push(page, QUESTION);
    assert.equal((await page.$$('#wzrk_wrapper')).length, 1);
    await heard(page);
    assert.deepEqual(await page.outcomes(), ['shown']);
    // A page that draws itself anew may take the question away; it can be asked again.
    await page.evaluate(() => document.querySelector('#wzrk_wrapper').remove());
    await push(page, QUESTION);
    await found(page, '#wzrk-confirm');
    await page.close();
  });

  test('a no is kept for a week, or for as long as the call says, by a clock that moves', async () => {
    const page = await visit(world);
    const ahead = (seconds) => page.evaluate((seconds) => (Date.now = ((real) => () => real() + seconds * 1000)(Date.now)), seconds);
    await page.evaluate((question) => clevertap.notifications.push({ ...question, rejectCallback: () => (window.no = true), okCallback: () => (window.yes = true) }), QUESTION);
    await (await found(page, '#wzrk-cancel')).click();
    await away(page, '#wzrk-cancel');
    assert.deepEqual(await page.evaluate(() => [!!window.no, !!window.yes, !!window.asked]), [true, false, false]);
    await push(page, QUESTION);
    await says(page, 806);
    await ahead(WEEK - 60);
    await push(page, QUESTION);
    await stays('nobody is asked', async () => (await page.$$('>>> #wzrk-cancel')).length, { during: 400 });
    assert.equal(await page.$('>>> #wzrk-cancel'), null);
    await ahead(60);
    await push(page, QUESTION);
    await (await found(page, '#wzrk-cancel')).press('Escape');
    await away(page, '#wzrk-cancel');
    await push(page, { ...QUESTION, askAgainTimeInSeconds: 30 });
    assert.equal(await page.$('>>> #wzrk-cancel'), null);
    await ahead(31);
    await push(page, { ...QUESTION, askAgainTimeInSeconds: 30 });
    await found(page, '#wzrk-cancel');
    await page.close();
  });

  test('yes and granted: the callbacks, the subscription; then no dialog, and silent registration', async () => {
    const page = await visit(world);
    const before = await listed(world);
    const ask = () => page.evaluate((question) => clevertap.notifications.push({ ...question, okCallback: () => (window.yes = true), subscriptionCallback: () => (window.on = (window.on ?? 0) + 1) }), QUESTION);
    await ask();
    await (await found(page, '#wzrk-confirm')).click();
    await page.waitForFunction(() => window.on === 1, { timeout: 30_000 });
    assert.equal(await page.evaluate(() => window.yes), true);
    await heard(page);
    assert.deepEqual(await page.outcomes(), ['shown', 'accepted', 'granted']);
    assert.equal(await listed(world), before + 1);
    await ask();
    await page.waitForFunction(() => window.on === 2);
    await heard(page);
    assert.equal(await page.$('>>> #wzrk-confirm'), null);
    assert.deepEqual([await listed(world), await page.evaluate(() => window.asked)], [before + 1, 1]);
    await page.close();
  });

  test('denied: nothing then, and nothing ever after', async () => {
    const page = await visit(world, { answer: 'denied' });
    await push(page, QUESTION);
    await (await found(page, '#wzrk-confirm')).click();
    await until('the answer', async () => (await page.outcomes()).length === 3);
    assert.deepEqual(await page.outcomes(), ['shown', 'accepted', 'denied']);
    await push(page, QUESTION);
    await says(page, 805);
    await push(page, { ...QUESTION, skipDialog: true });
    assert.equal(await page.$('>>> #wzrk-confirm'), null);
    assert.deepEqual([await page.evaluate(() => window.asked), await page.ops('subscribe')], [1, []]);
    await page.close();
  });

  test("the browser's question closed without an answer is a no as well", async () => {
    const page = await visit(world, { answer: 'default' });
    await push(page, QUESTION);
    await (await found(page, '#wzrk-confirm')).click();
    await until('the answer', async () => (await page.outcomes()).length === 3);
    assert.deepEqual(await page.outcomes(), ['shown', 'accepted', 'dismissed']);
    await push(page, QUESTION);
    await says(page, 806);
    assert.equal(await page.$('>>> #wzrk-confirm'), null);
    await page.close();
  });

  test("skipDialog goes straight to the browser's question, and warns where no click led to it", async () => {
    // From the page itself: remote control passes for a click.
    const page = await visit(world, { answer: 'default', after: '<script>clevertap.notifications.push({skipDialog: true})</script>' });
    await says(page, 808, 'click');
    await page.waitForFunction(() => window.asked === 1);
    await until('the answer', async () => (await page.outcomes()).length === 1);
    const warned = page.said.filter((line) => line.includes(' 808:')).length;
    assert.equal(warned, 1);
    await page.evaluate(() => document.querySelector('#open').addEventListener('click', () => clevertap.notifications.push(null, null, null, null, null, true)));
    await page.click('#open');
    await page.waitForFunction(() => window.asked === 2);
    assert.equal(page.said.filter((line) => line.includes(' 808:')).length, warned);
    assert.equal(await page.$('>>> #wzrk-confirm'), null);
    await page.close();
  });

  test('a question that the browser never shows does not stand in the way of a later click', async () => {
    // What Firefox does without a click: it waits for one that does not come.
    const early = `<script>Notification.requestPermission = () => new Promise(() => { window.pending = (window.pending ?? 0) + 1; });
      clevertap.notifications.push({skipDialog: true}); clevertap.notifications.push(${JSON.stringify(QUESTION)});</script>`;
    const page = await visit(world, { after: early });
    await says(page, 808);
    await page.waitForFunction(() => window.pending === 1);
    assert.equal(await page.$('>>> #wzrk-confirm'), null);
    await page.evaluate((question) => document.querySelector('#open').addEventListener('click', () => clevertap.notifications.push(question)), QUESTION);
    await page.click('#open');
    await (await found(page, '#wzrk-confirm')).click();
    await page.waitForFunction(() => window.pending === 2);
    await page.close();
  });

  test('a worker elsewhere, and one that is not there', async () => {
    const page = await visit(world, { permission: 'granted' });
    await push(page, { serviceWorkerPath: '/nowhere.js' });
    await says(page, 810, '/nowhere.js was not found (404)');
    page.site.file('/own/sw.js', `importScripts('${world.server.base}/sw_webpush.js');`, 'text/javascript');
    await push(page, { serviceWorkerPath: '/own/sw.js', apnsWebPushId: 'web.com.example', apnsWebPushServiceUrl: 'https://example.com/push' });
    await subscribed(page);
    assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname).join()), '/own/');
    await page.close();
  });
});

// Chromium's bubble is worked by keyboard all the way; to Firefox an Escape is a no.
inBothBrowsers("the browser's own question", (world) => {
  // Chromium takes the keyboard into its bubble; Firefox answers to the letters that it underlines, and holds Escape for a no.
  const keys = {
    Chromium: { granted: [3, 'Return', 'granted'], denied: [2, 'Return', 'denied'], dismissed: [0, 'Escape', 'default'] },
    Firefox: { granted: [0, 'alt+a', 'granted'], denied: [0, 'alt+b', 'denied'], dismissed: [0, 'Escape', 'denied'] },
  }[world.name];
  for (const [outcome, [tabs, key, permission]] of Object.entries(keys)) {
    test(`${outcome} in the real bubble`, async () => {
      const site = await world.site();
      const page = await world.visit(site.page('/'));
      await page.bringToFront();
      await page.evaluate((question) => clevertap.notifications.push(question), QUESTION);
      const { x, y } = await (await found(page, '#wzrk-confirm')).boundingBox();
      await world.screen.move(page, x + 20, y + 20);
      await world.screen.click();
      await away(page, '#wzrk-confirm');
      if (world.name === 'Chromium') await until('the bubble with the keyboard', () => page.evaluate(() => !document.hasFocus()));
      if (tabs > 0) await world.screen.press(...Array(tabs).fill('Tab'));
      // It takes no answer in its first moments.
      await until('the bubble to go', async () => {
        await world.screen.press(key);
        return page.evaluate((firefox) => document.hasFocus() && (!firefox || Notification.permission !== 'default'), world.name === 'Firefox');
      });
      assert.equal(await page.evaluate(() => Notification.permission), permission);
      if (outcome === 'granted') await until('the subscription', async () => (await listed(world)) === 1, { within: 30_000 });
      await push(page, QUESTION);
      await stays('nobody is asked again', async () => (await page.$('>>> #wzrk-confirm')) === null, { during: 400 });
      assert.deepEqual(page.errors, []);
      await page.close();
    });
  }
}, { screen: true });

inBothBrowsers('other looks', (world) => {
  const inside = (page, host) => page.evaluate((host) => document.querySelector(host).shadowRoot.activeElement?.id, host);
  const inert = (page) => page.$$eval('[inert]', (all) => all.length);

  for (const [look, host, yes, no] of [
    ['center', '#wzrk_wrapper', 'wzrk-confirm', 'wzrk-cancel'],
    ['topics', '#pnWrapper', 'primaryButton', 'secondaryButton'],
  ]) {
    test(`${look}: a modal dialog with a name, that keeps the focus and gives it back`, async () => {
      const page = await visit(world);
      await page.focus('#search');
      const options = look === 'topics' ? { ...QUESTION, topics: TOPICS } : { ...QUESTION, style: look };
      await page.evaluate((options) => clevertap.notifications.push({ ...options, rejectCallback: () => (window.no = true) }), options);
      await found(page, `#${yes}`);
      assert.equal(await inside(page, host), 'title');
      const dialog = await page.$eval('>>> .card', (card) => {
        const of = (name) => card.getRootNode().getElementById(card.getAttribute(name)).textContent;
        return [card.getAttribute('role'), card.getAttribute('aria-modal'), of('aria-labelledby'), of('aria-describedby')];
      });
      assert.deepEqual(dialog, ['dialog', 'true', QUESTION.titleText, QUESTION.bodyText]);
      assert.ok((await inert(page)) > 0);
      const seen = new Set();
      for (let i = 0; i < 12; i++) {
        await page.keyboard.press('Tab');
        const id = await inside(page, host);
        assert.notEqual(id, undefined, 'the focus left the dialog');
        seen.add(id);
      }
      assert.ok(seen.has(yes) && seen.has(no), [...seen].join());
      await page.keyboard.press('Escape');
      await away(page, `#${yes}`);
      assert.deepEqual([await inert(page), await page.evaluate(() => [document.activeElement.id, window.no])], [0, ['search', true]]);
      await page.close();
    });
  }

  test('the card stands in each of its seven places, leaves the page usable, and keeps within a narrow screen', async () => {
    const middle = { left: [0, 420], '': [480, 800], right: [860, 1280] };
    for (const position of ['top-left', 'top', 'top-right', 'center', 'bottom-left', 'bottom', 'bottom-right']) {
      const page = await visit(world);
      await page.setViewport({ width: 1280, height: 800 });
      await push(page, { ...QUESTION, style: 'card', position });
      const card = await found(page, '#pnCard');
      const box = () => card.evaluate((element) => JSON.parse(JSON.stringify(element.getBoundingClientRect())));
      await until('it to stand', () => card.evaluate((element) => element.getAnimations().every(({ playState }) => playState === 'finished')));
      const { left, right, top, bottom, width } = await box();
      const [edge, side = ''] = position.split('-');
      const [from, to] = middle[side];
      assert.ok((left + right) / 2 > from && (left + right) / 2 < to, `${position}: ${left} to ${right}`);
      if (side) assert.equal(Math.round(side === 'left' ? left : 1280 - right), 16);
      if (edge === 'top') assert.equal(Math.round(top), 16);
      if (edge === 'bottom') assert.equal(Math.round(bottom), 784);
      if (edge === 'center') assert.equal(Math.round((top + bottom) / 2), 400);
      assert.equal(width, 376);
      assert.equal(await inert(page), 0);
      await page.setViewport({ width: 320, height: 640 });
      const narrow = await box();
      assert.ok(narrow.left >= 12 && narrow.right <= 308 && narrow.top >= 0 && narrow.bottom <= 640, JSON.stringify(narrow));
      assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth), 320);
      await (await found(page, '#secondaryButton')).click();
      await away(page, '#pnCard');
      await page.close();
    }
  });

  test("the card in the owner's colours, and a warning where they cannot be read", async () => {
    const page = await visit(world);
    const boxStyle = {
      overlay: { enabled: true, color: '#11223344' },
      card: { color: '#47203f', borderRadius: 4, position: 'Top Right' },
      text: { descriptionColor: '#6a3a60' },
      buttons: { primaryButton: { buttonColor: '#f7d65a', borderRadius: '6' }, secondaryButton: { textColor: '#ffffff', borderEnabled: true, border: { borderWidth: 2, borderColor: '#ffffff' } } },
    };
    await push(page, { ...QUESTION, style: 'card', boxStyle });
    const seen = await (await found(page, '#pnCard')).evaluate((card) => {
      const style = (element) => getComputedStyle(element);
      const [yes, no, overlay] = ['primaryButton', 'secondaryButton', 'pnOverlay'].map((id) => card.getRootNode().getElementById(id));
      return [style(card).backgroundColor, style(card.querySelector('h2')).color, style(yes).color, style(yes).borderRadius, style(no).borderTopWidth, style(overlay).backgroundColor];
    });
    assert.deepEqual(seen, ['rgb(71, 32, 63)', 'rgb(255, 255, 255)', 'rgb(0, 0, 0)', '6px', '2px', 'rgba(17, 34, 51, 0.267)']);
    await says(page, 809, '#6a3a60 on #47203f');
    await page.close();
  });

  test('topics: none is ticked that nobody asked for, the button counts, the choice goes with the subscription and is kept', async () => {
    const page = await visit(world);
    await push(page, { ...QUESTION, okButtonText: 'Allow these', topics: TOPICS });
    const accept = await found(page, '#primaryButton');
    const text = () => accept.evaluate((button) => [button.textContent, button.getAttribute('aria-disabled')]);
    const tick = async (id) => (await page.$(`>>> input[value=${id}]`)).click();
    assert.deepEqual(await text(), ['Allow these (1)', 'false']);
    await tick('orders');
    assert.deepEqual(await text(), ['Allow these', 'true']);
    await accept.click();
    assert.equal(await page.$eval('>>> #why', (why) => why.textContent), 'Choose at least one.');
    assert.equal(await page.evaluate(() => window.asked), undefined);
    await tick('stock');
    await tick('kiln');
    assert.deepEqual(await text(), ['Allow these (2)', 'false']);
    await accept.click();
    await subscribed(page);
    assert.deepEqual((await page.ops('subscribe')).map(({ topics }) => topics), [['stock', 'kiln']]);
    await heard(page);
    // On the next page it is registered in silence, with what was chosen.
    await page.reload();
    await push(page, { ...QUESTION, topics: TOPICS });
    await subscribed(page);
    assert.deepEqual((await page.ops('subscribe')).at(-1).topics, ['stock', 'kiln']);
    assert.equal(await page.$('#pnWrapper'), null);
    await page.close();
  });
});

inBothBrowsers('a change of mind', (world) => {
  const BELL = { ...QUESTION, style: 'bell', titleText: 'Get news of your order', topics: TOPICS };
  const named = (page, name) => until(`the bell to say ${name}`, () => page.$eval('>>> #bell_icon', (bell, name) => bell.getAttribute('aria-label') === name, name), { within: 30_000 });
  const endpoint = (page) =>
    page.evaluate(async () => {
      const [registration] = await navigator.serviceWorker.getRegistrations();
      return (await registration?.pushManager.getSubscription())?.endpoint ?? null;
    });

  test('the bell: its name on hover and focus, topics, on, off, still off on the next page, on again', async () => {
    const page = await visit(world);
    await page.setViewport({ width: 1280, height: 800 });
    const before = await listed(world);
    await push(page, BELL);
    await push(page, BELL);
    await named(page, BELL.titleText);
    assert.equal((await page.$$('#bell_wrapper')).length, 1);
    const tip = () => page.$eval('>>> #bell_tooltip', (tip) => [getComputedStyle(tip).visibility, tip.textContent]);
    assert.deepEqual(await tip(), ['hidden', BELL.titleText]);
    await page.focus('>>> #bell_icon');
    assert.deepEqual(await tip(), ['visible', BELL.titleText]);
    assert.ok(await page.$('>>> .dot'));
    await page.keyboard.press('Enter');
    await (await found(page, '#primaryButton')).click();
    await named(page, 'Notifications are on');
    await heard(page);
    assert.deepEqual([await listed(world), (await page.ops('subscribe')).at(-1).topics], [before + 1, ['orders']]);

    await page.click('>>> #bell_icon');
    await found(page, '.panel .off');
    assert.equal(await page.$eval('>>> #bell_icon', (bell) => bell.getAttribute('aria-expanded')), 'true');
    await page.keyboard.press('Escape');
    assert.equal(await page.$eval('>>> #bell_icon', (bell) => `${bell.getAttribute('aria-expanded')} ${bell.getRootNode().activeElement.id}`), 'false bell_icon');
    await page.keyboard.press('Enter');
    await (await found(page, '.panel input[value=kiln]')).click();
    await until('the choice at the server', async () => String((await page.ops('subscribe')).at(-1).topics) === 'orders,kiln');
    await until('the word that it is kept', () => page.$eval('>>> .said', (said) => said.textContent === 'Saved'));
    await (await found(page, '.panel .off')).click();
    await named(page, BELL.titleText);
    await until('the end of the subscription', async () => (await listed(world)) === before);
    assert.equal(await endpoint(page), null);

    // The page asks by itself: remote control would pass for a click.
    const itself = [BELL, { ...QUESTION, skipDialog: true }].map((options) => `clevertap.notifications.push(${JSON.stringify(options)});`);
    await page.goto(page.site.page('/next', { body: BODY, after: `<script>${itself.join('')}</script>` }));
    await says(page, 807);
    await push(page, QUESTION);
    await says(page, 806);
    await heard(page);
    assert.deepEqual([await listed(world), await endpoint(page), await page.ops('subscribe')], [before, null, []]);
    await named(page, BELL.titleText);
    await page.click('>>> #bell_icon');
    await (await found(page, '#primaryButton')).click();
    await named(page, 'Notifications are on');
    await heard(page);
    assert.equal(await listed(world), before + 1);
    await page.close();
  });

  test('blocked: the bell leads to help, which ends when the browser allows it again', async () => {
    const page = await visit(world, { permission: 'denied' });
    await push(page, BELL);
    await named(page, 'Your browser blocks us');
    await page.click('>>> #bell_icon');
    await (await found(page, '.panel .yes')).click();
    const help = await found(page, '.help');
    assert.match(await help.evaluate((card) => card.textContent), world.name === 'Firefox' ? /crossed-out bubble.*Firefox/ : /site controls.*Chrome/);
    await page.keyboard.press('Escape');
    await away(page, '.help');
    assert.equal(await page.evaluate(() => document.querySelector('#bell_wrapper').shadowRoot.activeElement?.id), 'bell_icon');
    await page.keyboard.press('Enter');
    await (await found(page, '.panel .yes')).click();
    await found(page, '.help');
    await world.browser.permit(page.site.origin, 'granted');
    await away(page, '.help');
    await named(page, 'Notifications are on');
    await page.close();
  });

  test('the bell goes out of the way of a box in its corner, and comes back', async () => {
    await world.api.popup('In the corner', { on: 'event', event: 'In the corner' });
    const page = await visit(world);
    await push(page, BELL);
    await found(page, '#bell_icon');
    const bottom = () => page.$eval('>>> #bell_icon', (bell) => Math.round(innerHeight - bell.getBoundingClientRect().bottom));
    assert.equal(await bottom(), 20);
    await page.evaluate(() => clevertap.event.push('In the corner'));
    await until('the bell above the box', () =>
      page.evaluate(() => {
        const [bell, box] = ['#bell_wrapper', '#wizParDiv0'].map((id) => document.querySelector(id)?.getBoundingClientRect());
        return box?.height > 50 && bell.bottom <= box.top;
      }));
    await page.evaluate(() => document.querySelector('#wizParDiv0').remove());
    await until('the bell in its place', async () => (await bottom()) === 20);
    await page.close();
  });

  test('the preference centre turns on and off; the unsubscribe call ends it, and both may come before the SDK', async () => {
    const page = await visit(world, { after: '<script>clevertap.pushPreferences()</script>' });
    const before = await listed(world);
    await (await found(page, '.panel .yes')).click();
    await until('it to say on', () => page.$eval('>>> h2', (title) => title.textContent === 'Notifications are on'), { within: 30_000 });
    await heard(page);
    assert.equal(await listed(world), before + 1);
    await page.keyboard.press('Escape');
    await away(page, '.panel');
    await page.evaluate(() => clevertap.pushUnsubscribe(() => (window.done = true)));
    await page.waitForFunction(() => window.done === true);
    await until('the end of the subscription', async () => (await listed(world)) === before);
    assert.equal(await endpoint(page), null);
    await page.close();
    const early = `<script>clevertap.pushUnsubscribe(() => { window.done = true; });</script>`;
    const other = await visit(world, { site: page.site, permission: 'granted', after: early });
    await other.waitForFunction(() => window.done === true);
    await other.close();
  });
});

inChromium('prompts for everybody', (world) => {
  const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  const violations = async (selector) => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
    const { violations } = await window.axe.run(selector, { runOnly: tags, rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary.slice(0, 200)}`));
  };
  const samples = [{ title: 'Parcel 2207 is on its way', text: 'Arrives Wednesday', time: 'now' }, { title: 'The moss vase is back', text: 'Eleven of them', time: 'Fri' }];
  const bell = { ...QUESTION, style: 'bell' };
  const press = (selector) => async (page) => {
    await (await found(page, '#bell_icon')).click();
    await found(page, selector);
  };
  const LOOKS = {
    top: ['#wzrk_wrapper', QUESTION],
    center: ['#wzrk_wrapper', { ...QUESTION, style: 'center', samples, okButtonColor: '#2440c7' }],
    card: ['#pnWrapper', { ...QUESTION, style: 'card' }],
    topics: ['#pnWrapper', { ...QUESTION, topics: TOPICS, okButtonColor: '#2440c7' }],
    bell: ['#bell_wrapper', bell, { does: (page) => page.focus('>>> #bell_icon') }],
    'bell-blocked': ['#bell_wrapper', bell, { permission: 'denied', does: press('.panel') }],
    help: ['#gif_modal', bell, { permission: 'denied', does: async (page) => {
      await press('.panel')(page);
      await (await found(page, '.panel .yes')).click();
      await found(page, '.help');
    } }],
    preferences: ['#campanile_preferences', { ...QUESTION, topics: TOPICS }, { permission: 'granted', does: async (page) => {
      await subscribed(page);
      await page.evaluate(() => clevertap.pushPreferences());
      await found(page, '.panel');
    } }],
  };
  for (const [name, [host, options, { does, permission } = {}]] of Object.entries(LOOKS)) {
    test(`${name}: WCAG 2.2 AA and no overflow, light and dark, wide and narrow`, async () => {
      const page = await visit(world, { permission });
      await page.setViewport({ width: 1280, height: 800 });
      await push(page, options);
      await page.waitForFunction(() => typeof clevertap.getSDKVersion === 'function');
      if (does) await does(page);
      await until(host, () => page.$(host));
      await page.evaluate(await readFile(axeFile, 'utf8'));
      for (const [size, width] of [['desk', 1280], ['phone', 390]]) {
        await page.setViewport({ width, height: 844 });
        await world.picture(page, `prompt-${name}-${size}`);
        for (const scheme of ['light', 'dark']) {
          await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
          await until('the end of the motion', () => page.evaluate((host) => document.querySelector(host).shadowRoot.getAnimations().length === 0, host));
          assert.deepEqual(await page.evaluate(violations, host), [], `${scheme} ${size}`);
        }
        assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth), width);
        const small = await page.$eval(host, ({ shadowRoot }) =>
          [...shadowRoot.querySelectorAll('button')].filter((button) => button.getClientRects().length).map((button) => button.getBoundingClientRect().height).filter((height) => height < 44));
        assert.deepEqual(small, []);
      }
      await page.close();
    });
  }
});

inBothBrowsers('a campaign that asks', (world) => {
  const card = { template: 'push-card', title: 'Hear when your order moves', button: 'Keep me posted', on_click: { do: 'prompt' }, second: { label: 'Not now' }, close: false };
  const campaign = (name) => world.api.popup(name, { on: 'event', event: name }, { popup: { ...card, title: name }, caps: {} });

  test('its yes brings the browser’s question; what was said is in the report, and nobody is asked twice', async () => {
    const id = await campaign('Order placed');
    const people = { yes: 'granted', no: 'denied', later: 'default' };
    for (const answer of Object.values(people)) {
      const page = await visit(world, { answer });
      await raise(page, 'Order placed');
      const box = await popupOn(page, 'box', 'Order placed');
      await box.click('click');
      await until('the answer', async () => (await page.outcomes()).length === 1);
      if (answer === 'granted') {
        await subscribed(page);
        // Reachable, so the campaign is over here.
        await gone(page, 'box');
        await raise(page, 'Order placed');
        await heard(page);
        assert.deepEqual(await standing(page), []);
      }
      await page.close();
    }
    await world.counted(id, { shown: 3, clicked: 3, granted: 1, blocked: 1 });
    const report = await openDashboard(world, `/campaigns/${id}`, { width: 1280, height: 800 });
    const { Allowed } = await figures(report);
    assert.equal(Allowed, '1');
    assert.match(await report.$eval('main', (main) => main.textContent), /1 blocked it for good, 1 put the browser’s question off/);
    await world.picture(report, 'report-asking', { fullPage: true });
    await report.close();
  });

  test('its yes asks the browser where the settings want a bell, and registers the worker that they name', async () => {
    const { settings } = await world.api.get('/account');
    await world.api.patch('/account', { settings: { ...settings, prompts: { style: 'bell', worker_path: '/lib/messages.js' } } });
    const id = await campaign('Bell and path');
    const site = await world.site();
    site.file('/lib/messages.js', `importScripts('${world.server.base}/sw_webpush.js');`, 'text/javascript');
    const page = await visit(world, { site });
    await raise(page, 'Bell and path');
    await (await popupOn(page, 'box', 'Bell and path')).click('click');
    await subscribed(page);
    await world.counted(id, { granted: 1 });
    const worker = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map(({ active }) => new URL(active.scriptURL).pathname));
    assert.deepEqual(await worker(), ['/lib/messages.js']);
    // On a page that says nothing the preference centre changes what is there, where it stands.
    await world.api.patch('/account', { settings });
    await page.goto(site.page('/quiet'));
    await page.evaluate((topics) => clevertap.pushPreferences({ topics }), TOPICS);
    await (await found(page, 'input[value=kiln]')).click();
    await until('the choice to be told', async () => (await page.ops('subscribe')).some(({ topics }) => topics?.includes('kiln')));
    assert.deepEqual(await worker(), ['/lib/messages.js']);
    await page.close();
  });

  test('its no is a close: the browser is not asked, and the campaign is quiet', async () => {
    const id = await campaign('Wish kept');
    const page = await visit(world);
    await raise(page, 'Wish kept');
    const box = await popupOn(page, 'box', 'Wish kept');
    await world.picture(page, 'prompt-campaign');
    await world.counted(id, { shown: 1 });
    await box.click('second');
    await gone(page, 'box');
    await world.counted(id, { shown: 1, clicked: 0, closed: 1, granted: 0 });
    assert.equal(await page.evaluate(() => window.asked), undefined);
    await page.close();
  });
});

inBothBrowsers('a look from the settings', (world) => {
  test('is chosen before one’s eyes, and holds for every page that does not say otherwise', async () => {
    const settings = await openDashboard(world, '/settings/engage/prompts', { width: 1280, height: 900 });
    const frame = await until('the preview', async () => (await settings.$('.look-frame'))?.contentFrame());
    const drawn = (selector) => until(`${selector} in the preview`, () => frame.evaluate((selector) =>
      [...document.querySelectorAll('*')].some(({ shadowRoot }) => shadowRoot?.querySelector(selector)), selector));
    await drawn('#wzrk-confirm');
    await choose(settings, 'center');
    await drawn('.card.center');
    await choose(settings, 'bell');
    await drawn('#bell_icon');
    await choose(settings, 'card');
    await fill(settings, { 'prompts.color': '#1d6b4f' });
    await drawn('#pnCard #primaryButton[style*="rgb(29, 107, 79)"]');
    assert.equal(await settings.evaluate(() => document.activeElement.name), 'prompts.color', 'the form keeps the focus');
    for (const [size, width] of [['desk', 1280], ['phone', 390]]) {
      await settings.setViewport({ width, height: 844 });
      await world.picture(settings, `look-${size}`, { fullPage: true });
    }
    await submit(settings, '#look button');
    assert.deepEqual(settings.errors, []);
    await settings.close();

    const page = await visit(world);
    await push(page, QUESTION);
    const accept = await found(page, '#pnCard #primaryButton');
    assert.equal(await accept.evaluate((button) => getComputedStyle(button).backgroundColor), 'rgb(29, 107, 79)');
    await accept.click();
    await subscribed(page);
    await page.close();
    const own = await visit(world);
    await push(own, { ...QUESTION, style: 'top', okButtonColor: '#222222' });
    const documented = await found(own, '#wzrk-confirm');
    assert.equal(await documented.evaluate((button) => getComputedStyle(button).backgroundColor), 'rgb(34, 34, 34)');
    await own.close();
  });

  const choose = (page, style) => page.select('[name="prompts.style"]', style);
});
