// Exit intent with a real pointer on a real screen: it leaves the page through the top, and what only looks like that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownDevices } from 'puppeteer-core';
import { stays } from './rig/poll.mjs';
import { gone, popupOn, standing } from './rig/popup.mjs';
import { watched } from './rig/visitor.mjs';
import { inBothBrowsers } from './rig/world.mjs';

/** How far the SDK waits after a click on a link. */
const LINK_MS = 2_000;

inBothBrowsers('exit intent', (world) => {
  /** A page that waits for the exit, with the pointer in its middle. */
  const open = async (body = '', options = {}) => {
    const site = await world.site();
    const id = await world.api.popup('Before you go', {
      on: 'page', when: { rules: [{ is: 'url', op: 'starts', value: site.origin }] }, signals: { list: [{ on: 'exit' }] },
    }, { popup: { template: 'exit-receipt', receipt: { lines: [{ name: 'Jug', amount: '48.00' }], total: { name: 'Total', amount: '48.00' } } } });
    const page = await world.visit(site.page('/', { body: `<style>html,body{margin:0;min-height:100vh}</style>${body}`, ...options }));
    await page.bringToFront();
    await watched(page);
    await world.screen.enter(page);
    return { site, id, page };
  };
  const nothing = async (page) => {
    await stays('no pop-up', () => standing(page), { during: 600 });
    assert.deepEqual(await standing(page), []);
  };

  test('the pointer leaves through the top: shown, once for the page, again on the next', async () => {
    const { id, page } = await open();
    await nothing(page);
    await world.screen.leave(page);
    const pop = await popupOn(page, 'interstitial', 'Before you go');
    await world.counted(id, { handed: 1, shown: 1 });
    await pop.click('close');
    await gone(page, 'interstitial');
    await world.screen.enter(page);
    await world.screen.leave(page);
    await nothing(page);
    await page.reload();
    await watched(page);
    await world.screen.enter(page);
    await world.screen.leave(page);
    await popupOn(page, 'interstitial', 'Before you go');
    await world.counted(id, { handed: 2 });
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('leaving at the side is no exit', async () => {
    const { page } = await open();
    const [width, left] = await page.evaluate(() => [innerWidth, screen.width - (screenX + outerWidth)]);
    assert.ok(left > 20, 'there is room beside the window');
    await world.screen.move(page, width + 15, 300);
    await nothing(page);
    await page.close();
  });

  test('after a click on a link the pointer may go where it likes, for two seconds', async () => {
    const { page } = await open('<a href="#there" style="position:fixed;top:0;left:250px;width:100px;height:60px;background:#ccc">There</a>');
    await world.screen.move(page, 300, 30);
    await world.screen.click();
    const clicked = Date.now();
    await page.waitForFunction(() => location.hash === '#there');
    await world.screen.leave(page);
    assert.ok(Date.now() - clicked < LINK_MS, 'the rig was quick enough');
    await nothing(page);
    await page.waitForFunction((since) => Date.now() - since > 2_000, {}, clicked);
    await world.screen.enter(page);
    await world.screen.leave(page);
    await popupOn(page, 'interstitial', 'Before you go');
    await page.close();
  });

  test('a list of choices that is open over the edge is no exit', async () => {
    const options = Array.from({ length: 40 }, (_, at) => `<option>Choice number ${at}</option>`).join('');
    const { page } = await open(`<select style="position:fixed;top:0;left:250px;width:160px;height:40px">${options}</select>`);
    await world.screen.move(page, 300, 20);
    await world.screen.click();
    await page.waitForFunction(() => document.activeElement.matches('select'));
    await world.screen.leave(page);
    await nothing(page);
    await page.keyboard.press('Escape');
    await page.close();
  });

  test('crossing into a frame at the edge is no exit', async () => {
    const { page } = await open('<iframe style="position:fixed;top:0;left:0;width:100%;height:120px;border:0" srcdoc="<p>Frame"></iframe>');
    await world.screen.move(page, 300, 60);
    await page.waitForFunction(() => document.querySelector('iframe').matches(':hover'));
    await world.screen.move(page, 300, 3);
    await nothing(page);
    await page.close();
  });

  if (world.name === 'Chromium') {
    test('never on a touch device', async () => {
      const { page } = await open();
      await page.emulate(KnownDevices['Pixel 5']);
      await page.reload();
      await watched(page);
      await page.touchscreen.tap(200, 300);
      await page.mouse.move(200, 200);
      await page.mouse.move(200, -10);
      await nothing(page);
      await page.close();
    });
  }
}, { screen: true });
