// Who is in front of a page, and how far its talk with the server has come.

import { until } from './poll.mjs';

/** The id of the browser, once the page knows it. */
export const deviceOf = (page) => until('the device id', () => page.evaluate(() => clevertap.getCleverTapID()));

/** What is known of the visitor, once the server knows of one. */
export async function profileOf(world, page) {
  const device = await deviceOf(page);
  return until(`the profile of device ${device}`, () => world.api.profile(`device:${device}`));
}

/**
 * The server has answered to this page view, and all that this tab has said so far was taken: nothing of it waits to be sent. (What
 * another tab has left behind waits longer, in case that one still lives.)
 */
export const heard = (page) =>
  until('the server to have heard the page', () =>
    page.evaluate(() => {
      const answered = performance.getEntriesByType('resource').some(({ name, responseEnd }) => name.endsWith('/ring') && responseEnd > 0);
      const tab = sessionStorage.getItem('cmp:tab');
      const waiting = Object.keys(localStorage).filter((key) => key.includes(':o:') && JSON.parse(localStorage.getItem(key)).tab === tab);
      if (!answered || waiting.length > 0) throw new Error(answered ? `waiting: ${waiting}` : 'no answer');
      return true;
    }),
  );

/** The part that watches for signs has come, because the answer to this page asks for it. */
export async function watched(page) {
  await page.waitForFunction(() => clevertap.session?.getPageCount() > 0);
  await until('the part that watches', () =>
    page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('clevertap.more.js'))),
  );
}

/** A tab of somebody who subscribes: our dialog, the browser's permission, the subscription at the server. */
export async function subscriber(world, url) {
  const page = await world.browser.page();
  await page.exposeFunction('personAllows', () => world.browser.permit(new URL(url).origin));
  await page.evaluateOnNewDocument(() => {
    // Headless browsers have nobody to click in their permission bubble; this stands for that click only.
    Notification.requestPermission = async () => {
      await window.personAllows();
      return Notification.permission;
    };
  });
  await page.goto(url);
  const before = (await world.api.get('/subscriptions')).total;
  const question = { titleText: 'Shall we tell you?', bodyText: 'Once a month.', okButtonText: 'Yes', rejectButtonText: 'No' };
  await page.evaluate((asked) => clevertap.notifications.push(asked), question);
  await (await until('the dialog', () => page.$('>>> #wzrk-confirm'))).click();
  await until('the subscription', async () => (await world.api.get('/subscriptions')).total > before, { within: 30_000 });
  return page;
}
