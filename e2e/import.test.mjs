// Bringing subscriptions along as an owner does: a file, what is wrong with it, a word, progress, and the way out.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { figures, openDashboard, overflow, submit } from './rig/dashboard.mjs';
import { until } from './rig/poll.mjs';
import { folder } from './rig/server.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const P256DH = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';
const AUTH = 'BTBZMqHH6r4Tts7J_aSIgg';
const GOOD = 2500;

inBothBrowsers('import', (world) => {
  /** The page on desk and phone: nothing stands outside the window. */
  const look = async (page, name) => {
    for (const size of ['phone', 'desk']) {
      await page.setViewport(SIZES[size]);
      assert.equal(await overflow(page), 0, `${name} on a ${size}`);
      await world.picture(page, `import-${name}-${size}`, { fullPage: true });
    }
  };
  const path = (page) => new URL(page.url()).pathname;

  test('an owner looks at a file, says yes, and takes everything along', async (t) => {
    const data = await folder('import');
    t.after(() => data.dispose());
    const file = join(data.path, 'old-provider.csv');
    const rows = Array.from({ length: GOOD }, (_, n) => `https://fcm.googleapis.com/fcm/send/${n},${P256DH},${AUTH},c-${n}`);
    rows.splice(2, 0, `https://fcm.googleapis.com/fcm/send/short,${P256DH},short,c-x`, 'https://elsewhere.example.com/x,a,b,c-y');
    await writeFile(file, ['endpoint,p256dh,auth,external_id', ...rows].join('\n'));

    const page = await openDashboard(world, '/people', SIZES.desk);
    await submit(page, '.head a[href="/people/import"]');
    assert.match(await page.$eval('.card-table', (card) => card.textContent), /None yet/);
    await look(page, 'empty');
    const give = async (name, choose) => {
      await (await page.$('input[type="file"]')).uploadFile(name);
      if (choose) await page.select('#key', choose);
      await submit(page, 'form[action="/people/import"] button');
    };

    // What is no list of subscriptions is refused with what to do.
    const sheet = join(data.path, 'sheet.csv');
    await writeFile(sheet, 'name,price\nJug,20\n');
    await give(sheet);
    assert.match(await page.$eval('#file-wrong', (wrong) => wrong.textContent), /no column “endpoint”/);
    await look(page, 'wrong');
    // Chromium writes the status of a form that was refused to the console.
    assert.ok(page.errors.splice(0).every((line) => / 422 /.test(line)));

    const { public_key: key } = await world.api.get('/settings/web-push');
    await give(file, key);
    assert.match(path(page), /^\/people\/import\/[0-9a-f]{32}$/);
    // The page comes to the next state by itself.
    const button = await page.waitForSelector('form[action$="/start"] button');
    assert.equal(await button.evaluate((element) => element.textContent.trim()), 'Import 2,500 subscriptions');
    const looked = await figures(page);
    assert.match(looked['Would be reachable'], /^2,500/);
    assert.match(looked.Refused, /^2/);
    assert.match(await page.$eval('#refused', (card) => card.textContent), /Not a known push service/);
    assert.equal((await world.api.get('/subscriptions')).total, 0, 'nothing is taken before a word');
    await look(page, 'checked');
    const csv = await page.evaluate(async () => (await fetch(document.querySelector('a[href$="refused.csv"]').href)).text());
    assert.equal(csv.trim().split('\r\n').length, 3);

    await submit(page, 'form[action$="/start"] button');
    await page.reload();
    await until('the import to be done', () => page.$eval('.head .badge', (badge) => badge.textContent === 'Done').catch(() => false));
    assert.match((await figures(page)).Reachable, /^2,500/);
    assert.equal((await world.api.get('/subscriptions')).total, GOOD);

    await look(page, 'done');
    await page.goto(`${world.server.base}/people/import`);
    await look(page, 'list');
    const out = await page.evaluate(async () => (await fetch('/people/export.jsonl')).text());
    assert.equal(out.trim().split('\n').length, GOOD);
    assert.deepEqual(page.errors, []);
    await page.close();
  });
});
