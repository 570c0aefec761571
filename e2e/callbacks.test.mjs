// The document's callbacks and close buttons, with its own snippets, character for character.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stays, until } from './rig/poll.mjs';
import { gone, popupOn, raise, standing } from './rig/popup.mjs';
import { inBothBrowsers } from './rig/world.mjs';

/** "Adding Close Buttons to Web Pop-ups": markup and script of each kind. */
const CLOSES = {
  box: [`<div class="btn">CLOSE</div>`, `var btn = document.querySelector('.btn');
var wrapper = window.parent.document.getElementById('wizParDiv0');
btn.addEventListener('click', closePopUp);
function closePopUp()
{ wrapper.remove(); }`],
  banner: [`<div class="btn">CLOSE</div>`, `var btn = document.querySelector('.btn');
var wrapper = window.parent.document.getElementById('wizParDiv2');
btn.addEventListener('click', closePopUp);
function closePopUp() { wrapper.remove(); }`],
  interstitial: [`<div class="btn">CLOSE</div>`, `var btn = document.querySelector('.btn');
var overlay = window.parent.document.getElementById('intentOpacityDiv');
var wrapper = window.parent.document.getElementById('intentPreview');
btn.addEventListener('click', closePopUp);
function closePopUp()
{ overlay.remove(); wrapper.remove(); }`],
};

/** "Defining a Custom Rendering Listener", as far as the document has it; what it leaves to the page follows. */
const LISTENER = `clevertap.notificationCallback = function(msg){
      //raise the notification viewed and clicked events in the callback
      console.log(JSON.stringify(msg));            //your custom rendering implementation here
      var $button = jQuery("<button></button>");   //element on whose click you want to raise the notification clicked event
      seen.push(msg);
      clevertap.raiseNotificationViewed();
      $button.click(function(){ clevertap.raiseNotificationClicked(); });
      $button.text(msg.msgContent.title).appendTo('body');
};`;
/** As much of jQuery as the listener uses. */
const JQUERY = `function jQuery(html) {
  const hold = document.createElement('template');
  hold.innerHTML = html;
  const [element] = hold.content.children;
  const self = {
    click(run) { element.addEventListener('click', run); return self; },
    text(words) { element.textContent = words; return self; },
    appendTo(where) { document.querySelector(where).append(element); return self; },
  };
  return self;
}`;

/** "Raising a Notification Clicked Event for Custom HTML Pop-ups": step 1, closed, and step 2 with its call. */
const OWN_CLICK = `var notificationObj;
window.parent.clevertap.popupCallback = (notificationData) => {
    notificationObj = notificationData;
};
function submit_pressed() {
    window.parent.clevertap.raisePopupNotificationClicked(notificationObj);
}`;

