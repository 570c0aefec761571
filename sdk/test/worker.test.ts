import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import { build } from 'esbuild';
import { IDBFactory } from 'fake-indexeddb';
import payload from '../../docs/wire/push-payload.json';
import type { Request } from '../src/wire.ts';

/** Replaced by `run.mjs`. */
declare const SDK_DIRECTORY: string;

async function compile(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${SDK_DIRECTORY}/src/${entry}`],
    bundle: true,
    write: false,
    format: 'iife',
    mangleProps: /^_/,
    define: { CAMPANILE_VERSION: '"0.1.0"' },
  });
  return outputFiles[0]?.text ?? '';
}

const code = await compile('worker.ts');
const takeover = await compile('takeover.ts');
/** As the server gives it out. */
const takeoverOf = (how: string) => takeover.replace('%CAMPANILE_TAKEOVER%', how).replace('%CAMPANILE_ENDPOINT%', 'https://push.example.com/ring');

interface Shown {
  title: string;
  options: NotificationOptions;
}

/** A service worker's surroundings; `restart` stops and starts the worker, storage stays. */
class World {
  shown: Shown[] = [];
  standing: Shown[] = [];
  requests: Request[] = [];
  urls: string[] = [];
  opened: string[] = [];
  focused: string[] = [];
  tabs: string[] = [];
  /** Those that this worker may lead elsewhere. */
  controlled: string[] = [];
  navigated: string[] = [];
  subscription: Stub | null = null;
  denied = false;
  /** The push service cannot be reached. */
  out = false;
  imported: string[] = [];
  online = true;
  skipped = 0;
  database = new IDBFactory();
  private listeners = new Map<string, ((event: object) => void)[]>();

  constructor(
    private address = 'https://shop.example.com/clevertap_sw.js',
    private storage: 'works' | 'hangs' = 'works',
    /** What stands in the worker: ours, and what the owner has behind it. */
    private scripts: string[] = [code],
  ) {
    this.restart();
  }

  restart(): void {
    this.listeners.clear();
    const here = this;
    const global: Record<string, unknown> = {
      location: new URL(this.address),
      navigator: { userAgent: 'Mozilla/5.0 Firefox/140.0', get onLine() { return here.online; } },
      indexedDB: this.storage === 'works' ? this.database : { open: () => ({}) },
      addEventListener: (name: string, run: (event: object) => void) =>
        void this.listeners.set(name, [...(this.listeners.get(name) ?? []), run]),
      skipWaiting: () => void this.skipped++,
      registration: {
        showNotification: (title: string, options: NotificationOptions) => {
          this.shown.push({ title, options });
          this.standing = [...this.standing.filter((one) => one.options.tag !== options.tag), { title, options }];
          return Promise.resolve();
        },
        getNotifications: ({ tag }: { tag: string }) => Promise.resolve(this.standing.filter(({ options }) => options.tag === tag)),
        pushManager: {
          getSubscription: () => Promise.resolve(this.subscription),
          permissionState: () => Promise.resolve(this.denied ? 'denied' : 'granted'),
          subscribe: ({ applicationServerKey }: { applicationServerKey: string }) =>
            this.denied
              ? Promise.reject(new DOMException('denied', 'NotAllowedError'))
              : this.out
              ? Promise.reject(new DOMException('out of reach', 'AbortError'))
              : Promise.resolve((this.subscription = subscription(`https://push.example.com/new-${applicationServerKey.length}`, applicationServerKey, this))),
        },
      },
      clients: {
        matchAll: ({ includeUncontrolled }: { includeUncontrolled?: boolean }) => {
          const tab = (url: string) => ({
            url,
            focus: () => Promise.resolve((this.focused.push(url), tab(url))),
            navigate: (to: string) =>
              this.controlled.includes(url) ? Promise.resolve(void this.navigated.push(to)) : Promise.reject(new TypeError('not controlled')),
          });
          return Promise.resolve((includeUncontrolled ? [...this.tabs, ...this.controlled] : this.controlled).map(tab));
        },
        openWindow: (url: string) => Promise.resolve(void this.opened.push(url)),
      },
      fetch: (url: string, { body }: { body: string }) => {
        if (!this.online) return Promise.reject(new TypeError('Failed to fetch'));
        this.urls.push(url);
        this.requests.push(JSON.parse(body) as Request);
        return Promise.resolve(new Response('{}'));
      },
      console,
      setTimeout,
      URL,
      crypto,
      atob,
      btoa,
      importScripts: (address: string) => {
        this.imported.push(address);
        if (address.endsWith('gone.js')) throw new DOMException('404', 'NetworkError');
        vm.runInContext("addEventListener('push', () => {})", world);
      },
    };
    global['self'] = global;
    const world = vm.createContext(global);
    for (const script of this.scripts) vm.runInContext(script, world);
  }

  /** Fires an event and waits for what it put under `waitUntil`; true if other listeners would not see it. */
  async fire(name: string, more: object = {}): Promise<boolean> {
    let stopped = false;
    const work: Promise<unknown>[] = [];
    const event = { ...more, stopImmediatePropagation: () => (stopped = true), waitUntil: (one: Promise<unknown>) => work.push(one) };
    for (const run of this.listeners.get(name) ?? []) run(event);
    await Promise.all(work);
    return stopped;
  }

  push(text = JSON.stringify(payload)): Promise<boolean> {
    return this.fire('push', { data: { text: () => text } });
  }

  get reports(): string[] {
    return this.requests.flatMap(({ ops }) => ops.map((op) => op.op + ('action' in op ? `:${op.action}` : '')));
  }
}

