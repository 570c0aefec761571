// Chromium, headless where no screen is given, by the DevTools protocol, with a profile of its own (push needs one). Names other than this
// machine's do not resolve in it, so a request to the outside fails at once instead of happening.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
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
  const browser = await puppeteer.launch({
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
  return {
    name: 'Chromium',
    browser,
    page: () => browser.newPage(),
    /** Answers the permission question for an origin beforehand: granted, denied or prompt. */
    permit: (origin, state = 'granted') =>
      browser.defaultBrowserContext().setPermission(origin, { permission: { name: 'notifications' }, state }),
    async close() {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
