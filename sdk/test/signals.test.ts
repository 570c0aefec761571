import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { Signals } from '../src/popup/signals.ts';
import { createStore, type Store } from '../src/storage.ts';
import type { Draft, Signal, Waiting } from '../src/wire.ts';
import { FakeElement, openPage } from './dom.ts';

const START = 1763890000000;

class World {
  page = openPage();
  due: Draft[] = [];
  lines: string[] = [];
  tab: Store = createStore(() => null);
  signals!: Signals;

  constructor() {
    mock.timers.reset();
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START });
    this.open();
  }

  /** A page of the tab. */
  open(): void {
    const say = (code: unknown, text: string) => void this.lines.push(`${String(code)} ${text}`);
    this.signals = new Signals({
      _log: { _level: 2, _error: say, _warn: say, _info: say, _debug: () => {} },
      _tab: this.tab,
      _raise: (draft) => void this.due.push(draft),
      _changed: () => {},
    });
  }

  wait(campaign: number, list: Signal[], more: Partial<Waiting> & { match?: 'any' | 'all' } = {}): void {
    const { match, ...rest } = more;
    this.signals._wait([{ campaign, signals: { list, ...(match && { match }) }, ...rest }], Date.now());
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 100) mock.timers.tick(Math.min(left, 100));
  }

  get campaigns(): number[] {
    return this.due.map((draft) => (draft as { campaign: number }).campaign);
  }

  /** The pointer leaves the document, as both events tell it. */
  leave(more: object = {}): void {
    const { document } = this.page;
    const at = { relatedTarget: null, clientY: -3, buttons: 0, ...more };
    document.body.fire('mouseout', at);
    document.documentElement.fire('mouseleave', at);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

const make = (tag: string, attributes = {}) => new FakeElement(world.page.document, tag, attributes);

test('a delay is due after its time, once, and brings its event back', () => {
  const event = { name: 'Added To Cart', props: { product: 'Jug' } };
  world.wait(1, [{ on: 'delay', seconds: 10 }], { event });
  world.pass(9_900);
  assert.deepEqual(world.due, []);
  world.pass(20_000);
  assert.deepEqual(world.due, [{ op: 'due', campaign: 1, event }]);
});

test('a delay ends with its page view', () => {
  world.wait(1, [{ on: 'delay', seconds: 10 }]);
  world.pass(5_000);
  world.signals._page();
  world.pass(20_000);
  assert.deepEqual(world.due, []);
});

test('time across pages runs on: without loading, and on the next page of the tab', () => {
  world.wait(1, [{ on: 'delay', seconds: 10, across_pages: true }]);
  world.pass(4_000);
  world.signals._page();
  world.pass(3_000);
  world.signals._drop(); // the page unloads
  world.open();
  world.pass(2_900);
  assert.deepEqual(world.due, []);
  world.pass(200);
  assert.deepEqual(world.campaigns, [1]);
  world.open();
  world.pass(20_000);
  assert.deepEqual(world.campaigns, [1]);
});

test('all signs, or any of them', () => {
  world.page.document.body.append(make('button', { id: 'size' }));
  const list: Signal[] = [{ on: 'click', selector: '#size' }, { on: 'delay', seconds: 5 }];
  world.wait(1, list);
  world.wait(2, list, { match: 'any' });
  world.page.document.getElementById('size')?.click();
  assert.deepEqual(world.campaigns, [2]);
  world.pass(5_000);
  assert.deepEqual(world.campaigns, [2, 1]);
});

test('nobody looks when the sign comes: it is due when somebody does', () => {
  world.wait(1, [{ on: 'delay', seconds: 1 }]);
  world.page.document.visibilityState = 'hidden';
  world.pass(5_000);
  assert.deepEqual(world.due, []);
  world.page.document.visibilityState = 'visible';
  world.page.document.fire('visibilitychange');
  assert.deepEqual(world.campaigns, [1]);
});

test('scroll, in per cent of what can be scrolled', () => {
  const root = world.page.document.documentElement;
  Object.assign(root, { scrollHeight: 2_700, clientHeight: 700 });
  world.wait(1, [{ on: 'scroll', percent: 50 }]);
  root.scrollTop = 900;
  world.page.document.fire('scroll', { target: world.page.document });
  world.pass(100);
  assert.equal(world.signals._state()[0]?.signals[0]?.now, 45);
  assert.deepEqual(world.due, []);
  root.scrollTop = 1_000;
  world.page.document.fire('scroll', { target: world.page.document });
  world.pass(100);
  assert.deepEqual(world.campaigns, [1]);
});

test('a page that cannot scroll has been seen whole, once it is complete', () => {
  const { document } = world.page;
  document.readyState = 'interactive';
  world.wait(1, [{ on: 'scroll', percent: 80 }]);
  world.pass(3_000);
  assert.deepEqual(world.due, []);
  document.readyState = 'complete';
  world.pass(1_100);
  assert.deepEqual(world.campaigns, [1]);
});

test('rest begins anew with each movement, and is none on a page that nobody looks at', () => {
  world.wait(1, [{ on: 'idle', seconds: 5 }]);
  for (let i = 0; i < 3; i++) {
    world.pass(4_000);
    world.page.document.body.fire('pointermove');
  }
  assert.deepEqual(world.due, []);
  world.page.document.visibilityState = 'hidden';
  world.page.document.fire('visibilitychange');
  world.pass(20_000);
  world.page.document.visibilityState = 'visible';
  world.page.document.fire('visibilitychange');
  world.pass(4_000);
  assert.deepEqual(world.due, []);
  world.pass(6_500);
  assert.deepEqual(world.campaigns, [1]);
});

test('the pointer leaves through the top: once', () => {
  world.wait(1, [{ on: 'exit' }]);
  world.leave();
  assert.deepEqual(world.due, [], 'it was never inside');
  world.page.document.body.fire('mousemove', { clientY: 100 });
  world.leave();
  world.leave();
  assert.deepEqual(world.campaigns, [1]);
});

test('what is no exit', () => {
  const select = make('select');
  const link = make('a', { href: '/cart' });
  world.page.document.body.append(select, link);
  world.wait(1, [{ on: 'exit' }]);
  world.page.document.body.fire('mousemove', { clientY: 100 });
  world.leave({ clientY: 40 }); // through a side
  world.leave({ relatedTarget: make('iframe') });
  world.leave({ buttons: 1 });
  select.fire('mouseout', { relatedTarget: null, clientY: -1, buttons: 0 });
  link.click();
  world.leave();
  assert.deepEqual(world.due, []);
  world.pass(3_000);
  world.leave();
  assert.deepEqual(world.campaigns, [1]);
});

test('exit is once a page view: the server may say again that it waits', () => {
  world.page.document.body.fire('mousemove', { clientY: 100 });
  world.wait(1, [{ on: 'exit' }]);
  world.page.document.body.fire('mousemove', { clientY: 100 });
  world.leave();
  world.wait(1, [{ on: 'exit' }]);
  world.page.document.body.fire('mousemove', { clientY: 100 });
  world.leave();
  assert.deepEqual(world.campaigns, [1]);
  world.signals._page();
  world.wait(1, [{ on: 'exit' }]);
  world.page.document.body.fire('mousemove', { clientY: 100 });
  world.leave();
  assert.deepEqual(world.campaigns, [1, 1]);
});

test('an element in view, also one that comes later', async () => {
  const { document } = world.page;
  const first = make('p', { class: 'price' });
  document.body.append(first);
  world.wait(1, [{ on: 'visible', selector: '.price' }]);
  world.wait(2, [{ on: 'visible', selector: '#late' }]);
  world.page.see(first, 0.1);
  assert.deepEqual(world.due, []);
  world.page.see(first, 0.5);
  assert.deepEqual(world.campaigns, [1]);
  const late = make('p', { id: 'late' });
  document.body.append(late);
  await Promise.resolve();
  await Promise.resolve();
  world.pass(300);
  world.page.see(late);
  assert.deepEqual(world.campaigns, [1, 2]);
});

test('a selector that is none is named on the console, and the other signs still count', () => {
  world.page.document.querySelector = (selector: string) => {
    throw new SyntaxError(selector);
  };
  world.wait(1, [{ on: 'click', selector: '[[' }, { on: 'delay', seconds: 1 }], { match: 'any' });
  assert.match(world.lines.join(), /707 .*"\[\["/);
  assert.match(world.signals._state()[0]?.signals[0]?.fault ?? '', /no CSS selector/);
  world.pass(1_000);
  assert.deepEqual(world.campaigns, [1]);
});

test('nothing is watched that nobody waits for', () => {
  const { document, window } = world.page;
  const before = [document, document.documentElement, window].flatMap((target) => target.listening);
  world.wait(1, [{ on: 'scroll', percent: 50 }, { on: 'idle', seconds: 9 }, { on: 'exit' }, { on: 'visible', selector: 'p' }]);
  assert.ok([document, window].flatMap((target) => target.listening).length > before.length);
  world.signals._page();
  assert.deepEqual([document, document.documentElement, window].flatMap((target) => target.listening), before);
  assert.equal(document.observers.size, 0);
});

// Last: a touch is remembered.
test('after a touch the pointer says nothing', () => {
  world.wait(1, [{ on: 'exit' }]);
  world.page.document.body.fire('mousemove', { clientY: 100 });
  world.page.document.body.fire('touchstart');
  world.leave();
  assert.deepEqual(world.due, []);
});
