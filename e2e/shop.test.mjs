// The demo's shop as a visitor walks through it: each campaign that it begins with appears by the gesture that the shop names for it, and
// is counted. This file starts a demo of its own and stops nothing in it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onward, stays } from './rig/poll.mjs';
import { gone, popupOn, standing } from './rig/popup.mjs';
import { heard, watched } from './rig/visitor.mjs';
import { inBothBrowsers, listen } from './rig/world.mjs';

inBothBrowsers('the demo’s shop', (world) => {
  /** A campaign that was seeded, as the API knows it. */
  const seeded = async (name) => {
    const { campaigns } = await world.api.get('/campaigns?status=running');
    return campaigns.find((campaign) => campaign.name === name) ?? assert.fail(`the demo runs no “${name}”`);
  };
  /** Shown and clicked before by the tests of this file, so that each test can say how many more. */
  const before = async (name) => {
    const { id, counts } = await seeded(name);
    return { more: (more) => world.counted(id, Object.fromEntries(Object.entries(more).map(([what, n]) => [what, counts[what] + n]))) };
  };
  const at = (path) => new URL(path, world.server.shop).href;

  /** The first page of somebody who was never here, by the button that the shop has for it. */
  const newcomer = async (path = '/shop/') => {
    const page = await world.browser.page();
    listen(page);
    await page.goto(at('/shop/?shelf=light'));
    await heard(page);
    await onward(page, () => page.$eval('#try-anew', (button) => button.click()));
    await heard(page);
    if (path !== '/shop/') await open(page, path);
    return page;
  };
  const open = async (page, path) => {
    await page.goto(at(path));
    await heard(page);
  };
  const inCart = async (page, slug = 'ebb-jug') => {
    await open(page, `/shop/product/${slug}/`);
    await page.click('#buy .go');
    await page.waitForFunction(() => document.querySelector('#said').textContent.includes('is in your cart'));
    await heard(page);
  };
  /** Closes the page; nobody complained on its console, and it stood alone. */
  const alone = async (page, kind) => {
    assert.deepEqual(await standing(page), kind ? [kind] : []);
    assert.deepEqual(page.errors, []);
    await page.close();
  };

  test('two seconds on the first page: the box with its voucher, once a visit', async () => {
    const counts = await before('Stoneware is back');
    const page = await newcomer();
    const box = await popupOn(page, 'box', 'The stoneware is out of the kiln');
    await counts.more({ handed: 1, shown: 1 });
    await box.click('click');
    await gone(page, 'box');
    await page.waitForFunction(() => document.querySelector('#said').textContent.includes('KILN10'));
    await counts.more({ shown: 1, clicked: 1 });
    await open(page, '/shop/');
    await stays('no second box', () => standing(page), { during: 3_000 });
    await alone(page);
  });

  test('a second page and half of it scrolled: the letter, and an answer', async () => {
    const counts = await before('Monthly letter, halfway down');
    const page = await newcomer('/shop/product/heron-vase/');
    await open(page, '/shop/');
    await page.evaluate(() => scrollTo({ top: document.scrollingElement.scrollHeight, behavior: 'instant' }));
    const letter = await popupOn(page, 'box', 'Post from the kiln');
    await letter.frame.type('input[type=email]', 'newcomer@example.com');
    await letter.frame.click('form button');
    await letter.frame.waitForFunction(() => document.body.textContent.includes('Thank you'));
    await counts.more({ handed: 1, shown: 1, answered: 1 });
    await alone(page, 'box');
  });

  test('a pot in the cart: the bar says how much is missing, and that nothing is once it is so', async () => {
    const counts = await before('Free shipping, how much to go');
    const page = await newcomer('/shop/product/ebb-jug/');
    await inCart(page);
    const bar = await popupOn(page, 'banner', '€12 to go and it ships free.');
    await counts.more({ handed: 1, shown: 1 });
    await bar.click('close');
    await gone(page, 'banner');
    await counts.more({ closed: 1 });
    await alone(page);

    const rich = await newcomer('/shop/product/sunday-teapot/');
    await inCart(rich, 'sunday-teapot');
    const full = await popupOn(rich, 'banner', 'This ships free.');
    await onward(rich, () => full.click('click'));
    assert.equal(new URL(rich.url()).pathname, '/shop/cart/');
    await counts.more({ clicked: 1 });
    await alone(rich);
  });

  test('the pointer leaves at the top with a pot in the cart: the receipt has the cart’s lines', async () => {
    const counts = await before('Cart saver');
    const page = await newcomer('/shop/product/ebb-jug/');
    await inCart(page);
    await inCart(page, 'two-hands-mug');
    await open(page, '/shop/');
    await page.bringToFront();
    await watched(page);
    await world.screen.enter(page);
    await world.screen.leave(page);
    const receipt = await popupOn(page, 'interstitial', 'We’ll hold these for you.');
    const text = await receipt.text();
    for (const line of ['1 Ebb jug', '48.00', '1 Two-hands mug', '19.00', 'Shipping', 'free', '€67.00']) assert.ok(text.includes(line), `${line} in ${text}`);
    await counts.more({ handed: 1, shown: 1 });
    await world.screen.move(page, 300, 300);
    await onward(page, () => receipt.click('click'));
    assert.equal(new URL(page.url()).pathname, '/shop/cart/');
    await counts.more({ clicked: 1 });
    await page.close();
  });

  test('eight seconds of rest in the cart: the sticker, and gift wrap after a click', async () => {
    const counts = await before('Gift wrap, while they think');
    const page = await newcomer('/shop/product/ebb-jug/');
    await inCart(page);
    await open(page, '/shop/cart/');
    const sticker = await popupOn(page, 'box', 'Gift wrap');
    await counts.more({ handed: 1, shown: 1 });
    await sticker.click('click');
    await gone(page, 'box');
    await page.waitForFunction(() => document.querySelector('#lines').textContent.includes('Gift wrap'));
    await counts.more({ clicked: 1 });
    await alone(page);
  });

  test('an order: one question, two seconds later', async () => {
    const counts = await before('How was ordering?');
    const page = await newcomer('/shop/product/ebb-jug/');
    await inCart(page);
    await open(page, '/shop/cart/');
    await page.click('#check-out');
    const question = await popupOn(page, 'box', 'How easy was it to order?');
    await question.frame.click('label:has(input[value="4"])');
    await question.frame.click('form button');
    await question.frame.waitForFunction(() => document.body.textContent.includes('Thank you'));
    await counts.more({ handed: 1, shown: 1, answered: 1 });
    await alone(page, 'box');
  });

  test('three pots, none bought: the shop’s own HTML with the last one, which a click puts into the cart', async () => {
    const counts = await before('Still undecided after three pots');
    const page = await newcomer('/shop/product/ebb-jug/');
    await open(page, '/shop/product/heron-vase/');
    await open(page, '/shop/product/barley-bowl/');
    await open(page, '/shop/');
    const card = await popupOn(page, 'box', 'Still thinking about the Barley bowl?');
    await counts.more({ handed: 1, shown: 1 });
    await card.click('.jsCT_CTA');
    await gone(page, 'box');
    await page.waitForFunction(() => document.querySelector('.count').textContent === '1');
    await counts.more({ clicked: 1, converted: 1 });
    await popupOn(page, 'banner', '€38 to go and it ships free.');
    await alone(page, 'banner');
  });

  test('the empty shelf of seconds: a countdown to the day when it fills', async () => {
    const counts = await before('Seconds week, counted down');
    const page = await newcomer();
    await page.goto(at('/shop/#try'));
    // Not by its place: the first page's box may come to lie over it, or the page still be scrolling there.
    await onward(page, () => page.$eval('#try a[href="/shop/?shelf=seconds"]', (link) => link.click()));
    const bar = await popupOn(page, 'banner', 'Seconds week');
    assert.match(await bar.text(), /It opens on \w+, 1 \w+, 10:00\./);
    await counts.more({ handed: 1, shown: 1 });
    await bar.click('close');
    await gone(page, 'banner');
    await alone(page);
  });

  test('back by the letter’s link: the ticket instead of the box, and its code is good in the cart', async () => {
    const counts = await before('Welcome back, fifteen per cent');
    const page = await newcomer('/shop/?shelf=kitchen');
    await onward(page, () => page.$eval('#try-letter', (link) => link.click()));
    const ticket = await popupOn(page, 'box', 'off, because you came back');
    const others = await before('Stoneware is back');
    await ticket.click('copy');
    await ticket.frame.waitForFunction(() => document.body.textContent.includes('Copied'));
    await counts.more({ handed: 1, shown: 1, clicked: 1 });
    await ticket.click('close');
    await gone(page, 'box');
    await stays('no offer after the offer', () => standing(page), { during: 2_500 });
    await inCart(page);
    await open(page, '/shop/cart/');
    await page.click('#code-fold summary');
    await page.type('#code', 'hello16');
    await page.click('#code-form .go');
    await page.waitForFunction(() => document.querySelector('#code-wrong').textContent.includes('no voucher of that name'));
    await page.$eval('#code', (field) => (field.value = ''));
    await page.type('#code', 'hello15');
    await page.click('#code-form .go');
    await page.waitForFunction(() => document.querySelector('#lines').textContent.includes('Voucher HELLO15'));
    await others.more({ handed: 0 });
    await alone(page);
  });

  test('an A/B test waits as a draft, with a control group, a goal and texts that fall back', async () => {
    const { campaigns } = await world.api.get('/campaigns?status=draft&kind=popup');
    const draft = campaigns.find(({ experiment }) => experiment) ?? assert.fail('no draft with variants');
    assert.equal(draft.experiment.control, 10);
    assert.equal(draft.goal.event, 'Added To Cart');
    assert.match(JSON.stringify(draft), /profile\.Name \| default/);
    await world.api.post(`/campaigns/${draft.id}/start`);
    await world.api.post(`/campaigns/${draft.id}/stop`);
  });
}, { screen: true, seeded: true });
