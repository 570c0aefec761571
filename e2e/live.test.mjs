// The live tail as its owner watches it: what a visitor does and what a push does to them is a line on the page, at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDashboard, overflow } from './rig/dashboard.mjs';
import { until } from './rig/poll.mjs';
import { heard, profileOf, subscriber } from './rig/visitor.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

inBothBrowsers('live', (world) => {
  const open = async (path, size = 'desk') => {
    const page = await openDashboard(world, path, SIZES[size]);
    await until('the page to listen', () => page.$('[data-tail-dot].dot-ok'));
    return page;
  };
  /** The rows from the top: what, who, and event or campaign. */
  const rows = (page) =>
    page.$$eval('[data-tail-rows] tr[data-kind]', (all) =>
      all.map((row) => [row.dataset.kind, ...['.tail-who', '.tail-title', '.tail-details'].map((cell) => row.querySelector(cell).textContent)]),
    );
  const shows = (page, kind, title) =>
    until(`a line "${kind} ${title}"`, async () => {
      const seen = await rows(page);
      const found = seen.find((row) => row[0] === kind && row[2] === title);
      if (!found) throw new Error(JSON.stringify(seen));
      return found;
    });
  const words = (page) => page.$eval('[data-tail-words]', (element) => element.textContent);
  const say = (visitor, ...names) => visitor.evaluate((all) => all.forEach((name) => clevertap.event.push(name)), names);

  let site;
  let visitor;
  let person;

  test('while nothing happens the page says that it is quiet, and since when', async () => {
    const page = await open('/live');
    assert.equal(await page.$eval('[data-tail-empty]', (element) => element.hidden), false);
    assert.match(await page.$eval('[data-tail-empty] h2', (element) => element.textContent), /^Quiet\./);
    assert.equal(await page.$eval('[data-tail-scroll]', (element) => element.hidden), true);
    for (const size of ['desk', 'phone']) {
      await page.setViewport(SIZES[size]);
      await world.picture(page, `live-empty-${size}`);
    }
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('a visit, a subscription, a push with its answer, and its click are lines as they happen', async () => {
    const page = await open('/live');
    site = await world.site();
    visitor = await subscriber(world, site.page('/'));
    person = `Person ${(await profileOf(world, visitor)).id}`;
    assert.equal((await shows(page, 'event', 'Page Viewed'))[1], person);
    await shows(page, 'subscribed', 'Push Subscribed');
    assert.equal(await page.$eval('[data-tail-empty]', (element) => element.hidden), true, 'not quiet any more');
    await world.api.push('The kiln is open', { url: site.page('/new') });
    const sent = await shows(page, 'sent', 'The kiln is open');
    assert.equal(sent[1], person);
    assert.match(sent[3], /^201 \S+ \d+ ms$/);
    const seen = await until('the notification', () => world.desk.titled('The kiln is open')[0]);
    await shows(page, 'shown', 'The kiln is open');
    world.desk.click(seen);
    await shows(page, 'clicked', 'The kiln is open');
    await say(visitor, 'Added To Cart');
    await shows(page, 'event', 'Added To Cart');
    await page.bringToFront();
    for (const size of ['desk', 'phone']) {
      await page.setViewport(SIZES[size]);
      assert.equal(await overflow(page), 0, `${size}: nothing stands beside the window`);
      await world.picture(page, `live-${size}`);
    }
    // The row leads to the person.
    assert.match(await page.$eval('[data-tail-rows] [data-row]', (link) => link.getAttribute('href')), /^\/people\/\d+$/);
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('only what was asked for: a kind, a campaign, a person, a word', async () => {
    const [{ id }] = (await world.api.get('/campaigns?kind=push')).campaigns.filter(({ name }) => name === 'The kiln is open');
    const number = person.split(' ')[1];
    const pages = {};
    for (const query of ['kind=push', `campaign=${id}`, `profile=${number}`, 'search=jug']) pages[query] = await open(`/live?${query}`);
    // What is kept comes with the page.
    assert.ok((await rows(pages['kind=push'])).every(([kind]) => ['subscribed', 'sent', 'shown', 'clicked'].includes(kind)));
    assert.deepEqual((await rows(pages[`campaign=${id}`])).map(([kind]) => kind), ['clicked', 'shown', 'sent']);
    assert.deepEqual(await rows(pages['search=jug']), []);
    assert.match(await pages['search=jug'].$eval('[data-tail-empty]', (element) => element.textContent), /Lines that match appear here/);
    const before = (await rows(pages['kind=push'])).length;
    await say(visitor, 'Plate seen', 'Jug seen');
    assert.equal((await shows(pages['search=jug'], 'event', 'Jug seen'))[1], person);
    assert.equal((await rows(pages['search=jug'])).length, 1);
    await shows(pages[`profile=${number}`], 'event', 'Plate seen');
    assert.equal((await rows(pages['kind=push'])).length, before);
    // One campaign is named, and others are shown again by a click.
    const about = await pages[`campaign=${id}`].$('.tail-about');
    assert.match(await about.evaluate((link) => link.textContent), /^The kiln is open/);
    assert.equal(await about.evaluate((link) => link.getAttribute('href')), '/live');
    await world.picture(pages[`campaign=${id}`], 'live-campaign');
    for (const page of Object.values(pages)) await page.close();
  });

  test('paused, nothing moves and nothing is lost; the space key does it as well', async () => {
    const page = await open('/live');
    const before = await rows(page);
    await page.click('[data-tail-pause]');
    assert.equal(await page.$eval('[data-tail-pause]', (button) => button.getAttribute('aria-pressed')), 'true');
    await say(visitor, 'While paused');
    await until('the page to count', async () => (await words(page)) === 'Paused. 1 came meanwhile');
    assert.deepEqual(await rows(page), before);
    await page.click('[data-tail-pause]');
    await shows(page, 'event', 'While paused');
    await page.focus('body');
    await page.$eval('[data-tail-pause]', (button) => button.blur());
    await page.keyboard.press(' ');
    await until('the pause', async () => /^Paused/.test(await words(page)));
    assert.equal(await page.evaluate(() => scrollY), 0, 'the key scrolls nothing');
    await page.keyboard.press(' ');
    await until('the tail to go on', async () => /a second/.test(await words(page)));
    await page.close();
  });

  test('whoever reads further down is not moved, and a screen reader is not talked over', async () => {
    const page = await open('/live');
    await say(visitor, ...Array.from({ length: 22 }, (_, n) => `Step ${n}`));
    await shows(page, 'event', 'Step 21');
    const region = await page.$eval('[data-tail-scroll]', (element) => [element.getAttribute('role'), element.getAttribute('aria-live'), element.tabIndex]);
    assert.deepEqual(region, ['log', 'off', 0]);
    const place = () =>
      page.evaluate(() => [...document.querySelectorAll('[data-tail-rows] tr')].find((one) => one.textContent.includes('Step 4')).getBoundingClientRect().top);
    // To a whole pixel: from half of one, where a row in the middle of the window would be, Firefox goes to the next by itself a moment later.
    const top = await place();
    await page.evaluate((by) => scrollTo({ top: Math.round(scrollY + by), behavior: 'instant' }), top - SIZES.desk.height / 2);
    const before = await place();
    await say(visitor, 'One more', 'And one more');
    await shows(page, 'event', 'And one more');
    const moved = (await place()) - before;
    assert.ok(Math.abs(moved) < 1, `it moved by ${moved} px`);
    await page.close();
  });

  test('a server that goes away is said, and the page goes on where it was', async () => {
    const page = await open('/live');
    const { port } = new URL(world.server.base);
    await world.server.stop();
    await until('the page to say so', async () => /^Cut off at \d\d:\d\d:\d\d/.test(await words(page)));
    await world.startServer(world.data, `127.0.0.1:${port}`);
    await until('the page to listen again', () => page.$('[data-tail-dot].dot-ok'), { within: 30_000 });
    await until('the gap', () => page.$('.tail-gap'));
    await heard(visitor);
    await page.close();
    await visitor.close();
  });
});
