import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import { build } from 'esbuild';
import { IDBFactory } from 'fake-indexeddb';
import payload from '../../docs/wire/push-payload.json';
import type { Request } from '../src/wire.ts';

/** Replaced by `run.mjs`. */
declare const SDK_DIRECTORY: string;

const { outputFiles } = await build({
  entryPoints: [`${SDK_DIRECTORY}/src/worker.ts`],
  bundle: true,
  write: false,
  format: 'iife',
  mangleProps: /^_/,
  define: { CAMPANILE_VERSION: '"0.1.0"' },
});
const code = outputFiles[0]?.text ?? '';

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
  online = true;
  skipped = 0;
  database = new IDBFactory();
  private listeners = new Map<string, ((event: object) => void)[]>();

  constructor(
    private address = 'https://shop.example.com/clevertap_sw.js',
    private storage: 'works' | 'hangs' = 'works',
  ) {
    this.restart();
  }

  restart(): void {
    this.listeners.clear();
    const global: Record<string, unknown> = {
      location: new URL(this.address),
      navigator: { userAgent: 'Mozilla/5.0 Firefox/140.0' },
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
          subscribe: ({ applicationServerKey }: { applicationServerKey: string }) =>
            Promise.resolve(subscription(`https://push.example.com/new-${applicationServerKey.length}`)),
        },
      },
      clients: {
        matchAll: () => Promise.resolve(this.tabs.map((url) => ({ url, focus: () => Promise.resolve(void this.focused.push(url)) }))),
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
    };
    global['self'] = global;
    vm.runInNewContext(code, global);
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

function subscription(endpoint: string) {
  return { endpoint, toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: 'p', auth: 'a' } }) };
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
  const world = new World();
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
  await leaveSite(world, { account: 'TEST-0001', endpoint: 'https://shop.example.com/ring', device: 'd'.repeat(32), key: 'KEY' });
  await world.fire('pushsubscriptionchange', { oldSubscription: subscription('https://push.example.com/old') });
  assert.deepEqual(world.reports, ['unsubscribe', 'subscribe']);
  const [request] = world.requests;
  assert.equal(request?.device, 'd'.repeat(32));
  const made = request?.ops[1];
  assert.deepEqual(made?.op === 'subscribe' && [made.subscription.endpoint, made.key, made.browser], [
    'https://push.example.com/new-3',
    'KEY',
    'Firefox',
  ]);
});

test("a new version takes over at once, but not in a worker of the owner's", async () => {
  const own = new World();
  await own.fire('install');
  assert.equal(own.skipped, 1);
  const imported = new World('https://shop.example.com/app-worker.js');
  await imported.fire('install');
  assert.equal(imported.skipped, 0);
});
