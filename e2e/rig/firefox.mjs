// Firefox, headless where no screen is given, by WebDriver BiDi. Everything that is not this machine goes to a proxy that is not there, so a
// request to the outside fails at once instead of happening.

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const PLACES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/**
 * @param {{desk: {env: object}, lab: {firefox: {server_url: string}}, screen?: {env: object}}} with_ headless without a screen
 */
export async function openFirefox({ desk, lab, screen }) {
  const executablePath = process.env.FIREFOX ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error('Firefox is missing: run .ci/install, or name it in FIREFOX');
  const profile = await mkdtemp(join(tmpdir(), 'campanile-firefox-'));
  const launch = (more = {}) => puppeteer.launch({
    browser: 'firefox',
    executablePath,
    userDataDir: profile,
    headless: !screen,
    env: { ...process.env, ...desk.env, ...screen?.env },
    extraPrefsFirefox: {
      'dom.push.serverURL': lab.firefox.server_url,
      'dom.push.testing.allowInsecureServerURL': true,
      'dom.push.connection.enabled': true,
      'dom.push.retryBaseInterval': 500,
      'dom.push.quotaUpdateDelay': 500,
      'alerts.useSystemBackend': true,
      'dom.disable_open_click_delay': 0,
      'ui.prefersReducedMotion': 0,
      'network.proxy.type': 1,
      'network.proxy.http': '127.0.0.1',
      'network.proxy.http_port': 9,
      'network.proxy.ssl': '127.0.0.1',
      'network.proxy.ssl_port': 9,
      'network.proxy.no_proxies_on': 'localhost, 127.0.0.1, .localhost',
      'network.proxy.failover_direct': false,
      'network.connectivity-service.enabled': false,
      'network.captive-portal-service.enabled': false,
      'browser.region.network.url': '',
      'browser.aboutConfig.showWarning': false,
      'toolkit.telemetry.enabled': false,
      ...more,
    },
  });
  const handle = {
    name: 'Firefox',
    browser: await launch(),
    page: () => handle.browser.newPage(),
    /** Answers the permission question for an origin beforehand: granted, denied or prompt. */
    permit: (origin, state = 'granted') =>
      handle.browser.defaultBrowserContext().setPermission(origin, { permission: { name: 'notifications' }, state }),
    /** Ends it; `back` starts it again on its profile. There every site may notify, for what remote control has allowed does not last. */
    async away() {
      await handle.browser.close();
      return {
        back: async () => {
          handle.browser = await launch({ 'permissions.default.desktop-notification': 1 });
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
