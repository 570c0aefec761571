import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import vm from 'node:vm';
import { build } from 'esbuild';
import replyPage from '../../docs/wire/reply-page.json';
import replyPopups from '../../docs/wire/reply-popups.json';
import type { WhyPorts } from '../src/why-ports.ts';
import type { CleverTap, PopupMessage } from '../types/index.d.ts';
import type { Message, Op, Reply, Request } from '../src/wire.ts';

/** Replaced by `run.mjs`. */
declare const SDK_DIRECTORY: string;

/** Names that are shortened the same way in all that is compiled here, as the build does it. */
let names: Record<string, string | false> = {};

async function compile(entry: string, format: 'iife' | 'esm'): Promise<string> {
  const { outputFiles, mangleCache } = await build({
    entryPoints: [`${SDK_DIRECTORY}/src/${entry}`],
    bundle: true,
    write: false,
    format,
    mangleProps: /^_/,
    mangleCache: names,
    define: { CAMPANILE_VERSION: '"0.1.0"', CAMPANILE_BUILD: '"0.1.0-test"' },
  });
  names = mangleCache;
  return outputFiles[0]?.text ?? '';
}
const page = await compile('page.ts', 'iife');
const more = await compile('more.ts', 'iife');
const push = await compile('push.ts', 'iife');
const snippet = await compile('snippet.ts', 'iife');

interface Script {
  src: string;
  nonce: string;
  onload(): void;
  onerror(): void;
  remove(): void;
}

/** As much of a browser as a page without pop-ups on screen needs. */
class World {
  requests: Request[] = [];
  urls: string[] = [];
  beacons: string[] = [];
  lines: string[] = [];
  storage = new Map<string, string>();
  /** sessionStorage. */
  tab = new Map<string, string>();
  /** Addresses of the parts that were loaded; `broken` ones are not there. */
  parts: string[] = [];
  broken = false;
  cookie = '';
  reply: Partial<Reply> = {};
  private listeners = new Map<string, ((event: object) => void)[]>();
  /** What the address bar was changed to, with its state. */
  bar: unknown;
  private timers: (() => void)[] = [];
  context: vm.Context & { clevertap: CleverTap; campanile: CleverTap; wizrocket: CleverTap };

  constructor(options: { src?: string; url?: string; global?: object; storage?: 'blocked'; tab?: Map<string, string> } = {}) {
    const listen = (name: string, run: (event: object) => void) =>
      void this.listeners.set(name, [...(this.listeners.get(name) ?? []), run]);
    const world = this;
    const drawer = (map: Map<string, string>) => ({
      get length() {
        return map.size;
      },
      key: (i: number) => [...map.keys()][i] ?? null,
      getItem: (key: string) => map.get(key) ?? null,
      setItem: (key: string, value: string) => void map.set(key, value),
      removeItem: (key: string) => void map.delete(key),
    });
    this.tab = options.tab ?? this.tab;
    const say = (...words: unknown[]) => void this.lines.push(words.map(String).join(' '));
    const global = {
      document: {
        title: 'Shop',
        referrer: '',
        visibilityState: 'visible',
        currentScript: { src: options.src ?? 'https://push.example.com/js/clevertap.min.js', nonce: 'n0nce' },
        addEventListener: listen,
        removeEventListener: () => {},
        dispatchEvent: () => true,
        querySelector: () => null,
        head: { append: (script: Script) => this.load(script) },
        createElement: (): Script => ({ src: '', nonce: '', onload() {}, onerror() {}, remove() {} }),
        get cookie() {
          return world.cookie;
        },
        set cookie(text: string) {
          const [pair = '', ...attributes] = text.split(';');
          const domain = attributes.find((attribute) => attribute.startsWith('domain='))?.slice(7);
          // Browsers refuse a domain that anybody may register under.
          if (domain === 'com' || attributes.includes('max-age=0')) return;
          world.cookie = [...world.cookie.split('; ').filter((old) => old && old.split('=')[0] !== pair.split('=')[0]), pair].join('; ');
        },
      },
      location: new URL(options.url ?? 'https://shop.example.com/'),
      history: { state: 'kept', replaceState: (state: unknown, _: string, url: string) => void (this.bar = [state, url]) },
      navigator: {
        language: 'en',
        sendBeacon: (_: string, body: Blob) => {
          void body.text().then((text) => this.beacons.push(text));
          return true;
        },
      },
      fetch: (url: string, init: { body: string }) => {
        const request = JSON.parse(init.body) as Request;
        this.urls.push(url);
        this.requests.push(request);
        const reply: Reply = { v: 1, accepted: request.ops.length, refused: [], messages: [], ...this.reply };
        return Promise.resolve(new Response(JSON.stringify(reply)));
      },
      matchMedia: () => ({ matches: false }),
      addEventListener: listen,
      setTimeout: (run: () => void) => this.timers.push(run),
      clearTimeout: (timer: number) => void (this.timers[timer - 1] = () => {}),
      console: { error: say, warn: say, info: say, debug: say },
      innerWidth: 1280,
      innerHeight: 800,
      isSecureContext: true,
      ...{ Blob, URL, URLSearchParams, TextEncoder, AbortController, CustomEvent: Event, crypto },
    };
    this.context = vm.createContext(global) as World['context'];
    Object.assign(this.context, options.global);
    this.context['window'] = this.context;
    const opened = (name: string) =>
      Object.defineProperty(this.context, name, {
        get() {
          if (options.storage === 'blocked') throw new DOMException('denied', 'SecurityError');
          return drawer(name === 'localStorage' ? world.storage : world.tab);
        },
      });
    opened('localStorage');
    opened('sessionStorage');
  }

