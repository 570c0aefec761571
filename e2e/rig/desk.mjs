// A desktop with nobody at it: a private message bus and a notification daemon that records what the browsers show
// and clicks on it when told. Start it before the browser, which asks once, at its own start, whether a daemon is there.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dbus from 'dbus-next';

const { Interface } = dbus.interface;
const REASON_DISMISSED = 2;
const REASON_CLOSED_BY_CALL = 3;

/**
 * @typedef {{id: number, app: string, title: string, body: string, actions: {key: string, label: string}[],
 *            hints: string[], open: boolean}} Shown
 */

class Notifications extends Interface {
  constructor(record) {
    super('org.freedesktop.Notifications');
    this.record = record;
    this.next = 1;
  }
  GetCapabilities() {
    return ['actions', 'body', 'body-hyperlinks', 'body-markup', 'icon-static', 'persistence'];
  }
  GetServerInformation() {
    return ['campanile-e2e', 'campanile', '1', '1.2'];
  }
  Notify(app, replaces, icon, title, body, actions, hints) {
    const id = replaces || this.next++;
    const pairs = [];
    for (let i = 0; i + 1 < actions.length; i += 2) pairs.push({ key: actions[i], label: actions[i + 1] });
    this.record.push({ id, app, title, body, actions: pairs, hints: Object.keys(hints), open: true });
    return id;
  }
  CloseNotification(id) {
    for (const shown of this.record) if (shown.id === id) shown.open = false;
    this.NotificationClosed(id, REASON_CLOSED_BY_CALL);
  }
  ActionInvoked(id, key) {
    return [id, key];
  }
  NotificationClosed(id, reason) {
    return [id, reason];
  }
}
Notifications.configureMembers({
  methods: {
    GetCapabilities: { inSignature: '', outSignature: 'as' },
    GetServerInformation: { inSignature: '', outSignature: 'ssss' },
    Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
    CloseNotification: { inSignature: 'u', outSignature: '' },
  },
  signals: { ActionInvoked: { signature: 'us' }, NotificationClosed: { signature: 'uu' } },
});

/** Starts the bus and the daemon. `env` goes to the browser. */
export async function openDesk() {
  const folder = await mkdtemp(join(tmpdir(), 'campanile-desk-'));
  const address = `unix:path=${join(folder, 'bus')}`;
  const daemon = spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', `--address=${address}`, '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((ready, failed) => {
    daemon.once('error', (error) => failed(new Error(`dbus-daemon does not start (run .ci/install): ${error.message}`)));
    daemon.once('exit', (code) => failed(new Error(`dbus-daemon ended with ${code}`)));
    daemon.stdout.once('data', ready);
  });
  daemon.removeAllListeners('exit');

  /** @type {Shown[]} */
  const shown = [];
  const bus = dbus.sessionBus({ busAddress: address });
  const notifications = new Notifications(shown);
  bus.export('/org/freedesktop/Notifications', notifications);
  await bus.requestName('org.freedesktop.Notifications', 0);

  return {
    env: { DBUS_SESSION_BUS_ADDRESS: address },
    /** Everything that was shown, oldest first. */
    shown,
    /** Those that are open and have this title. */
    titled: (title) => shown.filter((one) => one.open && one.title === title),
    /** The person clicks the notification (`default`) or one of its buttons, by its label. */
    click(one, label = 'default') {
      const action = label === 'default' ? { key: 'default' } : one.actions.find((each) => each.label === label);
      if (!action) throw new Error(`no button "${label}" on ${JSON.stringify(one)}`);
      one.open = false;
      notifications.ActionInvoked(one.id, action.key);
    },
    /** The person swipes it away. */
    dismiss(one) {
      one.open = false;
      notifications.NotificationClosed(one.id, REASON_DISMISSED);
    },
    async close() {
      bus.disconnect();
      const gone = new Promise((ended) => daemon.once('exit', ended));
      daemon.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
