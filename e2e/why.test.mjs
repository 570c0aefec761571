// "Why shown, why not" on the owner's page, and the test of one message there: by the dashboard's buttons, by the API's links, by the
// debug switch. What the overlay says is what the API says; nothing of it is counted.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { openDashboard, overflow } from './rig/dashboard.mjs';
import { isOpen, keepsOverlay, overlayOn, press } from './rig/overlay.mjs';
import { stays, until } from './rig/poll.mjs';
import { gone, popupOn, raise, standing } from './rig/popup.mjs';
import { KEEPS_BROKEN, NONCE, pasted, policy } from './rig/strict.mjs';
import { deviceOf, profileOf } from './rig/visitor.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const LABELS = {
  conditions: 'Conditions',
  ever_cap: 'Cap, ever',
  session_cap: 'Cap, visit',
  quiet_after_closed: 'Rest after close',
  words: 'Texts',
  control: 'Control group',
};
const label = (name) => LABELS[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
/** Moments are told by the clock of who looks. */
const readable = (text) =>
  text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => new Date(moment).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' }));
const CLUB = { audience: { rules: [{ is: 'property', name: 'Plan', value: 'Club' }] } };
const ZERO = { handed: 0, shown: 0, clicked: 0, closed: 0 };
const TOKEN = /campanile_(why|test)/;

inBothBrowsers('why shown, why not', (world) => {
  let made = [];
  const make = async (name, trigger = { on: 'page' }, { popup, ...more } = {}) => {
    const id = await world.api.popup(name, trigger, { popup: { text: '', on_click: { do: 'close' }, ...popup }, ...more });
    made.push(id);
    return id;
  };
  const stop = async () => {
    for (const id of made) await world.api.post(`/campaigns/${id}/stop`);
    made = [];
  };
  afterEach(stop);
  /** A site whose pages keep the overlay. */
  const shop = async (...paths) => {
    const site = await world.site();
    for (const path of ['/', ...paths]) site.page(path, { head: keepsOverlay(), body: '<p style="height:3000px">A long page</p>' });
    return site;
  };
  const link = async (campaign, purpose, url) => (await world.api.post(`/campaigns/${campaign}/links`, { purpose, url })).url;
  const desk = (path) => openDashboard(world, path, { width: 1280, height: 900 });
  /** Presses a button of the card "On my site"; the tab that opens, once it is where it was sent. */
  const openOnSite = async (page, url, purpose) => {
    await page.$eval('#open [name="url"]', (field, value) => (field.value = value), url);
    await (await page.$(`#open button[value="${purpose}"]`)).click();
    return until(`a tab at ${url}`, () => world.tab(url));
  };
  /** The overlay says of each campaign what the API says, condition by condition. */
  const agrees = (told, answer) => {
    const state = { show: 'shown', wait: 'wait', control: 'not', not: 'not' };
    const listed = ['show', 'wait', 'rest'].flatMap((group) =>
      answer.campaigns.filter(({ outcome }) => (state[outcome] === 'not' ? 'rest' : outcome) === group),
    );
    assert.deepEqual(told.rows.map(({ name }) => name), listed.map(({ name }) => name));
    assert.equal(told.tab, `Campaigns ${listed.length}`);
    for (const [at, { because, outcome, kind, name }] of listed.entries()) {
      const row = told.rows[at];
      assert.equal(row.state, state[outcome], name);
      assert.ok(row.kind.startsWith(kind), `${name}: ${row.kind}`);
      const conditions = because.map(({ name: of, asked, seen, passed }) => ({
        result: passed === true ? 'held' : passed === false ? 'failed' : seen ? 'open' : 'skipped',
        label: label(of),
        asked: readable(asked),
        seen: !seen && passed === null ? 'not looked at' : readable(seen),
      }));
      // What is waited for is told with how far it is; that is the page's own.
      const plain = row.conditions.map(({ said: _, seen, ...line }) => ({ ...line, seen }));
      for (const line of [...plain, ...conditions]) if (line.result === 'open') line.seen = 'open';
      assert.deepEqual(plain, conditions, name);
      const failed = row.conditions.filter(({ said }) => said === 'does not hold').length;
      assert.equal(failed, state[outcome] === 'not' ? 1 : 0, `${name}: one that does not hold is the reason`);
    }
  };

  test("from a person's page: each campaign with each condition, as the API says; the address bar has no token", async () => {
    const site = await shop('/table/jug');
    const everybody = await make('Everybody', { on: 'page' }, { priority: 80 });
    await make('Only in the cart', { on: 'page', when: { rules: [{ is: 'path', op: 'is', value: '/cart' }] } });
    await make('For the club', { on: 'page' }, CLUB);
    await make('When delivered', { on: 'event', event: 'Delivered', where: [{ name: 'pieces', op: 'at_least', value: 2 }] });
    await make('At half of the page', { on: 'page', signals: { list: [{ on: 'scroll', percent: 50 }] } }, { popup: { template: 'banner', edge: 'top' } });
    await make('Next year', { on: 'page' }, { schedule: { start: Date.now() + 365 * 86_400_000 } });
    await make('By name', { on: 'page' }, { popup: { text: 'Good morning, {{ Profile.first_name }}' } });
    await make('Mostly withheld', { on: 'page' }, { experiment: { weight: 50, control: 50 } });
    const once = await make('Once', { on: 'page' }, { caps: { session: null, ever: 1 }, priority: 90 });
    const first = await world.visit(`${site.origin}/`);
    const device = await deviceOf(first);
    await popupOn(first, 'box', 'Once');
    await world.counted(once, { shown: 1 });
    const person = await profileOf(world, first);

    const dashboard = await desk(`/people/${person.id}`);
    const url = `${site.origin}/table/jug?glaze=blue#size`;
    const page = await openOnSite(dashboard, url, 'why');
    await page.setViewport({ width: 1280, height: 800 });
    assert.doesNotMatch(await page.evaluate(() => location.href + document.referrer), TOKEN);
    assert.equal(await deviceOf(page), device);
    await popupOn(page, 'box', 'Everybody');
    const told = await overlayOn(page, ({ rows }) => rows[0]?.text.includes('counted'));
    agrees(told, await world.api.why(device, { url }));
    const reasons = Object.fromEntries(told.rows.map(({ name, text }) => [name, text]));
    assert.equal(reasons['Once'], 'Not shown: its cap for this person is used up, 1 of 1.');
    assert.equal(reasons['Only in the cart'], 'Not shown: page path is not /cart; it is /table/jug.');
    assert.match(reasons['At half of the page'], /^Waiting for scroll: 50 % asked, \d+ % now\.$/);
    assert.match(told.foot, /^Only you see this\. Link ends at \d\d:\d\d\./);
    assert.deepEqual(told.rings, ['Shown: Everybody']);
    await press(page, 'Once');
    await world.picture(page, 'why-1280');
    await page.setViewport({ width: 390, height: 844 });
    assert.equal(await overflow(page), 0);
    await world.picture(page, 'why-390');
    await page.setViewport({ width: 1280, height: 800 });

    // An event is explained as one, with its properties.
    await raise(page, 'Delivered', { pieces: 1 });
    const heard = await overlayOn(page, ({ rows }) => rows.some(({ conditions }) => conditions[0]?.seen.includes('Delivered')));
    const answer = await world.api.why(device, { url, event: 'Delivered', props: '{"pieces":1}' });
    const row = (name) => heard.rows.find((one) => one.name === name).conditions[0];
    for (const { name, because } of answer.campaigns) {
      const [{ asked: wanted, seen, passed }] = because;
      assert.deepEqual([row(name).asked, row(name).seen, row(name).result === 'held'], [wanted, seen, passed], name);
    }

    // The way to the campaign.
    const { link: href } = told.rows.find(({ name }) => name === 'Everybody');
    assert.equal(href, `${world.server.base}/campaigns/${everybody}`);
    await press(page, 'Everybody', 'Open campaign');
    const report = await until('the report', () => world.tab(href));
    await until('its heading', async () => (await report.$eval('h1', (h1) => h1.textContent)).includes('Everybody'));
    // Escape anywhere on the page closes it; it leaves nothing.
    await page.bringToFront();
    await page.keyboard.press('Escape');
    await until('it is closed', async () => !(await isOpen(page)));
    for (const tab of [report, page, dashboard, first]) await tab.close();
  });

  test("from a campaign's report: the overlay, which stays on the next page and not after it was closed; and the message", async () => {
    const site = await shop('/next', '/last');
    const id = await make('For the club', { on: 'page' }, CLUB);
    const dashboard = await desk(`/campaigns/${id}`);
    const page = await openOnSite(dashboard, `${site.origin}/`, 'why');
    await overlayOn(page, ({ rows }) => rows[0]?.state === 'not');
    await page.goto(`${site.origin}/next`);
    await overlayOn(page, ({ rows }) => rows[0]?.state === 'not');
    await page.keyboard.press('Escape');
    await until('it is closed', async () => !(await isOpen(page)));
    await page.goto(`${site.origin}/last`);
    await page.waitForFunction(() => clevertap.session?.getPageCount() > 0);
    await stays('no overlay', () => isOpen(page), { during: 700 });
    assert.equal(await isOpen(page), false);
    // The keys bring it back.
    await page.keyboard.down('Alt');
    await page.keyboard.down('Shift');
    await page.keyboard.press('KeyW');
    await page.keyboard.up('Shift');
    await page.keyboard.up('Alt');
    await overlayOn(page, ({ rows }) => rows[0]?.state === 'not');
    await page.close();

    const shown = await openOnSite(dashboard, `${site.origin}/`, 'test');
    await popupOn(shown, 'box', 'For the club');
    assert.doesNotMatch(shown.url(), TOKEN);
    assert.deepEqual(await world.api.counts(id).then(({ handed, shown: seen }) => [handed, seen]), [0, 0]);
    await shown.close();
    await dashboard.close();
  });

  test('show it once: the message of a campaign that would not come, uncounted, and said so', async () => {
    const site = await shop();
    const id = await make('For the club', { on: 'page' }, { ...CLUB, caps: { session: null, ever: 1 } });
    const page = await world.visit(await link(id, 'why', `${site.origin}/`));
    assert.equal(page.url(), `${site.origin}/`);
    await overlayOn(page, ({ rows }) => rows[0]?.once);
    await press(page, 'For the club', 'Show it once');
    const pop = await popupOn(page, 'box', 'For the club');
    const told = await overlayOn(page, ({ rows }) => rows[0]?.state === 'shown');
    assert.equal(told.rows[0].text, 'Shown as a test. It is not counted.');
    assert.deepEqual(told.rings, ['Test, not counted: For the club']);
    assert.equal(told.rows[0].once, false, 'it is there');
    await pop.click('click');
    await gone(page, 'box');
    await overlayOn(page, ({ rows }) => rows[0]?.once && rows[0].state === 'not');
    // Its one time is still to come.
    await page.evaluate(() => clevertap.profile.push({ Site: { Plan: 'Club' } }));
    await world.counted(id, ZERO);
    await page.reload();
    await popupOn(page, 'box', 'For the club');
    await world.counted(id, { handed: 1, shown: 1, clicked: 0 });
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('a link that was changed opens the overlay, which says so; nothing is explained, and no page is asked twice', async () => {
    const site = await shop('/next');
    const id = await make('For the club', { on: 'page' }, CLUB);
    for (const [purpose, change] of [
      ['why', (url) => url.replace(/why\.0\.\d+/, 'why.0.9999999999999')],
      ['test', (url) => url.slice(0, -3)],
      ['test', (url) => url.replace(`test.${id}.`, `test.${id + 1}.`)],
    ]) {
      const page = await world.visit(change(await link(id, purpose, `${site.origin}/`)));
      const told = await overlayOn(page, ({ instead }) => instead.includes('changed or cut off'));
      assert.match(told.instead, /Make a new one in the dashboard/);
      assert.deepEqual([told.rows, told.tab], [[], 'Campaigns']);
      assert.deepEqual(await standing(page), []);
      assert.doesNotMatch(page.url(), TOKEN);
      await page.keyboard.press('Escape');
      await page.goto(`${site.origin}/next`);
      await page.waitForFunction(() => clevertap.session?.getPageCount() > 0);
      await stays('no overlay', () => isOpen(page), { during: 500 });
      assert.equal(await isOpen(page), false, purpose);
      await page.close();
    }
  });

  test('the debug switch: off it says so, on it explains without names', async () => {
    const site = await shop();
    await make('For the club', { on: 'page' }, CLUB);
    const page = await world.visit(`${site.origin}/`);
    await page.evaluate(() => clevertap.why());
    const shut = await overlayOn(page, ({ instead }) => instead !== '');
    assert.match(shut.instead, /^The server does not answer here/);
    await page.keyboard.press('Escape');
    await page.evaluate(() => sessionStorage.setItem('WZRK_D', '1'));
    await page.evaluate(() => clevertap.why());
    await overlayOn(page, ({ instead }) => instead.includes('Allow it in Settings'));
    await page.keyboard.press('Escape');
    const { settings } = await world.api.get('/account');
    await world.api.patch('/account', { settings: { ...settings, debug_overlay: true } });
    await page.reload();
    await page.evaluate(() => clevertap.why());
    const told = await overlayOn(page, ({ rows }) => rows.length === 1);
    assert.equal(told.rows[0].state, 'not');
    assert.doesNotMatch(JSON.stringify(told), /club/i);
    assert.deepEqual([told.rows[0].link, told.rows[0].once], [null, false], 'what needs a link is not offered');
    await world.api.patch('/account', { settings });
    await page.close();
  });

  test('test on my browser: one message as it is saved, uncounted, on a page that forbids frames and has a strict policy', async () => {
    const site = await world.site();
    const address = site.page('/strict', {
      use: pasted(world.snippet),
      head: keepsOverlay(NONCE) + KEEPS_BROKEN,
      headers: { 'x-frame-options': 'DENY', ...policy(world.server.base, { scripts: " 'strict-dynamic'", more: "; frame-ancestors 'none'" }) },
    });
    const id = await make('Now', { on: 'event', event: 'Strict' }, { caps: { session: null, ever: 1 } });
    const draft = await world.api.get(`/campaigns/${id}`);
    await world.api.put(`/campaigns/${id}/draft`, { ...draft, popup: { ...draft.popup, title: 'Not yet published' } });
    // The editor's button.
    const editor = await desk(`/campaigns/${id}/edit?step=what`);
    await editor.click('details.editor-test summary');
    await editor.$eval('[name="test.address"]', (field, value) => (field.value = value), address);
    await editor.click('details.editor-test button');
    const page = await until('the page of the test', () => world.tab(address));
    const pop = await popupOn(page, 'box', 'Not yet published');
    await stays('still the one message', () => standing(page), { during: 1_200 });
    await pop.click('close');
    await gone(page, 'box');
    await page.reload();
    await page.waitForFunction(() => clevertap.session?.getPageCount() > 1);
    await stays('no second one', () => standing(page), { during: 500 });
    assert.deepEqual(await standing(page), []);
    await world.counted(id, ZERO);
    // The overlay breaks no rule either.
    await page.goto(await link(id, 'why', address));
    await overlayOn(page, ({ rows }) => rows.length === 1);
    await press(page, 'Now', 'Show it once');
    await popupOn(page, 'box', 'Not yet published');
    assert.deepEqual(await page.evaluate(() => broken), []);
    const seen = await page.$eval('#wizParDiv0 [data-campanile="close"], #wizParDiv0', (host) => Boolean(host));
    assert.ok(seen);
    await page.reload();
    // The cap is unused.
    await raise(page, 'Strict');
    await popupOn(page, 'box', 'Now');
    await world.counted(id, { handed: 1, shown: 1 });
    assert.deepEqual(await world.api.events((await profileOf(world, page)).id).then((events) => events.filter(({ name }) => name === 'Notification Viewed').length), 1);
    await page.close();
    await editor.close();
  });
});
