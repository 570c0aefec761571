import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callFacts, everything, pushFacts, visitorFacts } from '../src/why/facts.ts';
import { label, readable, reason, rows, sentence, waitsFor } from '../src/why/words.ts';
import type { Progress, WhyState } from '../src/why-ports.ts';
import type { Explained } from '../src/wire.ts';

process.env['TZ'] = 'UTC';

function explained(campaign: number, outcome: Explained['outcome'], because: Explained['because'] = []): Explained {
  return { campaign, name: `Campaign ${campaign}`, kind: 'box', revision: 1, variant: null, outcome, because };
}

function state(changes: Partial<WhyState>): WhyState {
  return {
    waiting: [],
    shown: [],
    push: { permission: 'default', subscribed: false },
    calls: [],
    page: 'https://shop.example.com/table',
    device: 'd'.repeat(32),
    allowed: true,
    ...changes,
  };
}

const held = { name: 'page', asked: 'open and in view', seen: 'open', passed: true };
const failed = { name: 'week_cap', asked: 'at most 3 in seven days', seen: '3 so far', passed: false };

test('shown first, then waiting, then not shown, each by priority', () => {
  const scroll: Progress = { on: 'scroll', unit: '%', now: 12, goal: 50, met: false };
  const list = rows(
    state({
      why: {
        campaigns: [
          explained(1, 'not', [held, failed]),
          explained(2, 'wait'),
          // The last look was about a later event; it is still waited for, and the other still stands there.
          explained(3, 'not', [{ name: 'trigger', asked: 'a page is opened', seen: '“Charged”', passed: false }]),
          explained(4, 'control', [{ name: 'control', asked: 'not in the control group, 10 %', seen: 'in the control group', passed: false }]),
          { ...explained(5, 'show', [held, held]), variant: 'B' },
          explained(6, 'not', [failed]),
        ],
        tookUs: 84,
        visitor: {},
      },
      waiting: [{ campaign: 3, match: 'all', signals: [scroll] }],
      shown: [
        { campaign: 5, msgId: '5_20261123', host: {} as HTMLElement, viewed: true, test: false },
        { campaign: 6, msgId: '6_20261123', host: {} as HTMLElement, viewed: false, test: false },
      ],
    }),
  );
  assert.deepEqual(
    list.map(({ of, word, text, kind }) => `${of.campaign} (${kind}) ${word} ${text}`),
    [
      '5 (box, variant B) Shown. All 2 conditions hold. Seen for 1 s, counted.',
      '6 (box) Shown. It would not come again now: its cap for this week is used up, 3 of 3. Not in view for 1 s yet.',
      '2 (box) Waiting for its sign.',
      '3 (box) Waiting for scroll: 50 % asked, 12 % now.',
      '1 (box) Not shown: its cap for this week is used up, 3 of 3.',
      '4 (box) Not shown: visitor is in the control group, 10 %.',
    ],
  );
});

test('a message that is shown for a test is not called counted', () => {
  const host = {} as HTMLElement;
  const why = { campaigns: [explained(1, 'not', [failed])], tookUs: 1, visitor: null };
  const [row] = rows(state({ why, shown: [{ campaign: 1, msgId: '1_20261123', host, viewed: true, test: true }] }));
  assert.equal(`${row?.word} ${row?.text}`, 'Shown as a test. It is not counted.');
});