inBothBrowsers('the documented callbacks', (world) => {
  const { counted } = world;
  const make = (title, popup, more) => world.api.popup(title, { on: 'event', event: title }, { popup: { title, ...popup }, ...more });
  const own = (html, layout = 'box') => ({ template: 'custom', custom: { html, layout, width: 320 } });
  const open = async (options) => world.visit((await world.site()).page('/', options));
  /** A page that keeps in `seen` what its callback is handed. */
  const listening = 'seen = []; clevertap.notificationCallback = (msg) => { seen.push(msg) };';

  for (const [kind, [markup, script]] of Object.entries(CLOSES)) {
    test(`the document's close button of a ${kind} closes it, that is counted, and the next one can come`, async () => {
      const title = `Closes a ${kind}`;
      const id = await make(title, own(`<style>.btn{padding:40px;background:#fff}</style>${markup}<script>${script}</script>`, kind));
      const page = await open();
      for (const closed of [1, 2]) {
        await raise(page, title);
        const pop = await popupOn(page, kind, 'CLOSE');
        await counted(id, { shown: closed });
        await pop.click('.btn');
        await gone(page, kind);
        await counted(id, { shown: closed, clicked: 0, closed });
      }
      assert.equal(await page.evaluate(() => document.querySelectorAll('[inert]').length), 0);
      assert.deepEqual(page.errors, []);
      await page.close();
    });
  }

  test('the listener in the embed code gets the message in its documented form and counts with the two calls', async () => {
    const kv = { key1: 'value1', key2: 'value2' };
    const id = await make('Listener', { template: 'banner', text: 'Description goes here', kv, on_click: { do: 'function', name: 'went' } });
    const page = await open({ head: `<script>seen = []; calls = []; went = (given) => calls.push(given); ${JQUERY}</script>`, after: `<script>${LISTENER}</script>` });
    await raise(page, 'Listener');
    const button = await page.waitForSelector('body > button');
    const [msg] = await page.evaluate(() => seen);
    assert.deepEqual(Object.keys(msg).sort(), ['kv', 'msgContent', 'msgId']);
    assert.match(msg.msgId, new RegExp(`^${id}_20\\d{6}$`), 'campaign and date');
    assert.deepEqual(msg.kv, kv);
    const { html, ...rest } = msg.msgContent;
    assert.deepEqual(rest, { type: 1, templateType: 'banner', title: 'Listener', description: 'Description goes here', kv });
    assert.match(html, /^<!doctype html>[^]*Description goes here/);
    await counted(id, { shown: 1, clicked: 0 });
    await button.click();
    await counted(id, { shown: 1, clicked: 1, closed: 0 });
    assert.deepEqual(await page.evaluate(() => calls), [kv]);
    await button.click();
    await stays('counted once', () => world.api.counts(id));
    assert.deepEqual(await standing(page), [], 'nothing else is drawn');
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('without key-values the message has none; each kind says its template type', async () => {
    const page = await open({ after: `<script>${listening}</script>` });
    for (const [template, type] of [['box', 'box'], ['banner', 'banner'], ['interstitial', 'interstitial'], ['exit-receipt', 'interstitial']]) {
      const title = `Type ${template}`;
      await make(title, { template, receipt: { lines: [{ name: 'Jug', amount: '48.00' }], total: { name: 'Total', amount: '48.00' } } });
      await raise(page, title);
      const msg = await until('the callback', () => page.evaluate((name) => seen.find((one) => one.msgContent.title === name), title));
      assert.equal(msg.msgContent.templateType, type);
      assert.equal('kv' in msg || 'kv' in msg.msgContent, false);
    }
    await page.close();
  });

  test('set after loading it takes over from then on; unset, the SDK draws again', async () => {
    const id = await make('Later', { template: 'box' });
    const page = await open();
    await raise(page, 'Later');
    await (await popupOn(page, 'box', 'Later')).click('close');
    await gone(page, 'box');
    await page.evaluate(listening);
    await raise(page, 'Later');
    await until('the callback', () => page.evaluate(() => seen.length === 1));
    await counted(id, { handed: 2, closed: 1 });
    const { shown } = await world.api.counts(id);
    await stays('nothing is drawn or counted', async () => [await standing(page), (await world.api.counts(id)).shown]);
    assert.deepEqual(await standing(page), []);
    await page.evaluate(() => clevertap.raiseNotificationViewed());
    await counted(id, { shown: shown + 1 });
    await page.evaluate(() => (clevertap.notificationCallback = undefined));
    await raise(page, 'Later');
    await popupOn(page, 'box', 'Later');
    await page.close();
  });

  test('two messages in hand: the one that is named is counted', async () => {
    const [one, two] = [await make('Hand one', { template: 'box' }), await make('Hand two', { template: 'box' })];
    const page = await open({ after: `<script>${listening}</script>` });
    await raise(page, 'Hand one');
    await until('the first', () => page.evaluate(() => seen.length === 1));
    await raise(page, 'Hand two');
    await until('the second', () => page.evaluate(() => seen.length === 2));
    await page.evaluate(() => clevertap.raiseNotificationViewed(seen[0]));
    await counted(one, { shown: 1 });
    await page.evaluate(() => clevertap.raiseNotificationClicked());
    await counted(two, { clicked: 1 });
    await counted(one, { shown: 1, clicked: 0 });
    await page.close();
  });

  test('a callback that throws is told and harms nothing', async () => {
    await make('Throws here', { template: 'box' });
    const page = await open({ after: '<script>clevertap.notificationCallback = () => { throw new Error("of the page") }</script>' });
    await raise(page, 'Throws here');
    await until('the console', () => page.errors.some((text) => text.includes('notificationCallback failed')));
    await page.evaluate(() => (clevertap.notificationCallback = null));
    await raise(page, 'Throws here');
    await popupOn(page, 'box', 'Throws here');
    await page.close();
  });

  test("popupCallback from the pop-up's own script, on its first show; its click is counted by the call", async () => {
    const id = await make('Own click', {
      ...own(`<form onsubmit="return false"><button class="go" onclick="submit_pressed()">Send it</button></form><script>${OWN_CLICK}</script>`),
      kv: { list: 'letters' },
    });
    const page = await open();
    await raise(page, 'Own click');
    const pop = await popupOn(page, 'box', 'Send it');
    const data = await until('the data', () => pop.frame.evaluate(() => window.notificationObj));
    assert.match(data.msgId, new RegExp(`^${id}_20\\d{6}$`));
    assert.deepEqual(data.kv, { list: 'letters' });
    assert.equal(data.msgContent.templateType, 'box');
    assert.ok(Array.isArray(data.msgCTkv));
    await counted(id, { shown: 1, clicked: 0 });
    await pop.click('.go');
    await counted(id, { shown: 1, clicked: 1, closed: 0 });
    await pop.click('.go');
    await stays('one click of this showing', async () => (await world.api.counts(id)).clicked);
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('two pop-ups at once: each own script has its own data, and each click goes to its campaign', async () => {
    const html = (words) => `<button class="go" onclick="submit_pressed()">${words}</button><script>${OWN_CLICK}</script>`;
    const box = await make('Both, box', own(html('In the box')));
    const banner = await make('Both, banner', own(html('In the banner'), 'banner'));
    const page = await open({ head: '<script>all = []</script>', after: '<script>clevertap.popupCallback = (data) => all.push(data.msgId)</script>' });
    await raise(page, 'Both, box');
    const first = await popupOn(page, 'box', 'In the box');
    await raise(page, 'Both, banner');
    const second = await popupOn(page, 'banner', 'In the banner');
    const msgIdOf = ({ frame }) => until('the data', () => frame.evaluate(() => window.notificationObj?.msgId));
    assert.equal((await msgIdOf(first)).split('_')[0], String(box));
    assert.equal((await msgIdOf(second)).split('_')[0], String(banner));
    await first.click('.go');
    await counted(box, { clicked: 1 });
    await counted(banner, { clicked: 0 });
    await second.click('.go');
    await counted(banner, { clicked: 1 });
    await counted(box, { clicked: 1 });
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test("the page's own popupCallback hears of every pop-up, whoever drew it", async () => {
    const id = await make('Heard', { template: 'box' });
    const page = await open({ after: '<script>all = []; clevertap.popupCallback = (data) => all.push(data)</script>' });
    await raise(page, 'Heard');
    const pop = await popupOn(page, 'box', 'Heard');
    await until('the callback', () => page.evaluate(() => all.length === 1));
    await page.evaluate(() => clevertap.raisePopupNotificationClicked(all[0]));
    await counted(id, { shown: 1, clicked: 1 });
    await pop.click('close');
    await page.close();
  });

  test('renderNotificationViewed and renderNotificationClicked count by the message id alone', async () => {
    const id = await make('Rendered', { template: 'box', on_click: { do: 'function', name: 'never' } });
    const page = await open({ after: `<script>${listening}</script>` });
    await raise(page, 'Rendered');
    await until('the callback', () => page.evaluate(() => seen.length === 1));
    await page.evaluate(() => clevertap.renderNotificationViewed({ msgId: seen[0].msgId }));
    await counted(id, { shown: 1, clicked: 0 });
    await page.evaluate(() => clevertap.renderNotificationClicked({ msgId: seen[0].msgId }));
    await counted(id, { shown: 1, clicked: 1 });
    assert.deepEqual(page.errors, [], 'and the function of the campaign is not called');
    await page.evaluate(() => clevertap.renderNotificationViewed({}));
    await until('the console', () => page.errors.some((text) => text.includes('msgId')));
    await page.close();
  });

  test('a call that comes too early says so', async () => {
    const told = [];
    const page = await open();
    page.on('console', (message) => told.push(message.text()));
    await page.waitForFunction(() => typeof clevertap.getCleverTapID === 'function');
    await page.evaluate(() => clevertap.raiseNotificationViewed());
    await until('the console', () => told.some((text) => text.includes('raiseNotificationViewed() was called before')));
    await page.close();
  });

  test('CT_campaign_rendered is told on the document when a pop-up stands', async () => {
    const id = await make('Event of the document', { template: 'interstitial' });
    const page = await open({ head: '<script>told = []; document.addEventListener("CT_campaign_rendered", (event) => told.push(event.detail))</script>' });
    await raise(page, 'Event of the document');
    await popupOn(page, 'interstitial');
    const told = await page.evaluate(() => told);
    assert.equal(told.length, 1);
    assert.equal(told[0].campaignId, Number(id));
    assert.match(told[0].msgId, new RegExp(`^${id}_`));
    await page.close();
  });
});
