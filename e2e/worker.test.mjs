// The service worker where owners put it: at a path of theirs, at the start of a worker that they have, in the place of another provider's.
// And what becomes of a subscription that the browser, the owner or the network takes away.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDashboard } from './rig/dashboard.mjs';
import { isOpen } from './rig/overlay.mjs';
import { onward, stays, until } from './rig/poll.mjs';
import { openProvider } from './rig/provider.mjs';
import { run } from './rig/server.mjs';
import { deviceOf, heard, profileOf } from './rig/visitor.mjs';
import { inBothBrowsers, inChromium, listen } from './rig/world.mjs';

const SCRIPT = 'text/javascript';
/** What an old vendor's worker does, or one of the owner's own: shows what it gets, and tells pages of clicks. */
const FOREIGN = (name) => `
  addEventListener('push', (event) => {
    let title;
    try { title = event.data.json().title; } catch { title = 'nothing it knows'; }
    event.waitUntil(registration.showNotification('${name}: ' + title, { data: { theirs: true } }));
  });
  addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(clients.openWindow('/clicked-at-${name}?' + Object.keys(event.notification.data)));
  });`;

inBothBrowsers('worker', (world) => {
  const total = async () => (await world.api.get('/subscriptions')).total;
  /** The live subscription that was made last; its id stays with its endpoint. */
  const newest = async () => (await world.api.get('/subscriptions')).subscriptions.find(({ state }) => state === 'live');
  const notification = (title) => until(`the notification "${title}"`, () => world.desk.titled(title)[0]);
  const times = (title) => world.desk.shown.filter((one) => one.title === title).length;
  const importing = (path) => `importScripts('${world.server.base}${path}');`;

  /** A tab of somebody who has allowed notifications on the site. */
  async function visit(url) {
    await world.browser.permit(new URL(url).origin);
    const page = await world.browser.page();
    listen(page);
    await page.goto(url);
    return page;
  }
  /** The page asks for push, with nobody to ask; waits for one more subscription. */
  async function subscribe(page, options = {}) {
    const before = await total();
    await page.evaluate((options) => clevertap.notifications.push({ titleText: 'T', bodyText: 'B', okButtonText: 'Y', rejectButtonText: 'N', ...options }), options);
    await until('the subscription', async () => (await total()) === before + 1, { within: 30_000 });
    assert.equal(await page.$('>>> #wzrk-confirm'), null, 'no dialog');
    return subscription(page);
  }
  /** The subscription of the first registration that has one. */
  const subscription = (page) =>
    page.evaluate(async () => {
      for (const registration of await navigator.serviceWorker.getRegistrations()) {
        const found = await registration.pushManager.getSubscription();
        if (found) return found.toJSON();
      }
      return null;
    });
  /** The browser looks for a new version of the worker, as it does by itself once a day, and it takes over. */
  const update = (page) =>
    page.evaluate(async () => {
      const [registration] = await navigator.serviceWorker.getRegistrations();
      const before = registration.active;
      await registration.update();
      const next = registration.installing ?? registration.waiting ?? registration.active;
      if (next === before) throw new Error('no new version');
      await new Promise((done) => {
        const look = () => next.state === 'activated' && done();
        next.addEventListener('statechange', look);
        look();
      });
      return new URL(registration.active.scriptURL).pathname;
    });
  /** A campaign that only this site's subscriber is to get: everybody else is gone. */
  async function arrives(title, site) {
    const id = await world.api.push(title, { url: site.page(`/target-${title.replaceAll(' ', '-')}`) });
    const seen = await notification(title);
    await world.counted(id, { audience: 1, sent: 1, shown: 1 });
    assert.equal(times(title), 1);
    return { id, seen };
  }
  /** A sender who signs with the account's own pair. */
  async function ownSender() {
    const { keys } = await world.api.get('/settings/web-push');
    const { private_key } = await world.api.get(`/settings/web-push/keys/${keys[0].id}/private`);
    return openProvider(world.server, private_key);
  }
  async function leave(page) {
    const before = await total();
    await page.evaluate(() => new Promise((done) => clevertap.pushUnsubscribe(done)));
    await until('the subscription to be gone', async () => (await total()) === before - 1);
    await page.close();
  }

  test("at the start of the owner's worker: theirs untouched, ours shown once, each click its own", async () => {
    const site = await world.site();
    site.file('/host.js', importing('/sw_webpush.js') + FOREIGN('host'), SCRIPT);
    const page = await visit(site.page('/'));
    const theirs = await subscribe(page, { serviceWorkerPath: '/host.js' });
    const { id, seen } = await arrives('From Campanile', site);
    world.desk.click(seen);
    await world.counted(id, { clicked: 1 });
    const sender = await ownSender();
    assert.equal(await sender.send(theirs, { title: 'own news' }), 201);
    world.desk.click(await notification('host: own news'));
    const tab = await until('the tab that the host opens', () => world.tab(`${site.origin}/clicked-at-host?theirs`));
    assert.equal(await sender.send(theirs, ''), 201);
    world.desk.dismiss(await notification('host: nothing it knows'));
    assert.deepEqual(world.desk.shown.filter((one) => one.title.startsWith('host: ')).length, 2, 'the host saw its own two only');
    await world.counted(id, { sent: 1, shown: 1, clicked: 1, dismissed: 0 });
    await tab.close();
    await leave(page);
  });

  test('a path and a scope of the owner’s', async () => {
    const site = await world.site();
    site.file('/lib/messages.js', importing('/sw_webpush.js'), SCRIPT, { 'service-worker-allowed': '/' });
    const page = await visit(site.page('/'));
    await subscribe(page, { serviceWorkerPath: '/lib/messages.js', serviceWorkerScope: '/shop/' });
    const registrations = await page.evaluate(async () =>
      (await navigator.serviceWorker.getRegistrations()).map(({ scope, active }) => [scope, active.scriptURL]),
    );
    assert.deepEqual(registrations, [[`${site.origin}/shop/`, `${site.origin}/lib/messages.js`]]);
    world.desk.dismiss((await arrives('At a path of its own', site)).seen);
    // The owner moves it: one subscription, not two.
    site.file('/elsewhere.js', importing('/sw_webpush.js'), SCRIPT);
    const before = (await newest()).id;
    await page.evaluate(() => clevertap.notifications.push({ skipDialog: true, serviceWorkerPath: '/elsewhere.js', serviceWorkerScope: '/' }));
    await until('the other endpoint', async () => (await newest()).id !== before);
    assert.equal(await total(), 1);
    world.desk.dismiss((await arrives('After moving', site)).seen);
    assert.deepEqual(page.errors, []);
    await leave(page);
  });

  test('whatever comes, something is shown; a message that comes twice is shown once', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    const mine = await subscribe(page);
    const sender = await ownSender();
    const host = new URL(site.origin).hostname;
    const nothing = ['', 'no JSON at all', '{"campanile":{"send":7,"account":[]},"notification":{"actions":5}}'];
    for (const [at, text] of nothing.entries()) {
      assert.equal(await sender.send(mine, text), 201);
      await until(`something for ${text}`, () => times(host) === at + 1);
    }
    assert.equal(await sender.send(mine, { title: 'Somebody else’s' }), 201);
    await notification('Somebody else’s');
    const message = { campanile: { account: world.server.account, send: 'ab'.repeat(16) }, notification: { title: 'Twice', tag: 'twice' } };
    assert.equal(await sender.send(mine, message), 201);
    world.desk.dismiss(await notification('Twice'));
    assert.equal(await sender.send(mine, message), 201);
    assert.equal(await sender.send(mine, { ...message, campanile: { ...message.campanile, send: 'cd'.repeat(16) }, notification: { title: 'After it' } }), 201);
    world.desk.dismiss(await notification('After it'));
    assert.equal(times('Twice'), 1);
    await leave(page);
  });

  test('a new version of the worker keeps the subscription', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    const before = await subscribe(page);
    const { id } = await newest();
    site.file('/clevertap_sw.js', `/* the next version */ ${importing('/sw_webpush.js')}`, SCRIPT);
    assert.equal(await update(page), '/clevertap_sw.js');
    assert.deepEqual(await subscription(page), before);
    world.desk.dismiss((await arrives('After the update', site)).seen);
    assert.equal((await newest()).id, id);
    // The whole worker as a file, downloaded from the server.
    const file = await fetch(`${world.server.base}/sw_webpush.js?download`);
    assert.match(file.headers.get('content-disposition'), /attachment; filename="clevertap_sw.js"/);
    site.file('/clevertap_sw.js', await file.text(), SCRIPT);
    await update(page);
    world.desk.dismiss((await arrives('From the file', site)).seen);
    await leave(page);
  });

  test('a click leads an open tab of the site there', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    await subscribe(page);
    // From now on the tab is the worker's.
    await page.reload();
    await until('control', () => page.evaluate(() => !!navigator.serviceWorker.controller));
    const before = (await world.browser.browser.pages()).length;
    const { id, seen } = await arrives('This way', site);
    world.desk.click(seen);
    await world.counted(id, { clicked: 1 });
    await until('the tab to be there', () => page.url() === `${site.origin}/target-This-way`);
    assert.equal((await world.browser.browser.pages()).length, before, 'no further tab');
    await heard(page);
    await leave(page);
  });

  test('a subscription that got lost comes back on a visit without a call: replaced, and everything else stays', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    await page.evaluate(() => clevertap.profile.push({ Site: { Plan: 'gold' } }));
    await page.evaluate(() => localStorage.setItem(`cmp:${clevertap.getAccountID()}:topics`, '["kiln"]'));
    await subscribe(page);
    const before = (await newest()).id;
    const profile = await profileOf(world, page);
    const device = await deviceOf(page);
    await page.evaluate(async () => {
      const [registration] = await navigator.serviceWorker.getRegistrations();
      await (await registration.pushManager.getSubscription()).unsubscribe();
    });
    await page.close();
    const again = await visit(site.page('/another'));
    await until('the new endpoint', async () => (await newest()).id !== before, { within: 30_000 });
    assert.equal(await total(), 1);
    world.desk.dismiss((await arrives('Found again', site)).seen);
    assert.equal(await deviceOf(again), device);
    const after = await profileOf(world, again);
    assert.deepEqual([after.id, after.properties.Plan], [profile.id, 'gold']);
    const browsers = (await world.api.get(`/profiles/${profile.id}`)).devices;
    assert.deepEqual(browsers.map(({ topics }) => topics), [['kiln']]);
    const history = (await world.api.events(profile.id)).map(({ name }) => name).filter((name) => /^Push (Uns|S)ubscribed$/.test(name));
    assert.deepEqual(history, ['Push Subscribed'], 'a repair is no news');
    await leave(again);
  });

  test('who turns notifications off while they are being turned on has them off', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    await subscribe(page);
    await page.close();
    const again = await world.browser.page();
    listen(again);
    // The push service answers late; meanwhile the visitor has made up their mind.
    await again.evaluateOnNewDocument(() => {
      const real = PushManager.prototype.getSubscription;
      PushManager.prototype.getSubscription = async function () {
        await new Promise((go) => { window.go = go; });
        PushManager.prototype.getSubscription = real;
        return real.call(this);
      };
    });
    await again.goto(site.page('/later'));
    await until('a subscription under way', () => again.evaluate(() => !!window.go));
    const over = again.evaluate(() => new Promise((done) => { clevertap.pushUnsubscribe(done); }));
    await until('the off', () => again.evaluate(() => Object.keys(localStorage).some((key) => key.endsWith(':off'))));
    await again.evaluate(() => window.go());
    await over;
    await until('the end', async () => (await total()) === 0);
    await heard(again);
    assert.equal(await subscription(again), null);
    assert.equal(await total(), 0);
    await again.goto(site.page('/and-later'));
    await heard(again);
    await stays('nobody subscribed', total);
    assert.equal(await total(), 0);
    await again.close();
  });

  if (world.name === 'Chromium') {
    test('from before VAPID: a subscription made with a sender id is changed over on a visit', async () => {
      const site = await world.site();
      site.file('/manifest.json', JSON.stringify({ gcm_sender_id: '103953800507' }), 'application/json');
      const head = '<link rel="manifest" href="/manifest.json">';
      const page = await visit(site.page('/before', { use: '', head }));
      const legacy = await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.register('/clevertap_sw.js');
        await navigator.serviceWorker.ready;
        const made = await registration.pushManager.subscribe({ userVisibleOnly: true });
        return [made.endpoint, new TextDecoder().decode(made.options.applicationServerKey)];
      });
      assert.equal(legacy[1], '103953800507', 'Chromium names the sender where others have a key');
      await page.goto(site.page('/', { head }));
      const ours = await subscribe(page);
      assert.notEqual(ours.endpoint, legacy[0]);
      world.desk.dismiss((await arrives('With a key', site)).seen);
      assert.deepEqual(page.errors, []);
      await leave(page);
    });
  }

  if (world.name === 'Firefox') {
    // Chromium tells its workers of no change that can be brought about here; what it lost comes back on a visit, as above.
    test('the push service forgets the browser: the worker hears of it and subscribes again, with no page open', async () => {
      const site = await world.site();
      const page = await visit(site.page('/'));
      await subscribe(page);
      const before = await newest();
      await page.close();
      const forgotten = await fetch(`${world.server.lab.push}/lab/browsers`, { method: 'DELETE' });
      assert.equal(forgotten.status, 204);
      await until('the new endpoint', async () => (await newest()).id !== before.id, { within: 30_000 });
      assert.equal(await total(), 1);
      assert.equal((await newest()).profile, before.profile);
      world.desk.dismiss((await arrives('After it forgot', site)).seen);
      await leave(await visit(site.page('/later')));
    });
  }

  test('a new key in the settings: the next visit brings the subscription over', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    await subscribe(page);
    const before = await newest();
    await page.close();
    await world.api.post('/settings/web-push/keys', {});
    const again = await visit(site.page('/another'));
    await until('the new key', async () => (await newest()).vapid_key !== before.vapid_key, { within: 30_000 });
    assert.equal(await total(), 1);
    assert.equal((await newest()).profile, before.profile);
    world.desk.dismiss((await arrives('Under the new key', site)).seen);
    await leave(again);
  });

  test('from another provider: its messages are shown by its own script, then ours, and nobody is asked', async () => {
    const site = await world.site();
    const vendor = openProvider(world.server);
    site.file('/OneSignalSDKWorker.js', FOREIGN('old'), SCRIPT);
    const page = await visit(site.page('/before', { use: '' }));
    const theirs = await page.evaluate(async (key) => {
      const registration = await navigator.serviceWorker.register('/OneSignalSDKWorker.js');
      await navigator.serviceWorker.ready;
      return (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).toJSON();
    }, vendor.key);
    assert.equal(await vendor.send(theirs, { title: 'before' }), 201);
    world.desk.dismiss(await notification('old: before'));
    // The owner keeps the old file under another name and puts ours in its place.
    site.file('/old/OneSignalSDKWorker.js', FOREIGN('old'), SCRIPT);
    site.file('/OneSignalSDKWorker.js', importing('/OneSignalSDKWorker.js?old=/old/OneSignalSDKWorker.js'), SCRIPT);
    await update(page);
    assert.equal(await vendor.send(theirs, { title: 'in between' }), 201);
    world.desk.dismiss(await notification('old: in between'));
    assert.equal(times('in between'), 0, 'by its own script alone');
    // The next visit, with our snippet.
    await page.goto(site.page('/'));
    const ours = await subscribe(page, { serviceWorkerPath: '/OneSignalSDKWorker.js' });
    assert.notEqual(ours.endpoint, theirs.endpoint);
    assert.equal(await vendor.send(theirs, { title: 'too late' }), 410);
    world.desk.dismiss((await arrives('Ours', site)).seen);
    assert.equal(times('old: undefined') + times('old: Ours'), 0);
    // Later the plain worker stands there.
    site.file('/OneSignalSDKWorker.js', importing('/sw_webpush.js'), SCRIPT);
    await update(page);
    world.desk.dismiss((await arrives('Plain', site)).seen);
    assert.deepEqual((await subscription(page)).endpoint, ours.endpoint);
    assert.deepEqual(page.errors, []);
    await leave(page);
  });

  test('from another provider with a scope of its own: the page says that its worker is to go', async () => {
    const site = await world.site();
    const vendor = openProvider(world.server);
    site.file('/push/onesignal/OneSignalSDKWorker.js', FOREIGN('old'), SCRIPT);
    site.file('/kept/cache.js', FOREIGN('kept'), SCRIPT);
    const page = await visit(site.page('/before', { use: '' }));
    const theirs = await page.evaluate(async (key) => {
      await navigator.serviceWorker.register('/kept/cache.js');
      const registration = await navigator.serviceWorker.register('/push/onesignal/OneSignalSDKWorker.js');
      const worker = registration.installing ?? registration.waiting ?? registration.active;
      await new Promise((done) => {
        const look = () => worker.state === 'activated' && done();
        worker.addEventListener('statechange', look);
        look();
      });
      return (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).toJSON();
    }, vendor.key);
    await page.goto(site.page('/'));
    await subscribe(page, { formerWorkers: ['/push/onesignal/OneSignalSDKWorker.js'] });
    const paths = () => page.evaluate(async () =>
      (await navigator.serviceWorker.getRegistrations()).map(({ active, installing }) => new URL((active ?? installing).scriptURL).pathname).sort());
    await until('the old one to go', async () => (await paths()).length === 2);
    assert.deepEqual(await paths(), ['/clevertap_sw.js', '/kept/cache.js']);
    assert.equal(await vendor.send(theirs, { title: 'too late' }), 410);
    world.desk.dismiss((await arrives('Alone here', site)).seen);
    assert.deepEqual(page.errors, []);
    await leave(page);
  });

  test('from another provider without a visit: the worker in its place makes the subscription ours', async () => {
    const site = await world.site();
    const vendor = openProvider(world.server);
    site.file('/pushwoosh-service-worker.js', FOREIGN('old'), SCRIPT);
    const page = await visit(site.page('/', { use: '' }));
    const before = await total();
    const theirs = await page.evaluate(async (key) => {
      const registration = await navigator.serviceWorker.register('/pushwoosh-service-worker.js');
      await navigator.serviceWorker.ready;
      return (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).toJSON();
    }, vendor.key);
    site.file('/pushwoosh-service-worker.js', importing(`/pushwoosh-service-worker.js?account=${world.server.account}`), SCRIPT);
    await update(page);
    await until('the subscription', async () => (await total()) === before + 1, { within: 30_000 });
    const { endpoint } = await subscription(page);
    const { id } = await newest();
    assert.notEqual(endpoint, theirs.endpoint);
    assert.equal(await vendor.send(theirs, { title: 'too late' }), 410);
    world.desk.dismiss((await arrives('Without a visit', site)).seen);
    // The page comes later: the same subscription, now of its visitor.
    await page.goto(site.page('/later'));
    await page.evaluate(() => clevertap.notifications.push({ skipDialog: true, serviceWorkerPath: '/pushwoosh-service-worker.js' }));
    const profile = await profileOf(world, page);
    await until('it to be the visitor’s', async () => (await newest()).profile === profile.id);
    assert.deepEqual([(await newest()).id, (await subscription(page)).endpoint], [id, endpoint]);
    assert.equal(await total(), before + 1);
    await leave(page);
  });

  test('a message that is sent while the browser is closed comes when it starts, with no page open', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    await subscribe(page);
    const closed = await world.browser.away();
    const id = await world.api.push('While it was closed', { url: site.page('/closed') });
    await world.counted(id, { audience: 1, sent: 1, shown: 0 });
    assert.equal(times('While it was closed'), 0);
    await closed.back();
    world.desk.dismiss(await notification('While it was closed'));
    await world.counted(id, { sent: 1, shown: 1, dismissed: 1 });
    await leave(await visit(site.page('/')));
  });

  // The last one: the browsers lose their push service with the server.
  test('what became of a message while the server was away is told later', async () => {
    const site = await world.site();
    const page = await visit(site.page('/'));
    await subscribe(page);
    const one = await arrives('Swiped away', site);
    const other = await arrives('Clicked', site);
    const listen = new URL(world.server.base).host;
    await world.server.kill();
    world.desk.dismiss(one.seen);
    world.desk.click(other.seen);
    await until('the tab of the click', () => world.tab(`${site.origin}/target-Clicked`));
    await world.startServer(world.data, listen);
    const later = await visit(site.page('/later'));
    await world.counted(one.id, { shown: 1, clicked: 0, dismissed: 1 });
    await world.counted(other.id, { shown: 1, clicked: 1, dismissed: 0 });
    await stays('the counts', () => world.api.counts(other.id));
    await later.close();
    await page.close();
  });
});

