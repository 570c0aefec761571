// kill -9 in the middle of many clients' posts. What was answered with 200 is there afterwards, and when the clients, not knowing what
// arrived, send everything again, nothing is there twice. On both engines.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { apiOf } from './rig/api.mjs';
import { until } from './rig/poll.mjs';
import { folder, newAccount, start } from './rig/server.mjs';

const CLIENTS = 8;
const ROUNDS = 3;
const BATCHES_A_ROUND = 14;
const OPS_A_BATCH = 10;
/** Acknowledged batches, of all clients together, after which the process is killed. */
const KILL_AFTER = Math.floor((CLIENTS * BATCHES_A_ROUND) / 3);

/** A UUIDv7 as 32 hex digits, as the SDK makes them. */
function uuid() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex');
}

/** A browser that posts batches to the wire and remembers what was acknowledged. */
class Client {
  constructor(number) {
    this.number = number;
    this.device = uuid();
    this.made = 0;
    /** Every batch that was ever sent, with whether an answer said that it is kept. */
    this.sent = [];
    this.impressions = new Set();
  }
  batch() {
    const t = Date.now();
    const ops = [];
    if (this.made === 0) ops.push({ id: uuid(), t, op: 'event', name: 'Kill Box' });
    for (let i = 0; i < OPS_A_BATCH; i++) ops.push({ id: uuid(), t: t + i, op: 'event', name: `Kill ${this.number}-${this.made++}` });
    for (const { impression, msgId } of this.toView ?? []) {
      this.impressions.add(impression);
      ops.push({ id: uuid(), t: t + OPS_A_BATCH, op: 'view', msg: msgId, impression });
    }
    this.toView = [];
    const batch = { ops, acknowledged: false };
    this.sent.push(batch);
    return batch;
  }
  async post(server, batch, show = true) {
    const answer = await fetch(`${server.base}/ring`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
      body: JSON.stringify({
        v: 1, account: server.account, device: this.device, sdk: 'web/0.1.0', now: Date.now(), show,
        context: { url: 'https://shop.example.com/' }, ops: batch.ops,
      }),
    });
    const reply = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(reply));
    assert.deepEqual(reply.refused, []);
    assert.equal(reply.accepted, batch.ops.length);
    batch.acknowledged = true;
    if (show) this.toView = reply.messages;
  }
}

/** How often each event of this client is there. */
async function kept(api, client) {
  const profile = await api.profile(`device:${client.device}`);
  const times = new Map();
  if (profile) for (const { name } of await api.events(profile.id)) times.set(name, (times.get(name) ?? 0) + 1);
  return times;
}

const names = (batches) => batches.flatMap(({ ops }) => ops.filter(({ op }) => op === 'event').map(({ name }) => name));

function killAndCheck(engine, database) {
  describe(`kill -9 on ${engine}`, () => {
    let data, server, api, campaign, args;
    before(async () => {
      data = await folder('kill');
      args = ['--data', data.path, ...(await database())];
      const account = await newAccount(args);
      server = { ...(await start(['serve', '--listen', '127.0.0.1:0', ...args])), ...account };
      api = apiOf(server);
      campaign = await api.popup('Seen while dying', { on: 'event', event: 'Kill Box' });
    });
    after(async () => {
      await server?.stop();
      await data?.dispose();
    });

    test('every acknowledged operation is there once, before and after everything is sent again', async () => {
      const clients = Array.from({ length: CLIENTS }, (_, number) => new Client(number));
      const account = { account: server.account, api_key: server.api_key };
      for (let round = 1; round <= ROUNDS; round++) {
        let acknowledged = 0;
        let dead = false;
        const posting = clients.map(async (client) => {
          for (let n = 0; n < BATCHES_A_ROUND && !dead; n++) {
            try {
              await client.post(server, client.batch());
              acknowledged += 1;
            } catch (error) {
              // The connection broke because the process is gone: exactly what this test is about. Anything else is a fault.
              if (!dead && !(error instanceof TypeError)) throw error;
              return;
            }
          }
        });
        const failed = Promise.all(posting);
        failed.catch(() => {});
        await until(`${KILL_AFTER} acknowledged batches`, () => acknowledged >= KILL_AFTER, { every: 1 });
        dead = true;
        await server.kill();
        await failed;
        const cut = clients.filter(({ sent }) => !sent.at(-1).acknowledged).length;
        assert.ok(cut > 0, `round ${round}: nobody was posting when the process was killed`);

        server = { ...(await start(['serve', '--listen', '127.0.0.1:0', ...args])), ...account };
        api = apiOf(server);
        for (const client of clients) {
          const times = await kept(api, client);
          for (const name of names(client.sent.filter((batch) => batch.acknowledged))) {
            assert.equal(times.get(name), 1, `round ${round}: acknowledged ${name} is there ${times.get(name) ?? 0} times`);
          }
          for (const [name, number] of times) assert.equal(number, 1, `round ${round}: ${name} is there ${number} times`);
        }
      }

      // Nobody knows what of the last batch arrived, so everybody sends everything again, at the same time, and twice.
      for (let again = 0; again < 2; again++) {
        await Promise.all(clients.map(async (client) => {
          for (const batch of client.sent) await client.post(server, batch, false);
        }));
      }
      for (const client of clients) {
        const times = await kept(api, client);
        const expected = names(client.sent);
        assert.deepEqual([...times.keys()].filter((name) => name.startsWith('Kill')).sort(), [...expected].sort());
        for (const [name, number] of times) assert.equal(number, 1, `${name} is there ${number} times`);
      }
      const viewed = new Set(clients.flatMap(({ impressions }) => [...impressions]));
      assert.ok(viewed.size > 0, 'a box was handed out');
      const { shown } = await api.counts(campaign);
      assert.equal(shown, viewed.size, 'each impression is counted once');
    });
  });
}

killAndCheck('SQLite', async () => []);

killAndCheck('PostgreSQL', async () => {
  const server = process.env.CAMPANILE_TEST_POSTGRES;
  if (!server) throw new Error('CAMPANILE_TEST_POSTGRES is not set: export CAMPANILE_TEST_POSTGRES="$(.ci/postgres start)"');
  const name = `campanile_kill_${randomBytes(6).toString('hex')}`;
  await promisify(execFile)('psql', [server, '-qc', `CREATE DATABASE ${name}`]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return ['--database', url.href];
});
