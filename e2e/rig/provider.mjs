// Another sender of push messages: a provider that the site used before, or a program of the site's own. Encrypts (RFC 8291) and signs
// (RFC 8292) by itself, so that a test can send whatever text it likes.

import { createCipheriv, createECDH, createPrivateKey, hkdfSync, randomBytes, sign } from 'node:crypto';

const text = (bytes) => Buffer.from(bytes).toString('base64url');

/**
 * @param {{lab: {push: string}}} server whose lab takes the messages
 * @param {string} [privateKey] base64url; without it a pair of its own
 */
export function openProvider(server, privateKey) {
  const pair = createECDH('prime256v1');
  if (privateKey) pair.setPrivateKey(Buffer.from(privateKey, 'base64url'));
  else pair.generateKeys();
  const point = pair.getPublicKey();
  const signing = createPrivateKey({
    key: { kty: 'EC', crv: 'P-256', d: text(pair.getPrivateKey()), x: text(point.subarray(1, 33)), y: text(point.subarray(33)) },
    format: 'jwk',
  });
  return {
    /** The VAPID public key to subscribe with. */
    key: text(point),
    /**
     * Sends a text, or an object as JSON; gives the push service's status.
     * @param {{endpoint: string, keys: {p256dh: string, auth: string}}} subscription
     */
    async send({ endpoint, keys }, message) {
      const body = encrypt(keys, typeof message === 'string' ? message : JSON.stringify(message));
      const head = text(JSON.stringify({ typ: 'JWT', alg: 'ES256' }));
      const claims = text(JSON.stringify({ aud: new URL(server.lab.push).origin, exp: Math.floor(Date.now() / 1000) + 3600, sub: 'mailto:old@example.com' }));
      const signature = sign('sha256', Buffer.from(`${head}.${claims}`), { key: signing, dsaEncoding: 'ieee-p1363' });
      // The lab's own address: the endpoint of Chromium names a host that is led there for the product only.
      const answer = await fetch(new URL(new URL(endpoint).pathname, server.lab.push), {
        method: 'POST',
        headers: {
          authorization: `vapid t=${head}.${claims}.${text(signature)}, k=${text(point)}`,
          ttl: '60',
          ...(message !== '' && { 'content-encoding': 'aes128gcm', 'content-type': 'application/octet-stream' }),
        },
        body: message === '' ? undefined : body,
      });
      return answer.status;
    },
  };
}

function encrypt({ p256dh, auth }, message) {
  const theirs = Buffer.from(p256dh, 'base64url');
  const ours = createECDH('prime256v1');
  const point = ours.generateKeys();
  const salt = randomBytes(16);
  const derive = (secret, with_, info, length) => Buffer.from(hkdfSync('sha256', secret, with_, info, length));
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, point]);
  const secret = derive(ours.computeSecret(theirs), Buffer.from(auth, 'base64url'), info, 32);
  const cipher = createCipheriv('aes-128-gcm', derive(secret, salt, 'Content-Encoding: aes128gcm\0', 16), derive(secret, salt, 'Content-Encoding: nonce\0', 12));
  const sealed = Buffer.concat([cipher.update(message), cipher.update(Buffer.from([2])), cipher.final(), cipher.getAuthTag()]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(4096);
  return Buffer.concat([salt, size, Buffer.from([point.length]), point, sealed]);
}
