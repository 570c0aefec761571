// What makes a pop-up due: rules about the page and the visit, events, and the signs that only a browser sees.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { onward, stays, until } from './rig/poll.mjs';
import { gone, popupOn, raise, standing } from './rig/popup.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const LONG = '<p id="top">Top</p><div style="height:4000px"></div><p id="foot">Foot</p>';

inBothBrowsers('triggers', (world) => {
  const { counted } = world;
  let made = [];
  /** A campaign for the pages of one site alone. */
  const make = async (site, title, { rules = [], match, signals, ...trigger } = {}, more = {}) => {
    const when = { match: 'all', rules: [{ is: 'url', op: 'starts', value: site.origin }, ...(match === 'any' ? [] : rules)] };
    if (match === 'any') when.rules.push({ is: 'group', group: { match, rules } });
    const id = await world.api.popup(title, { on: 'page', when, ...(signals && { signals }), ...trigger }, more);
    made.push(id);
    return id;
  };
  const stop = async () => {
    for (const id of made) await world.api.post(`/campaigns/${id}/stop`);
    made = [];
  };
  after(stop);
  /** The page has its answer, and nothing came of it. */
  const nothing = async (page) => {
    await page.waitForFunction(() => clevertap.session?.getPageCount() > 0);
    await stays('no pop-up', () => standing(page), { during: 700 });
    assert.deepEqual(await standing(page), []);
  };
  const waiting = (site, title, ...list) => make(site, title, { signals: { list } });

  test('page rules: path, regular expression, query, referrer; all of them, or any', async () => {
    const site = await world.site();
    await make(site, 'By path', { rules: [{ is: 'path', op: 'starts', value: '/jugs/' }] }, { caps: { page: 1 } });
    await make(site, 'By pattern', { rules: [{ is: 'path', op: 'regex', value: '^/p/\\d+$' }] });
    await make(site, 'By query', { rules: [{ is: 'query', name: 'ref', op: 'is', value: 'letter' }] });
    await make(site, 'By referrer', { rules: [{ is: 'referrer', op: 'contains', value: '/from-here' }, { is: 'path', op: 'is', value: '/there' }] });
    await make(site, 'By any', { match: 'any', rules: [{ is: 'path', op: 'is', value: '/one' }, { is: 'path', op: 'is', value: '/two' }] });
    for (const path of ['/jugs/blue', '/p/42', '/p/blue', '/list', '/from-here', '/there', '/one', '/two', '/three']) {
      site.page(path, { body: '<a href="/there">There</a>' });
    }
    const page = await world.visit(`${site.origin}/jugs/blue`);
    const on = (path) => page.goto(site.origin + path);
    await popupOn(page, 'box', 'By path');
    await on('/p/42');
    await popupOn(page, 'box', 'By pattern');
    await on('/p/blue');
    await nothing(page);
    await on('/list?ref=letter#top');
    await popupOn(page, 'box', 'By query');
    await on('/there');
    await nothing(page);
    await on('/from-here');
    await onward(page, () => page.click('a'));
    await popupOn(page, 'box', 'By referrer');
    await on('/one');
    await popupOn(page, 'box', 'By any');
    await on('/two');
    await popupOn(page, 'box', 'By any');
    await on('/three');
    await nothing(page);
    await page.close();
    await stop();
  });

  test('the n-th page of the visit, and the first visit', async () => {
    const site = await world.site();
    await make(site, 'Third page', { rules: [{ is: 'page_number', op: 'is', value: 3 }, { is: 'session_number', op: 'is', value: 1 }] });
    await make(site, 'Came back', { rules: [{ is: 'session_number', op: 'at_least', value: 2 }] });
    for (const path of ['/1', '/2', '/3', '/4']) site.page(path);
    const page = await world.visit(`${site.origin}/1`);
    await nothing(page);
    await page.goto(`${site.origin}/2`);
    await nothing(page);
    await page.goto(`${site.origin}/3`);
    await popupOn(page, 'box', 'Third page');
    await page.goto(`${site.origin}/4`);
    await nothing(page);
    await page.close();
    await stop();
  });

  test('an event whose properties pass', async () => {
    const site = await world.site();
    await make(site, 'Blue and dear', {
      on: 'event', event: 'Looked At',
      where: [{ name: 'colour', op: 'is', value: ['blue', 'green'] }, { name: 'price', op: 'at_least', value: 50 }],
    });
    const page = await world.visit(site.page('/'));
    await raise(page, 'Looked At', { colour: 'blue', price: 49.5 });
    await raise(page, 'Looked At', { colour: 'red', price: 80 });
    await raise(page, 'Looked At', { price: 80 });
    await nothing(page);
    await raise(page, 'Looked At', { colour: 'Blue', price: 80 });
    await popupOn(page, 'box', 'Blue and dear');
    await page.close();
    await stop();
  });

  test('after a delay, and not before', async () => {
    const site = await world.site();
    const id = await waiting(site, 'After two seconds', { on: 'delay', seconds: 2 });
    const page = await world.visit(site.page('/'));
    await popupOn(page, 'box', 'After two seconds');
    const age = await page.evaluate(() => performance.now());
    assert.ok(age >= 2_000, `shown after ${age} ms`);
    await counted(id, { handed: 1, shown: 1 });
    await page.close();
    await stop();
  });

  test('a delay across pages runs on; one of a page ends with it', async () => {
    const site = await world.site();
    await waiting(site, 'Across', { on: 'delay', seconds: 5, across_pages: true });
    await make(site, 'Of one page', { rules: [{ is: 'path', op: 'is', value: '/a' }], signals: { list: [{ on: 'delay', seconds: 1 }] } });
    await make(site, 'Too late', { rules: [{ is: 'path', op: 'is', value: '/a' }], signals: { list: [{ on: 'delay', seconds: 4 }] } });
    site.page('/b');
    const began = Date.now();
    const page = await world.visit(site.page('/a'));
    await popupOn(page, 'box', 'Of one page');
    await page.waitForFunction(() => performance.now() > 3_000);
    await page.goto(`${site.origin}/b`);
    await popupOn(page, 'box', 'Across');
    assert.ok(Date.now() - began >= 5_000);
    const onPage = await page.evaluate(() => performance.now());
    assert.ok(onPage < 5_000, `only ${onPage} ms of them on this page`);
    await page.close();
    await stop();
  });

  test('after scrolling that far, not before; a part that scrolls in the page’s stead counts as well', async () => {
    const site = await world.site();
    await waiting(site, 'Half way', { on: 'scroll', percent: 50 });
    const page = await world.visit(site.page('/', { body: LONG }));
    await nothing(page);
    const scroll = (share) => page.evaluate((to) => scrollTo(0, (document.scrollingElement.scrollHeight - innerHeight) * to), share);
    await scroll(0.4);
    await nothing(page);
    await scroll(0.55);
    await popupOn(page, 'box', 'Half way');
    await page.goto(site.page('/inner', {
      head: '<style>html,body{margin:0;height:100%;overflow:hidden}main{height:100vh;overflow:auto}</style>', body: `<main>${LONG}</main>`,
    }));
    await nothing(page);
    await page.$eval('main', (main) => main.scrollTo(0, main.scrollHeight * 0.8));
    await popupOn(page, 'box', 'Half way');
    await page.close();
    await stop();
  });

  test('after a rest; what the visitor does puts it off', async () => {
    const site = await world.site();
    await waiting(site, 'At rest', { on: 'idle', seconds: 2 });
    const page = await world.visit(site.page('/'));
    await page.waitForFunction(() => clevertap.session?.getPageCount() > 0);
    for (let at = 0; at < 8; at += 1) {
      await page.keyboard.press('Shift');
      await stays('none while a key is pressed', () => standing(page), { during: 400 });
    }
    const last = Date.now();
    await popupOn(page, 'box', 'At rest');
    assert.ok(Date.now() - last >= 1_500, `after ${Date.now() - last} ms`);
    await page.close();
    await stop();
  });

  test('after a click on an element, which keeps working', async () => {
    const site = await world.site();
    await waiting(site, 'Asked for', { on: 'click', selector: '.price, [data-ask]' });
    const page = await world.visit(
      site.page('/', { body: '<button class="price"><b>48</b></button> <button id="other" onclick="this.textContent = 1">Other</button>' }),
    );
    await nothing(page);
    await page.click('#other');
    await nothing(page);
    await page.click('.price b');
    await popupOn(page, 'box', 'Asked for');
    assert.equal(await page.$eval('#other', (button) => button.textContent), '1');
    await page.close();
    await stop();
  });

  test('when an element comes into view, also one that was added later', async () => {
    const site = await world.site();
    await waiting(site, 'In view', { on: 'visible', selector: '#late' });
    const page = await world.visit(site.page('/', { body: LONG }));
    await nothing(page);
    await page.$eval('#foot', (foot) => foot.insertAdjacentHTML('beforebegin', '<p id="late">Late</p>'));
    await nothing(page);
    await page.$eval('#late', (late) => late.scrollIntoView());
    await popupOn(page, 'box', 'In view');
    await page.close();
    await stop();
  });

  test('a selector that is none is told and harms nothing', async () => {
    const site = await world.site();
    await waiting(site, 'Never', { on: 'visible', selector: 'p:::' });
    const page = await world.visit(site.page('/'));
    await until('the console', () => page.errors.some((text) => text.includes('no CSS selector')));
    await nothing(page);
    await page.close();
    await stop();
  });

  test('all signs, or any of them', async () => {
    const site = await world.site();
    const list = [{ on: 'delay', seconds: 1 }, { on: 'click', selector: '#top' }];
    await make(site, 'Any sign', { rules: [{ is: 'path', op: 'is', value: '/any' }], signals: { match: 'any', list } });
    await make(site, 'All signs', { rules: [{ is: 'path', op: 'is', value: '/all' }], signals: { match: 'all', list } });
    site.page('/all', { body: LONG });
    const page = await world.visit(site.page('/any', { body: LONG }));
    await popupOn(page, 'box', 'Any sign');
    await page.goto(`${site.origin}/all`);
    await page.waitForFunction(() => performance.now() > 1_500);
    await nothing(page);
    await page.click('#top');
    await popupOn(page, 'box', 'All signs');
    await page.close();
    await stop();
  });

  test('a page that changes without loading is another page: what stood is taken down, its own signs begin anew', async () => {
    const site = await world.site();
    const first = await make(site, 'First route', { rules: [{ is: 'path', op: 'is', value: '/' }] });
    await make(site, 'Second route', { rules: [{ is: 'path', op: 'is', value: '/second' }] });
    const left = await make(site, 'Left route', {
      rules: [{ is: 'path', op: 'is', value: '/second' }], signals: { list: [{ on: 'click', selector: 'h1' }] },
    });
    const page = await world.visit(site.page('/', { after: '<script>clevertap.spa = true</script>' }));
    await popupOn(page, 'box', 'First route');
    await page.evaluate(() => history.pushState({}, '', '/second'));
    await popupOn(page, 'box', 'Second route');
    await counted(first, { closed: 0 });
    await page.evaluate(() => history.pushState({}, '', '/third'));
    await gone(page, 'box');
    await page.click('h1');
    await nothing(page);
    await counted(left, { handed: 0 });
    await page.goBack();
    await popupOn(page, 'box', 'Second route');
    assert.deepEqual(page.errors, []);
    await page.close();
    await stop();
  });
});
