/**
 * A stand-in for the server, for trying the bundles by hand: `node test/pages/server.mjs`, then open the address it prints.
 *
 * Serves `dist/` under a strict CSP with nonce and Trusted Types, answers the wire with one pop-up a page view, and prints what it gets.
 */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, '..', '..', 'dist');
const nonce = 'bm9uY2U';
const csp =
  `default-src 'self'; script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'nonce-${nonce}'; worker-src 'self'; ` +
  "require-trusted-types-for 'script'; trusted-types campanile";

/** `answer(request)` gives `{status, headers, reply}`; `seen` is called with each request. */
export function start({ port = 0, answer = onePopup, seen = () => {}, key = '' } = {}) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const send = (status, type, body, headers = {}) => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers });
      response.end(body);
    };
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      const message = JSON.parse(body);
      seen(message, request.headers);
      const { status = 200, headers = {}, reply } = await answer(message, key);
      send(status, 'application/json', JSON.stringify(reply ?? {}), headers);
    } else if (/^\/js\/clevertap\.(min|more|why)\.js$/.test(url.pathname)) {
      send(200, 'text/javascript', await readFile(join(dist, url.pathname.slice(4))));
    } else if (['/sw_webpush.js', '/clevertap_sw.js'].includes(url.pathname)) {
      send(200, 'text/javascript', await readFile(join(dist, 'sw_webpush.js')));
    } else if (url.pathname === '/' || url.pathname.endsWith('.html')) {
      const page = await readFile(join(here, url.pathname === '/' ? 'shop.html' : url.pathname.slice(1)), 'utf8').catch(() => null);
      if (page === null) send(404, 'text/plain', 'no such page');
      else {
        const snippet = (await readFile(join(dist, 'snippet.html'), 'utf8'))
          .replaceAll('%ACCOUNT%', 'TEST-0001')
          .replaceAll('%BASE%', '');
        const html = page.replace('<!-- snippet -->', snippet).replaceAll('<script', `<script nonce="${nonce}"`);
        send(200, 'text/html; charset=utf-8', html, url.searchParams.has('free') ? {} : { 'Content-Security-Policy': csp });
      }
    } else send(404, 'text/plain', 'nothing here');
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve({ origin: `http://localhost:${server.address().port}`, close: () => server.close() }));
  });
}

let count = 0;

/** One box for each request that may show one. */
export function onePopup(request, key) {
  const messages = request.show && request.ops.some(({ op }) => op === 'page') ? [popup(++count)] : [];
  return { reply: reply(request, messages, key) };
}

export function reply(request, messages = [], key = '') {
  return {
    v: 1,
    device: request.device,
    session: { id: Math.floor(Date.now() / 1000), pages: 1, number: 1 },
    identified: false,
    optOut: false,
    settings: { push: { enabled: key !== '', key } },
    accepted: request.ops.length,
    refused: [],
    messages,
  };
}

export function popup(number, changes = {}) {
  const html =
    '<!doctype html><html lang="en"><head><meta name="color-scheme" content="light dark"><style nonce="campanile-nonce">' +
    'body{margin:0;font:16px sans-serif}#contentDiv{padding:24px;background:#fff;color:#14181f;position:relative}' +
    '.x{position:absolute;top:8px;right:8px;width:44px;height:44px}' +
    '</style></head><body><div id="contentDiv" role="dialog" aria-labelledby="title"><h2 id="title">Back from the kiln</h2>' +
    '<p>The blue jug is here again.</p><button data-campanile="click">Take me there</button>' +
    '<button class="x" data-campanile="close" aria-label="Close">x</button></div></body></html>';
  return {
    impression: String(number).padStart(32, '0'),
    msgId: '1763890000_20261123',
    kv: { voucher: 'BLUE' },
    msgContent: { html, type: 1, templateType: 'box', title: 'Back from the kiln', description: 'The blue jug is here again.', kv: { voucher: 'BLUE' } },
    display: { kind: 'box', corner: 'bottom-right', width: 400, radius: 16, theme: 'auto', label: 'Back from the kiln' },
    onClick: { do: 'url', url: '/second.html', target: 'same' },
    ...changes,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin } = await start({ port: 8410, seen: ({ device, ops }) => console.log(device?.slice(-6), ops) });
  console.log(`open ${origin}/`);
}
