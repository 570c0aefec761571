import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missing, readOptions, topicsOf, type Options } from '../src/push/options.ts';
import { contrast, isColour, textOn, visibleOn } from '../src/push/paint.ts';

/** Without what is not there. */
const read = (...args: unknown[]) => readOptions(args).map((options) => JSON.parse(JSON.stringify(options)) as Options);
const texts = (title: string) => ({ titleText: title, bodyText: 'b', okButtonText: 'o', rejectButtonText: 'r' });

test('one call is an object, or texts one by one', () => {
  assert.deepEqual(read({ titleText: 'T' }), [{ titleText: 'T' }]);
  assert.deepEqual(read('T', 'b', 'o', 'r'), [texts('T')]);
  assert.deepEqual(read('T', 'b', 'o', 'r', '#112233', true, 60), [{ ...texts('T'), okButtonColor: '#112233', skipDialog: true, askAgainTimeInSeconds: 60 }]);
  // Left out in the middle.
  assert.deepEqual(read('T', 'b', 'o', 'r', null, false, 60), [{ ...texts('T'), okButtonColor: null, skipDialog: false, askAgainTimeInSeconds: 60 }]);
  for (const colour of ['', 'red']) {
    assert.deepEqual(read('T', 'b', 'o', 'r', colour, true, 60), [{ ...texts('T'), okButtonColor: colour, skipDialog: true, askAgainTimeInSeconds: 60 }]);
  }
});

test('the calls that the stub collected in one array come apart again', () => {
  const calls = ['A', 'b', 'o', 'r', 'B', 'b', 'o', 'r', '#112233', false, 5, { titleText: 'C' }, 'D', 'b', 'o', 'r'];
  assert.deepEqual(read(...calls).map(({ titleText }) => titleText), ['A', 'B', 'C', 'D']);
  assert.equal(read(...calls)[1]?.askAgainTimeInSeconds, 5);
});

test('what is missing is named, and a call without anything misses all', () => {
  assert.deepEqual(missing({ ...texts('T'), bodyText: ' ' }), ['bodyText']);
  assert.deepEqual(missing({ ...texts('T'), okButtonText: 5 as unknown as string }), ['okButtonText']);
  assert.deepEqual(readOptions([]).map(missing), [['titleText', 'bodyText', 'okButtonText', 'rejectButtonText']]);
  assert.deepEqual(missing(texts('T')), []);
});

test('a topic needs an id and a title', () => {
  const topics = [{ id: 'a', title: 'A' }, { id: 'b' }, null, 'c'] as never;
  assert.deepEqual(topicsOf({ topics }), [{ id: 'a', title: 'A' }]);
  assert.deepEqual(topicsOf({ topics: 'a' as never }), []);
});

test('on any colour the text, and on any ground the mark, can be read', () => {
  for (let i = 0; i < 4096; i += 7) {
    const colour = '#' + [i >> 8, (i >> 4) & 15, i & 15].map((part) => part.toString(16).repeat(2)).join('');
    assert.ok(isColour(colour));
    assert.ok(contrast(textOn(colour), colour) >= 4.5, colour);
    for (const ground of ['#ffffff', '#1c2029', '#47203f']) assert.ok(contrast(visibleOn(colour, ground), ground) >= 4.5, `${colour} on ${ground}`);
  }
  assert.equal(visibleOn('#2440c7', '#ffffff'), '#2440c7');
  assert.equal(isColour('red'), false);
});
