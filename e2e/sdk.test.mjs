// The page SDK's promises, in real browsers: nothing that the page says is lost, nothing is taken twice, and a page with a strict
// policy is as good as any.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOn } from './rig/box.mjs';
import { onward, stays, until } from './rig/poll.mjs';
import { ISOLATED, KEEPS_BROKEN, pasted, policy } from './rig/strict.mjs';
import { deviceOf, profileOf } from './rig/visitor.mjs';
import { inBothBrowsers } from './rig/world.mjs';

inBothBrowsers('SDK', (world) => {
  /** Names of the custom events of a profile with this prefix, in the order in which they happened. */
  const names = async (profile, prefix) =>
    (await world.api.events(profile)).map(({ name }) => name).filter((name) => name.startsWith(prefix));
  /** Waits for exactly these, and that they stay these. */
  const stored = async (profile, prefix, expected) => {
    await until(`the events ${expected}`, async () => {
      const seen = await names(profile, prefix);
      if (seen.length < expected.length) throw new Error(`${seen}`);
      return true;
    }, { within: 30_000 });
    await stays('the events', () => names(profile, prefix));
    assert.deepEqual(await names(profile, prefix), expected);
  };

  /** The server goes away as if its machine did, and `back` brings it back on the same address and data. */
  async function away() {
    const listen = new URL(world.server.base).host;
    await world.server.kill();
    return { back: () => world.startServer(world.data, listen) };
  }

  test('what the stub has queued before the SDK came is kept, in the documented order', async () => {
    const site = await world.site();
    const page = await world.visit(
      site.page('/', {
        after: `<script>
          clevertap.event.push('Early One', { price: 48 });
          clevertap.event.push('Early Two');
          clevertap.profile.push({ Site: { Plan: 'gold' } });
          clevertap.onUserLogin.push({ Site: { Identity: 'early-${world.name}', Name: 'A. Customer' } });
        </script>`,
      }),
    );
    const profile = await until('the profile', () => world.api.profile(`Identity:early-${world.name}`));
    await stored(profile.id, 'Early', ['Early One', 'Early Two']);
    await until('the properties', async () => {
      const { properties } = await world.api.profile(`Identity:early-${world.name}`);
      return properties.Plan === 'gold' && properties.Name === 'A. Customer';
    });
    const [event] = (await world.api.events(profile.id)).filter(({ name }) => name === 'Early One');
    assert.deepEqual(event.props, { price: 48 });
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('events raised while the server is away survive a reload and arrive once, in order', async () => {
    const site = await world.site();
    const page = await world.visit(site.page('/'));
    const profile = await profileOf(world, page);
    const server = await away();
    await page.evaluate(() => {
      clevertap.event.push('Away 1');
      clevertap.event.push('Away 2');
    });
    await page.reload();
    // The SDK's script cannot be had now; the stub takes what the page says, and that ends with the page.
    await server.back();
    await page.reload();
    await page.evaluate(() => clevertap.event.push('Away 3'));
    await stored(profile.id, 'Away', ['Away 1', 'Away 2', 'Away 3']);
    await page.close();
  });

  test('without a reload, the outbox is sent when the server is back', async () => {
    const site = await world.site();
    const page = await world.visit(site.page('/'));
    const profile = await profileOf(world, page);
    const server = await away();
    await page.evaluate(() => clevertap.event.push('Patient 1'));
    await page.evaluate(() => clevertap.event.push('Patient 2'));
    await server.back();
    await stored(profile.id, 'Patient', ['Patient 1', 'Patient 2']);
    await page.close();
  });

  test('offline and online again: kept, then sent once', async () => {
    const site = await world.site();
    const page = await world.visit(site.page('/'));
    const profile = await profileOf(world, page);
    await page.evaluate(() => clevertap.setOffline(true));
    await page.evaluate(() => {
      for (let i = 1; i <= 5; i++) clevertap.event.push(`Tunnel ${i}`);
    });
    await stays('nothing arrives', () => names(profile.id, 'Tunnel'));
    assert.deepEqual(await names(profile.id, 'Tunnel'), []);
    await page.evaluate(() => clevertap.setOffline(false));
    await stored(profile.id, 'Tunnel', [1, 2, 3, 4, 5].map((i) => `Tunnel ${i}`));
    await page.close();
  });

  test('several tabs of one visitor: one profile, and each event once', async () => {
    const site = await world.site();
    const address = site.page('/');
    const first = await world.visit(address);
    const profile = await profileOf(world, first);
    const tabs = [first, await world.visit(address), await world.visit(address)];
    const server = await away();
    for (const [tab, page] of tabs.entries()) {
      await page.evaluate((tab) => {
        for (let i = 0; i < 4; i++) clevertap.event.push(`Tab ${tab}-${i}`);
      }, tab);
    }
    await tabs[2].close();
    await server.back();
    const expected = [0, 1, 2].flatMap((tab) => [0, 1, 2, 3].map((i) => `Tab ${tab}-${i}`));
    // The two open tabs send their own; what the closed one left goes with a later page of the visitor's.
    await until('all of them', async () => {
      await first.reload();
      const seen = await names(profile.id, 'Tab');
      if (seen.length < expected.length) throw new Error(`${seen}`);
      return true;
    }, { within: 30_000, every: 1_000 });
    await stays('the events', () => names(profile.id, 'Tab'));
    const seen = await names(profile.id, 'Tab');
    assert.deepEqual([...seen].sort(), expected, 'each once');
    for (const tab of [0, 1, 2]) {
      const own = seen.filter((name) => name.startsWith(`Tab ${tab}-`));
      assert.deepEqual(own, [...own].sort(), `in the order of tab ${tab}`);
    }
    assert.equal(await deviceOf(tabs[0]), await deviceOf(tabs[1]));
    for (const page of tabs.slice(0, 2)) await page.close();
  });

  test('leaving the page at once does not lose the event', async () => {
    const site = await world.site();
    const next = site.page('/next');
    const page = await world.visit(site.page('/'));
    const profile = await profileOf(world, page);
    await onward(page, () =>
      page.evaluate((url) => {
        clevertap.event.push('Leaving Now');
        location.href = url;
      }, next),
    );
    await stored(profile.id, 'Leaving', ['Leaving Now']);
    await page.close();
  });

  test('a login keeps what the anonymous visitor did', async () => {
    const identity = `c-1001-${world.name}`;
    const site = await world.site();
    const page = await world.visit(site.page('/'));
    const anonymous = await profileOf(world, page);
    assert.deepEqual(anonymous.identities, {});
    await page.evaluate(() => clevertap.event.push('Before Login'));
    await page.evaluate(
      (Identity) => clevertap.onUserLogin.push({ Site: { Identity, Email: `${Identity}@example.com`, Plan: 'gold' } }),
      identity,
    );
    await page.evaluate(() => clevertap.event.push('Before Login, After'));
    const known = await until('the identified profile', () => world.api.profile(`Identity:${identity}`));
    await stored(known.id, 'Before Login', ['Before Login', 'Before Login, After']);
    assert.equal((await world.api.profile(`Email:${identity}@example.com`)).id, known.id);
    assert.equal((await profileOf(world, page)).id, known.id);

    // The same person in another browser: what that browser did anonymously is merged in.
    const other = await world.site();
    const second = await world.visit(other.page('/'));
    await profileOf(world, second);
    await second.evaluate(() => clevertap.event.push('Before Login, elsewhere'));
    await second.evaluate((Identity) => clevertap.onUserLogin.push({ Site: { Identity } }), identity);
    await stored(known.id, 'Before Login', ['Before Login', 'Before Login, After', 'Before Login, elsewhere']);
    const merged = await world.api.profile(`Identity:${identity}`);
    assert.equal(merged.devices.length, 2);
    await page.close();
    await second.close();
  });

  test('a second person on the same browser gets their own profile; after logout nobody is known', async () => {
    const site = await world.site();
    const page = await world.visit(site.page('/'));
    const login = (Identity) => page.evaluate((Identity) => clevertap.onUserLogin.push({ Site: { Identity } }), Identity);
    const [first, second] = [`one-${world.name}`, `two-${world.name}`];
    await login(first);
    await page.evaluate(() => clevertap.event.push('Own of One'));
    await login(second);
    await page.evaluate(() => clevertap.event.push('Own of Two'));
    const one = await until('the first', () => world.api.profile(`Identity:${first}`));
    const two = await until('the second', () => world.api.profile(`Identity:${second}`));
    assert.notEqual(one.id, two.id);
    await stored(one.id, 'Own', ['Own of One']);
    await stored(two.id, 'Own', ['Own of Two']);
    await page.evaluate(() => {
      clevertap.logout();
      clevertap.event.push('Own of Nobody');
    });
    const nobody = await until('a fresh profile', async () => {
      const profile = await profileOf(world, page);
      return profile.id !== two.id && profile;
    });
    assert.deepEqual(nobody.identities, {});
    await stored(nobody.id, 'Own', ['Own of Nobody']);
    await page.close();
  });

  test('a page with a strict policy and Trusted Types gets its box and breaks no rule', async () => {
    const site = await world.site();
    const headers = { ...policy(world.server.base, { scripts: " 'strict-dynamic'" }), ...ISOLATED };
    const page = await world.visit(site.page('/', { use: pasted(world.snippet), head: KEEPS_BROKEN, headers }));
    const id = await world.api.popup('Within the rules', { on: 'event', event: 'Strict' });
    await page.evaluate(() => clevertap.event.push('Strict'));
    const box = await boxOn(page, 'Within the rules');
    const look = await box.frame.$eval('[data-campanile="click"]', (button) => getComputedStyle(button).backgroundColor);
    assert.equal(look, 'rgb(36, 64, 199)', 'the style sheet of the box is in force');
    await world.counted(id, { shown: 1 });
    await box.click('close');
    await world.counted(id, { closed: 1 });
    assert.deepEqual(await page.evaluate(() => broken), []);
    assert.deepEqual(page.errors, []);
    await page.close();
  });

  test('after an opt-out nothing is taken; after an opt-in it is again', async () => {
    const site = await world.site();
    const page = await world.visit(site.page('/'));
    const profile = await profileOf(world, page);
    await page.evaluate(() => clevertap.privacy.push({ optOut: true }));
    await page.evaluate(() => clevertap.event.push('Private No'));
    await stays('nothing arrives', () => names(profile.id, 'Private'));
    assert.deepEqual(await names(profile.id, 'Private'), []);
    await page.evaluate(() => clevertap.privacy.push({ optOut: false }));
    await page.evaluate(() => clevertap.event.push('Private Yes'));
    await stored(profile.id, 'Private', ['Private Yes']);
    await page.close();
  });

  test('a bad argument is told on the console, and the good part is kept', async () => {
    const site = await world.site();
    const page = await world.visit(site.page('/'));
    const told = [];
    page.on('console', (message) => told.push(message.text()));
    const profile = await profileOf(world, page);
    await page.evaluate(() => {
      clevertap.event.push('');
      clevertap.event.push('Kept', { good: 1, bad: { nested: true } });
      clevertap.event.push('Notification Viewed', {});
    });
    await stored(profile.id, 'Kept', ['Kept']);
    const [kept] = (await world.api.events(profile.id)).filter(({ name }) => name === 'Kept');
    assert.equal(kept.props.good, 1);
    await until('the console to say so', () => told.filter((line) => /5\d\d/.test(line)).length >= 2);
    await page.close();
  });
});
