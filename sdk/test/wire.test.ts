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
  const payload = parsePayload(JSON.stringify(pushPayload));
  assert.ok(payload);
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

test('a payload without our part is not ours', () => {
  for (const text of ['', 'hello', 'null', '{"title":"Other"}', '{"campanile":{}}']) assert.equal(parsePayload(text), undefined);
  assert.equal(parsePayload(undefined), undefined);
});

test('a message without a title shows the site', () => {
  const payload = parsePayload('{"campanile":{"account":"A","send":"s"}}');
  assert.ok(payload);
  assert.equal(toNotification(payload, 'shop.example.com').title, 'shop.example.com');
});
