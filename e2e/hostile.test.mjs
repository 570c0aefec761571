// Hostile values in real browsers: what a visitor's data says stands as text in every kind of pop-up and in every place of the owner's
// own HTML, runs nothing, and leads nowhere; nor does it in the dashboard.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { signIn } from './rig/dashboard.mjs';
import { keepsOverlay, overlayOn } from './rig/overlay.mjs';
import { onward, stays, until } from './rig/poll.mjs';
import { gone, HOSTS, popupOn, raise, standing } from './rig/popup.mjs';
import { profileOf } from './rig/visitor.mjs';
import { inBothBrowsers } from './rig/world.mjs';

/** Sets a flag and asks, wherever it manages to run: in its frame, and last in the page around, which a sandbox forbids. */
const RUN = 'window.hacked=1,alert(1),top.hacked=1';
const HOSTILE = {
  'an element that fails to load': `<img src=x onerror=${RUN}>`,
  'a way out of an attribute': `"><script>${RUN}</script>`,
  'a way out of a script': `';${RUN};//</script><script>${RUN}</script>`,
  'a way out of a template literal': '`+(' + RUN + ')+`${' + RUN + '}',
  'an attribute of its own': `" onfocus="${RUN}" autofocus tabindex="0" x="`,
  'a template in a template': '{{ site.name }}{% assign a = 1 %}',
  'characters that turn the line': '\u202eevil\u2066\u0007<b>bold</b>',
};
const SCRIPTS = [`javascript:${RUN}`, ` JaVaScRiPt:${RUN}`, `java\tscript:${RUN}`, `data:text/html,<script>${RUN}</script>`, 'vbscript:x'];
const PLACES = `<div style="padding:24px;background:#fff">
  <p id="text">{{ page.query.v }}</p>
  <p id="attribute" title="{{ page.query.v }}" data-single='{{ page.query.v }}'>attribute</p>
  <a id="link" href="/search?q={{ page.query.v }}" target="_self">link</a>
  <img id="image" src="/none?{{ page.query.v }}" alt="{{ page.query.v }}">
  <button id="handler" type="button" onclick="said = ['{{ page.query.v }}']">handler</button>
  <textarea id="area">{{ page.query.v }}</textarea>
  <p class="jsCT_CTA">go on</p>
</div>
<script>values = ["{{ page.query.v }}", '{{ page.query.v }}', {{ page.query.v }}, \`{{ page.query.v }}\`, {{ profile.Motto }}];</script>`;
// What a browser does not keep of a text in the first place, or the server takes out of a property.
const plain = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f]/g, '');

