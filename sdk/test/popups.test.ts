import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import vm from 'node:vm';
import type { Log } from '../src/log.ts';
import { Custom, type PopupData, type PublicMessage } from '../src/popup/custom.ts';
import { fields } from '../src/popup/fields.ts';
import { own, sandbox, withBase } from '../src/popup/own.ts';
import { Stage } from '../src/popup/show.ts';
import type { MorePart } from '../src/more.ts';
import type { Draft, Message } from '../src/wire.ts';
import { FakeDocument, FakeElement, openPage } from './dom.ts';

const START = 1763890000000;

/** Node's own stand-in goes on after a `clearInterval` inside, and puts a timer without a delay anywhere. */
function every(): void {
  const later = globalThis.setTimeout;
  const setTimeout = (run: () => void, ms = 0) => later(run, ms);
  const stopped = new Set<object>();
  const setInterval = (run: () => void, ms: number): object => {
    const timer = {};
    const next = () =>
      setTimeout(() => {
        if (stopped.has(timer)) return;
        run();
        next();
      }, ms);
    next();
    return timer;
  };
  Object.assign(globalThis, { setTimeout, setInterval, clearInterval: (timer: object) => stopped.add(timer) });
}

/** A page with a stage on it, at a time that a test moves. */
class World {
  page = openPage();
  raised: Draft[] = [];
  lines: string[] = [];
  gone: string[] = [];
  prompts = 0;
  askedBy = '';
  partIsThere = true;
  custom: Custom;
  stage: Stage;

  constructor() {
    mock.timers.reset();
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START });
    every();
    const say = (code: unknown, text: string) => void this.lines.push(`${String(code)} ${text}`);
    const ports = {
      _log: { _level: 2, _error: say, _warn: say, _info: say, _debug: () => {} } satisfies Log,
      _nonce: 'n0nce',
      _raise: (draft: Draft) => void this.raised.push(draft),
      _leaving: () => {},
      _prompt: ({ msgId }: Message) => {
        this.prompts++;
        this.askedBy = msgId;
      },
    };
    this.custom = new Custom(ports);
    const more = { _fields: fields, _own: own, _sandbox: sandbox, _withBase: withBase } as unknown as MorePart;
    this.stage = new Stage({
      ...ports,
      _changed: () => {},
      _more: (run, failed) => (this.partIsThere ? run(more) : failed()),
      _placed: (message, frame) => this.custom._placed(message, frame),
      _rendered: (message) => this.custom._rendered(message),
      _gone: (message) => this.custom._gone(message),
    });
  }

  show(...messages: Message[]): void {
    this.stage._show(messages, Date.now());
    this.settle();
  }

  /** Placed, found ready, shown: each in a task of its own. */
  settle(): void {
    for (const ms of [1, 30, 1]) this.pass(ms);
  }

  /** In steps, because what a timer sets is counted from the end of a step. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 100) mock.timers.tick(Math.min(left, 100));
  }

  find(id: string): FakeElement | null {
    return this.page.document.getElementById(id);
  }

  inner(id = 'wizParDiv0'): FakeDocument {
    const inner = this.find(id)?.children[0]?.contentDocument;
    assert.ok(inner, `${id} does not stand on the page`);
    return inner;
  }

  press(selector: string, id?: string): void {
    const button = this.inner(id).querySelector(selector);
    assert.ok(button, selector);
    button.click();
  }

  /** What was raised, in short. */
  get said(): string[] {
    return this.raised.map((draft) => {
      const { op, msg = '', button = '', reason = '' } = draft as { op: string; msg?: string; button?: string; reason?: string };
      return [op, msg.split('_')[0], button || reason].filter(Boolean).join(' ');
    });
  }
}

const element = (document: FakeDocument, tag: string, attributes: Record<string, string> = {}, ...children: FakeElement[]) =>
  new FakeElement(document, tag, attributes, ...children);

FakeDocument.documents['plain'] = (document) => [
  element(
    document,
    'div',
    { id: 'contentDiv', role: 'dialog' },
    element(document, 'button', { 'data-campanile': 'click' }),
    element(document, 'button', { 'data-campanile': 'click', 'data-button': 'second' }),
    element(document, 'button', { 'data-campanile': 'close' }),
  ),
];

