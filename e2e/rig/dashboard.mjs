// Somebody in front of the dashboard: signs in, fills forms, reads numbers.

import { onward, until } from './poll.mjs';

/** Opens a one-time link of somebody who is known. Ends on the overview. */
export async function signIn(page, link) {
  await page.goto(link);
  // A link is not used up by a program that only looks at it: a button does it, where there is one.
  if (await page.$('form.form button')) await submit(page, 'form.form button');
  await until('the overview', () => new URL(page.url()).pathname === '/overview');
}

/** A tab on the dashboard, signed in; the first one uses the link. */
export async function openDashboard(world, path, size) {
  const page = await world.visit('about:blank');
  await page.setViewport(size);
  if (!world.signedIn) await signIn(page, world.server.dashboard);
  world.signedIn = true;
  await page.goto(world.server.base + path);
  return page;
}

/** Types into fields by their names, as the forms are sent. */
export async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = await page.waitForSelector(`[name="${name}"]:not([type="hidden"])`);
    await field.scrollIntoView();
    await field.evaluate((element) => element.select?.());
    if (value === '') await field.press('Backspace');
    else await field.type(value);
  }
}

/** Chooses one of a group of radio buttons, by its label. */
export async function choose(page, name, value) {
  const label = await page.waitForSelector(`label:has(input[name="${name}"][value="${value}"])`);
  // Into the middle: on a phone the editor's buttons lie over the lower edge.
  await label.evaluate((element) => element.scrollIntoView({ block: 'center' }));
  await label.click();
  await until(`${name} to be ${value}`, () => page.$eval(`input[name="${name}"][value="${value}"]`, (radio) => radio.checked));
}

/** Presses a button that sends a form, and waits for the page that comes. */
export async function submit(page, selector) {
  const button = await page.waitForSelector(selector);
  await button.scrollIntoView();
  await onward(page, () => button.click());
}

/** Goes on to the next step of the editor; what was typed is kept on the way. */
export async function next(page, step) {
  await submit(page, '.editor-actions button[value="next"]');
  await until(`the step ${step}`, () => new URL(page.url()).searchParams.get('step') === step);
}

/** The figures of a report: what stands under each name of its strip. */
export const figures = (page) =>
  page.$$eval('.stats .stat', (stats) =>
    Object.fromEntries(stats.map((stat) => [stat.querySelector('dt').textContent.trim(), stat.querySelector('dd').textContent.trim()])),
  );

/** How many pixels of the page stand outside the window, sideways. */
export const overflow = (page) =>
  page.evaluate(() => Math.max(0, document.scrollingElement.scrollWidth - document.documentElement.clientWidth));