interface Stub {
  endpoint: string;
}

/** A subscription; `key` is text, base64url. */
function subscription(endpoint: string, key = 'KEY1', world?: World) {
  const applicationServerKey = Uint8Array.from(atob(key), (char) => char.charCodeAt(0)).buffer;
  const unsubscribe = () => {
    if (world) world.subscription = null;
    return Promise.resolve(true);
  };
  return { endpoint, options: { applicationServerKey }, unsubscribe, toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: 'p', auth: 'a' } }) };
}

function notification(data: object = shownData()) {
  return { data, close: () => {} };
}

function shownData(): object {
  const { actions, navigate } = payload.notification;
  const addresses = Object.fromEntries(actions.map((action) => [action.action, action.navigate + '#action']));
  return { campanile: payload.campanile, navigate, actions: addresses };
}

async function leaveSite(world: World, site: object): Promise<void> {
  await new Promise<void>((resolve) => {
    const opening = world.database.open('campanile', 1);
    opening.onupgradeneeded = () => void opening.result.createObjectStore('kv');
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('kv', 'readwrite');
      transaction.objectStore('kv').put(site, 'site');
      transaction.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });
}

test('a push is shown and reported to the endpoint that the page left', async () => {
  const world = new World();
  await leaveSite(world, { account: 'TEST-0001', endpoint: 'https://shop.example.com/bells', device: 'd' });
  assert.equal(await world.push(), true);
  assert.equal(world.shown[0]?.title, 'The kiln is open');
  assert.deepEqual(world.reports, ['push_shown']);
  assert.deepEqual(world.urls, ['https://shop.example.com/bells']);
  assert.equal(world.requests[0]?.account, 'TEST-0001');
});

test('without a record of the page, reports go to the own origin; an endpoint in the message wins', async () => {
  const world = new World();
  await world.push();
  const own = { ...payload, campanile: { ...payload.campanile, send: 'two', endpoint: 'https://push.example.com/ring' } };
  await world.push(JSON.stringify(own));
  assert.deepEqual(world.urls, ['https://shop.example.com/ring', 'https://push.example.com/ring']);
});

test('a message that was sent twice is shown once, also after the worker was stopped', async () => {
  const world = new World();
  await Promise.all([world.push(), world.push()]);
  world.standing = [];
  world.restart();
  await world.push();
  assert.equal(world.shown.filter(({ options }) => !options.silent).length, 1);
  assert.deepEqual(world.reports, ['push_shown']);
});