test('one sentence for each condition, with the value that decided', () => {
  const cases: [name: string, asked: string, seen: string, said: string][] = [
    ['trigger', '“Delivered” happens', 'a page was opened', 'it comes when “Delivered” happens; here a page was opened'],
    ['trigger', 'a page is opened', '“Charged”', 'it comes when a page is opened; here “Charged” happened'],
    ['trigger', 'a page is opened', 'the sign of another campaign', 'it comes when a page is opened; here the sign of another campaign came'],
    ['page', 'open and in view', 'hidden or leaving', 'the page is hidden or leaving'],
    ['schedule', 'Mon, Tue, 08:00 to 20:00', 'Sun 14:07', 'its schedule is Mon, Tue, 08:00 to 20:00; now it is Sun 14:07'],
    ['conditions', 'page path is /cart', '/table/ebb-jug', 'page path is not /cart; it is /table/ebb-jug'],
    ['conditions', 'page path is not /cart', '/cart', 'page path is /cart; it is /cart'],
    ['conditions', 'page path starts with /cart', '/', 'page path does not start with /cart; it is /'],
    ['conditions', 'page path matches ^/p', '/', 'page path does not match ^/p; it is /'],
    ['conditions', 'page path contains cart', '/', 'page path does not contain cart; it is /'],
    ['conditions', 'page path does not contain cart', '/cart', 'page path does contain cart; it is /cart'],
    ['conditions', 'page path is /cart and country is PT', 'DE', 'it asks for page path is /cart and country is PT; seen is DE'],
    ['conditions', 'first visit', 'visit 4', 'it is for the first visit; this is visit 4'],
    ['conditions', 'returning', 'visit 1', 'it is for returning visitors; this is visit 1'],
    ['audience', 'property “plan” is silver or tin', 'Gold', 'property “plan” is not silver or tin; it is Gold'],
    ['audience', 'did “Delivered” in the last 14 days', '0 times', 'visitor did not do “Delivered” in the last 14 days'],
    ['audience', 'did not do “Delivered”', '2 times', 'visitor did “Delivered”, 2 times'],
    ['audience', 'logged in', 'not logged in', 'visitor is not logged in'],
    ['audience', 'not subscribed to push', 'subscribed', 'visitor is subscribed'],
    ['audience', 'hidden without a signed link', '0 times', 'visitor is not in its audience; seen is 0 times'],
    ['goal', 'not reached before', 'reached 2026-11-03T18:20:00.000Z', 'its goal was reached 3 Nov 2026, 18:20'],
    ['page_cap', 'at most 1 a page', '1 so far', 'its cap for this page view is used up, 1 of 1'],
    ['session_cap', 'at most 1 a session', '1 so far', 'its cap for this visit is used up, 1 of 1'],
    ['day_cap', 'at most 2 a day', '2 so far', 'its cap for today is used up, 2 of 2'],
    ['ever_cap', 'at most 5 ever', '5 so far', 'its cap for this person is used up, 5 of 5'],
    ['overall_day_cap', 'at most 4 of all campaigns a day', '4 so far', 'the cap of all campaigns for today is used up, 4 of 4'],
    ['quiet_after_closed', '2 days after it was closed', 'closed 2026-11-03T18:20:00.000Z', 'it rests for 2 days; it was closed 3 Nov 2026, 18:20'],
    ['group', 'no other of “welcome” in this session', 'another was first', 'another campaign of its group “welcome” came first in this visit'],
    ['place', 'no other banner on the page', 'one stands there', 'another banner stands on the page'],
    ['words', 'known: Profile.name', 'Profile.name is not known', 'a text could not be filled in: Profile.name is not known'],
    ['words', 'Profile.name', 'popup.text: It needs Profile.name.', 'a text could not be filled in: popup.text: It needs Profile.name'],
    ['moon_phase', 'full', 'new', 'Moon phase: asked is full, seen is new'],
  ];
  for (const [name, asked, seen, said] of cases) assert.equal(sentence({ name, asked, seen, passed: false }), said);
  assert.equal(reason(explained(1, 'not', [held])), 'its message could not be prepared');
});

test('names of conditions', () => {
  const names = ['trigger', 'session_cap', 'overall_week_cap', 'quiet_after_shown', 'words', 'moon_phase'];
  assert.deepEqual(names.map(label), ['Trigger', 'Cap, visit', 'All caps, week', 'Rest after view', 'Texts', 'Moon phase']);
  assert.equal(readable('from 2026-11-03T18:20:00.000Z, Mon'), 'from 3 Nov 2026, 18:20, Mon');
});

