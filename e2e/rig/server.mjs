// The real binary: started, asked for what it prints when it is ready, stopped the way an init system stops it.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.CAMPANILE_BIN ?? fileURLToPath(new URL('../../target/debug/campanile', import.meta.url));
const READY_WITHIN_MS = 30_000;

/** A folder that is removed when `dispose` is called. */
export async function folder(purpose) {
  const path = await mkdtemp(join(tmpdir(), `campanile-${purpose}-`));
  return { path, dispose: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * Runs a command of the binary to its end.
 * @param {string[]} args
 * @returns {Promise<{code: number, stdout: string, stderr: string}>}
 */
export function run(args, env = {}) {
  const child = launch(args, env);
  const out = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => (out[stream] += text));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, ...out }));
  });
}

/**
 * Starts a long-running command (`demo`, `serve`, `lab`) with `--json` and waits for its line.
 * @param {string[]} args
 */
export async function start(args, env = {}) {
  const child = launch([...args, '--json'], env);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log = (log + text).slice(-20_000)));
  const ended = new Promise((done) => child.once('close', (code, signal) => done({ code, signal })));

  const ready = await new Promise((done, failed) => {
    const fail = (why) => failed(new Error(`campanile ${args.join(' ')}: ${why}\n${log}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`not ready within ${READY_WITHIN_MS} ms`);
    }, READY_WITHIN_MS);
    child.once('error', (error) => fail(error.message));
    ended.then(({ code, signal }) => fail(`ended with ${code ?? signal} before it was ready`));
    createInterface(child.stdout).on('line', (line) => {
      if (!line.startsWith('{')) return;
      clearTimeout(timer);
      done(JSON.parse(line));
    });
  });

  return {
    ...ready,
    pid: child.pid,
    log: () => log,
    /** SIGTERM, and the exit that follows: clean within ten seconds, or the test fails. */
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 12_000);
      const { code, signal } = await ended;
      clearTimeout(timer);
      if (code !== 0) throw new Error(`campanile did not stop cleanly: ${code ?? signal}\n${log}`);
    },
    /** kill -9: no warning, no last word. */
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function launch(args, env) {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: cargo build --workspace --all-targets`);
  return spawn(BINARY, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

/**
 * Makes an account with an API key, as an administrator does at the command line.
 * @param {string[]} where `--data` and `--database` as for `serve`
 */
export async function newAccount(where, name = 'Tindermere') {
  const { code, stdout, stderr } = await run(['account', 'new', name, '--json', ...where]);
  if (code !== 0) throw new Error(`campanile account new: ${code}\n${stderr}`);
  const { account, api_key } = JSON.parse(stdout);
  return { account, api_key };
}
