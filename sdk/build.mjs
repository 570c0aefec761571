/**
 * Builds `dist/`: the page SDK (script and module), its parts, the worker and the snippet, and holds them to the budgets of `size.json`.
 *
 * Names that begin with `_` are private and are shortened, the same way in the page SDK and its parts, which share objects. `--watch` and the like are left out: a build takes 0.1 s.
 */
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const { version } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));
const budgets = JSON.parse(await readFile(join(here, 'size.json'), 'utf8'));

// A part only fits the page SDK that it was built with, and a browser may have kept an older one.
const mark = createHash('sha256');
for (const name of (await readdir(join(here, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts')).sort()) {
  mark.update(name).update(await readFile(join(here, 'src', name)));
}
const stamp = `${version}-${mark.digest('hex').slice(0, 8)}`;

const common = {
  bundle: true,
  minify: true,
  write: false,
  legalComments: 'none',
  charset: 'utf8',
  target: ['chrome91', 'firefox101', 'safari16.4'],
  mangleProps: /^_/,
  define: { CAMPANILE_VERSION: JSON.stringify(version), CAMPANILE_BUILD: JSON.stringify(stamp) },
};

async function bundle(entry, options) {
  const { outputFiles, mangleCache } = await build({ ...common, entryPoints: [join(here, 'src', entry)], ...options });
  return { text: outputFiles[0].text, names: mangleCache };
}

const banner = { js: `/* Campanile ${version} | MIT OR Apache-2.0 */` };
// Nearly all of it runs on every page: Chromium is asked to compile it while it arrives, beside the main thread, and not at each call.
const eager = { js: `//# allFunctionsCalledOnLoad\n${banner.js}` };
const first = await bundle('page.ts', { format: 'iife', banner: eager, mangleCache: {} });
const page = first.text;
// Also shares names with the one before.
const second = await bundle('push.ts', { format: 'iife', banner, mangleCache: first.names });
const [more, prompts, why, module, worker, takeover, stub, looks] = (
  await Promise.all([
    bundle('more.ts', { format: 'iife', banner, mangleCache: first.names }),
    bundle('prompts.ts', { format: 'iife', banner, mangleCache: second.names }),
    bundle('why.ts', { format: 'iife', banner, mangleCache: first.names }),
    bundle('module.ts', { format: 'esm', banner }),
    bundle('worker.ts', { format: 'iife', banner }),
    bundle('takeover.ts', { format: 'iife', banner }),
    bundle('snippet.ts', { format: 'iife' }),
    bundle('looks.ts', { format: 'iife', banner }),
  ])
).map(({ text }) => text);
for (const [name, text] of [['page', page], ['worker', worker], ['takeover', takeover]]) {
  // The server puts the owner's path there; exactly one place, as a whole string.
  if (name === 'takeover' && text.split('"%CAMPANILE_TAKEOVER%"').length !== 2) throw new Error('takeover: its constant is not there once');
  if (text.split('"%CAMPANILE_ENDPOINT%"').length !== 2) throw new Error(`${name}: the endpoint's constant is not there once`);
}

const files = {
  'clevertap.min.js': page,
  'clevertap.more.js': more,
  'clevertap.push.js': second.text,
  'clevertap.prompts.js': prompts,
  'clevertap.why.js': why,
  'campanile.mjs': module,
  'sw_webpush.js': worker,
  'sw_takeover.js': takeover,
  'looks.js': looks,
  'snippet.html': `<script>${stub.trim()}</script>\n<script async src="%BASE%/js/clevertap.min.js"></script>\n`,
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
let over = false;
for (const [name, text] of Object.entries(files)) {
  await writeFile(join(dist, name), text);
  const sizes = { raw: Buffer.byteLength(text), brotli: brotliCompressSync(text).length };
  const [[kind, budget] = []] = Object.entries(budgets[name] ?? {});
  const judged = kind ? `, budget ${budget} ${kind}` : '';
  console.log(`${name}: ${sizes.raw} bytes, ${sizes.brotli} brotli${judged}`);
  if (kind && sizes[kind] > budget) {
    console.error(`${name} is ${sizes[kind] - budget} bytes over its budget in size.json`);
    over = true;
  }
}
if (over) process.exitCode = 1;