test('what is waited for, with how far it is', () => {
  const progress = (changes: Partial<Progress>): Progress => ({ on: 'exit', unit: 'times', now: 0, goal: 1, met: false, ...changes });
  const delay = progress({ on: 'delay', unit: 's', now: 4, goal: 15 });
  const click = progress({ on: 'click', selector: '#buy' });
  assert.equal(waitsFor({ campaign: 1, match: 'any', signals: [delay, click] }), 'time: 15 s asked, 4 s now or a click on #buy');
  assert.equal(waitsFor({ campaign: 1, match: 'all', signals: [{ ...delay, met: true }, progress({})] }), 'the pointer to leave the page');
  const wrong = progress({ on: 'visible', selector: '..', fault: '".." is no CSS selector' });
  assert.equal(waitsFor({ campaign: 1, match: 'all', signals: [wrong] }), 'a sign that cannot come (".." is no CSS selector)');
});

test('facts of the visitor and of push, and what is missing', () => {
  const visitor = { device: 'abc', identified: true, country: '', utm: { source: 'letter' }, subscribed: false };
  const known = state({ why: { campaigns: [], tookUs: 1, visitor } });
  const facts = Object.fromEntries(visitorFacts(known));
  assert.deepEqual([facts['Logged in'], facts['Country'], facts['UTM']], ['yes', 'not known', 'source: letter']);
  const missing = (push: WhyState['push']) => pushFacts({ ...known, push }).pop()?.[1] ?? '';
  assert.match(missing({ permission: 'unsupported', subscribed: false }), /^A browser/);
  assert.match(missing({ permission: 'denied', subscribed: false }), /^The permission, which was refused/);
  assert.match(missing({ permission: 'default', subscribed: false }), /^The permission\. Ask/);
  assert.match(missing({ permission: 'granted', subscribed: false }), /^The service worker/);
  assert.match(missing({ permission: 'granted', subscribed: false, worker: '/sw.js' }), /^The subscription/);
  assert.match(missing({ permission: 'granted', subscribed: true, worker: '/sw.js' }), /^The server’s knowledge/);
  const workers = [
    { scope: '/', script: 'https://shop.example.com/clevertap_sw.js', has: 'ours' },
    { scope: '/push/', script: 'https://shop.example.com/old.js', has: 'another' },
  ] as const;
  const told = Object.fromEntries(pushFacts({ ...known, push: { permission: 'granted', subscribed: true, controller: '/app.js', workers: [...workers] } }));
  assert.equal(told['Controls this page'], '/app.js');
  assert.equal(told['Service worker for /'], 'https://shop.example.com/clevertap_sw.js: has our subscription');
  assert.match(told['Service worker for /push/'] ?? '', /old\.js: has a subscription under another key$/);
});

test('calls are short, the newest first, and never break the copy', () => {
  const round: Record<string, unknown> = { name: 'jug' };
  round['self'] = round;
  const calls = [
    { at: Date.UTC(2026, 10, 23, 14, 7, 31), call: 'event.push', args: ['Viewed', { price: 48, big: 10n }] },
    { at: Date.UTC(2026, 10, 23, 14, 7, 32), call: 'event.push', args: [round, () => 1, undefined, 'x'.repeat(500)] },
  ];
  const [newest, oldest] = callFacts(calls);
  assert.deepEqual(oldest, ['14:07:31', 'event.push', '"Viewed", {"price":48,"big":"10"}']);
  assert.match(newest?.[2] ?? '', /^"refers to itself", "a function", "undefined", "x+…$/);
  const copy = JSON.parse(everything(state({ calls, shown: [{ campaign: 1, msgId: '1', host: round as unknown as HTMLElement, viewed: true, test: false }] })));
  assert.deepEqual(copy.shown, [{ campaign: 1, msgId: '1', viewed: true, test: false }]);
  assert.equal(copy.calls[1].args[0], 'refers to itself');
});
