// The npm package web-push, driven by the bench. The first line says what to send to whom; then `check VARIANT` (answer: headers and
// body of one message) or `run VARIANT COUNT` (answer: `done`). The bench measures this process from outside.

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

for await (const line of lines) {
  const [command, name, count] = line.split(' ');
  const variant = variants[name];
  if (!variant) throw new Error(`“${name}” is not a variant`);
  if (command === 'check') {
    const { headers, body } = variant();
    const lower = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), String(value)]));
    process.stdout.write(`${JSON.stringify({ headers: lower, body: body.toString('base64url') })}\n`);
  } else if (command === 'run') {
    let bytes = 0;
    for (let i = 0; i < Number(count); i++) bytes += variant().body.length;
    if (bytes === 0) throw new Error('nothing was made');
    process.stdout.write('done\n');
  } else {
    throw new Error(`“${line}” is not understood`);
  }
}
