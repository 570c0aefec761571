// One running product with everything around it, for a file of tests: the binary with its lab, a desktop, sites, and one browser
// after the other. Every browser runs every test; a missing one is a failure.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, before, describe } from 'node:test';
import { apiOf } from './api.mjs';
import { openChromium } from './chromium.mjs';
import { openDesk } from './desk.mjs';
import { openFirefox } from './firefox.mjs';
import { until } from './poll.mjs';
import { openScreen } from './screen.mjs';
import { folder, start } from './server.mjs';
import { openSite } from './site.mjs';

const OUT = fileURLToPath(new URL('../out/', import.meta.url));
const BROWSERS = [
  ['Firefox', openFirefox],
  ['Chromium', openChromium],
];

/** Firefox says so when a cookie is tried on a domain that is too wide, which is how the widest one is found. */
const KNOWN = /^Error: Cookie “[^”]+” has been rejected for invalid domain\.$/;

/** Keeps what the console of a page says as an error in `page.errors`. */
export function listen(page) {
  page.errors = [];
  const keep = (text) => KNOWN.test(text) || page.errors.push(text);
  page.on('console', (message) => message.type() === 'error' && keep(message.text()));
  page.on('pageerror', (error) => keep(String(error)));
}

/**
 * Declares the same tests for both browsers. `tests` gets a world whose fields are there when the tests run.
 * @param {string} title
 * @param {(world: any) => void} tests
 * @param {{screen?: boolean, seeded?: boolean}} [how] `screen`: with a window on `world.screen`, where there is a real pointer; `seeded`:
 *   the campaigns that the demo begins with go on
 */
export const inBothBrowsers = (title, tests, how) => inBrowsers(BROWSERS, title, tests, how);

/** Declares tests of what does not differ between browsers, or of what only Chromium can be told by remote control. */
export const inChromium = (title, tests, how) => inBrowsers(BROWSERS.filter(([name]) => name === 'Chromium'), title, tests, how);

function inBrowsers(browsers, title, tests, { screen = false, seeded = false } = {}) {
  // To work on one browser; what runs everything does not set it.
  const only = process.env.E2E_BROWSER?.toLowerCase();
  if (only && !BROWSERS.some(([name]) => name.toLowerCase() === only)) throw new Error(`E2E_BROWSER: no browser "${only}" here`);
  for (const [name, open] of browsers) {
    if (only && only !== name.toLowerCase()) continue;
    describe(`${title} in ${name}`, () => {
      const world = { name };
      const closing = [];
      before(async () => {
        const data = await folder('data');
        closing.push(data.dispose);
        await world.startServer(data.path);
        closing.push(() => world.server.stop());
        world.desk = await openDesk();
        closing.push(() => world.desk.close());
        if (screen) {
          world.screen = await openScreen();
          closing.push(() => world.screen.close());
        }
        world.browser = await open({ desk: world.desk, lab: world.server.lab, screen: world.screen });
        closing.push(() => world.browser.close());
      });
      after(async () => {
        for (const close of closing.reverse()) await close();
      });

      /** Starts the demo on a data folder; what it has running is stopped, so that each test shows its own. */
      world.startServer = async (path, listen = '127.0.0.1:0') => {
        world.data = path;
        world.server = await start(['demo', '--listen', listen, '--data', path]);
        world.api = apiOf(world.server);
        world.snippet ??= (await world.api.get('/install')).snippet;
        if (seeded) return;
        const { campaigns } = await world.api.get('/campaigns?status=running');
        for (const { id } of campaigns) await world.api.post(`/campaigns/${id}/stop`);
      };
      /** A new origin with the snippet. */
      world.site = async () => {
        const site = await openSite(world.server, world.snippet);
        closing.push(() => site.close());
        return site;
      };
      /** A new tab at an address; what its console says as an error is kept in `page.errors`. */
      world.visit = async (url) => {
        const page = await world.browser.page();
        listen(page);
        await page.goto(url);
        return page;
      };
      /** Waits until the numbers of a campaign are these; others are not looked at. */
      world.counted = (id, expected) =>
        until(`counts of campaign ${id}: ${JSON.stringify(expected)}`, async () => {
          const counts = await world.api.counts(id);
          for (const [name, number] of Object.entries(expected)) {
            if (counts[name] !== number) throw new Error(JSON.stringify(counts));
          }
          return true;
        });
      /**
       * Pictures to look at, in `out/`: in light and in dark. Chromium's only, it can be told the look.
       * @param {{fullPage?: boolean}} [how]
       */
      world.picture = async (page, called, how = {}) => {
        if (name !== 'Chromium') return;
        await mkdir(OUT, { recursive: true });
        for (const look of ['light', 'dark']) {
          // Without motion there is no half-way colour in the picture.
          await page.emulateMediaFeatures([
            { name: 'prefers-color-scheme', value: look },
            { name: 'prefers-reduced-motion', value: 'reduce' },
          ]);
          await page.screenshot({ path: `${OUT}${called}-${look}.png`, ...how });
        }
      };
      /** The tab whose address is this one, when it is there. */
      world.tab = async (url) => (await world.browser.browser.pages()).find((page) => page.url() === url);
      tests(world);
    });
  }
}