test("what is not ours is left to the worker's owner", async () => {
  const world = new World(undefined, undefined, [code, "addEventListener('push', () => {})"]);
  assert.equal(await world.push('{"title":"Other"}'), false);
  assert.equal(await world.fire('push', { data: null }), false);
  assert.equal(await world.fire('notificationclick', { notification: notification({ own: 1 }), action: '' }), false);
  assert.equal(await world.fire('notificationclose', { notification: notification({}) }), false);
  assert.equal(world.shown.length + world.requests.length + world.opened.length, 0);
});

test('a click brings the tab of the address to the front, whatever its fragment', async () => {
  const world = new World();
  world.tabs = ['https://shop.example.com/', 'https://shop.example.com/new#top'];
  await world.fire('notificationclick', { notification: notification(), action: '' });
  assert.deepEqual(world.focused, ['https://shop.example.com/new#top']);
  assert.deepEqual(world.opened, []);
  assert.deepEqual(world.reports, ['push_clicked:default']);
});

test('a click leads an open tab of the site to the address, and only to it', async () => {
  const world = new World();
  world.controlled = ['https://shop.example.com/basket'];
  await world.fire('notificationclick', { notification: notification(), action: '' });
  assert.deepEqual([world.focused, world.navigated, world.opened], [['https://shop.example.com/basket'], ['https://shop.example.com/new'], []]);
  world.controlled = ['https://other.example.com/'];
  await world.fire('notificationclick', { notification: notification(), action: '' });
  assert.deepEqual(world.opened, ['https://shop.example.com/new']);
});

test('a click opens a window where no tab shows the address; a button has its own', async () => {
  const world = new World();
  world.tabs = ['https://shop.example.com/'];
  await world.fire('notificationclick', { notification: notification(), action: '' });
  await world.fire('notificationclick', { notification: notification(), action: 'new' });
  assert.deepEqual(world.opened, ['https://shop.example.com/new', 'https://shop.example.com/new#action']);
  assert.deepEqual(world.reports, ['push_clicked:default', 'push_clicked:new']);
});

test('closing is a dismissal, but not after a click', async () => {
  const world = new World();
  await world.fire('notificationclose', { notification: notification() });
  assert.deepEqual(world.reports, ['push_dismissed']);
  await world.fire('notificationclick', { notification: notification(), action: '' });
  await world.fire('notificationclose', { notification: notification() });
  assert.deepEqual(world.reports, ['push_dismissed', 'push_clicked:default']);
});

test('a report that found no server is sent with the next one, first', async () => {
  const world = new World();
  world.online = false;
  await world.push();
  world.restart();
  world.online = true;
  await world.fire('notificationclick', { notification: notification(), action: '' });
  assert.deepEqual(world.reports, ['push_shown', 'push_clicked:default']);
  await world.fire('activate');
  assert.equal(world.requests.length, 1, 'nothing is left to send');
});

test('storage that hangs costs neither the notification nor the report', async () => {
  const world = new World(undefined, 'hangs');
  await world.push();
  assert.equal(world.shown.length, 1);
  assert.deepEqual(world.reports, ['push_shown']);
});

test('the browser drops a subscription: the worker subscribes again with the same key and says so', async () => {
  const world = new World();
  await world.fire('pushsubscriptionchange', {});
  assert.equal(world.requests.length, 0, 'nobody knows whose it was');
  await leaveSite(world, { account: 'TEST-0001', endpoint: 'https://shop.example.com/ring', device: 'd'.repeat(32), key: 'KEY1' });
  await world.fire('pushsubscriptionchange', { oldSubscription: subscription('https://push.example.com/old') });
  assert.deepEqual(world.reports, ['subscribe']);
  const [request] = world.requests;
  assert.equal(request?.device, 'd'.repeat(32));
  const made = request?.ops[0];
  assert.deepEqual(made?.op === 'subscribe' && [made.subscription.endpoint, made.key, made.browser, made.replaces], [
    'https://push.example.com/new-4',
    'KEY1',
    'Firefox',
    'https://push.example.com/old',
  ]);
});