/** Lets promises and observers have their turn. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

let count = 0;
function message(campaign: number, kind = 'box', changes: Partial<Message> = {}, html = 'plain'): Message {
  return {
    impression: String(++count).padStart(32, '0'),
    msgId: `${campaign}_20251123`,
    msgContent: { html, type: 1, templateType: kind, title: 'Title' },
    display: { kind, ...changes.display },
    onClick: { do: 'close' },
    leaseMs: 300_000,
    ...changes,
  } as Message;
}

let world: World;
beforeEach(() => {
  world = new World();
});

test('a place is taken as soon as its message is there, before anything of it is', () => {
  assert.deepEqual(world.stage._busy(), []);
  world.stage._show([message(1)], Date.now());
  assert.deepEqual(world.stage._busy(), ['box']);
  world.settle();
  world.press('[data-campanile=close]');
  world.pass(200);
  assert.deepEqual(world.stage._busy(), []);
});

test('box, banner and interstitial stand together, a second box waits for the first', () => {
  const of = (kind: string) => ({ display: { kind } });
  world.show(message(1), message(2), message(3, 'banner', of('banner')), message(4, 'interstitial', of('interstitial')));
  assert.ok(world.find('wizParDiv0') && world.find('wizParDiv2') && world.find('intentPreview') && world.find('intentOpacityDiv'));
  assert.deepEqual(world.stage._busy().sort(), ['banner', 'box', 'interstitial']);
  assert.deepEqual(world.stage._standing().map(({ _message }) => _message.msgId[0]), ['1', '3', '4']);
  world.press('[data-campanile=close]');
  world.pass(200);
  assert.deepEqual(world.said, ['close 1']);
  assert.deepEqual(world.stage._standing().map(({ _message }) => _message.msgId[0]).sort(), ['2', '3', '4']);
});

test('viewed once, when half of it was in view for a second on a page that is looked at', () => {
  world.show(message(1));
  const host = world.find('wizParDiv0');
  assert.ok(host);
  world.page.see(host, 0.6);
  world.pass(900);
  world.page.see(host, 0.4);
  world.pass(500);
  assert.deepEqual(world.said, []);
  world.page.see(host, 0.5);
  world.pass(1000);
  world.page.see(host, 0);
  world.page.see(host, 1);
  world.pass(2000);
  assert.deepEqual(world.said, ['view 1']);
});

test('a message whose time is over when its turn comes is given back and not shown', () => {
  world.show(message(1), message(2, 'box', { leaseMs: 5_000 }), message(3));
  world.pass(6_000);
  world.press('[data-campanile=close]');
  world.pass(200);
  assert.deepEqual(world.said, ['close 1', 'return 2 expired']);
  assert.deepEqual(world.stage._standing().map(({ _message }) => _message.msgId[0]), ['3']);
});

test('the time runs from the sending of the request', () => {
  world.stage._show([message(1, 'box', { leaseMs: 5_000 })], START - 6_000);
  world.settle();
  assert.deepEqual(world.said, ['return 1 expired']);
  assert.equal(world.find('wizParDiv0'), null);
});

test('nobody looks: it waits, and is given back if that takes too long', () => {
  world.page.document.visibilityState = 'hidden';
  world.show(message(1, 'box', { leaseMs: 5_000 }));
  assert.equal(world.find('wizParDiv0'), null);
  world.pass(6_000);
  world.page.document.visibilityState = 'visible';
  world.page.document.fire('visibilitychange');
  assert.deepEqual(world.said, ['return 1 expired']);
});

test('another page: what was not seen goes back, what was seen goes without a word', () => {
  world.show(message(1), message(2), message(3, 'banner', { display: { kind: 'banner' } }));
  const host = world.find('wizParDiv0');
  assert.ok(host);
  world.page.see(host);
  world.pass(1000);
  world.stage._clear();
  world.pass(200);
  assert.deepEqual(world.said.sort(), ['return 2 page', 'return 3 page', 'view 1']);
  assert.equal(world.page.document.body.children.length, 0);
});

test('what is shown for a test raises nothing at all', () => {
  world.show(message(1, 'box', { test: true }), message(2, 'box', { test: true }), message(3, 'slot-machine', { test: true }));
  const host = world.find('wizParDiv0');
  assert.ok(host);
  world.page.see(host);
  world.pass(1000);
  world.press('[data-campanile=click]');
  world.pass(200);
  world.press('[data-campanile=close]');
  world.pass(200);
  world.custom._note(message(4, 'box', { test: true }));
  world.custom._render('view', { msgId: '4_20251123' });
  assert.deepEqual(world.raised, []);
});

test('a kind that is not known, and a message whose part does not come, are given back', () => {
  world.partIsThere = false;
  world.show(message(1, 'slot-machine'), message(2, 'box', { action: 'copy' }), message(3));
  assert.deepEqual(world.said, ['return 1 unsupported', 'return 2 failed']);
  assert.deepEqual(world.stage._standing().map(({ _message }) => _message.msgId[0]), ['3']);
});

test('a no to the question about push is a close, not a click', () => {
  world.show(message(1, 'box', { onClick: { do: 'prompt' }, second: { do: 'close' } }));
  world.press('[data-button=second]');
  world.pass(200);
  world.show(message(2, 'box', { onClick: { do: 'prompt' } }));
  world.press('[data-campanile=click]');
  assert.deepEqual(world.said, ['close 1', 'click 2 main']);
  assert.equal(world.prompts, 1);
});

test('both buttons do what the campaign says, and are counted by name', () => {
  const calls: unknown[] = [];
  (globalThis as Record<string, unknown>)['shop'] = { add: (kv: unknown) => calls.push(kv) };
  (globalThis as { window?: object }).window = Object.assign(world.page.window, { shop: (globalThis as Record<string, unknown>)['shop'] });
  world.show(message(1, 'box', { onClick: { do: 'function', name: 'shop.add' }, kv: { voucher: 'BLUE' } }));
  world.press('[data-campanile=click]');
  world.pass(200);
  world.show(message(2, 'box', { second: { do: 'prompt' } }));
  world.press('[data-button=second]');
  world.pass(200);
  world.show(message(3, 'box', { onClick: { do: 'function', name: 'no.such' } }));
  world.press('[data-campanile=click]');
  assert.deepEqual(calls, [{ voucher: 'BLUE' }]);
  assert.equal(world.prompts, 1);
  assert.match(world.askedBy, /^2/);
  assert.deepEqual(world.said, ['click 1 main', 'click 2 second', 'click 3 main']);
  assert.match(world.lines.join(), /703 The page has no function no\.such/);
});

for (const removed of [['intentOpacityDiv', 'intentPreview'], ['intentPreview'], ['intentOpacityDiv']]) {
  test(`taking ${removed.join(' and ')} out of the page closes the interstitial once and leaves the page as it was`, async () => {
    const { document } = world.page;
    const [main, aside] = [element(document, 'main'), element(document, 'aside', { inert: '' })];
    document.body.append(main, aside);
    world.show(message(1, 'interstitial', { display: { kind: 'interstitial' } }));
    assert.deepEqual([main, aside].map((part) => part.hasAttribute('inert')), [true, true]);
    for (const id of removed) world.find(id)?.remove();
      await settled();
    world.pass(200);
    assert.deepEqual(world.said, ['close 1']);
    assert.deepEqual([main, aside].map((part) => part.hasAttribute('inert')), [false, true]);
    assert.deepEqual(document.body.children, [main, aside]);
  });
}

test('an interstitial takes the focus to its title, closes on Escape and on the veil, and gives the focus back', () => {
  const { document } = world.page;
  const link = element(document, 'a');
  document.body.append(link);
  link.focus();
  world.show(message(1, 'interstitial', { display: { kind: 'interstitial' } }));
  assert.equal(document.activeElement?.id, 'wiz-iframe-intent');
  document.fire('keydown', { key: 'Escape' });
  assert.equal(document.activeElement, link);
  world.pass(200);
  world.show(message(2, 'interstitial', { display: { kind: 'interstitial' } }));
  world.find('intentOpacityDiv')?.click();
  world.pass(200);
  // The owner's own HTML closes itself.
  world.show(message(3, 'interstitial', { display: { kind: 'interstitial', custom: true } }, withBase('plain', false)));
  world.find('intentOpacityDiv')?.click();
  assert.deepEqual(world.said, ['close 1', 'close 2']);
});

FakeDocument.documents[withBase('plain', false)] = FakeDocument.documents['plain'];

test('each pop-up hears its own callback, the page hears all, each once', async () => {
  world.show(message(1), message(2, 'banner', { display: { kind: 'banner' } }));
  const heard: string[] = [];
  for (const id of ['wizParDiv0', 'wizParDiv2']) {
    const realm = (world.inner(id).defaultView as { realm: vm.Context }).realm;
    const tell = (data: PopupData) => heard.push(`${id} ${data.msgId}`);
    world.custom._listen(vm.runInContext('(tell) => (data) => tell(data)', realm)(tell));
  }
  world.custom._listen((data: PopupData) => heard.push(`page ${data.msgId}`));
  await Promise.resolve();
  world.custom._listen(undefined);
  world.show(message(3));
  await Promise.resolve();
  assert.deepEqual(heard.sort(), [
    'page 1_20251123',
    'page 2_20251123',
    'wizParDiv0 1_20251123',
    'wizParDiv2 2_20251123',
  ]);
});

test('a click that is raised counts for the pop-up whose data it is, even when two have one msgId', async () => {
  const [first, second] = [message(1), message(1, 'banner', { display: { kind: 'banner' } })];
  const got: PopupData[] = [];
  world.custom._listen((data: PopupData) => got.push(data));
  world.show(first, second);
  await Promise.resolve();
  world.custom._render('click', got[0]);
  world.custom._render('click', got[1]);
  assert.deepEqual(world.raised.map((draft) => (draft as { impression?: string }).impression), [first.impression, second.impression]);
});

test('what notificationCallback raises counts for its own message, later for the last, with an argument for that', () => {
  const messages = [message(1), message(2)];
  const got: PublicMessage[] = [];
  for (const one of messages) {
    world.custom._note(one);
    world.custom._deliver((data) => {
      got.push(data);
      world.custom._viewed();
    }, one);
  }
  world.custom._clicked();
  world.custom._clicked(got[0]);
  world.custom._viewed({ msgId: '1_20251123' });
  assert.deepEqual(world.said, ['view 1', 'view 2', 'click 2 main', 'click 1 main', 'view 1']);
});

function form(document: FakeDocument, ...inputs: FakeElement[]): FakeElement[] {
  return [
    element(
      document,
      'div',
      { id: 'contentDiv', role: 'dialog' },
      element(
        document,
        'form',
        { 'data-campanile': 'form', 'data-wrong-email': 'No address', 'data-wrong-empty': 'Choose one', 'data-wrong-consent': 'Tick the box' },
        ...inputs,
        element(document, 'p', { 'data-campanile': 'error' }),
        element(document, 'button', { 'data-campanile': 'click' }),
      ),
      element(document, 'div', { 'data-campanile': 'thanks' }),
    ),
  ];
}

FakeDocument.documents['letter'] = (document) =>
  form(
    document,
    element(document, 'input', { name: 'answer', type: 'email' }),
    element(document, 'input', { name: 'consent', type: 'checkbox', required: '' }),
  );
FakeDocument.documents['question'] = (document) =>
  form(
    document,
    element(document, 'input', { name: 'answer', type: 'radio' }),
    element(document, 'input', { name: 'answer', type: 'radio' }),
    element(document, 'textarea', { name: 'comment' }),
  );

test('an address and a consent are checked where they stand, and the answer goes once', () => {
  world.show(message(1, 'box', { action: 'answer' }, 'letter'));
  const inner = world.inner();
  const [answer, consent] = [inner.querySelector('[name=answer]'), inner.querySelector('[name=consent]')];
  const error = inner.querySelector('[data-campanile=error]');
  assert.ok(answer && consent && error);
  const send = () => world.press('form button'.split(' ')[1] ?? '');
  send();
  assert.deepEqual([error.textContent, answer.getAttribute('aria-invalid'), inner.activeElement], ['No address', 'true', answer]);
  answer.value = 'someone@nowhere';
  send();
  assert.equal(error.textContent, 'No address');
  answer.value = ' someone@example.com ';
  send();
  assert.deepEqual([error.textContent, answer.hasAttribute('aria-invalid'), inner.activeElement], ['Tick the box', false, consent]);
  consent.checked = true;
  send();
  send();
  assert.deepEqual(world.said, ['answer 1', 'click 1 answer']);
  const [raised] = world.raised;
  assert.ok(raised?.op === 'answer');
  assert.deepEqual([raised.answer, raised.consent], ['someone@example.com', true]);
  assert.equal(inner.querySelector('[data-campanile=thanks]')?.hidden, false);
  assert.equal(inner.querySelector('[data-campanile=form]')?.hidden, true);
  assert.ok(world.find('wizParDiv0'), 'the thanks stay');
});

test('a choice is marked, goes with its comment, and then the click does what the campaign says', () => {
  world.show(message(1, 'box', { action: 'answer', onClick: { do: 'prompt' } }, 'question'));
  const inner = world.inner();
  const [, four] = inner.querySelectorAll('[name=answer]');
  const comment = inner.querySelector('[name=comment]');
  assert.ok(four && comment);
  world.press('button');
  assert.equal(inner.querySelector('[data-campanile=error]')?.textContent, 'Choose one');
  Object.assign(four, { value: '4', checked: true });
  four.fire('change');
  assert.ok(inner.querySelector('[data-campanile=form]')?.hasAttribute('data-chosen'));
  comment.value = 'Lovely jugs.';
  world.press('button');
  const [raised] = world.raised;
  assert.ok(raised?.op === 'answer');
  assert.deepEqual([raised.answer, raised.comment, raised.consent], ['4', 'Lovely jugs.', undefined]);
  assert.equal(world.prompts, 0);
  world.pass(2_000);
  assert.equal(world.prompts, 1);
  assert.equal(world.find('wizParDiv0'), null);
});

FakeDocument.documents['countdown'] = (document) => [
  element(
    document,
    'div',
    { 'data-campanile': 'countdown', 'data-ends': String(START + 3_661_500) },
    element(document, 'b', { 'data-unit': 'h' }),
    element(document, 'b', { 'data-unit': 'm' }),
    element(document, 'b', { 'data-unit': 's' }),
  ),
];

test('a countdown ticks each second and takes the message down at its end', () => {
  world.show(message(1, 'box', { msgContent: { html: 'countdown', type: 1, templateType: 'box' }, action: 'copy', leaseMs: 86_400_000 }));
  const read = () => world.inner().querySelectorAll('[data-unit]').map(({ textContent }) => textContent).join(':');
  assert.equal(read(), '01:01:02');
  world.pass(1_000);
  assert.equal(read(), '01:01:01');
  world.pass(61_000);
  assert.equal(read(), '01:00:00');
  world.pass(3_600_000);
  assert.equal(world.find('wizParDiv0'), null);
  assert.deepEqual(world.said, ['return 1 expired']);
});

test('what was clicked does not go back as unseen when the page changes', () => {
  world.show(message(1, 'box', { action: 'copy' }, 'code'));
  world.inner().defaultView.navigator = { clipboard: { writeText: () => Promise.resolve() } };
  world.press('[data-campanile=copy]');
  world.stage._clear();
  assert.deepEqual(world.said, ['click 1 copy']);
});

FakeDocument.documents['code'] = (document) => {
  const code = element(document, 'span', { 'data-campanile': 'code' });
  code.textContent = ' BLUE10 ';
  return [
    code,
    element(document, 'button', { 'data-campanile': 'copy', 'data-done': 'Copied' }),
    element(document, 'span', { 'data-campanile': 'said' }),
    element(document, 'button', { 'data-campanile': 'close' }),
  ];
};

test('a code is copied and announced, counted once, and the message stays', async () => {
  world.show(message(1, 'box', { action: 'copy' }, 'code'));
  const inner = world.inner();
  const copied: string[] = [];
  inner.defaultView.navigator = { clipboard: { writeText: async (text: string) => void copied.push(text) } };
  world.press('[data-campanile=copy]');
  world.press('[data-campanile=copy]');
  await settled();
  assert.deepEqual(copied, ['BLUE10', 'BLUE10']);
  assert.equal(inner.querySelector('[data-campanile=said]')?.textContent, 'Copied');
  assert.deepEqual(world.said, ['click 1 copy']);
  world.press('[data-campanile=close]');
  assert.deepEqual(world.said, ['click 1 copy', 'close 1']);
});

test("the base of the owner's own HTML stands where its parser takes it", () => {
  const base = '<base target="_top">';
  assert.equal(withBase('<!doctype html><html><head><title>x</title>', false), `<!doctype html><html><head>${base}<title>x</title>`);
  assert.equal(withBase('<!doctype html><p>x', false), `<!doctype html>${base}<p>x`);
  assert.equal(withBase('<header>x</header>', false), `${base}<header>x</header>`);
  assert.equal(withBase('<p>x', true), '<base target="_blank"><p>x');
  assert.equal(withBase('<base target="_self"><p>x', false), '<base target="_self"><p>x');
});
