// A web site that uses Campanile from another origin, as the owner of one sets it up: the snippet in the head, the worker
// file in the document root. Each site has a host name of its own, so that its visitor is a new one: cookies do not see ports.

import { createServer } from 'node:http';

let sites = 0;

/**
 * @param {{base: string}} server
 * @param {string} snippet what the install page says to paste
 */
export async function openSite(server, snippet) {
  /** @type {Map<string, {type: string, body: string, headers: object}>} */
  const files = new Map();
  const http = createServer((request, answer) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const file = files.get(path);
    answer.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain', ...file?.headers });
    answer.end(file?.body ?? 'not found');
  });
  await new Promise((listening) => http.listen(0, '127.0.0.1', listening));
  sites += 1;
  const origin = `http://site-${sites}.localhost:${http.address().port}`;

  const site = {
    origin,
    /** Serves a file; gives its address. */
    file(path, body, type = 'text/plain', headers = {}) {
      files.set(path, { type: `${type}; charset=utf-8`, body, headers });
      return origin + path;
    },
    /** Serves a page with the snippet; `head` stands before it, as far up as an owner can put something. */
    page(path, { head = '', after = '', body = '', headers = {}, use = snippet } = {}) {
      const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${path}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
${head}${use}${after}</head><body><h1>${path}</h1>${body}</body></html>`;
      return site.file(path, html, 'text/html', headers);
    },
    close() {
      http.closeAllConnections();
      return new Promise((closed) => http.close(closed));
    },
  };
  // The document's way: one line in a file of the owner's own root.
  site.file('/clevertap_sw.js', `importScripts('${server.base}/sw_webpush.js');`, 'text/javascript');
  return site;
}
