// Web push with nothing faked but the push service and the person: a real subscription, a real encrypted message, a real
// notification on a real message bus, a real click.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stays, until } from './rig/poll.mjs';
import { heard } from './rig/visitor.mjs';
import { inBothBrowsers, listen } from './rig/world.mjs';

const QUESTION = {
  titleText: 'Shall we tell you about new pots?',
  bodyText: 'Once a month, when the kiln is open.',
  okButtonText: 'Yes, tell me',
  rejectButtonText: 'No, thanks',
};

inBothBrowsers('push', (world) => {
  /** A page on which the person, when the browser asks, says yes. */
  async function visit(url) {
    const page = await world.browser.page();
    listen(page);
    await page.exposeFunction('personAllows', () => world.browser.permit(new URL(url).origin));
    await page.evaluateOnNewDocument(() => {
      // Headless browsers have nobody to click in their permission bubble; this stands for that click only.
      Notification.requestPermission = async () => {
        await window.personAllows();
        return Notification.permission;
      };
    });
    await page.goto(url);
    return page;
  }
  const ask = (page) => page.evaluate((question) => clevertap.notifications.push(question), QUESTION);
  /** A button of our dialog, wherever its shadow root is. */
  const button = (page, id) => until(`the dialog's ${id}`, () => page.$(`>>> #${id}`));
  const subscribed = async (number) =>
    until(`${number} subscriptions`, async () => {
      const { total } = await world.api.get('/subscriptions');
      if (total !== number) throw new Error(`${total} subscriptions`);
      return true;
    }, { within: 30_000 });
  const { counted } = world;
  const notification = (title) => until(`the notification "${title}"`, () => world.desk.titled(title)[0]);

  let site;

  test('"No, thanks" is taken for an answer', async () => {
    const other = await world.site();
    const page = await visit(other.page('/'));
    await ask(page);
    await (await button(page, 'wzrk-cancel')).click();
    await until('the dialog to go', async () => (await page.$('>>> #wzrk-cancel')) === null);
    assert.equal(await page.evaluate(() => Notification.permission), 'default');
    await ask(page);
    await page.reload();
    assert.equal(await page.$('>>> #wzrk-cancel'), null);
    await subscribed(0);
    await page.close();
  });

  test('the dialog, the permission, the subscription', async () => {
    site = await world.site();
    const page = await visit(site.page('/'));
    await ask(page);
    const ok = await button(page, 'wzrk-confirm');
    assert.equal(await ok.evaluate((element) => element.textContent.trim()), QUESTION.okButtonText);
    for (const [size, width] of [['desk', 1280], ['phone', 390]]) {
      await page.setViewport({ width, height: 844 });
      await world.picture(page, `dialog-${size}`);
    }
    await ok.click();
    await subscribed(1);
    const { subscriptions, by_browser } = await world.api.get('/subscriptions');
    assert.equal(subscriptions.length, 1);
    // Debian's Chromium is Chromium; it names itself Chrome to pages.
    assert.equal(subscriptions[0].browser, world.name === 'Chromium' ? 'Chrome' : 'Firefox');
    assert.equal(Object.values(by_browser).reduce((sum, number) => sum + number, 0), 1);
    assert.deepEqual(page.errors, []);
    // Asking again changes nothing: nobody is asked twice, nothing is stored twice.
    await ask(page);
    await page.reload();
    await ask(page);
    await subscribed(1);
    await page.close();
  });

  test('what a page reads while it is left ends nothing', async () => {
    const page = await world.browser.page();
    listen(page);
    // Chromium's answer in a page that is being left, whatever was allowed; here for as long as the page stands.
    await page.evaluateOnNewDocument(() => Object.defineProperty(Notification, 'permission', { get: () => 'denied' }));
    await page.goto(site.page('/left'));
    await until('the visit', () => page.evaluate(() => Object.keys(sessionStorage).some((key) => key.endsWith(':visit'))));
    await heard(page);
    await stays('the subscription', async () => (await world.api.get('/subscriptions')).total);
    assert.equal((await world.api.get('/subscriptions')).total, 1);
    await page.close();
  });

  test('a campaign arrives, its click opens the target, and sent, shown and clicked are one each', async () => {
    const target = site.page('/new');
    const id = await world.api.push('The kiln is open', { url: target, body: 'Twelve new pots, three of them blue.' });
    const seen = await notification('The kiln is open');
    assert.match(seen.body, /Twelve new pots, three of them blue\.$/);
    await counted(id, { audience: 1, sent: 1, failed: 0, gone: 0, waiting: 0, shown: 1, clicked: 0 });
    world.desk.click(seen);
    const tab = await until('the tab of the target', () => world.tab(target));
    await counted(id, { audience: 1, sent: 1, shown: 1, clicked: 1 });
    assert.equal(world.desk.shown.filter(({ title }) => title === 'The kiln is open').length, 1, 'shown once');
    assert.equal((await world.api.get(`/campaigns/${id}`)).status, 'sent');
    await tab.close();
  });

  test('a click goes to the tab that has the target open already', async () => {
    const target = site.page('/open-already');
    const page = await world.visit(target);
    const elsewhere = await world.visit(site.page('/elsewhere'));
    const before = (await world.browser.browser.pages()).length;
    // Under remote control Firefox tells a tab of the focus but not that it is looked at; Chromium the other way round.
    const inFront = (tab) => tab.evaluate((firefox) => (firefox ? document.hasFocus() : document.visibilityState === 'visible'), world.name === 'Firefox');
    assert.equal(await inFront(page), false);
    const id = await world.api.push('Look again', { url: target });
    world.desk.click(await notification('Look again'));
    await counted(id, { sent: 1, shown: 1, clicked: 1 });
    await until('the open tab to come to the front', () => inFront(page));
    assert.equal((await world.browser.browser.pages()).length, before, 'no further tab');
    await elsewhere.close();
    await page.close();
  });

  test('a button of the notification goes to its own address', async () => {
    const target = site.page('/main');
    const action = site.page('/see-them');
    const id = await world.api.push('With a button', {
      url: target,
      actions: [{ action: 'new', title: 'See them', url: action }],
    });
    world.desk.click(await notification('With a button'), 'See them');
    const tab = await until('the tab of the button', () => world.tab(action));
    await counted(id, { sent: 1, shown: 1, clicked: 1 });
    assert.equal(await world.tab(target), undefined);
    await tab.close();
  });

  test('swiped away is counted as dismissed', async () => {
    const id = await world.api.push('Not now', { url: site.page('/later') });
    world.desk.dismiss(await notification('Not now'));
    await counted(id, { sent: 1, shown: 1, clicked: 0, dismissed: 1 });
  });

  test('a message comes with no page open', async () => {
    for (const page of await world.browser.browser.pages()) if (page.url().startsWith(site.origin)) await page.close();
    const id = await world.api.push('While you were out', { url: site.page('/out') });
    world.desk.dismiss(await notification('While you were out'));
    await counted(id, { sent: 1, shown: 1 });
  });

  test('three generations of keys: who comes by changes over without a question, and every message arrives', async () => {
    const made = async () => (await world.api.post('/settings/web-push/keys', {})).public_key;
    const endpoint = async () => (await world.api.get('/subscriptions')).subscriptions.find(({ state }) => state === 'live').id;
    for (const generation of ['second', 'third']) {
      const before = await endpoint();
      const key = await made();
      const page = await visit(site.page('/'));
      await ask(page);
      await until(`a subscription with the ${generation} key`, () =>
        page.evaluate(async (wanted) => {
          const registration = await navigator.serviceWorker.getRegistration();
          const subscription = await registration.pushManager.getSubscription();
          const bytes = new Uint8Array(subscription.options.applicationServerKey);
          const text = btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
          return text === wanted;
        }, key),
      );
      assert.equal(await page.$('>>> #wzrk-confirm'), null, 'nobody is asked');
      await until('the ring to know', async () => (await world.api.get('/settings/web-push')).keys[0].bound === 1);
      await subscribed(1);
      assert.notEqual(await endpoint(), before, 'the old one is replaced');
      const title = `With the ${generation} key`;
      const id = await world.api.push(title, { url: site.page('/key') });
      world.desk.dismiss(await notification(title));
      await counted(id, { audience: 1, sent: 1, shown: 1 });
      await page.close();
    }
    const { keys } = await world.api.get('/settings/web-push');
    assert.deepEqual(keys.map(({ bound, in_use }) => [bound, in_use]), [[1, true], [0, false], [0, false]]);
  });

  test('after the browser has unsubscribed, the push service says so and the subscription goes', async () => {
    // Without the snippet: with it the visit would put right what is done here.
    const page = await visit(site.page('/quiet', { use: '' }));
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      const subscription = await registration.pushManager.getSubscription();
      if (!(await subscription.unsubscribe())) throw new Error('not unsubscribed');
    });
    const id = await world.api.push('Nobody there', { url: site.page('/nobody') });
    await counted(id, { audience: 1, sent: 0, gone: 1, waiting: 0, shown: 0 });
    await subscribed(0);
    await page.close();
  });

  test('a visitor who allowed it before subscribes again without a question', async () => {
    const page = await visit(site.page('/again'));
    await ask(page);
    await subscribed(1);
    assert.equal(await page.$('>>> #wzrk-confirm'), null);
    const id = await world.api.push('Good to have you back', { url: site.page('/back') });
    world.desk.dismiss(await notification('Good to have you back'));
    await counted(id, { sent: 1, shown: 1 });
    await page.close();
  });

  test('who blocks notifications in the browser is gone with the next visit', async () => {
    await world.browser.permit(site.origin, 'denied');
    const page = await visit(site.page('/blocked'));
    await subscribed(0);
    await page.close();
  });

  test('what the demo promises: the button in the shop, the campaign in the dashboard, the notification, its click', async () => {
    const page = await visit(world.server.shop);
    const { total } = await world.api.get('/subscriptions');
    const tell = await page.waitForSelector('::-p-text(Tell me about new pots)');
    await tell.click();
    await (await button(page, 'wzrk-confirm')).click();
    await subscribed(total + 1);
    const { campaigns } = await world.api.get('/campaigns?kind=push&status=draft');
    const seeded = campaigns.find(({ name }) => name === 'The kiln is open');
    await world.api.post(`/campaigns/${seeded.id}/start`);
    const shown = await until('it on every browser that subscribed', () => {
      const all = world.desk.titled(seeded.push.title);
      return all.length === total + 1 && all;
    });
    assert.match(shown[0].body, /Twelve new pots/);
    await counted(seeded.id, { audience: total + 1, sent: total + 1, shown: total + 1 });
    world.desk.click(shown[0]);
    await counted(seeded.id, { clicked: 1 });
    assert.deepEqual(page.errors, []);
    await page.close();
  });
});
