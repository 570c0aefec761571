import assert from 'node:assert/strict';
import { test } from 'node:test';
import pushPayload from '../../docs/wire/push-payload.json';
import replyPage from '../../docs/wire/reply-page.json';
import requestOutcomes from '../../docs/wire/request-outcomes.json';
import replyPopups from '../../docs/wire/reply-popups.json';
import requestPopups from '../../docs/wire/request-popups.json';
import requestPage from '../../docs/wire/request-page.json';
import requestWorker from '../../docs/wire/request-worker.json';
import { encode, type Head, type Op, type Reply } from '../src/wire.ts';
import { parsePayload, targetOf, toNotification, type NotificationData } from '../src/worker/payload.ts';

const sent = (text: string) => ({ text: () => text });

for (const [name, fixture] of Object.entries({ requestPage, requestOutcomes, requestPopups, requestWorker })) {
  test(`${name} comes out of the encoder as it stands in docs/wire`, () => {
    const { ops, v: _, ...head } = fixture;
    assert.equal(encode(head as Head, ops as Op[]), JSON.stringify(fixture));
  });
}

test('a reply has the fields that the SDK reads', () => {
  const reply: Reply = replyPage as Reply;
  assert.equal(reply.messages?.[0]?.display.kind, 'box');
  assert.equal(reply.messages?.[0]?.msgContent.html.includes('nonce="campanile-nonce"'), true);
  assert.equal(reply.settings?.push?.enabled, true);
  assert.equal(reply.refused?.[0]?.code, 521);
});

test('a reply with signs, fields and reasons has the types of the wire', () => {
  const reply = replyPopups as Reply;
  const [message] = reply.messages ?? [];
  assert.deepEqual([message?.display.width, message?.display.narrow], [800, 420]);
  assert.deepEqual([message?.display.bleed, message?.second?.do, message?.action, message?.test], [[40, 0, 0, 0], 'prompt', 'answer', true]);
  assert.deepEqual(
    reply.waiting?.[0]?.signals.list.map(({ on }) => on),
    ['delay', 'scroll', 'idle', 'exit', 'click', 'visible'],
  );
  assert.equal(reply.why?.campaigns[0]?.because[1]?.passed, null);
  assert.equal(reply.why?.dashboard, 'https://push.example.com');
  assert.match((replyPage as Reply).why?.fault ?? '', /^This link has ended/);
});

test('the push payload becomes a notification that knows where its clicks go', () => {
  const { payload, ours } = parsePayload(sent(JSON.stringify(pushPayload)));
  assert.equal(ours, true);
  const { title, options } = toNotification(payload, 'shop.example.com');
  assert.equal(title, 'The kiln is open');
  assert.equal(options.tag, 'campanile-1763890000');
  assert.deepEqual((options as { actions?: unknown }).actions, [{ action: 'new', title: 'See them' }]);
  const data = options.data as NotificationData;
  assert.equal(data.campanile.send, pushPayload.campanile.send);
  assert.equal(targetOf(data, '', 'https://shop.example.com/sw.js'), 'https://shop.example.com/new');
  assert.equal(targetOf(data, 'new', 'https://shop.example.com/sw.js'), 'https://shop.example.com/new');
  assert.equal(targetOf({ ...data, navigate: 'javascript:alert(1)' }, '', 'https://shop.example.com/sw.js'), 'https://shop.example.com/');
});

test('a payload without our part is not ours, and has a notification all the same', () => {
  const title = (text: string) => {
    const { payload, ours } = parsePayload(sent(text));
    assert.equal(ours, false, text);
    return toNotification(payload, 'shop.example.com').title;
  };
  for (const text of ['', 'hello', 'null', '7', '"x"', '[]', '{"title":{}}', '{"notification":null}']) {
    assert.equal(title(text), 'shop.example.com');
  }
  assert.equal(title('{"title":"Other"}'), 'Other');
  assert.equal(title('{"notification":{"title":"Other"}}'), 'Other');
  assert.equal(parsePayload(null).ours, false);
  assert.equal(parsePayload({ text: () => { throw new TypeError('no text'); } }).ours, false);
});

test('whatever stands in a payload of ours, there is something to show', () => {
  for (const rest of ['"x":1', '"notification":5', '"notification":"abc"', '"notification":{"actions":7}', '"notification":{"actions":[null,{},{"action":"a"}]}']) {
    const { payload, ours } = parsePayload(sent(`{"campanile":{},${rest}}`));
    assert.equal(ours, true);
    assert.equal(toNotification(payload, 'shop.example.com').title, 'shop.example.com');
  }
  assert.equal(parsePayload(sent('{"notification":{"title":"Cut"},"campanile":{"acc')).ours, true);
});

test('a message without a title shows the site', () => {
  const { payload } = parsePayload(sent('{"campanile":{"account":"A","send":"s"}}'));
  assert.equal(toNotification(payload, 'shop.example.com').title, 'shop.example.com');
});
