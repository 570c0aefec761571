import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idMaker, isId } from '../src/id.ts';
import type { Log } from '../src/log.ts';
import { Outbox, type Answer } from '../src/outbox.ts';
import { createStore } from '../src/storage.ts';
import { seconds } from '../src/transport.ts';
import { encode, type Request } from '../src/wire.ts';

/** What a browser has in common for all its tabs, with a clock that stands until `pass` moves it. */
class Browser {
  now = 1763890000000;
  disk = new Map<string, string>();
  full = false;
  lines: string[] = [];
  sent: Request[] = [];
  beacons: Request[] = [];
  /** Answers in turn; an empty list answers 200. A number is a status, null no answer. */
  script: (number | null | Answer)[] = [];
  lockTaken = false;
  view: string | undefined;
  timers: { at: number; run: () => void }[] = [];

  storage(): Storage {
    const { disk } = this;
    return {
      get length() {
        return disk.size;
      },
      key: (i: number) => [...disk.keys()][i] ?? null,
      getItem: (key: string) => disk.get(key) ?? null,
      setItem: (key: string, value: string) => {
        if (this.full) throw new DOMException('full', 'QuotaExceededError');
        disk.set(key, value);
      },
      removeItem: (key: string) => void disk.delete(key),
      clear: () => disk.clear(),
    };
  }

  tab(name = 'tab-a', device = 'd1', account = 'TEST-0001'): Outbox & { device: string } {
    const say = (code: unknown, text: string) => void this.lines.push(`${String(code)} ${text}`);
    const log: Log = { _level: 2, _error: say, _warn: say, _info: say, _debug: () => {} };
    const tab = new Outbox(account, name, {
      _store: createStore(() => this.storage()),
      _log: log,
      _now: () => this.now,
      _random: () => 1,
      _id: this.id,
      _later: (run, ms) => {
        const timer = { at: this.now + ms, run };
        this.timers.push(timer);
        return timer;
      },
      _cancel: (timer) => void (this.timers = this.timers.filter((other) => other !== timer)),
      _post: (body) => {
        this.sent.push(JSON.parse(body) as Request);
        const next = this.script.shift();
        if (next === null) return Promise.reject(new TypeError('Failed to fetch'));
        return Promise.resolve(typeof next === 'object' ? next : { _status: next ?? 200, _body: { v: 1 } });
      },
      _beacon: (body) => {
        this.beacons.push(JSON.parse(body) as Request);
        return true;
      },
      _lock: async (work) => {
        const held = !this.lockTaken;
        if (held) this.lockTaken = true;
        await work(held);
        if (held) this.lockTaken = false;
      },
      _encode: (device, ops, show) => encode({ account, device, sdk: 'web/0.1.0', now: this.now, show }, ops),
      _device: () => (tab as { device: string }).device,
      _view: () => this.view,
      _reply: () => {},
    }) as Outbox & { device: string };
    tab.device = device;
    return tab;
  }

  id = idMaker(
    () => this.now,
    (bytes) => bytes.fill(7),
  );

  /** Lets time go by, timer for timer. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      this.timers.sort((a, b) => a.at - b.at);
      const next = this.timers[0];
      if (!next || next.at > end) break;
      this.timers.shift();
      this.now = next.at;
      next.run();
      await settle();
    }
    this.now = end;
  }

  /** Closes all tabs; storage stays. */
  reload(): void {
    this.timers = [];
    this.lockTaken = false;
  }

  get names(): string[][] {
    return this.sent.map(({ ops }) => ops.map(nameOf));
  }

  get waiting(): number {
    return [...this.disk.keys()].filter((key) => key.includes(':o:')).length;
  }
}

function nameOf(op: object): string {
  return (op as { name?: string }).name ?? (op as { op: string }).op;
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

const event = (name: string) => ({ op: 'event', name }) as const;

test('operations of a moment go together, in order, and leave storage with the answer', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  for (const name of ['a', 'b', 'c']) tab._add(event(name));
  assert.equal(browser.waiting, 3);
  await browser.pass(199);
  assert.equal(browser.sent.length, 0);
  await browser.pass(1);
  assert.deepEqual(browser.names, [['a', 'b', 'c']]);
  assert.equal(browser.sent[0]?.show, true);
  assert.equal(browser.waiting, 0);
});

test('a page view takes what this task queued with it, at once', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab._add({ op: 'login', identity: { Identity: 'c-1' } });
  tab._add({ op: 'page', url: 'https://shop.example.com/' }, true);
  tab._add(event('a'));
  await browser.pass(0);
  assert.deepEqual(browser.names, [['login', 'page', 'a']]);
});