inBothBrowsers('hostile values', (world) => {
  let made = [];
  const make = async (title, popup, more) => {
    const id = await world.api.popup(title, { on: 'event', event: title }, { popup: { title, text: '', on_click: { do: 'close' }, ...popup }, ...more });
    made.push(id);
    return id;
  };
  afterEach(async () => {
    for (const id of made) await world.api.post(`/campaigns/${id}/stop`);
    made = [];
  });
  /** A page whose address says the value; what runs is told by a flag, and by dialogs. */
  const visit = async (value) => {
    const site = await world.site();
    const page = await world.visit('about:blank');
    page.dialogs = [];
    page.on('dialog', (dialog) => {
      page.dialogs.push(`${dialog.type()}: ${dialog.message()}`);
      void dialog.dismiss();
    });
    site.page('/', { head: keepsOverlay() });
    await page.goto(`${site.origin}/?v=${encodeURIComponent(value)}`);
    return { site, page };
  };
  /** Whether something ran in a frame; one that was taken away while it was asked runs nothing. */
  const ranIn = (frame) =>
    frame.evaluate(() => 'hacked' in window).catch((error) => {
      if (frame.detached) return false;
      throw error;
    });
  /** Nothing ran: not in the page, not in a frame of it, not as a dialog; also not later. */
  const nothingRan = (page) =>
    stays(
      'no value runs',
      async () => {
        for (const frame of page.frames()) assert.equal(await ranIn(frame), false, `a value ran in ${frame.url()}`);
        assert.deepEqual(page.dialogs, [], 'a value asked');
      },
      { during: 400 },
    );

  test('what its owner wrote does run, and the tests would see it: by its flag, and by each dialog', async () => {
    const shows = async (name, html, layout) => {
      const { page } = await visit('harmless');
      await make(name, { template: 'custom', custom: { html: `<p>go on</p>${html}`, layout } });
      await raise(page, name);
      await popupOn(page, layout, 'go on');
      return page;
    };
    const flagged = await shows('Runs', '<img src=x onerror=top.hacked=1>', 'box');
    await flagged.waitForFunction(() => 'hacked' in window);
    await assert.rejects(nothingRan(flagged), /a value ran/);
    await flagged.close();
    for (const ask of ['alert', 'confirm', 'prompt']) {
      const asked = await shows(`Runs ${ask}`, `<img src=x onerror=${ask}(1)>`, 'box');
      await until('the dialog', () => asked.dialogs.length > 0);
      assert.deepEqual(asked.dialogs, [`${ask}: 1`]);
      await assert.rejects(nothingRan(asked), /a value asked/);
      await asked.close();
    }
  });

  for (const [what, value] of Object.entries(HOSTILE)) {
    test(`${what}: text in every kind of pop-up`, async () => {
      const { page } = await visit(value);
      await page.evaluate((motto) => clevertap.profile.push({ Site: { Motto: motto } }), value);
      for (const [kind, popup] of [
        ['box', { template: 'box' }],
        ['banner', { template: 'banner' }],
        ['interstitial', { template: 'interstitial' }],
      ]) {
        const name = `Kind ${kind}`;
        const slots = { title: 'T {{ page.query.v }}', text: '*{{ page.query.v }}* {{ profile.Motto | default: "-" }}', button: '{{ page.query.v }}' };
        await make(name, { ...popup, ...slots }, { caps: { session: null } });
        await raise(page, name);
        const shown = await popupOn(page, kind);
        const text = plain(await shown.text());
        assert.ok(text.includes(plain(`T ${value}`).trim()), `${kind}: ${JSON.stringify(text)}`);
        const label = await page.$eval(`#${HOSTS[kind]} iframe`, (frame) => frame.title || frame.getAttribute('aria-label') || '');
        assert.doesNotMatch(label, /^$/, 'the frame has a name');
        const strange = await shown.frame.$$eval('img[src="x"], script:not([nonce]), [onfocus], [onerror]', (all) => all.map(({ outerHTML }) => outerHTML));
        assert.deepEqual(strange, []);
        await nothingRan(page);
        await shown.click('click');
        await gone(page, kind);
      }
      await nothingRan(page);
      await page.close();
    });

    test(`${what}: the same text in every place of own HTML, also in a sandbox`, async () => {
      const { page } = await visit(value);
      await page.evaluate((motto) => clevertap.profile.push({ Site: { Motto: motto } }), value);
      await make('Own', { template: 'custom', custom: { html: PLACES, layout: 'box', width: 420 } });
      await raise(page, 'Own');
      const { frame } = await popupOn(page, 'box', 'go on');
      const stood = await frame.evaluate(() => {
        const at = (id) => document.getElementById(id);
        return {
          text: at('text').textContent,
          attribute: at('attribute').title,
          single: at('attribute').dataset.single,
          link: new URL(at('link').href).searchParams.get('q'),
          alt: at('image').alt,
          area: at('area').value,
          values: [...values],
        };
      });
      const { values: said, ...places } = stood;
      for (const [place, seen] of Object.entries(places)) assert.equal(plain(seen), plain(value), place);
      for (const seen of said.slice(0, 4)) assert.equal(plain(seen), plain(value));
      // Properties come in without quotes and without space around them.
      assert.equal(plain(said[4]), plain(value).replace(/['"]/g, '').trim());
      await frame.click('#handler');
      assert.equal(plain(await frame.evaluate(() => said[0])), plain(value));
      await nothingRan(page);
      await frame.click('.jsCT_CTA');
      await make('Sandboxed', { template: 'custom', custom: { html: PLACES, layout: 'interstitial', width: 420, sandbox: true } });
      await raise(page, 'Sandboxed');
      const { frame: apart } = await popupOn(page, 'interstitial', 'go on');
      assert.equal(plain(await apart.$eval('#text', (element) => element.textContent)), plain(value));
      await nothingRan(page);
      await page.close();
    });
  }

  test('addresses that run script: a message that would lead there is not shown, and the overlay says why', async () => {
    const leads = await make('Leads', { button: 'Go', on_click: { do: 'url', url: '{{ page.query.v }}', target: 'same' } }, { caps: { session: null } });
    // A frame whose address is a value's alone does not even start: what it would load nobody has chosen.
    const framed = { html: '<p>own</p><iframe src="{{ page.query.v }}"></iframe>', layout: 'banner' };
    await assert.rejects(make('Frames', { template: 'custom', custom: framed }), ({ status, body }) => {
      assert.equal(status, 422);
      assert.deepEqual(body.error.errors.map(({ field }) => field), ['popup.custom.html']);
      return true;
    });
    await make('Anchors', { template: 'custom', custom: { html: '<p>own</p><a href="{{ page.query.v }}">go</a>', layout: 'banner' } });
    for (const script of SCRIPTS) {
      const { site, page } = await visit(script);
      const { url } = await world.api.post(`/campaigns/${leads}/links`, { purpose: 'why', url: `${site.origin}/?v=${encodeURIComponent(script)}` });
      await page.goto(url);
      await overlayOn(page, ({ rows }) => rows.length > 1);
      for (const name of ['Leads', 'Anchors']) {
        await raise(page, name);
        const told = await overlayOn(page, ({ rows }) => {
          const row = rows.find((one) => one.name === name);
          return row.conditions[0].seen.includes(name) && row.conditions.at(-1).label === 'Texts';
        });
        assert.match(told.rows.find((one) => one.name === name).text, /^Not shown: a text could not be filled in: /);
      }
      assert.deepEqual(await standing(page), [], script);
      await nothingRan(page);
      assert.ok(page.url().startsWith(site.origin));
      await page.close();
    }
    const { site, page } = await visit('/next');
    site.page('/next');
    await raise(page, 'Leads');
    const shown = await popupOn(page, 'box', 'Leads');
    await onward(page, () => shown.click('click'));
    assert.equal(page.url(), `${site.origin}/next`);
    await world.counted(leads, { clicked: 1 });
    await page.close();
  });

  test('the dashboard shows what a visitor sent as text', async () => {
    const value = HOSTILE['a way out of an attribute'] + HOSTILE['an element that fails to load'];
    const { page } = await visit(value);
    await page.evaluate((given) => {
      document.title = given;
      clevertap.profile.push({ Site: { Name: given, Motto: given } });
      clevertap.event.push('Searched', { for: given, [given.replace(/[."':$\\]/g, '')]: 'name' });
    }, value);
    const person = await profileOf(world, page);
    await until('the event', async () => (await world.api.events(person.id)).some(({ name }) => name === 'Searched'));
    const id = await make('Heard', {}, { audience: { rules: [{ is: 'property', name: 'Motto', op: 'is_not', value }] } });
    await signIn(page, world.server.dashboard);
    for (const path of ['/people', `/people/${person.id}`, `/people/${person.id}?event=${encodeURIComponent('<img src=x onerror=top.hacked=1>')}`, `/campaigns/${id}`, `/campaigns/${id}/edit?step=who`]) {
      await page.goto(world.server.base + path);
      assert.equal(await page.evaluate(() => 'hacked' in window), false, path);
      assert.equal(await page.$('img[src="x"]'), null, path);
      await nothingRan(page);
    }
    await page.goto(`${world.server.base}/people/${person.id}`);
    assert.ok((await page.$eval('main', (main) => main.textContent)).includes('<script>window.hacked'), 'it is there to be read');
    await page.close();
  });
});