  private load(script: Script): void {
    this.parts.push(script.src);
    void tick().then(() => {
      if (this.broken) script.onerror();
      else {
        this.run(script.src.includes('.push.js') ? push : more);
        script.onload();
      }
    });
  }

  run(code: string): unknown {
    return vm.runInContext(code, this.context);
  }

  fire(name: string): void {
    for (const run of this.listeners.get(name) ?? []) run({});
  }

  /** Lets all timers run, and what they started. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) {
      const due = this.timers.map((run) => run);
      this.timers = this.timers.map(() => () => {});
      for (const run of due) run();
      for (let j = 0; j < 5; j++) await tick();
    }
  }

  get ops(): Op[] {
    return this.requests.flatMap(({ ops }) => ops);
  }

  get kinds(): string[] {
    return this.ops.map((op) => (op.op === 'event' ? op.name : op.op));
  }
}

const STUB =
  "var clevertap={event:[],profile:[],account:[],onUserLogin:[],region:'',notifications:[],privacy:[]};" +
  'clevertap.account.push({"id":"TEST-0001"});clevertap.privacy.push({optOut:false});clevertap.privacy.push({useIP:false});';

test('the documented stub is drained in order, in one request', async () => {
  const world = new World();
  world.run(STUB);
  world.run(`clevertap.event.push('A', {price: 48}, 'B'); clevertap.profile.push({Site: {Plan: 'gold'}});
    clevertap.onUserLogin.push({Site: {Identity: 'c-1001'}});`);
  world.run(page);
  await world.settle();
  assert.deepEqual(world.kinds, ['login', 'privacy', 'privacy', 'page', 'A', 'B', 'profile']);
  assert.equal(world.requests.length, 1);
  const [request] = world.requests;
  assert.equal(request?.account, 'TEST-0001');
  assert.equal(request?.show, true);
  assert.equal(request?.device, world.context.clevertap.getCleverTapID());
  assert.equal(world.urls[0], 'https://push.example.com/ring');
});

test('later pushes work on the object, on a kept reference to the stub, and on a kept array', async () => {
  const world = new World();
  world.run(STUB + 'var kept = clevertap, events = clevertap.event;');
  world.run(page);
  await world.settle();
  world.run("clevertap.event.push('on the object'); kept.event.push('on the stub'); events.push('on the array');");
  await world.settle();
  assert.deepEqual(world.kinds.slice(-3), ['on the object', 'on the stub', 'on the array']);
  // Not assert.equal: a failure would print the whole world.
  assert.ok(world.context.clevertap === world.context.campanile);
  assert.ok(world.context.clevertap === world.context.wizrocket);
});

test('a callback set on the stub gets the documented message and can raise at once', async () => {
  const world = new World();
  world.reply = replyPage as Partial<Reply>;
  world.run(STUB);
  world.run('clevertap.notificationCallback = (msg) => { got = msg; clevertap.raiseNotificationViewed(); };');
  world.run(page);
  await world.settle();
  const got = world.context['got'] as PopupMessage;
  const [message] = replyPage.messages as Message[];
  assert.deepEqual(Object.keys(got), ['msgContent', 'msgId', 'kv']);
  assert.equal(got.msgId, message?.msgId);
  assert.equal(got.msgContent.html, message?.msgContent.html.replace('campanile-nonce', 'n0nce'));
  const view = world.ops.find((op) => op.op === 'view');
  assert.equal(view?.op === 'view' && view.impression, message?.impression);
});

test('raising too early, or with nothing, says so and throws nothing', () => {
  const world = new World();
  world.run(STUB);
  world.run(page);
  world.run('clevertap.raiseNotificationViewed(); clevertap.raiseNotificationClicked(); clevertap.renderNotificationViewed();');
  assert.equal(world.lines.filter((line) => line.includes('705')).length, 3);
});

test('without an account everything waits for init', async () => {
  const world = new World({ src: '' });
  world.run(page);
  world.run("clevertap.event.push('early')");
  await world.settle();
  assert.equal(world.requests.length, 0);
  world.run("clevertap.init('TEST-0001', 'eu', 'push.example.com')");
  await world.settle();
  assert.deepEqual(world.kinds, ['page', 'early']);
  assert.equal(world.urls[0], 'https://eu.push.example.com/ring');
});

test('a second load is harmless, and what the second stub collected still counts', async () => {
  const world = new World();
  world.run(STUB);
  world.run(page);
  const first = world.context.clevertap;
  world.run(STUB + "clevertap.event.push('again');");
  world.run(page);
  await world.settle();
  assert.ok(world.context.clevertap === first);
  assert.deepEqual(world.kinds.filter((kind) => kind === 'page' || kind === 'again'), ['page', 'again']);
});

test('our own snippet also collects calls that are no arrays', async () => {
  const world = new World();
  world.run(snippet.replace('%ACCOUNT%', 'TEST-0001'));
  world.run('clevertap.logout(); clevertap.setLogLevel(0);');
  world.run(page);
  await world.settle();
  assert.deepEqual(world.kinds, ['privacy', 'privacy', 'page', 'logout']);
});

test('an opt-out stops all but another choice; a choice that says nothing new is not sent again', async () => {
  const world = new World();
  world.run(STUB.replace('optOut:false', 'optOut:true') + "clevertap.onUserLogin.push({Site: {Identity: 'c-1'}});");
  world.run(page);
  world.run("clevertap.event.push('A'); clevertap.privacy.push({optOut: true});");
  await world.settle();
  assert.deepEqual(world.kinds, ['privacy', 'privacy']);
  world.run("clevertap.privacy.push({optOut: false}); clevertap.event.push('B');");
  await world.settle();
  assert.deepEqual(world.kinds.slice(2), ['privacy', 'B']);
});

test('the device id outlives cleared storage by its cookie, and clear() ends it', async () => {
  const world = new World();
  world.run(STUB);
  world.run(page);
  const device = world.context.clevertap.getCleverTapID();
  assert.match(device, /^[0-9a-f]{32}$/);
  await world.settle();
  const next = new World();
  next.cookie = world.cookie;
  next.run(STUB);
  next.run(page);
  assert.equal(next.context.clevertap.getCleverTapID(), device);
  next.run('clevertap.clear()');
  assert.notEqual(next.context.clevertap.getCleverTapID(), device);
});

test('blocked storage: everything works for as long as the page lives', async () => {
  const world = new World({ storage: 'blocked' });
  world.run(STUB);
  world.run(page);
  await world.settle();
  assert.ok(world.kinds.includes('page'));
});

test('what the server refused stands on the console with its code', async () => {
  const world = new World();
  world.reply = { refused: [{ id: '0', code: 601, field: 'set.Age', message: 'Age takes a number; it was left out.' }] };
  world.run(STUB);
  world.run(page);
  await world.settle();
  assert.ok(world.lines.some((line) => line.includes('601: set.Age: Age takes a number')));
});

test('the page hides before anything was sent: the beacon has it', async () => {
  const world = new World();
  world.run(STUB);
  world.run(page);
  world.fire('pagehide');
  await tick();
  await tick();
  const beacon = JSON.parse(world.beacons[0] ?? '{}') as Request;
  assert.ok(beacon.ops.some((op) => op.op === 'page'));
  assert.equal(beacon.show, undefined);
});

test('the first page view is of the page that it was said on, whatever a router makes of the address at once', async () => {
  const world = new World({ url: 'https://shop.example.com/?utm_source=letter' });
  world.run(STUB);
  world.run(page);
  world.run("location = new URL('https://shop.example.com/home'); document.title = 'Home'");
  await world.settle();
  const view = world.ops.find((op) => op.op === 'page');
  assert.deepEqual({ url: view?.url, title: view?.title }, { url: 'https://shop.example.com/?utm_source=letter', title: 'Shop' });
});

test('a page that is rendered ahead says nothing until it is seen, and is then of the device that is known by now', async () => {
  const world = new World();
  world.storage.set('cmp:device', '0'.repeat(32));
  world.run(STUB);
  world.run('document.prerendering = true');
  world.run(page);
  await world.settle();
  world.fire('pagehide');
  await world.settle();
  assert.deepEqual([world.requests, world.beacons], [[], []]);
  // Meanwhile another page of the site became somebody new.
  world.storage.set('cmp:device', '1'.repeat(32));
  world.run('document.prerendering = false');
  world.fire('prerenderingchange');
  await world.settle();
  assert.equal(world.requests[0]?.device, '1'.repeat(32));
  assert.equal(world.storage.get('cmp:device'), '1'.repeat(32));
});

test('a browser without push, and a page without HTTPS, are told with their codes', async () => {
  for (const [isSecureContext, code] of [[true, 801], [false, 802]]) {
    const world = new World({ global: { isSecureContext } });
    world.run(STUB);
    world.run(page);
    world.run("clevertap.setLogLevel(2); clevertap.notifications.push({titleText: 'T'})");
    await world.settle();
    assert.ok(world.lines.some((line) => line.includes(`${code}: `)), world.lines.join(' | '));
  }
});

test('a browser whose Temporal is another thing has a zone all the same', async () => {
  const world = new World({ global: { Temporal: {} } });
  world.run(STUB);
  world.run(page);
  await world.settle();
  assert.match(world.requests[0]?.context?.zone ?? '', /./);
});

test('imported without a window it does nothing', async () => {
  const module = await compile('module.ts', 'esm');
  const loaded = (await import(`data:text/javascript;base64,${Buffer.from(module).toString('base64')}`)) as { default: object };
  assert.deepEqual(loaded.default, {});
});

test('what only some pages need comes from beside the SDK, is said when it does not come, and is tried again', async () => {
  const world = new World({ src: 'https://push.example.com/own/c.js' });
  world.broken = true;
  world.run(STUB);
  world.run(page);
  world.reply = { waiting: [{ campaign: 7, signals: { list: [{ on: 'delay', seconds: 1 }] } }] };
  await world.settle();
  assert.deepEqual(world.parts, ['https://push.example.com/own/clevertap.more.js?v=0.1.0-test']);
  assert.ok(world.lines.some((line) => line.includes('708: clevertap.more.js')));
  world.broken = false;
  world.run("clevertap.event.push('A')");
  await world.settle();
  await world.settle();
  assert.equal(world.parts.length, 2);
  const due = world.requests.find(({ ops }) => ops.some(({ op }) => op === 'due'));
  assert.equal(due?.show, true);
  assert.equal(due?.view, world.ops.find(({ op }) => op === 'page')?.id);
});

test("the owner's tokens stay in the tab: the test with the first page view, why with each", async () => {
  const tab = new Map<string, string>();
  const world = new World({ url: 'https://shop.example.com/cart?a=1&campanile_test=T1&campanile_why=W1#x', tab });
  world.run(STUB);
  world.run(page);
  await world.settle();
  world.run("clevertap.event.push('A')");
  await world.settle();
  const asked = world.requests.filter(({ show }) => show);
  assert.deepEqual(asked.map(({ test, why }) => [test, why]), [['T1', 'W1'], [undefined, 'W1']]);
  assert.deepEqual(world.bar, ['kept', 'https://shop.example.com/cart?a=1#x'], 'the address bar has none of them');
  const [view] = world.ops.filter(({ op }) => op === 'page');
  assert.equal(view?.op === 'page' && view.url, 'https://shop.example.com/cart?a=1#x');
  assert.equal(asked[1]?.view, view?.id);
  const next = new World({ tab });
  next.run(STUB);
  next.run(page);
  await next.settle();
  assert.deepEqual(next.requests.filter(({ show }) => show).map(({ test, why }) => [test, why]), [[undefined, 'W1']]);
});

test('a link that opens nothing is told by the overlay, which opens for it', async () => {
  const fault = (replyPage as Reply).why;
  for (const [query, opened] of [['campanile_test=T1', 1], ['', 0]] as const) {
    const world = new World({ url: `https://shop.example.com/cart?${query}` });
    world.reply = fault ? { why: fault } : {};
    world.run(`told = []; (globalThis[Symbol.for('campanile:parts')] ??= {}).why = {open: (ports) => (told.push(ports.latest().why.fault), {})};`);
    world.run(STUB);
    world.run(page);
    for (let i = 0; i < 4; i++) await world.settle();
    assert.deepEqual([...(world.context['told'] as string[])], Array(opened).fill(fault?.fault));
    assert.equal(world.tab.has('cmp:test'), false, 'it is asked for once');
  }
});

test('messages for a page that was left meanwhile go back', async () => {
  const world = new World();
  world.reply = replyPage as Partial<Reply>;
  world.run(STUB + 'clevertap.notificationCallback = () => { got = true };');
  world.run(page);
  world.run('fetchNow = fetch; fetch = (url, init) => { const reply = fetchNow(url, init); clevertap.pageChanged(); fetch = fetchNow; return reply; }');
  await world.settle();
  await world.settle();
  const back = world.ops.find(({ op }) => op === 'return');
  assert.deepEqual(back?.op === 'return' && [back.impression, back.reason], [(replyPage.messages as Message[])[0]?.impression, 'page']);
});

test('the overlay is told what the page called, what waits and why, and asks by itself', async () => {
  const world = new World();
  const why = (replyPopups as Reply).why;
  world.reply = { waiting: [{ campaign: 7, signals: { match: 'any', list: [{ on: 'click', selector: '#size' }] } }], ...(why && { why }) };
  world.run(`(globalThis[Symbol.for('campanile:parts')] ??= {}).why = {open: (given) => (ports = given, {close: given.closed})};`);
  world.run(STUB);
  world.run(page);
  world.run("clevertap.event.push('A', {price: 48}); clevertap.getCleverTapID(); clevertap.why();");
  await world.settle();
  await world.settle();
  const ports = world.context['ports'] as WhyPorts;
  const { calls, waiting, device, allowed, why: told } = ports.latest();
  // What the realm of the page made is another one's to `deepEqual`.
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
  assert.deepEqual(plain(calls.map(({ call, args }) => [call, ...args])), [
    ['account.push', { id: 'TEST-0001' }, '', null],
    ['privacy.push', { optOut: false }, { useIP: false }],
    ['event.push', 'A', { price: 48 }],
    ['why'],
  ]);
  assert.deepEqual(plain(waiting.map(({ campaign, match }) => [campaign, match])), [[7, 'any']]);
  assert.deepEqual(plain(waiting[0]?.signals.map(({ unit, goal, met }) => [unit, goal, met])), [['times', 1, false]]);
  assert.equal(device, world.context.clevertap.getCleverTapID());
  assert.equal(told?.campaigns[0]?.name, 'Cart saver');
  assert.equal(allowed, false);
  const before = world.requests.length;
  ports.ask();
  await world.settle();
  // Somebody looks at the page: it is not explained as a hidden one.
  assert.deepEqual(world.requests.slice(before).map(({ ops, show }) => [ops, show]), [[[], true]]);
});

test('the call that asks for push goes through its part to the browser, and says what came of it', async () => {
  const Notification = { permission: 'default', requestPermission: () => Promise.resolve('denied') };
  const world = new World({ global: { Notification, PushManager: {}, navigator: { language: 'en', serviceWorker: {} } } });
  world.reply = replyPage as Partial<Reply>;
  world.run(STUB + "clevertap.notifications.push({skipDialog: true}); clevertap.notificationCallback = () => {};");
  world.run(page);
  for (let i = 0; i < 4; i++) await world.settle();
  assert.deepEqual(world.lines.filter((line) => / 8\d\d:/.test(line)), []);
  const asked = world.ops.find(({ op }) => op === 'prompt');
  assert.equal(asked?.op === 'prompt' && asked.outcome, 'denied');
});