test('batches hold at most 50 operations and 60 kB', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  for (let i = 0; i < 120; i++) tab._add(event(`e${i}`));
  await browser.pass(200);
  assert.deepEqual(browser.sent.map(({ ops }) => ops.length), [50, 50, 20]);
  browser.sent = [];
  for (let i = 0; i < 5; i++) tab._add({ op: 'event', name: 'big', props: { text: 'é'.repeat(10_000) } });
  await browser.pass(200);
  assert.deepEqual(browser.sent.map(({ ops }) => ops.length), [2, 2, 1]);
});

test('no answer: kept, tried again later and later, never more than five minutes apart', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  browser.script = Array<null>(12).fill(null);
  tab._add(event('a'));
  await browser.pass(200);
  let waited: number[] = [];
  let last = browser.now;
  while (browser.script.length > 0) {
    const before = browser.sent.length;
    while (browser.sent.length === before) await browser.pass(500);
    waited.push(browser.now - last);
    last = browser.now;
  }
  assert.deepEqual(waited, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((s) => s * 1000));
  assert.equal(browser.waiting, 1);
  await browser.pass(300_000);
  assert.equal(browser.waiting, 0);
});

test('what happens meanwhile waits behind, in order, and does not hurry the retry', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  browser.script = [503];
  tab._add(event('a'));
  await browser.pass(200);
  tab._add(event('b'));
  await browser.pass(1200);
  assert.deepEqual(browser.names.at(-1), ['a', 'b']);
  assert.equal(browser.waiting, 0);
});

test('the network is back: tried at once', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  browser.script = [null, null, null, null];
  tab._add(event('a'));
  await browser.pass(8_000);
  assert.equal(browser.sent.length, 4);
  tab._wake();
  await browser.pass(0);
  assert.equal(browser.waiting, 0);
});

test('Retry-After is honoured, by the next page and by other tabs as well', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  browser.script = [{ _status: 429, _retryAfter: 60, _body: null }];
  tab._add(event('a'));
  await browser.pass(200);
  tab._wake();
  await browser.pass(59_000);
  assert.equal(browser.sent.length, 1);
  browser.reload();
  const next = browser.tab('tab-a');
  next._wake();
  await browser.pass(900);
  assert.equal(browser.sent.length, 1);
  await browser.pass(200);
  assert.deepEqual(browser.names.at(-1), ['a']);
});

test('408 and 5xx keep the batch; any other refusal drops it and says so', async () => {
  for (const status of [408, 500, 503]) {
    const browser = new Browser();
    browser.script = [status];
    browser.tab()._add(event('a'));
    await browser.pass(200);
    assert.equal(browser.waiting, 1, String(status));
  }
  for (const status of [400, 403, 404, 413]) {
    const browser = new Browser();
    browser.script = [{ _status: status, _body: { error: { code: 'origin_refused', message: 'not this site' } } }];
    browser.tab()._add(event('a'));
    await browser.pass(200);
    assert.equal(browser.waiting, 0, String(status));
    assert.match(browser.lines.join('\n'), new RegExp(`origin_refused .*${status}`));
  }
});

test('a reload loses nothing: what waits goes first, and before what the new page does', async () => {
  const browser = new Browser();
  browser.script = [null];
  const before = browser.tab();
  before._add(event('a'));
  await browser.pass(200);
  before._add(event('b'));
  browser.reload();
  const after = browser.tab();
  after._add({ op: 'page', url: 'https://shop.example.com/' }, true);
  await browser.pass(0);
  assert.deepEqual(browser.names.at(-1), ['a', 'b', 'page']);
  assert.equal(browser.waiting, 0);
});

test('the page hides: a beacon carries what was not sent, once, and it stays until there is an answer', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab._add(event('a'));
  tab._hide();
  tab._hide();
  tab._add(event('b'));
  tab._hide();
  assert.deepEqual(
    browser.beacons.map(({ ops, show }) => [show, ...ops.map(nameOf)]),
    [
      [undefined, 'a'],
      [undefined, 'b'],
    ],
  );
  assert.equal(browser.waiting, 2);
  await browser.pass(200);
  assert.deepEqual(browser.names, [['a', 'b']]);
  assert.equal(browser.beacons[0]?.ops[0]?.id, browser.sent[0]?.ops[0]?.id, 'the same id: the server counts it once');
});

test('a tab sends its own and leaves a living tab its own', async () => {
  const browser = new Browser();
  const [a, b] = [browser.tab('tab-a'), browser.tab('tab-b')];
  a._add(event('of-a'));
  b._add(event('of-b'), true);
  await browser.pass(0);
  assert.deepEqual(browser.names, [['of-b']]);
  await browser.pass(200);
  assert.deepEqual(browser.names, [['of-b'], ['of-a']]);
  assert.equal(browser.waiting, 0);
});

