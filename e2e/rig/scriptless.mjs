// The same server seen by a browser to which no script ever arrives: everything passes but `.js` files.
// (Firefox's scripts cannot be switched off by remote control.)

import { createServer, request } from 'node:http';

/** @param {string} base address of the server */
export async function withoutScript(base) {
  const { hostname, port } = new URL(base);
  let refused = 0;
  const proxy = createServer((incoming, answer) => {
    if (new URL(incoming.url, base).pathname.endsWith('.js')) {
      refused += 1;
      answer.writeHead(404).end();
      return;
    }
    const { method, url: path, headers } = incoming;
    const passing = request({ hostname, port, method, path, headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    passing.on('error', () => answer.destroy());
    incoming.pipe(passing);
  });
  await new Promise((listening) => proxy.listen(0, hostname, listening));
  return {
    base: `http://${hostname}:${proxy.address().port}`,
    /** Scripts that were asked for in vain. */
    refused: () => refused,
    close() {
      proxy.closeAllConnections();
      return new Promise((closed) => proxy.close(closed));
    },
  };
}
