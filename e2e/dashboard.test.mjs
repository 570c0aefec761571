// The dashboard as its owner uses it, at a desk and on a phone: sign in, make a pop-up and a push, see the numbers.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { boxOn } from './rig/box.mjs';
import { choose, figures, fill, next, openDashboard, overflow, submit } from './rig/dashboard.mjs';
import { until } from './rig/poll.mjs';
import { withoutScript } from './rig/scriptless.mjs';
import { folder, start } from './rig/server.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const PAGES = [
  '/overview',
  '/campaigns',
  '/campaigns/new',
  '/campaigns/new?kind=popup',
  '/campaigns/new?kind=push',
  '/settings/install',
  '/settings/origins',
  '/settings/engage/channels/web-push',
  '/settings/access/api-keys',
];
const OWNER = { email: 'owner@example.com', password: 'a bell rings at noon' };

inBothBrowsers('dashboard', (world) => {
  const at = (path) => world.server.base + path;
  const open = (path, size) => openDashboard(world, path, SIZES[size]);
  const campaignOf = (page) => Number(/\/campaigns\/(\d+)/.exec(page.url())?.[1]);

  test('the first link makes the administrator and works once; from then on the password lets in', async (t) => {
    const data = await folder('first');
    const server = await start(['serve', '--listen', '127.0.0.1:0', '--data', data.path]);
    t.after(async () => {
      await server.stop();
      await data.dispose();
    });
    const path = () => new URL(page.url()).pathname;
    const page = await world.visit(server.sign_in);
    await fill(page, { email: OWNER.email, password: 'too short' });
    assert.equal(await page.$eval('[name="password"]', (field) => field.validity.tooShort), true, 'the browser refuses a short one');
    // So does the server, for a browser that does not.
    await page.$eval('form.form', (form) => (form.noValidate = true));
    await submit(page, 'form.form button');
    assert.ok(await page.$('[role="alert"]'), 'a short password is refused');
    assert.equal(await page.$eval('[name="email"]', (field) => field.value), OWNER.email);
    await fill(page, { password: OWNER.password });
    await submit(page, 'form.form button');
    assert.equal(path(), '/overview');

    await page.click('summary[aria-label^="Account"]');
    await submit(page, 'form[action="/sign-out"] button');
    await page.goto(`${server.base}/campaigns`);
    assert.equal(path(), '/sign-in');
    await page.goto(server.sign_in);
    assert.equal(await page.$('input[name="password"][minlength]'), null, 'the used link would make somebody again');

    await page.goto(`${server.base}/campaigns`);
    await fill(page, { email: OWNER.email, password: 'not this one' });
    await submit(page, 'form[action="/sign-in"] button');
    assert.ok(await page.$('[role="alert"]'), 'a wrong password is said to be wrong');
    await fill(page, { email: OWNER.email, password: OWNER.password });
    await submit(page, 'form[action="/sign-in"] button');
    assert.equal(path(), '/campaigns');
    await page.close();
  });

  test('without script: made, started, read, stopped, deleted', async () => {
    const page = await open('/campaigns', 'desk');
    const bare = await withoutScript(world.server.base);
    await page.goto(`${bare.base}/campaigns/new?kind=popup`);
    await submit(page, 'button[name="template"][value="box"]');
    const id = campaignOf(page);
    await fill(page, { 'popup.title': 'Made without script', 'popup.text': 'It works.', 'popup.button': '' });
    await submit(page, 'button[data-save]');
    assert.equal((await world.api.get(`/campaigns/${id}`)).popup.title, 'Made without script');
    await submit(page, '.editor-actions button[value="next"]');
    await choose(page, 'trigger.on', 'event');
    await fill(page, { 'trigger.event': 'By Hand' });
    // A row is added by a button that saves, and gone by one.
    await submit(page, 'button[value="add:trigger.when"]');
    await page.select('[name="trigger.when.rules[0].is"]', 'path');
    await fill(page, { 'trigger.when.rules[0].value': '/jugs' });
    await submit(page, 'button[data-save]');
    assert.equal((await world.api.get(`/campaigns/${id}`)).trigger.when.rules.length, 1);
    await submit(page, 'button[value="remove:trigger.when.rules[0]"]');
    await submit(page, '.editor-actions button[value="next"]');
    assert.match(await page.$eval('.say', (say) => say.textContent), /By Hand/);
    await submit(page, '.editor-actions button[formaction$="/start"]');
    const kept = await world.api.get(`/campaigns/${id}`);
    assert.equal(kept.status, 'running');
    // The row is gone, and what the template waits for by itself is kept.
    assert.deepEqual(kept.trigger, { on: 'event', event: 'By Hand', signals: { list: [{ on: 'delay', seconds: 15, across_pages: false }] } });
    await submit(page, `a[href="/campaigns/${id}/stop"]`);
    await submit(page, 'button.button-danger');
    assert.equal((await world.api.get(`/campaigns/${id}`)).status, 'stopped');
    await page.goto(`${bare.base}/campaigns/${id}/delete`);
    await submit(page, 'button.button-danger');
    await assert.rejects(world.api.get(`/campaigns/${id}`), { status: 404 });
    assert.ok(bare.refused() > 0, 'the pages asked for their script');
    await page.close();
    await bare.close();
  });

  for (const size of Object.keys(SIZES)) {
    test(`${size}: a push with a variant, a control group and a winner, and its report`, async () => {
      const page = await open('/campaigns/new?kind=push', size);
      await fill(page, { name: `Two headlines, ${size}`, 'push.title': 'The kiln is open', 'push.url': 'https://shop.example.com/' });
      await page.$eval('#variants details', (fold) => (fold.open = true));
      await submit(page, 'button[name="then"][value="variant:add"]');
      assert.equal(await page.$eval('#variants details', (fold) => fold.open), true, 'what was asked for is seen');
      await fill(page, {
        'experiment.variants[0].push.title': 'Fresh from the kiln',
        'experiment.control': '10',
        'goal.event': 'Charged',
        'winner.after_hours': '4',
      });
      const words = /A 45 %, B 45 %, a control group of 9 % that gets nothing\. 20 % get the test; 4 hours later the one with the most clicks/;
      await until('the sentence', async () => words.test(await page.$eval('[data-sentence]', (line) => line.textContent)));
      assert.equal(await overflow(page), 0);
      await world.picture(page, `push-variants-${size}`, { fullPage: true });
      await submit(page, 'button[name="then"][value="start"]');
      const id = campaignOf(page);
      const made = await world.api.get(`/campaigns/${id}`);
      assert.deepEqual([made.experiment.variants[0].push.title, made.winner.after_hours, made.goal.event], ['Fresh from the kiln', 4, 'Charged']);
      await page.goto(at(`/campaigns/${id}`));
      assert.match(await page.$eval('main', (main) => main.textContent), /Control group/i);
      assert.equal(await overflow(page), 0);
      await world.picture(page, `push-variants-report-${size}`, { fullPage: true });
      assert.deepEqual(page.errors, []);
      await page.close();
    });
  }

  test('a push in two languages, with a picture that was uploaded', async (t) => {
    const files = await folder('push-picture');
    t.after(files.dispose);
    const path = join(files.path, 'kiln.png');
    const picture = new PNG({ width: 200, height: 120 });
    picture.data.fill(0xa0);
    await writeFile(path, PNG.sync.write(picture));
    const page = await open('/campaigns/new?kind=push', 'desk');
    const text = (selector) => page.$eval(selector, (element) => (element.hidden ? '' : element.textContent));
    await fill(page, { name: 'Two languages', 'push.title': 'The kiln is open', 'push.url': 'https://shop.example.com/' });

    const [chosen] = await Promise.all([page.waitForFileChooser(), page.click('[data-picture-upload="push.icon"]')]);
    await chosen.accept([path]);
    await until('the picture to be judged', async () => /200 × 120. Not square/.test(await text('[data-picture-note="push.icon"]')));
    assert.match(await page.$eval('[name="push.icon"]', (input) => input.value), /\/media\//);
    assert.ok(await page.waitForFunction(() => document.querySelector('.look-windows .bubble-main .bubble-icon').naturalWidth > 0), 'the looks show it');
    await fill(page, { 'push.image': at('/no-such-picture.png') });
    await page.keyboard.press('Tab');
    await until('the address to be judged', async () => /No picture could be loaded/.test(await text('[data-picture-note="push.image"]')));
    await fill(page, { 'push.image': '' });

    await page.click('#languages > summary');
    await page.click('[data-add="language"]');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'push.translations[0].language', 'the new row is typed into at once');
    await fill(page, { 'push.translations[0].language': 'de', 'push.translations[0].title': 'Der Ofen ist offen' });
    await until('the language to choose', async () => (await text('[data-in]')) !== '');
    await page.select('[name="stage.language"]', 'de');
    await until('the looks to speak it', async () => (await text('.look-windows .bubble-title')) === 'Der Ofen ist offen');
    await world.picture(page, 'push-languages-desk', { fullPage: true });
    await page.click('label:has(#stage-safari)');
    const seen = (selector) => page.$eval(selector, (look) => look.checkVisibility());
    assert.deepEqual([await seen('.look-safari'), await seen('.look-windows')], [true, false]);
    await world.picture(page, 'push-safari-desk');
    await page.setViewport(SIZES.phone);
    assert.equal(await overflow(page), 0);
    await world.picture(page, 'push-languages-phone', { fullPage: true });
    await page.setViewport(SIZES.desk);

    await submit(page, '[data-save]');
    const id = campaignOf(page);
    const kept = await world.api.get(`/campaigns/${id}`);
    assert.equal(kept.push.translations.de.title, 'Der Ofen ist offen');
    assert.match(kept.push.icon, /\/media\//);
    await page.$eval('#languages', (fold) => (fold.open = true));
    await page.click('#languages [data-remove]');
    await submit(page, '[data-save]');
    assert.equal((await world.api.get(`/campaigns/${id}`)).push.translations, undefined);
    // A picture that is not there is the browser's own complaint.
    assert.deepEqual(page.errors.filter((error) => !/404|no-such-picture/.test(String(error))), []);
    await page.close();
  });

  for (const size of Object.keys(SIZES)) {
    test(`${size}: a pop-up from the gallery to its numbers`, async () => {
      const site = await world.site();
      const event = `Form ${size}`;
      const title = `Back from the kiln (${size})`;
      const page = await open('/campaigns/new', size);
      await submit(page, 'a[href*="kind=popup"]');
      await submit(page, 'button[name="template"][value="box"]');
      const id = campaignOf(page);
      await fill(page, { 'popup.title': title, 'popup.text': 'Eleven jugs came out of this firing.', 'popup.button': 'See the jug' });
      await choose(page, 'popup.on_click.do', 'close');
      await next(page, 'when');
      await choose(page, 'trigger.on', 'event');
      await fill(page, { 'trigger.event': event, 'caps.session': '' });
      await page.click('[data-remove][value="remove:trigger.signals.list[0]"]');
      await next(page, 'review');
      assert.ok((await page.$eval('.say', (say) => say.textContent)).includes(event));
      assert.equal(await overflow(page), 0, 'the review is wider than the window');
      await submit(page, '.editor-actions button[formaction$="/start"]');
      const made = await world.api.get(`/campaigns/${id}`);
      assert.equal(made.status, 'running');
      assert.equal(made.popup.title, title);
      assert.deepEqual(made.popup.on_click, { do: 'close' });
      assert.deepEqual(made.trigger, { on: 'event', event });

      await page.goto(at('/campaigns'));
      const visitor = await world.visit(site.page('/'));
      await visitor.evaluate((event) => clevertap.event.push(event), event);
      const box = await boxOn(visitor, title);
      await world.counted(id, { shown: 1 });
      await box.click('click');
      await world.counted(id, { shown: 1, clicked: 1 });
      await visitor.close();

      // The list was open all the time: its numbers change by themselves.
      await page.bringToFront();
      const live = (name) => page.$eval(`tr[data-campaign="${id}"] [data-live="${name}"]`, (cell) => cell.textContent.trim());
      await until('the list to show it', async () => (await live('shown')) === '1' && (await live('clicked')) === '1');
      await page.goto(at(`/campaigns/${id}`));
      const shown = await figures(page);
      assert.equal(shown.Shown, '1', JSON.stringify(shown));
      assert.equal(shown.Clicked, '1', JSON.stringify(shown));
      assert.equal(await overflow(page), 0, 'the report is wider than the window');
      await world.picture(page, `report-${size}`, { fullPage: true });

      await submit(page, `a[href="/campaigns/${id}/stop"]`);
      await submit(page, 'button.button-danger');
      assert.equal((await world.api.get(`/campaigns/${id}`)).status, 'stopped');
      assert.deepEqual(page.errors, []);
      await page.close();
    });

    test(`${size}: a push by the form, from the first field to its numbers`, async () => {
      const site = await world.site();
      await world.browser.permit(site.origin);
      const visitor = await world.visit(site.page('/'));
      const before = (await world.api.get('/subscriptions')).total;
      await visitor.evaluate(() => clevertap.notifications.push({ skipDialog: true }));
      await until('a subscription', async () => (await world.api.get('/subscriptions')).total === before + 1, { within: 30_000 });

      const title = `The kiln is open (${size})`;
      const target = site.page('/new');
      const page = await open('/campaigns/new', size);
      await submit(page, 'a[href*="kind=push"]');
      await fill(page, {
        name: `Push by form, ${size}`,
        'push.title': title,
        'push.body': 'Twelve new pots, three of them blue.',
        'push.url': target,
        'push.icon': '',
        'push.image': '',
        'push.badge': '',
      });
      await submit(page, 'button[name="then"][value="start"]');
      const id = campaignOf(page);
      const audience = before + 1;
      await world.counted(id, { audience, sent: audience, failed: 0 });
      await until('the notifications', () => world.desk.titled(title).length === audience);
      await world.counted(id, { shown: audience });
      world.desk.click(world.desk.titled(title)[0]);
      await world.counted(id, { clicked: 1 });
      await page.goto(at(`/campaigns/${id}`));
      const shown = await figures(page);
      assert.equal(shown.Sent, `${audience}`, JSON.stringify(shown));
      assert.equal(shown.Shown, `${audience}`, JSON.stringify(shown));
      assert.equal(shown.Clicked, '1', JSON.stringify(shown));
      assert.deepEqual(page.errors, []);
      await (await until('the tab of the target', () => world.tab(target))).close();
      await visitor.close();
      await page.close();
    });

    test(`${size}: a push that comes again, by everybody’s own clock, within the site’s limits`, async () => {
      const page = await open('/settings/engage/caps', size);
      await fill(page, { 'push.caps.day': '9', 'push.quiet.from': '03:00', 'push.quiet.to': '03:30' });
      await submit(page, 'form[action="/settings/engage/caps"] button');
      assert.equal(await page.$eval('[name="push.quiet.to"]', (field) => field.value), '03:30');
      await world.picture(page, `caps-of-pushes-${size}`, { fullPage: true });
      assert.equal(await overflow(page), 0);

      await page.goto(at('/campaigns/new?kind=push'));
      await fill(page, { name: `Every working day, ${size}`, 'push.title': 'Good morning', 'push.url': 'https://shop.example.com/' });
      await page.$$eval('#when details', (folds) => folds.forEach((fold) => (fold.open = true)));
      await page.select('[name="send.zone"]', 'recipient');
      for (const day of [6, 7]) {
        const label = await page.$(`label:has(input[type="checkbox"][name="send.repeat.days[${day}]"])`);
        await label.evaluate((element) => element.scrollIntoView({ block: 'center' }));
        await label.click();
      }
      await fill(page, { 'send.repeat.at': '09:00', 'send.repeat.times': '3', 'send.caps.week': '2' });
      const words = /every Mon, Tue, Wed, Thu, Fri at 09:00 by each one’s own clock, 3 times.*at most twice in seven days/;
      await until('the sentence', async () => words.test(await page.$eval('[data-sentence]', (line) => line.textContent)));
      assert.equal(await page.$eval('[data-verb]', (verb) => verb.textContent), 'Start');
      assert.match(await page.$eval('#when', (part) => part.textContent), /Nobody is disturbed from 03:00 to 03:30/);
      assert.equal(await overflow(page), 0);
      await world.picture(page, `push-when-${size}`, { fullPage: true });

      await submit(page, 'button[name="then"][value="start"]');
      const id = campaignOf(page);
      const made = await world.api.get(`/campaigns/${id}`);
      assert.deepEqual([made.status, made.send.repeat.days, made.send.zone], ['running', [1, 2, 3, 4, 5], 'recipient']);
      assert.match(await page.$eval('.sentence', (line) => line.textContent), /Next round: .*, where its time comes first on Earth/);
      await world.picture(page, `push-rounds-${size}`, { fullPage: true });
      await submit(page, `a[href="/campaigns/${id}/stop"]`);
      await submit(page, `form[action="/campaigns/${id}/stop"] button`);
      assert.equal((await world.api.get(`/campaigns/${id}`)).status, 'stopped');

      await page.goto(at('/settings/engage/caps'));
      await fill(page, { 'push.caps.day': '', 'push.quiet.from': '', 'push.quiet.to': '' });
      await submit(page, 'form[action="/settings/engage/caps"] button');
      assert.equal((await world.api.get('/account')).settings.push, undefined);
      assert.deepEqual(page.errors, []);
      await page.close();
    });

    test(`${size}: what is missing is said beside the field, and what was typed is kept`, async () => {
      const page = await open('/campaigns/new?kind=popup', size);
      await submit(page, 'button[name="template"][value="box"]');
      const id = campaignOf(page);
      await fill(page, { 'popup.title': '', 'popup.text': 'Words that took an hour.' });
      await next(page, 'when');
      await page.goto(at(`/campaigns/${id}/edit?step=review`));
      assert.ok(await page.$('.check-bad a[href*="step=what#popup.title"]'), 'the check leads to the field');
      await submit(page, '.editor-actions button[formaction$="/start"]');
      assert.match(await page.$eval('[role="alert"]', (alert) => alert.textContent), /Not started/);
      assert.equal((await world.api.get(`/campaigns/${id}`)).status, 'draft');
      await page.goto(at(`/campaigns/${id}/edit?step=what`));
      assert.equal(await page.$eval('[name="popup.title"]', (field) => field.getAttribute('aria-invalid')), 'true');
      assert.equal(await page.$eval('[name="popup.text"]', (field) => field.value), 'Words that took an hour.');
      await page.close();
    });

    test(`${size}: the install page has seen the snippet`, async () => {
      const site = await world.site();
      const visitor = await world.visit(site.page('/'));
      const page = await open('/settings/install', size);
      await until('the line to say it', async () => /^Seen on /.test(await page.$eval('[data-seen-title]', (line) => line.textContent)));
      assert.equal(await page.$eval('#snippet', (code) => code.textContent.trim()), world.snippet.trim());
      await visitor.close();
      await page.close();
    });

    test(`${size}: no page is wider than the window or complains on the console`, async () => {
      const page = await open('/overview', size);
      // Everything that the editor can show: a picture, a question, conditions, signs, two variants.
      const { id } = await world.api.post('/campaigns', {
        name: 'A draft with everything',
        kind: 'popup',
        popup: { template: 'interstitial', title: 'Title', button: 'Go', image: { url: at('/shop/media/box-stoneware.png') } },
        audience: { rules: [{ is: 'property', name: 'Plan', op: 'is', value: ['Gold'] }, { is: 'event', name: 'Charged', op: 'at_least', value: 2, days: 30 }] },
        trigger: { signals: { match: 'any', list: [{ on: 'scroll', percent: 50 }, { on: 'delay', seconds: 10 }] } },
        experiment: { weight: 50, variants: [{ name: 'B', weight: 50, popup: { template: 'interstitial', title: 'Another title', button: 'Go' } }] },
      });
      const steps = ['goal', 'who', 'what', 'what&variant=1', 'when', 'review', 'template'].map((step) => `/campaigns/${id}/edit?step=${step}`);
      for (const path of [...PAGES, ...steps]) {
        await page.goto(at(path), { waitUntil: 'load' });
        assert.equal(await overflow(page), 0, path);
        const name = path.slice(1).replaceAll(/[^a-z]+/g, '-');
        await world.picture(page, `${name}-${size}`, { fullPage: true });
      }
      assert.deepEqual(page.errors, []);
      await page.close();
    });
  }
});
