// Writing a pop-up as a marketer does: what is typed is kept and can be taken back, the stage shows the very bytes that a visitor gets,
// a running campaign changes when its changes are published, and nobody overwrites anybody.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOn } from './rig/box.mjs';
import { fill, next, openDashboard, overflow, submit } from './rig/dashboard.mjs';
import { onward, until } from './rig/poll.mjs';
import { folder } from './rig/server.mjs';
import { inBothBrowsers } from './rig/world.mjs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';

const DESK = { width: 1440, height: 900 };

inBothBrowsers('editor', (world) => {
  const open = (path) => openDashboard(world, path, DESK);
  async function begin(template) {
    const page = await open('/campaigns/new?kind=popup');
    await submit(page, `button[name="template"][value="${template}"]`);
    const id = Number(/\/campaigns\/(\d+)/.exec(page.url())[1]);
    return { page, id, step: (name) => page.goto(`${world.server.base}/campaigns/${id}/edit?step=${name}`) };
  }
  const kept = (id) => world.api.get(`/campaigns/${id}`);
  const saved = (page) => until('everything to be saved', () => page.$eval('[data-saved]', (line) => /^Saved/.test(line.textContent)));
  const value = (page, name) => page.$eval(`[name="${name}"]:not([type="hidden"])`, (field) => field.value);
  /** The document on the stage, as it was given to the frame. */
  const staged = (page) => page.$eval('#stage-frame', (frame) => frame.srcdoc);
  const onStage = async (page) => (await page.$('#stage-frame')).contentFrame();
  /** A document without what differs from page to page. */
  const bytes = (html) => html.replaceAll(/ nonce="[^"]*"/g, '');

  test('what the stage shows is what the visitor gets, byte by byte', async () => {
    const { page, id } = await begin('box-letter');
    await fill(page, { 'popup.title': 'Fired on *Monday*' });
    await until('the stage to follow', async () => (await staged(page)).includes('Monday'));
    await saved(page);
    const shown = bytes(await staged(page));
    await next(page, 'when');
    await page.click('[data-remove]');
    await next(page, 'review');
    await submit(page, '.editor-actions button[formaction$="/start"]');
    assert.equal((await kept(id)).status, 'running');
    const visitor = await world.visit((await world.site()).page('/'));
    const got = await until('the letter', () => visitor.$eval('#wizParDiv0 iframe', (frame) => frame.srcdoc).catch(() => null));
    assert.equal(bytes(got), shown);
    await world.api.post(`/campaigns/${id}/stop`);
    await visitor.close();
    await page.close();
  });

  test('typing is saved by itself, and taken back and brought again', async () => {
    const { page, id, step } = await begin('box');
    const before = await value(page, 'popup.title');
    await fill(page, { 'popup.title': 'First thought' });
    await page.keyboard.press('Tab');
    await until('the first thought to be kept', async () => (await kept(id)).popup.title === 'First thought');
    await fill(page, { 'popup.title': 'Second thought' });
    await page.keyboard.press('Tab');
    await until('the second thought to be kept', async () => (await kept(id)).popup.title === 'Second thought');
    await page.click('[data-undo]');
    assert.equal(await value(page, 'popup.title'), 'First thought');
    await page.click('[data-undo]');
    assert.equal(await value(page, 'popup.title'), before);
    await until('the title of the beginning to be kept', async () => (await kept(id)).popup.title === before);
    await until('the stage to follow', async () => (await staged(page)).includes(before));
    await page.click('[data-redo]');
    await page.click('[data-redo]');
    assert.equal(await value(page, 'popup.title'), 'Second thought');
    await until('it to be kept again', async () => (await kept(id)).popup.title === 'Second thought');
    await saved(page);
    // A condition that was taken away comes back as well.
    await step('who');
    await page.click('[data-add="rule"]');
    await page.select('[name="audience.rules[0].is"]', 'property');
    await fill(page, { 'audience.rules[0].name': 'Plan', 'audience.rules[0].value': 'Gold' });
    await page.keyboard.press('Tab');
    await until('the condition to be kept', async () => (await kept(id)).audience?.rules?.length === 1);
    await page.click('[data-row] [data-remove]');
    await until('it to be gone', async () => !(await kept(id)).audience?.rules?.length);
    await page.click('[data-undo]');
    await until('it to be there again', async () => (await kept(id)).audience?.rules?.[0]?.name === 'Plan');
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('what cannot be kept is said beside the field while the rest waits', async () => {
    const { page, id } = await begin('box');
    const before = (await kept(id)).popup;
    await fill(page, { 'popup.accent': 'red', 'popup.title': 'With a wrong colour' });
    await page.keyboard.press('Tab');
    const wrong = await page.waitForSelector('[id="popup.accent-wrong"]');
    assert.match(await wrong.evaluate((line) => line.textContent), /“red” is not a colour/);
    assert.equal(await page.$eval('[name="popup.accent"]', (field) => field.getAttribute('aria-describedby')), 'popup.accent-wrong');
    assert.deepEqual((await kept(id)).popup, before);
    await fill(page, { 'popup.accent': '#a02010' });
    await page.keyboard.press('Tab');
    await until('both to be kept', async () => {
      const { title, accent } = (await kept(id)).popup;
      return title === 'With a wrong colour' && accent === '#a02010';
    });
    await until('the fault to be gone', async () => !(await page.$('[id="popup.accent-wrong"]')));
    await page.close();
  });

  /** Lets what the page saves arrive, but keeps the answers from it until `letGo` is called in it. */
  const holdBack = (page) =>
    page.evaluate(() => {
      const ask = window.fetch;
      const released = new Promise((release) => { window.letGo = release; });
      window.fetch = async (...asked) => {
        const answer = await ask(...asked);
        if (String(asked[0]).includes('/edit')) await released;
        return answer;
      };
    });

  test('a button that sends the form waits for a save that is under way', async () => {
    const { page, id } = await begin('box');
    await holdBack(page);
    await fill(page, { 'popup.title': 'On its way' });
    await until('the server to have it', async () => (await kept(id)).popup.title === 'On its way');
    await onward(page, async () => {
      await page.click('button[value="variant:add"]');
      await page.evaluate(() => window.letGo());
    });
    assert.equal(new URL(page.url()).searchParams.get('variant'), '1');
    assert.equal((await kept(id)).experiment.variants[0].popup.title, 'On its way');
    await page.close();
  });

  test('what is typed while a save is under way is kept before the page is left', async () => {
    const { page, id } = await begin('box');
    await holdBack(page);
    await fill(page, { 'popup.title': 'First half' });
    const asked = [];
    page.on('dialog', (dialog) => { asked.push(dialog.type()); dialog.accept(); });
    await onward(page, async () => {
      await page.click('[data-step-link="when"]');
      await until('the server to have it', async () => (await kept(id)).popup.title === 'First half');
      await fill(page, { 'popup.title': 'All of it' });
      await page.evaluate(() => window.letGo());
    });
    assert.deepEqual(asked, []);
    assert.equal((await kept(id)).popup.title, 'All of it');
    await page.close();
  });

  test('a refusal that is about no field is told in words, and is not tried again by itself', async () => {
    const { page, id } = await begin('box');
    const before = (await kept(id)).popup.title;
    await page.evaluate(() => {
      window.waits = [];
      const wait = window.setTimeout;
      window.setTimeout = (work, ms, ...more) => { window.waits.push(ms); return wait(work, ms, ...more); };
      document.querySelector('#editor [name="csrf"]').value = 'of an earlier sign-in';
    });
    await fill(page, { 'popup.title': 'Not taken' });
    const told = await until('the refusal', () => page.$eval('#refused:not([hidden])', (note) => note.textContent));
    assert.match(told, /This form is from an earlier sign-in/);
    assert.equal(await page.$eval('[data-saved]', (line) => line.textContent), 'Not saved');
    assert.equal((await kept(id)).popup.title, before);
    assert.ok(!(await page.evaluate(() => window.waits.some((ms) => ms > 1_000))), 'nothing is planned for later');
    await page.close();
  });

  test('the stage turns into a phone, dark, and right to left', async () => {
    const { page } = await begin('box-ticket');
    const width = () => page.$eval('#stage-host', (host) => host.getBoundingClientRect().width / host.parentElement.getBoundingClientRect().width);
    const side = () =>
      page.$eval('#stage-host', (host) => {
        const [box, around] = [host, host.parentElement].map((element) => element.getBoundingClientRect());
        return box.left - around.left < around.right - box.right ? 'left' : 'right';
      });
    const onDesk = await width();
    const before = await side();
    await page.click('label:has(#stage-phone)');
    await until('the box to fill the phone', async () => (await width()) > 0.9);
    assert.ok(onDesk < 0.6, `${onDesk} of the window on a desk`);
    await page.click('label:has(#stage-dark)');
    await until('the dark look', async () => (await onStage(page)).evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches));
    await page.click('label:has([name="stage.direction"][value="rtl"])');
    await until('right to left', async () => (await onStage(page)).evaluate(() => document.documentElement.dir === 'rtl'));
    await page.click('label:has(#stage-desktop)');
    await until('the box at the other side', async () => (await side()) === (before === 'left' ? 'right' : 'left'));
    await page.close();
  });

  test('a running campaign changes when its changes are published', async () => {
    const site = await world.site();
    const id = await world.api.popup('Published before', { on: 'event', event: 'Publish' });
    const page = await open(`/campaigns/${id}/edit?step=what`);
    let views = 0;
    const shown = async (title) => {
      const visitor = await world.visit(site.page('/'));
      await visitor.evaluate(() => clevertap.event.push('Publish'));
      const box = await boxOn(visitor, title);
      assert.ok(box);
      await world.counted(id, { shown: (views += 1) });
      await visitor.close();
    };
    await shown('Published before');
    await fill(page, { 'popup.title': 'Published after' });
    await page.keyboard.press('Tab');
    await until('the change to be kept beside it', async () => (await kept(id)).draft?.popup.title === 'Published after');
    await saved(page);
    await until('the note', () => page.$eval('[data-pending]', (note) => !note.hidden));
    await shown('Published before');
    await page.goto(`${world.server.base}/campaigns/${id}/edit?step=review`);
    await submit(page, '.editor-actions button[formaction$="/publish"]');
    assert.equal((await kept(id)).revision, 2);
    await shown('Published after');
    await page.goto(`${world.server.base}/campaigns/${id}`);
    const revisions = await page.$$eval('[aria-label="Revision"] a', (all) => all.map((one) => one.textContent.trim()));
    assert.deepEqual(revisions, ['All', '1', '2']);
    await world.api.post(`/campaigns/${id}/stop`);
    await page.close();
  });

  test('two people at one campaign: the second is told, and chooses', async () => {
    const { page, id } = await begin('box');
    const other = await open(`/campaigns/${id}/edit?step=what`);
    await fill(other, { 'popup.title': 'The first one’s' });
    await other.keyboard.press('Tab');
    await until('the first one’s', async () => (await kept(id)).popup.title === 'The first one’s');
    await page.bringToFront();
    await fill(page, { 'popup.title': 'The second one’s' });
    await page.keyboard.press('Tab');
    await until('the second to be told', () => page.$eval('#conflict', (note) => !note.hidden));
    assert.equal((await kept(id)).popup.title, 'The first one’s');
    assert.equal(await value(page, 'popup.title'), 'The second one’s');
    await submit(page, '#conflict button[name="over"]');
    assert.equal((await kept(id)).popup.title, 'The second one’s');
    await other.close();
    await page.close();
  });

  test('a picture is uploaded, shown and sent; another template keeps the words; a variant gets its own', async (t) => {
    const { page, id } = await begin('box');
    const files = await folder('picture');
    t.after(files.dispose);
    const picture = new PNG({ width: 64, height: 40 });
    picture.data.fill(0xc0);
    const path = join(files.path, 'jug.png');
    await writeFile(path, PNG.sync.write(picture));
    const [chosen] = await Promise.all([page.waitForFileChooser(), page.click('.picture-file')]);
    await chosen.accept([path]);
    await until('its address in the campaign', async () => /\/media\//.test((await kept(id)).popup.image?.url ?? ''));
    const { url } = (await kept(id)).popup.image;
    await until('it on the stage', async () => (await staged(page)).includes(url));
    assert.ok(await (await onStage(page)).waitForFunction(() => [...document.images].some((image) => image.naturalWidth > 0)));

    await fill(page, { 'popup.title': 'Keeps its words' });
    await page.keyboard.press('Tab');
    await until('the title', async () => (await kept(id)).popup.title === 'Keeps its words');
    // The page hears of it a moment later; until then it asks before it is left.
    await saved(page);
    await page.goto(`${world.server.base}/campaigns/${id}/edit?step=template`);
    await submit(page, 'button[name="template"][value="interstitial"]');
    assert.equal(await value(page, 'popup.title'), 'Keeps its words');
    assert.equal((await kept(id)).popup.template, 'interstitial');

    await submit(page, 'button[value="variant:add"]');
    await fill(page, { 'experiment.variants[0].popup.title': 'The other words' });
    await page.keyboard.press('Tab');
    await until('two variants', async () => {
      const { popup, experiment } = await kept(id);
      return popup.title === 'Keeps its words' && experiment?.variants?.[0]?.popup?.title === 'The other words';
    });
    assert.equal(await overflow(page), 0);
    await page.close();
  });
});
