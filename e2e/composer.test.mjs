// The push composer: what each browser shows and ignores of a message as it is typed, its buttons, its variants.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, openDashboard, overflow, submit } from './rig/dashboard.mjs';
import { until } from './rig/poll.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

inBothBrowsers('push composer', (world) => {
  const open = (path, size) => openDashboard(world, path, SIZES[size]);
  const campaignOf = (page) => Number(/\/campaigns\/(\d+)/.exec(page.url())?.[1]);

  test('a push composed: notes from the table, buttons moved by keyboard, the looks of each variant', async () => {
    const page = await open('/campaigns/new?kind=push', 'desk');
    const notes = (key) => page.$$eval(`[data-notes="${key}"] span`, (rows) => rows.map((row) => row.textContent));
    const said = async (key, words) => until(`the notes of ${key}`, async () => JSON.stringify(await notes(key)) === JSON.stringify(words));
    const whole = ['Everything that is filled in is shown.'];
    await fill(page, { name: 'Composed', 'push.title': 'The kiln is open', 'push.url': 'https://shop.example.com/' });
    for (const key of ['windows', 'macos', 'android', 'firefox', 'safari']) await said(key, whole);

    // What this browser says of itself is what the table says of it.
    const most = await page.evaluate(() => Notification.maxActions);
    const own = world.name === 'Firefox' ? 'firefox' : 'windows';
    const shown = (key) => page.$$eval(`.look-${key} .bubble-buttons span`, (spans) => spans.filter((span) => !span.hidden).map((span) => span.textContent));
    for (const [at, words] of ['Show me', 'Not my size', 'Later'].entries()) {
      await page.click('[data-button-add]');
      assert.equal(await page.evaluate(() => document.activeElement.name), `push.actions.${at}.title`, 'the new place is typed into at once');
      await page.keyboard.type(words);
    }
    assert.equal(await page.$eval('[data-button-add]', (button) => button.hidden), true, 'there is no fourth');
    assert.equal((await shown(own)).length, most);
    assert.deepEqual(await shown('safari'), []);
    await said('windows', ['Windows shows 2 buttons: “Later” is left out.']);
    await said('safari', ['Safari shows no buttons: “Show me”, “Not my size” and “Later” are left out.']);
    await page.focus('[aria-label="Move button 3 up"]');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Move button 2 up', 'the focus goes with the button');
    await said('windows', ['Windows shows 2 buttons: “Not my size” is left out.']);
    await page.focus('[aria-label="Remove button 1"]');
    await page.keyboard.press('Enter');
    await until('two that are left', async () => JSON.stringify(await shown('windows')) === '["Later","Not my size"]');
    await said('windows', whole);

    await page.$eval('[name="push.topic"]', (input) => (input.closest('details').open = true));
    await fill(page, { 'push.topic': 'weekly-news' });
    await page.$eval('#variants details', (fold) => (fold.open = true));
    await submit(page, 'button[name="then"][value="variant:add"]');
    const long = 'Fresh from the kiln, and more of it than any other year since we began to fire it';
    await fill(page, { 'experiment.variants[0].push.title': long });
    const title = (key) => page.$eval(`.look-${key} .bubble-title`, (line) => line.textContent);
    assert.equal(await title('windows'), 'The kiln is open', 'A is looked at first');
    await page.click('label:has([name="stage.variant"][value="1"])');
    await until('B to be looked at', async () => (await title('windows')).startsWith('Fresh from the kiln'));
    assert.ok((await title('windows')).endsWith('…') && (await title('windows')).length <= 69);
    await said('windows', [`Windows shows about 69 letters of the title; yours has ${long.length}.`]);
    assert.deepEqual(await shown('windows'), ['Later', 'Not my size'], 'a variant began with the buttons of A');
    for (const [size, view] of Object.entries(SIZES)) {
      await page.setViewport(view);
      assert.equal(await overflow(page), 0);
      await world.picture(page, `push-composer-${size}`, { fullPage: true });
    }
    await page.goto(page.url().split('#')[0] + '#stage');
    await world.picture(page, 'push-composer-looks-phone', { fullPage: true });
    await page.setViewport(SIZES.desk);
    await submit(page, '[data-save]');
    const kept = await world.api.get(`/campaigns/${campaignOf(page)}`);
    assert.deepEqual(kept.push.actions.map((action) => [action.action, action.title]), [['first', 'Later'], ['second', 'Not my size']]);
    assert.equal(kept.push.topic, 'weekly-news');
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('a push tried out in a browser of one’s own, and what its push service said', async () => {
    const site = await world.site();
    const visitor = await world.browser.page();
    await world.browser.permit(new URL(site.page('/')).origin);
    await visitor.goto(site.page('/'));
    await visitor.evaluate(() => clevertap.notifications.push({ skipDialog: true }));
    await until('the subscription', async () => (await world.api.get('/subscriptions')).total === 1, { within: 30_000 });

    const page = await open('/campaigns/new?kind=push', 'desk');
    await fill(page, { name: 'Tried out', 'push.title': 'Only for my eyes', 'push.url': site.page('/') });
    await submit(page, 'button[name="then"][value="test"]');
    const told = () => page.$eval('[data-tests]', (list) => list.textContent.trim());
    await until('the answer', async () => /Taken by /.test(await told()));
    await until('the notification', () => world.desk.titled('Only for my eyes')[0], { within: 30_000 });
    const id = campaignOf(page);
    const campaign = await world.api.get(`/campaigns/${id}`);
    assert.equal(campaign.status, 'draft');
    assert.deepEqual((await world.api.get(`/campaigns/${id}/deliveries`)).deliveries, []);
    await page.$eval('#test', (part) => part.scrollIntoView());
    await world.picture(page, 'push-tried-desk');
    await page.setViewport(SIZES.phone);
    assert.equal(await overflow(page), 0);
    await page.$eval('#test', (part) => part.scrollIntoView());
    await world.picture(page, 'push-tried-phone');
    await page.setViewport(SIZES.desk);

    await fill(page, { 'test.to': 'nobody at all' });
    await submit(page, 'button[name="then"][value="test"]');
    assert.match(await page.$eval('#editor', (form) => form.textContent), /Nobody is known by this/);
    assert.deepEqual(page.errors.filter((error) => !/422/.test(String(error))), []);
    await page.close();
    await visitor.close();
  });
});
