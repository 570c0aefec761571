// What its owner reads of a push that did not go well: what keeps it from being sent, by browser and system, each try, files.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openDashboard, overflow, submit } from './rig/dashboard.mjs';
import { until } from './rig/poll.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const AGENTS = [
  ['Firefox', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0'],
  ['Chrome', 'Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Mobile Safari/537.36'],
  ['Edge', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36 Edg/150.0'],
];
/** An id as the SDK makes it: a UUIDv7 as 32 hex digits. */
function id() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex');
}

inBothBrowsers('report', (world) => {
  const at = (path) => world.server.base + path;
  const lab = async (method, path, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(world.server.lab.push + path, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json().catch(() => null);
  };
  /** Virtual browsers that subscribe as this one would. */
  const enrol = async (service, count, [browser, agent]) => {
    const { public_key: key } = await world.api.get('/settings/web-push');
    const { subscriptions } = await lab('POST', '/lab/browsers', { applicationServerKey: key, service, count });
    for (const subscription of subscriptions) {
      const ops = [{ id: id(), t: Date.now(), op: 'subscribe', subscription, key, browser }];
      const answer = await fetch(at('/ring'), {
        method: 'POST',
        headers: { 'content-type': 'text/plain;charset=UTF-8', 'user-agent': agent },
        body: JSON.stringify({ v: 1, account: world.server.account, device: id(), sdk: 'web/0.1.0', now: Date.now(), show: false, ops }),
      });
      assert.equal((await answer.json()).accepted, 1);
    }
    return subscriptions;
  };

  test('an owner learns what is wrong, puts it away, and takes the numbers along', async () => {
    await enrol('mozilla', 6, AGENTS[0]);
    const [busy] = await enrol('fcm', 4, AGENTS[1]);
    const [refused] = await enrol('wns', 3, AGENTS[2]);
    await lab('POST', '/lab/faults', { fault: { status: { code: 403 } }, host: new URL(refused.endpoint).host, times: 99 });
    await lab('POST', '/lab/faults', { fault: { status: { code: 503 } }, token: busy.endpoint.split('/').pop(), times: 1 });
    const { id: campaign } = await world.api.post('/campaigns', {
      name: 'Back in stock',
      kind: 'push',
      push: { title: 'The blue jug is back', body: 'Twelve of them.', url: 'https://shop.example.com/jug' },
    });
    await world.api.post(`/campaigns/${campaign}/start`);
    await until('it to be sent', async () => (await world.api.get(`/campaigns/${campaign}`)).status === 'sent', { within: 30_000 });
    const words = /3 messages were refused with 403, first by .*windows\.com/;

    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await openDashboard(world, '/overview', viewport);
      const main = () => page.$eval('main', (main) => main.textContent);
      assert.match(await main(), words);
      assert.match(await page.$eval('.banners a', (link) => link.textContent), /Back in stock/);
      assert.equal(await overflow(page), 0);
      await world.picture(page, `alarm-overview-${size}`, { fullPage: true });
      for (const path of ['', '?by=system']) {
        await page.goto(at(`/campaigns/${campaign}${path}`));
        assert.match(await main(), words);
        assert.match(await main(), path ? /By operating system[\s\S]*Windows[\s\S]*Android/ : /By browser[\s\S]*Firefox[\s\S]*Edge[\s\S]*100\.0% failed/);
        assert.match(await main(), /3 of 13 messages, 23\.1%/);
        assert.equal(await overflow(page), 0);
        await world.picture(page, `alarm-report${path.replace(/\W+/g, '-')}-${size}`, { fullPage: true });
      }
      await page.goto(at(`/campaigns/${campaign}/deliveries`));
      await page.click('details.tries summary');
      assert.match(await page.$eval('details.tries ol', (list) => list.textContent), /503[\s\S]*201/);
      assert.equal(await overflow(page), 0);
      await world.picture(page, `tries-${size}`, { fullPage: true });
      assert.deepEqual(page.errors, []);
      await page.close();
    }

    const page = await openDashboard(world, `/campaigns/${campaign}`, SIZES.desk);
    const file = (path) => page.evaluate(async (path) => (await fetch(path)).text(), path);
    const reported = await file(await page.$eval('a[href$="report.csv"]', (link) => link.getAttribute('href')));
    assert.match(reported, /^table,of,audience,sent,failed[^\n]*\r\ntotal,,13,10,3,/);
    assert.match(reported, /\r\nsystem,Android,0,4,0,/);
    await page.goto(at(`/campaigns/${campaign}/deliveries?state=failed`));
    const ledger = await file(await page.$eval('a[href*="deliveries.csv"]', (link) => link.getAttribute('href')));
    assert.equal(ledger.trimEnd().split('\r\n').length, 4, 'a head, and the three that failed');
    await page.goto(at(`/campaigns/${campaign}`));
    await submit(page, '.banners button');
    assert.equal(new URL(page.url()).pathname, `/campaigns/${campaign}`, 'back to where it was put away');
    assert.equal(await page.$('.banners'), null);
    await page.goto(at('/overview'));
    assert.equal(await page.$('.banners'), null);
    assert.notEqual((await world.api.get('/alarms')).alarms[0].dismissed_at, null);
    assert.deepEqual(page.errors, []);
    await page.close();
  });
});
