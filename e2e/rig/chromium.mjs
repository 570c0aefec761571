// Chromium, headless where no screen is given, by the DevTools protocol, with a profile of its own (push needs one). Names other than this
// machine's do not resolve in it, so a request to the outside fails at once instead of happening.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * @param {{desk: {env: object}, lab: {chromium: {checkin: string, registration: string, mcs: string, spki: string}}, screen?: {env: object}}} with_ headless without a screen
 */
export async function openChromium({ desk, lab, screen }) {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error('Chromium is missing: run .ci/install, or name it in CHROMIUM');
  const profile = await mkdtemp(join(tmpdir(), 'campanile-chromium-'));
  const { checkin, registration, mcs, spki } = lab.chromium;
  const launch = () => puppeteer.launch({
    browser: 'chrome',
    executablePath,
    headless: !screen,
    // On a screen the window says how large the page is, and where.
    ...(screen && { defaultViewport: null }),
    userDataDir: profile,
    env: { ...process.env, ...desk.env, ...screen?.env },
    args: [
      `--gcm-checkin-url=${checkin}`,
      `--gcm-registration-url=${registration}`,
      `--gcm-mcs-endpoint=${mcs}`,
      `--ignore-certificate-errors-spki-list=${spki}`,
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
      '--no-proxy-server',
      '--no-pings',
      '--disable-gpu',
      '--disable-component-update',
      '--disable-domain-reliability',
      // Chromium refuses its sandbox to root, which is what containers run as.
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    ],
  });
  const handle = {
    name: 'Chromium',
    browser: await launch(),
    page: () => handle.browser.newPage(),
    /** Answers the permission question for an origin beforehand: granted, denied or prompt. */
    permit: (origin, state = 'granted') =>
      handle.browser.defaultBrowserContext().setPermission(origin, { permission: { name: 'notifications' }, state }),
    /** Ends it; `back` starts it again on its profile. There every site may notify, for what remote control has allowed does not last. */
    async away() {
      await handle.browser.close();
      const file = join(profile, 'Default', 'Preferences');
      const settings = JSON.parse(await readFile(file, 'utf8'));
      settings.profile = { ...settings.profile, default_content_setting_values: { notifications: 1 } };
      await writeFile(file, JSON.stringify(settings));
      return {
        back: async () => {
          handle.browser = await launch();
        },
      };
    },
    async close() {
      await handle.browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return handle;
}