const SITE = { account: 'TEST-0001', endpoint: 'https://shop.example.com/ring', device: 'd'.repeat(32), key: 'KEY1' };

test('a subscription that got lost is found when the page visits, and made anew; one that stands is left alone', async () => {
  const world = new World();
  await leaveSite(world, SITE);
  assert.equal(await world.fire('message', { data: 'campanile' }), true);
  assert.deepEqual(world.reports, ['subscribe']);
  await world.fire('message', { data: 'campanile' });
  await world.fire('activate');
  assert.deepEqual(world.reports, ['subscribe']);
  assert.equal(await world.fire('message', { data: 'something of the page' }), false);
});

test("another provider's subscription is left alone, and nobody who turned it off is subscribed", async () => {
  const world = new World();
  await leaveSite(world, SITE);
  world.subscription = subscription('https://push.example.com/theirs', 'KEY2');
  await world.fire('activate');
  await world.fire('pushsubscriptionchange', { newSubscription: world.subscription });
  world.subscription = null;
  await world.fire('pushsubscriptionchange', { oldSubscription: subscription('https://push.example.com/theirs', 'KEY2') });
  const { key: _, ...off } = SITE;
  await leaveSite(world, off);
  await world.fire('activate');
  assert.deepEqual(world.requests, []);
});

test('when the permission is gone the server is told that the endpoint is', async () => {
  const world = new World();
  await leaveSite(world, SITE);
  world.denied = true;
  await world.fire('pushsubscriptionchange', { oldSubscription: subscription('https://push.example.com/old') });
  assert.deepEqual(world.reports, ['unsubscribe']);
});

test('a push that nobody else takes shows something, whatever is in it', async () => {
  const world = new World();
  for (const text of ['', 'no JSON', '{"title":"Other"}', '{"campanile":{},"notification":{"title":"Half"}}']) assert.equal(await world.push(text), true);
  await world.fire('push', { data: null });
  assert.deepEqual(world.shown.map(({ title }) => title), ['shop.example.com', 'shop.example.com', 'Other', 'Half', 'shop.example.com']);
  // A click on it leads somewhere, and nothing is reported for which there is no token.
  await world.fire('notificationclick', { notification: notification(world.shown[0]?.options.data as object), action: '' });
  assert.deepEqual([world.opened, world.requests], [['https://shop.example.com/'], []]);
});

test("the takeover worker shows the old vendor's messages where its script is gone", async () => {
  const world = new World('https://shop.example.com/OneSignalSDKWorker.js', 'works', [takeoverOf('||/gone.js')]);
  assert.deepEqual(world.imported, ['https://shop.example.com/gone.js']);
  await world.fire('install');
  assert.equal(world.skipped, 1);
  const signal = { custom: { i: '1', u: 'https://shop.example.com/sale' }, title: 'Sale', alert: 'All jugs', o: [{ i: 'see', n: 'See', u: 'https://shop.example.com/jugs' }] };
  const fire = { notification: { title: 'Fire', body: 'B', icon: 'https://shop.example.com/i.png' }, fcmOptions: { link: 'https://shop.example.com/f' }, data: {} };
  const tap = { title: 'Tap', notificationOptions: { body: 'C', icon: '/i.png' }, deepLink: 'https://shop.example.com/t' };
  for (const message of [signal, fire, tap, { header: 'Woosh', body: 'D', openUrl: 'https://shop.example.com/w' }, 5]) await world.push(JSON.stringify(message));
  assert.deepEqual(
    world.shown.map(({ title, options }) => [title, options.body]),
    [['Sale', 'All jugs'], ['Fire', 'B'], ['Tap', 'C'], ['Woosh', 'D'], ['shop.example.com', undefined]],
  );
  for (const { options } of world.shown) await world.fire('notificationclick', { notification: notification(options.data as object), action: '' });
  await world.fire('notificationclick', { notification: notification(world.shown[0]?.options.data as object), action: 'see' });
  assert.deepEqual(
    world.opened.map((url) => new URL(url).pathname),
    ['/sale', '/f', '/t', '/w', '/', '/jugs'],
  );
  assert.equal(await world.push(), true);
  assert.equal(world.shown.at(-1)?.title, 'The kiln is open');
});