inChromium('doctor', (world) => {
  test('a good site has nothing wrong; what is wrong is said with its remedy', async () => {
    const site = await world.site();
    const url = site.page('/');
    const good = await run(['doctor', url]);
    assert.equal(good.code, 0, good.stdout + good.stderr);
    assert.match(good.stdout, /good {3}The service worker stands at .*clevertap_sw\.js\n/);
    assert.match(good.stdout, /good {3}The server gives the worker out at /);
    site.file('/clevertap_sw.js', FOREIGN('theirs'), SCRIPT);
    site.file('/OneSignalSDKWorker.js', FOREIGN('theirs'), SCRIPT);
    site.page('/', { headers: { 'content-security-policy': "worker-src 'none'" } });
    const bad = await run(['doctor', url, '--json']);
    assert.equal(bad.code, 1);
    const found = bad.stdout.trim().split('\n').map((line) => JSON.parse(line));
    for (const words of ['keeps the service worker out', 'does not import it', 'OneSignalSDKWorker.js']) {
      const one = found.find(({ what }) => what.includes(words));
      assert.ok(one?.remedy, `${words}: ${bad.stdout}`);
    }
    const away = await run(['doctor', 'http://127.0.0.1:9/']);
    assert.equal(away.code, 1);
    assert.match(away.stderr, /cannot be reached/);
  });

  test('in the dashboard: the same, what is wrong first, and the overlay in the owner’s own browser', async () => {
    const site = await world.site();
    await world.api.patch('/account', { origins: [site.origin] });
    const page = await openDashboard(world, '/settings/doctor', { width: 1280, height: 800 });
    const look = async (url) => {
      await page.$eval('#url', (field, value) => { field.value = value; }, url);
      await onward(page, () => page.click('#look button'));
      return page.$eval('#found', (found) => found.innerText);
    };
    const bad = await look(site.page('/', { headers: { 'content-security-policy': "worker-src 'none'" } }));
    assert.match(bad, /^1 thing stands in the way/);
    assert.ok(bad.indexOf('keeps the service worker out') < bad.indexOf('HTTPS, or this machine'), bad);
    assert.match(bad, /Add worker-src 'self'/);
    for (const [size, width] of [['desk', 1280], ['phone', 390]]) {
      await page.setViewport({ width, height: 844 });
      await world.picture(page, `doctor-${size}`, { fullPage: true });
    }
    assert.match(await look(site.page('/good')), /^Nothing stands in the way/);
    const before = await world.browser.browser.pages();
    await page.click('button[value=why]');
    const tab = await until('the tab with the overlay', async () =>
      (await world.browser.browser.pages()).find((one) => !before.includes(one) && one.url().startsWith(site.origin)));
    await until('the overlay', () => isOpen(tab));
    await tab.close();
    await page.close();
  });
});
