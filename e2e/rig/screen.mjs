// A screen with nobody at it, and a real pointer on it: for what remote control cannot do, as leaving the window.

import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Starts an X server on a free display. `env` goes to the browser. */
export async function openScreen() {
  // Descriptor 3 is told the number of the display once it takes connections.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise((ready, failed) => {
    server.once('error', (error) => failed(new Error(`Xvfb does not start (run .ci/install): ${error.message}`)));
    server.once('exit', (code) => failed(new Error(`Xvfb ended with ${code}`)));
    server.stdio[3].once('data', (text) => ready(String(text).trim()));
  });
  server.removeAllListeners('exit');
  const env = { DISPLAY: `:${number}` };
  const xdotool = (...args) => run('xdotool', args.map(String), { env: { ...process.env, ...env } });

  const screen = {
    env,
    /** Moves the pointer in steps to a point of the page, in its CSS pixels; outside of it as well. */
    async move(page, x, y) {
      const [left, top] = await page.evaluate(() =>
        'mozInnerScreenX' in window
          ? [mozInnerScreenX, mozInnerScreenY]
          : [screenX + (outerWidth - innerWidth) / 2, screenY + outerHeight - innerHeight],
      );
      const to = [Math.round(left + x), Math.max(0, Math.round(top + y))];
      const { stdout } = await xdotool('getmouselocation', '--shell');
      const from = ['X', 'Y'].map((axis) => Number(new RegExp(`^${axis}=(\\d+)`, 'm').exec(stdout)[1]));
      const steps = [0.25, 0.5, 0.75, 1].map((share) => from.map((start, axis) => Math.round(start + (to[axis] - start) * share)));
      await xdotool(...steps.flatMap((point) => ['mousemove', ...point, 'sleep', '0.02']));
    },
    /** The pointer comes into the page, which knows of it. */
    async enter(page) {
      await screen.move(page, 300, 300);
      await page.waitForFunction(() => document.documentElement.matches(':hover'));
    },
    /** The pointer leaves the page through the top. */
    leave: (page) => screen.move(page, 300, -30),
    /** Presses the button where the pointer is. */
    click: () => xdotool('click', 1),
    /** Presses keys, one after the other, wherever the keyboard is: in the browser's own surfaces as well. */
    press: (...keys) => xdotool('key', ...keys),
    async close() {
      const gone = new Promise((ended) => server.once('exit', ended));
      server.kill('SIGTERM');
      await gone;
    },
  };
  return screen;
}