test("the takeover worker leaves the old vendor's messages to its script, and makes its subscriptions ours", async () => {
  const world = new World('https://shop.example.com/OneSignalSDKWorker.js', 'works', [takeoverOf('TEST-0001|KEY1|/old.js')]);
  assert.equal(await world.push('{"title":"Theirs"}'), false);
  await world.fire('activate');
  assert.equal(world.requests.length, 0, 'who was not subscribed is not');
  world.subscription = subscription('https://push.example.com/theirs', 'KEY2', world);
  await world.fire('activate');
  assert.deepEqual(world.urls, ['https://push.example.com/ring']);
  const request = (world.requests as Request[])[0];
  const [made] = request?.ops ?? [];
  assert.deepEqual(made?.op === 'subscribe' && [made.key, made.replaces], ['KEY1', 'https://push.example.com/theirs']);
  assert.match(request?.device ?? '', /^[0-9a-f]{32}$/);
  await world.fire('activate');
  assert.equal(world.requests.length, 1);
});

test('a takeover that fails half-way is finished later, and what cannot be replaced is not ended', async () => {
  const world = new World('https://shop.example.com/OneSignalSDKWorker.js', 'works', [takeoverOf('TEST-0001|KEY1|/old.js')]);
  const theirs = () => subscription('https://push.example.com/theirs', 'KEY2', world);
  world.subscription = theirs();
  world.online = false;
  await world.fire('activate');
  assert.equal(world.subscription?.endpoint, 'https://push.example.com/theirs', 'offline');
  world.online = true;
  world.denied = true;
  await world.fire('activate');
  assert.equal(world.subscription?.endpoint, 'https://push.example.com/theirs', 'not allowed');
  world.denied = false;
  world.out = true;
  await world.fire('activate');
  assert.deepEqual([world.subscription, world.requests.length], [null, 0]);
  world.out = false;
  world.restart();
  await world.fire('activate');
  const [made] = (world.requests as Request[])[0]?.ops ?? [];
  assert.deepEqual(made?.op === 'subscribe' && [made.key, made.replaces], ['KEY1', 'https://push.example.com/theirs']);
  await world.fire('activate');
  assert.equal(world.requests.length, 1, 'once');
});

test("the takeover worker subscribes where the browser took the old vendor's subscription away, or one of before VAPID", async () => {
  const taken = new World('https://shop.example.com/OneSignalSDKWorker.js', 'works', [takeoverOf('TEST-0001|KEY1|/old.js')]);
  await taken.fire('pushsubscriptionchange', { oldSubscription: subscription('https://push.example.com/theirs', 'KEY2', taken) });
  const [made] = (taken.requests as Request[])[0]?.ops ?? [];
  assert.deepEqual(made?.op === 'subscribe' && [made.key, made.replaces], ['KEY1', 'https://push.example.com/theirs']);

  const legacy = new World('https://shop.example.com/OneSignalSDKWorker.js', 'works', [takeoverOf('TEST-0001|KEY1|/old.js')]);
  legacy.subscription = { ...subscription('https://push.example.com/gcm', 'KEY2', legacy), options: { applicationServerKey: null } } as unknown as Stub;
  await legacy.fire('activate');
  const [changed] = (legacy.requests as Request[])[0]?.ops ?? [];
  assert.deepEqual(changed?.op === 'subscribe' && [changed.key, changed.replaces], ['KEY1', 'https://push.example.com/gcm']);
});

test("a new version takes over at once, but not in a worker of the owner's", async () => {
  const own = new World();
  await own.fire('install');
  assert.equal(own.skipped, 1);
  const imported = new World('https://shop.example.com/app-worker.js', 'works', [code, "addEventListener('fetch', () => {})"]);
  await imported.fire('install');
  assert.equal(imported.skipped, 0);
});
