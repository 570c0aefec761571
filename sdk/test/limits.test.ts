import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events, logins, privacy, profiles } from '../src/calls.ts';
import { cleanProps, eventName } from '../src/limits.ts';

function collect() {
  const codes: number[] = [];
  return { codes, report: (code: number) => void codes.push(code) };
}

const long = 'é'.repeat(1025);
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));

const cases: [what: string, props: object, kept: object, codes: number[]][] = [
  ['plain values stay', { a: 1, b: 'x', c: true, d: [1, 'y'] }, { a: 1, b: 'x', c: true, d: [1, 'y'] }, []],
  ['a date is seconds', { at: new Date(1763890000123) }, { at: '$D_1763890000' }, []],
  ['an invalid date is empty', { at: new Date(NaN), b: 1 }, { b: 1 }, [545]],
  ['empty values go, the rest stays', { a: null, b: undefined, c: NaN, d: 0, e: '' }, { d: 0, e: '' }, [545, 545, 545]],
  ['functions and symbols go', { a: () => 1, b: Symbol('s'), c: 1 }, { c: 1 }, [545, 545]],
  ['large integers become text', { a: 2n ** 70n }, { a: '1180591620717411303424' }, []],
  ['a long value is cut', { a: long }, { a: long.slice(0, 1024) }, [521]],
  ['a long name is cut', { [long]: 1 }, { [long.slice(0, 1024)]: 1 }, [520]],
  ['a fourth level goes', { a: { b: { c: { d: 1 }, e: 2 } } }, { a: { b: { e: 2 } } }, [541]],
  ['101 elements are 100', { a: Array(101).fill(1) }, { a: Array(100).fill(1) }, [543]],
  ['101 properties are 100', many(101), many(100), [544]],
];
for (const [what, props, kept, codes] of cases) {
  test(`properties: ${what}`, () => {
    const seen = collect();
    assert.deepEqual(cleanProps(props, 'props', seen.report), kept);
    assert.deepEqual(seen.codes, codes);
  });
}

test('properties: a cycle ends at the third level', () => {
  const loop: { self?: object; n: number } = { n: 1 };
  loop.self = loop;
  const seen = collect();
  assert.deepEqual(cleanProps(loop, 'props', seen.report), { n: 1, self: { n: 1, self: { n: 1 } } });
  assert.deepEqual(seen.codes, [541]);
});

test('event names: none, reserved, too long', () => {
  for (const [name, kept, codes] of [
    ['Added To Cart', 'Added To Cart', []],
    ['', undefined, [512]],
    [7, undefined, [512]],
    [' notification viewed ', undefined, [513]],
    ['App Launched', undefined, [513]],
    [long, long.slice(0, 1024), [510]],
  ] as const) {
    const seen = collect();
    assert.equal(eventName(name, seen.report), kept);
    assert.deepEqual(seen.codes, codes);
  }
});

test('event.push takes several events at once and keeps the good ones', () => {
  const seen = collect();
  assert.deepEqual(events(['A', { x: 1 }, 'B', 'Stayed', { y: 2 }, 'C', { z: 3 }], seen.report), [
    { op: 'event', name: 'A', props: { x: 1 } },
    { op: 'event', name: 'B' },
    { op: 'event', name: 'C', props: { z: 3 } },
  ]);
  assert.deepEqual(seen.codes, [513]);
});

test('onUserLogin parts the identity and keeps all of Site', () => {
  const seen = collect();
  const Site = { Identity: 7, Email: 'customer@example.com', Phone: '', Plan: 'gold' };
  assert.deepEqual(logins([{ Site }, { Site: { Plan: 'gold' } }, { Facebook: {} }], seen.report), [
    { op: 'login', identity: { Identity: 7, Email: 'customer@example.com' }, set: Site },
    { op: 'profile', set: { Plan: 'gold' } },
  ]);
  assert.deepEqual(seen.codes, [512, 602]);
});

test('profile.push: a bad field never takes the others with it', () => {
  const seen = collect();
  assert.deepEqual(profiles([{ Site: { Name: 'A', Bad: () => 1 } }], seen.report), [{ op: 'profile', set: { Name: 'A' } }]);
  assert.deepEqual(seen.codes, [545]);
});

test('privacy.push takes both choices, and nothing else', () => {
  const seen = collect();
  assert.deepEqual(privacy([{ optOut: true }, { useIP: false }, {}, 'no'], seen.report), [
    { op: 'privacy', optOut: true },
    { op: 'privacy', useIP: false },
  ]);
  assert.deepEqual(seen.codes, [512, 512]);
});