test('what a closed tab left is adopted by one other tab, in order, and brings it no pop-up', async () => {
  const browser = new Browser();
  browser.tab('tab-a')._add(event('left'));
  browser.reload();
  await browser.pass(11_000);
  const [b, c] = [browser.tab('tab-b'), browser.tab('tab-c')];
  b._wake();
  c._wake();
  await browser.pass(0);
  assert.deepEqual(browser.names, [['left']]);
  assert.equal(browser.sent[0]?.show, undefined);
});

test('a new device never sends what the old one did as its own', async () => {
  const browser = new Browser();
  const tab = browser.tab('tab-a', 'd1');
  tab._add(event('old'));
  tab.device = 'd2';
  tab._add(event('new'));
  await browser.pass(200);
  assert.deepEqual(browser.sent.map(({ device, ops }) => [device, ...ops.map(nameOf)]), [
    ['d1', 'old'],
    ['d2', 'new'],
  ]);
});

test('two accounts on one origin do not mix', async () => {
  const browser = new Browser();
  browser.tab('tab-a', 'd1', 'ONE')._add(event('one'));
  browser.reload();
  const two = browser.tab('tab-a', 'd1', 'TWO');
  two._add(event('two'));
  await browser.pass(200);
  assert.deepEqual(browser.names, [['two']]);
});

test('the queue is bounded: the oldest goes, a login stays', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab._paused = true;
  tab._add({ op: 'login', identity: { Identity: 'c-1' } });
  for (let i = 0; i < 520; i++) tab._add(event(`e${i}`));
  assert.equal(browser.waiting, 500);
  assert.equal(browser.lines.filter((line) => line.startsWith('902')).length, 1);
  tab._paused = false;
  tab._wake();
  await browser.pass(0);
  const names = browser.names.flat();
  assert.equal(names[0], 'login');
  assert.equal(names[1], 'e21');
  assert.equal(names.at(-1), 'e519');
});

test('offline by hand: nothing leaves, also not by beacon, until it is over', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab._paused = true;
  tab._add(event('a'));
  tab._hide();
  await browser.pass(60_000);
  assert.equal(browser.sent.length + browser.beacons.length, 0);
  tab._paused = false;
  tab._wake();
  await browser.pass(0);
  assert.deepEqual(browser.names, [['a']]);
});

test('storage that is full or blocked costs nothing but the reload', async () => {
  const browser = new Browser();
  browser.full = true;
  const tab = browser.tab();
  tab._add(event('a'));
  await browser.pass(200);
  assert.deepEqual(browser.names, [['a']]);
  const blocked = createStore(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  blocked._set('k', 'v');
  assert.equal(blocked._get('k'), 'v');
  assert.deepEqual(blocked._keys(''), ['k']);
  blocked._remove('k');
  assert.equal(blocked._get('k'), null);
});

test('ids are UUIDv7 and rise within a millisecond and when the clock steps back', () => {
  let now = 0x0199c0de7a55;
  const next = idMaker(
    () => now,
    (bytes) => crypto.getRandomValues(bytes),
  );
  const ids = Array.from({ length: 5000 }, next);
  now -= 60_000;
  ids.push(next());
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => isId(id) && /^.{12}7.{3}[89ab]/.test(id)));
  assert.ok(ids[0]?.startsWith('0199c0de7a557000'));
});

test('Retry-After in seconds, as a date, and as nonsense', () => {
  const now = Date.UTC(2026, 10, 23, 12, 0, 0);
  assert.equal(seconds('120', now), 120);
  assert.equal(seconds('Mon, 23 Nov 2026 12:00:30 GMT', now), 30);
  assert.equal(seconds('Mon, 23 Nov 2026 11:00:00 GMT', now), 0);
  assert.equal(seconds('soon', now), undefined);
  assert.equal(seconds(null, now), undefined);
});

test('a due asks for a pop-up on its page view: it is not sent from the next one, nor by beacon', async () => {
  const browser = new Browser();
  const tab = browser.tab();
  browser.view = tab._add({ op: 'page', url: 'https://shop.example.com/' }, true);
  await browser.pass(0);
  tab._add({ op: 'due', campaign: 7 }, true);
  tab._hide();
  assert.deepEqual(browser.beacons, []);
  await browser.pass(0);
  assert.deepEqual(browser.sent.map(({ show, ops }) => [show, ops.map(({ op }) => op)]), [[true, ['page']], [true, ['due']]]);
  browser.script = [null];
  tab._add({ op: 'due', campaign: 8 }, true);
  await browser.pass(0);
  browser.view = tab._add({ op: 'page', url: 'https://shop.example.com/cart' }, true);
  await browser.pass(5_000);
  assert.deepEqual(browser.sent.at(-1)?.ops.map(({ op }) => op), ['page']);
  assert.equal(browser.disk.size, 0);
});
