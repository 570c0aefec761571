// A box pop-up, from the campaign in the API to the numbers in the API, in real browsers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOn, noBoxOn } from './rig/box.mjs';
import { onward, stays, until } from './rig/poll.mjs';
import { inBothBrowsers } from './rig/world.mjs';

/** Raises an event as the page of an owner does. */
const raise = (page, name) => page.evaluate((event) => clevertap.event.push(event, { product: 'Jug' }), name);

inBothBrowsers('box pop-up', (world) => {
  const { counted } = world;
  const keeps = (id) => stays(`counts of ${id}`, async () => {
    const { shown, clicked, closed } = await world.api.counts(id);
    return { shown, clicked, closed };
  });

  test('shown by an event, viewed once, and the click goes to its address', async () => {
    const site = await world.site();
    const cart = site.page('/cart');
    const id = await world.api.popup('Back from the kiln', { on: 'event', event: 'Added To Cart' }, {
      popup: { on_click: { do: 'url', url: cart, target: 'same' }, kv: { voucher: 'BLUE' } },
    });
    const page = await world.visit(site.page('/jug'));
    await raise(page, 'Added To Cart');
    const box = await boxOn(page, 'Back from the kiln');
    assert.match(box.text, /Eleven jugs came out of this firing\./);
    await counted(id, { handed: 1, shown: 1, clicked: 0, closed: 0 });
    await onward(page, () => box.click('click'));
    assert.equal(page.url(), cart);
    await counted(id, { shown: 1, clicked: 1 });
    await page.reload();
    await keeps(id);
    await counted(id, { shown: 1, clicked: 1 });
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('the click opens a new tab', async () => {
    const site = await world.site();
    const cart = site.page('/cart');
    const id = await world.api.popup('In a new tab', { on: 'event', event: 'Tab' }, {
      popup: { on_click: { do: 'url', url: cart, target: 'new' } },
    });
    const page = await world.visit(site.page('/'));
    await raise(page, 'Tab');
    const box = await boxOn(page, 'In a new tab');
    await counted(id, { shown: 1 });
    await box.click('click');
    const tab = await until('the new tab', () => world.tab(cart));
    await counted(id, { shown: 1, clicked: 1 });
    assert.equal(page.url(), `${site.origin}/`);
    await tab.close();
    await page.close();
  });

  test('the click calls a function of the page with the key-values', async () => {
    const site = await world.site();
    const id = await world.api.popup('A voucher for you', { on: 'event', event: 'Looked Twice' }, {
      popup: { on_click: { do: 'function', name: 'addVoucher' }, kv: { voucher: 'BLUE', percent: '10' } },
    });
    const page = await world.visit(
      site.page('/', { head: '<script>calls = []; function addVoucher(kv) { calls.push(kv) }</script>' }),
    );
    await raise(page, 'Looked Twice');
    const box = await boxOn(page, 'A voucher for you');
    await counted(id, { shown: 1 });
    await box.click('click');
    await until('the call', () => page.evaluate(() => calls.length > 0));
    assert.deepEqual(await page.evaluate(() => calls), [{ voucher: 'BLUE', percent: '10' }]);
    await counted(id, { shown: 1, clicked: 1 });
    await keeps(id);
    await page.close();
  });

  test('a silent click is counted and leaves the page where it is', async () => {
    const site = await world.site();
    const id = await world.api.popup('Good to know', { on: 'event', event: 'Silent' }, { popup: { on_click: { do: 'close' } } });
    const page = await world.visit(site.page('/'));
    await raise(page, 'Silent');
    const box = await boxOn(page, 'Good to know');
    await counted(id, { shown: 1 });
    await box.click('click');
    await noBoxOn(page);
    assert.equal(page.url(), `${site.origin}/`);
    await counted(id, { shown: 1, clicked: 1 });
    await page.close();
  });

  test('the close button closes, and that is counted as a close', async () => {
    const site = await world.site();
    const id = await world.api.popup('Close me', { on: 'event', event: 'Closing' });
    const page = await world.visit(site.page('/'));
    await raise(page, 'Closing');
    const box = await boxOn(page, 'Close me');
    await counted(id, { shown: 1 });
    await box.click('close');
    await noBoxOn(page);
    await counted(id, { shown: 1, clicked: 0, closed: 1 });
    await page.close();
  });

  test("the document's close snippet, run inside the frame, closes it and the next one can come", async () => {
    const site = await world.site();
    const id = await world.api.popup('Snippet', { on: 'event', event: 'Snippet' });
    const page = await world.visit(site.page('/'));
    await raise(page, 'Snippet');
    const box = await boxOn(page, 'Snippet');
    await counted(id, { shown: 1 });
    await box.frame.evaluate(() => {
      document.getElementById('contentDiv').insertAdjacentHTML('afterbegin', '<div class="btn">CLOSE</div>');
      // From here on as the document has it.
      var btn = document.querySelector('.btn');
      var wrapper = window.parent.document.getElementById('wizParDiv0');
      btn.addEventListener('click', closePopUp);
      function closePopUp() { wrapper.remove(); }
    });
    await (await box.frame.$('.btn')).click();
    await noBoxOn(page);
    await counted(id, { shown: 1, clicked: 0, closed: 1 });
    await raise(page, 'Snippet');
    await boxOn(page, 'Snippet');
    await counted(id, { shown: 2, clicked: 0, closed: 1 });
    await page.close();
  });

  test('shown on the first page view; a reload neither shows it again in the session nor counts twice', async () => {
    const site = await world.site();
    const id = await world.api.popup('Welcome', { on: 'page' }, { caps: { session: 1 } });
    try {
      const page = await world.visit(site.page('/'));
      await boxOn(page, 'Welcome');
      await counted(id, { handed: 1, shown: 1 });
      await page.reload();
      await page.waitForFunction(() => typeof clevertap.getCleverTapID === 'function');
      await keeps(id);
      await counted(id, { handed: 1, shown: 1 });
      assert.equal(await page.$('#wizParDiv0'), null);
      await page.close();
    } finally {
      await world.api.post(`/campaigns/${id}/stop`);
    }
  });

  test('Escape inside the box closes it', async () => {
    const site = await world.site();
    const id = await world.api.popup('By keyboard', { on: 'event', event: 'Keyboard' });
    const page = await world.visit(site.page('/'));
    await raise(page, 'Keyboard');
    const box = await boxOn(page, 'By keyboard');
    await counted(id, { shown: 1 });
    await box.frame.focus('[data-campanile="close"]');
    await page.keyboard.press('Escape');
    await noBoxOn(page);
    await counted(id, { shown: 1, closed: 1 });
    await page.close();
  });

  test('a stopped campaign is not shown', async () => {
    const site = await world.site();
    const id = await world.api.popup('Over', { on: 'event', event: 'Over' });
    await world.api.post(`/campaigns/${id}/stop`);
    const page = await world.visit(site.page('/'));
    await raise(page, 'Over');
    await keeps(id);
    await counted(id, { handed: 0, shown: 0 });
    assert.equal(await page.$('#wizParDiv0'), null);
    await page.close();
  });

  test('the demo shop shows its own box to a newcomer', async () => {
    const { campaigns } = await world.api.get('/campaigns?kind=popup');
    const seeded = campaigns.find(({ name }) => name === 'Stoneware is back');
    assert.ok(seeded, 'the demo has a running box of its own');
    await world.api.post(`/campaigns/${seeded.id}/start`);
    try {
      const page = await world.visit(world.server.shop);
      await page.setViewport({ width: 1280, height: 800 });
      const box = await boxOn(page, seeded.popup.title);
      await counted(seeded.id, { shown: 1 });
      await world.picture(page, 'shop-desk');
      await page.setViewport({ width: 390, height: 844 });
      await world.picture(page, 'shop-phone');
      await box.click('click');
      await counted(seeded.id, { shown: 1, clicked: 1 });
      assert.deepEqual(page.errors, []);
      await page.close();
    } finally {
      await world.api.post(`/campaigns/${seeded.id}/stop`);
    }
  });
});
