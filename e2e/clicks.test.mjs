// What a click on a pop-up does, and what becomes of answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onward, stays, until } from './rig/poll.mjs';
import { gone, popupOn, raise } from './rig/popup.mjs';
import { profileOf } from './rig/visitor.mjs';
import { inBothBrowsers } from './rig/world.mjs';

const LETTER = {
  template: 'box-letter', button: 'Send it to me',
  field: { ask: 'email', label: 'Your email', property: 'Letter', thanks: 'Thank you', thanks_text: 'The next letter is yours.' },
};
const CHOICE = {
  template: 'exit-question', button: 'Send answer',
  field: {
    ask: 'choice', property: 'Missing', options: ['The size', 'A photograph', 'Nothing'], comment: 'A word more (optional)', thanks: 'Noted',
  },
};
const SCALE = {
  template: 'box-question', button: 'Send answer',
  field: { ask: 'scale', ends: ['In pieces', 'Perfectly'], comment: 'What kept it from a full mark?', property: 'Parcel', thanks: 'Thank you' },
};

inBothBrowsers('clicks on pop-ups', (world) => {
  const { counted } = world;
  const make = (title, popup) => world.api.popup(title, { on: 'event', event: title }, { popup: { title, ...popup } });
  /** A campaign that is on a new page. */
  const shown = async (title, popup, { kind = 'box', ...options } = {}) => {
    const site = await world.site();
    const id = await make(title, typeof popup === 'function' ? popup(site) : popup);
    const page = await world.visit(site.page('/', options));
    await raise(page, title);
    const pop = await popupOn(page, kind, title);
    return { site, id, page, pop };
  };
  const lastEvent = async (page, name) => {
    const events = await world.api.events((await profileOf(world, page)).id);
    return events.findLast((event) => event.name === name);
  };

  test('silent: counted, closed, and the page stays', async () => {
    const { site, id, page, pop } = await shown('Silent', { on_click: { do: 'close' } });
    await pop.click('click');
    await gone(page, 'box');
    await counted(id, { clicked: 1, closed: 0 });
    assert.equal(page.url(), `${site.origin}/`);
    await page.close();
  });

  test('an address in the same tab: counted although the page unloads', async () => {
    const { site, id, page, pop } = await shown('Same tab', { on_click: { do: 'url', url: '/next?from=box', target: 'same' } });
    site.page('/next', { use: '' });
    await onward(page, () => pop.click('click'));
    assert.equal(page.url(), `${site.origin}/next?from=box`);
    await counted(id, { clicked: 1 });
    await page.close();
  });

  test('an address in a new tab, which has no way back into this one', async () => {
    const { site, id, page, pop } = await shown('New tab', (site) => ({ on_click: { do: 'url', url: site.page('/fresh'), target: 'new' } }));
    await pop.click('click');
    const tab = await until('the new tab', () => world.tab(`${site.origin}/fresh`));
    assert.equal(await tab.evaluate(() => window.opener), null);
    assert.equal(page.url(), `${site.origin}/`);
    await counted(id, { clicked: 1 });
    await tab.close();
    await page.close();
  });

  test('a function of the page, by its path, with the key-values and its own this', async () => {
    const { id, page, pop } = await shown(
      'Function',
      { on_click: { do: 'function', name: 'shop.cart.add' }, kv: { voucher: 'BLUE', percent: '10' } },
      { head: '<script>calls = []; shop = { cart: { add(...given) { calls.push([this === shop.cart, ...given]) } } }</script>' },
    );
    await pop.click('click');
    await until('the call', () => page.evaluate(() => calls.length > 0));
    assert.deepEqual(await page.evaluate(() => calls), [[true, { voucher: 'BLUE', percent: '10' }]]);
    await counted(id, { clicked: 1 });
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('a function that is not there is told on the console, and the click counts', async () => {
    const { id, page, pop } = await shown('No function', { on_click: { do: 'function', name: 'nobody.home' } });
    await pop.click('click');
    await gone(page, 'box');
    await counted(id, { clicked: 1 });
    await until('the console to name it', () => page.errors.some((text) => text.includes('nobody.home()')));
    await page.close();
  });

  test('a function that throws harms neither page nor count', async () => {
    const { id, page, pop } = await shown('Throws', { on_click: { do: 'function', name: 'broken' } }, {
      head: '<script>function broken() { throw new Error("of the page") }</script>',
    });
    await pop.click('click');
    await gone(page, 'box');
    await counted(id, { clicked: 1 });
    await until('the console to name it', () => page.errors.some((text) => text.includes('broken() failed')));
    await page.close();
  });

  test('the question about push', async () => {
    const { id, page, pop } = await shown('Prompt', { on_click: { do: 'prompt' } }, {
      head: `<script>asked = 0; if (window.Notification) Notification.requestPermission = () => { asked += 1; return Promise.resolve('denied') }</script>`,
    });
    await pop.click('click');
    await gone(page, 'box');
    await until('the browser to be asked', () => page.evaluate(() => asked === 1));
    await counted(id, { clicked: 1 });
    await page.close();
  });

  test('the second button does its own and says which it was', async () => {
    const { id, page, pop } = await shown('Second', {
      on_click: { do: 'function', name: 'first' },
      second: { label: 'Not now', on_click: { do: 'function', name: 'second' } },
    }, { head: '<script>calls = []; first = () => calls.push(1); second = () => calls.push(2)</script>' });
    await pop.click('second');
    await until('the call', () => page.evaluate(() => calls.length > 0));
    assert.deepEqual(await page.evaluate(() => calls), [2]);
    await counted(id, { clicked: 1 });
    const { props } = await until('the event', () => lastEvent(page, 'Notification Clicked'));
    assert.equal(props.button, 'second');
    await page.close();
  });

  test('a code is copied, said politely, and counted once; the message stays', async () => {
    const { id, page, pop } = await shown('Code', { template: 'box-ticket', figure: '15 %', code: 'HELLO15', button: 'Copy code' });
    // What the frame copies, whichever way it takes.
    await pop.frame.evaluate(() => {
      window.copied = [];
      const write = navigator.clipboard?.writeText.bind(navigator.clipboard);
      if (write) navigator.clipboard.writeText = (text) => write(text).then(() => void copied.push(text));
      document.addEventListener('copy', () => copied.push(document.activeElement.value ?? String(getSelection())));
    });
    await pop.click('copy');
    await until('the code to be copied', () => pop.frame.evaluate(() => copied.includes('HELLO15')));
    const said = await until('it to be said', () => pop.frame.$eval('[data-campanile="said"]', (element) => element.textContent));
    assert.equal(await pop.frame.$eval('[data-campanile="said"]', (element) => element.getAttribute('aria-live')), 'polite');
    assert.equal(await pop.frame.$eval('[data-campanile="copy"]', (element) => element.textContent.trim()), said);
    await pop.click('copy');
    await counted(id, { shown: 1, clicked: 1, closed: 0 });
    await popupOn(page, 'box', 'Code');
    await page.close();
  });

  test('an e-mail address: wrong ones are told in words and keep the focus, a right one is kept', async () => {
    const { id, page, pop } = await shown('Letter', LETTER);
    const { frame } = pop;
    const error = () => frame.$eval('[data-campanile="error"]', (element) => (element.hidden ? '' : element.textContent));
    const focused = () => frame.evaluate(() => document.activeElement.name);
    for (const wrong of ['', 'ann', 'ann@', 'ann@example']) {
      await frame.$eval('[name="answer"]', (field) => (field.value = ''));
      if (wrong) await frame.type('[name="answer"]', wrong);
      await pop.click('click');
      assert.match(await error(), /\w+ \w+/, `said of "${wrong}"`);
      assert.equal(await focused(), 'answer');
      assert.equal(await frame.$eval('[name="answer"]', (field) => field.getAttribute('aria-invalid')), 'true');
    }
    await counted(id, { shown: 1, clicked: 0 });
    await frame.$eval('[name="answer"]', (field) => (field.value = ''));
    await frame.type('[name="answer"]', `Ann.${world.name}@Example.com`);
    assert.equal(await error(), '', 'the fault is taken back while it is mended');
    await page.keyboard.press('Enter');
    await frame.waitForFunction(() => !document.querySelector('[data-campanile="thanks"]').hidden);
    assert.match(await frame.$eval('[data-campanile="thanks"]', (element) => element.innerText), /Thank you\s+The next letter is yours\./);
    await counted(id, { clicked: 1 });
    const profile = await until('the property', async () => {
      const known = await profileOf(world, page);
      return known.properties?.Letter && known;
    });
    assert.equal(profile.properties.Letter, `ann.${world.name.toLowerCase()}@example.com`);
    await pop.click('close');
    await gone(page, 'box');
    await page.close();
  });

  test('a choice with a comment becomes property, event and report', async () => {
    const { id, page, pop } = await shown('Question', CHOICE, { kind: 'interstitial' });
    const { frame } = pop;
    await pop.click('click');
    assert.match(await frame.$eval('[data-campanile="error"]', (element) => element.textContent), /\w+ \w+/);
    assert.equal(await frame.evaluate(() => document.activeElement.name), 'answer');
    const hidden = () => frame.$eval('[name="comment"]', (field) => getComputedStyle(field).visibility === 'hidden');
    assert.equal(await hidden(), true);
    await pop.click('label:has([value="A photograph"])');
    await until('the field for a comment', async () => !(await hidden()));
    await frame.type('[name="comment"]', 'On a table, please.');
    await pop.click('click');
    await frame.waitForFunction(() => !document.querySelector('[data-campanile="thanks"]').hidden);
    await counted(id, { clicked: 1 });
    const profile = await until('the property', async () => {
      const known = await profileOf(world, page);
      return known.properties?.Missing && known;
    });
    assert.equal(profile.properties.Missing, 'A photograph');
    const event = await until('the event', () => lastEvent(page, 'Popup Answered'));
    assert.equal(event.props.answer, 'A photograph');
    assert.equal(event.props.comment, 'On a table, please.');
    await counted(id, { answered: 1 });
    await pop.click('close');
    await gone(page, 'interstitial');
    await page.close();
  });

  test('a scale is answered by keyboard alone, once', async () => {
    const { id, page, pop } = await shown('Scale', SCALE);
    const { frame } = pop;
    await frame.focus('[name="answer"]');
    await page.keyboard.press(' ');
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowRight');
    assert.equal(await frame.$eval('[name="answer"]:checked', (field) => field.value), '4');
    await frame.focus('[data-campanile="click"]');
    await page.keyboard.press('Enter');
    await frame.waitForFunction(() => !document.querySelector('[data-campanile="thanks"]').hidden);
    await until('the property', async () => (await profileOf(world, page)).properties?.Parcel === 4);
    await counted(id, { clicked: 1 });
    await stays('the count', async () => (await world.api.counts(id)).clicked);
    await page.close();
  });

  test('a consent that is asked for is needed, said in words, and never ticked beforehand', async () => {
    const { id, page, pop } = await shown('Consent', {
      ...LETTER, field: { ...LETTER.field, property: 'Agreed', consent: { text: 'Yes, write to me once a month.', required: true } },
    });
    const { frame } = pop;
    assert.equal(await frame.$eval('[name="consent"]', (field) => field.checked), false);
    await frame.type('[name="answer"]', 'bea@example.com');
    await pop.click('click');
    assert.match(await frame.$eval('[data-campanile="error"]', (element) => element.textContent), /\w+ \w+/);
    assert.equal(await frame.evaluate(() => document.activeElement.name), 'consent');
    await counted(id, { shown: 1, clicked: 0 });
    await page.keyboard.press(' ');
    await pop.click('click');
    await frame.waitForFunction(() => !document.querySelector('[data-campanile="thanks"]').hidden);
    await until('the property', async () => (await profileOf(world, page)).properties?.Agreed === 'bea@example.com');
    await counted(id, { clicked: 1 });
    await page.close();
  });
});
