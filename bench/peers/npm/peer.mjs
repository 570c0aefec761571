// The npm package web-push, driven by the bench. The first line says what to send to whom; then `check VARIANT` (answer: headers and
// body of one message), `run VARIANT COUNT` or `send signed COUNT`, which sends with the package's own client (answer: `done`). The bench
// measures this process from outside.

import { Agent } from 'node:https';
import { createInterface } from 'node:readline';
import webpush from 'web-push';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const job = JSON.parse((await lines.next()).value);
const subscription = { endpoint: job.endpoint, keys: { p256dh: job.p256dh, auth: job.auth } };
const vapid = { subject: job.subject, publicKey: job.vapid_public, privateKey: job.vapid_private };
const aes128gcm = webpush.supportedContentEncodings.AES_128_GCM;
const expiresAt = Math.floor(Date.now() / 1000) + 12 * 3600;
const cached = webpush.getVapidHeaders(new URL(job.endpoint).origin, vapid.subject, vapid.publicKey, vapid.privateKey, aes128gcm, expiresAt);

const variants = {
  // What the package does for every message.
  signed() {
    const { headers, body } = webpush.generateRequestDetails(subscription, job.payload, {
      vapidDetails: vapid, TTL: 86400, urgency: 'normal', contentEncoding: aes128gcm,
    });
    return { headers, body };
  },
  // The best that a careful user can make of its parts.
  cached() {
    const { cipherText } = webpush.encrypt(subscription.keys.p256dh, subscription.keys.auth, job.payload, aes128gcm);
    return {
      headers: {
        TTL: 86400, 'Content-Length': cipherText.length, 'Content-Type': 'application/octet-stream', 'Content-Encoding': 'aes128gcm',
        Authorization: cached.Authorization, Urgency: 'normal',
      },
      body: cipherText,
    };
  },
};

// Leads the package's client to the sink; connections are kept, as Node's own agent keeps them. The authority to believe is in
// NODE_EXTRA_CA_CERTS.
const lookup = (host, options, answer) => {
  const [, address] = /^(.*):\d+$/.exec(job.sink.address);
  if (options.all) answer(null, [{ address, family: 4 }]);
  else answer(null, address, 4);
};
const agent = job.sink && new Agent({ keepAlive: true, maxSockets: job.sink.concurrency, lookup });
const crowd = (job.crowd ?? []).map(({ endpoint, p256dh, auth }) => ({ endpoint, keys: { p256dh, auth } }));

async function send(count) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const answer = await webpush.sendNotification(crowd[next++ % crowd.length], job.payload, {
        vapidDetails: vapid, TTL: 86400, urgency: 'normal', contentEncoding: aes128gcm, agent,
      });
      if (answer.statusCode !== 201) throw new Error(`the sink answered ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: job.sink.concurrency }, worker));
}

for await (const line of lines) {
  const [command, name, count] = line.split(' ');
  const variant = variants[name];
  if (!variant) throw new Error(`“${name}” is not a variant`);
  if (command === 'check') {
    const { headers, body } = variant();
    const lower = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), String(value)]));
    process.stdout.write(`${JSON.stringify({ headers: lower, body: body.toString('base64url') })}\n`);
  } else if (command === 'send') {
    await send(Number(count));
    process.stdout.write('done\n');
  } else if (command === 'run') {
    let bytes = 0;
    for (let i = 0; i < Number(count); i++) bytes += variant().body.length;
    if (bytes === 0) throw new Error('nothing was made');
    process.stdout.write('done\n');
  } else {
    throw new Error(`“${line}” is not understood`);
  }
}
