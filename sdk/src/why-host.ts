/**
 * Opens the overlay and gives it what it asks for: the other side of `why-ports.ts`.
 *
 * Left out: drawing (`why.ts`, a part of its own). Invariant: looking changes nothing; only `showOnce` and `ask` send, and neither is
 * counted.
 */
import { use, WHY } from './part.ts';
import { toBase64Url } from './push/base64.ts';
import type { Sdk } from './sdk.ts';
import { post } from './transport.ts';
import type { WhyPorts, WhyState } from './why-ports.ts';
import { encode, type Reply } from './wire.ts';

/** The token for which the person does not want it by itself. */
export const SHUT = 'cmp:why-shut';

let open: { close(): void } | undefined;

/** Opens it; where it is open already, closes it, because the keys that open it are asked for the other way round as well. */
export function openWhy(sdk: Sdk): void {
  sdk._curious = true;
  if (open) {
    open.close();
    open = undefined;
    return;
  }
  use(WHY, sdk._place, (part) => {
    if (open) return;
    sdk._tab._remove(SHUT);
    const watchers = new Set<() => void>();
    let push: WhyState['push'] = { permission: 'unsupported', subscribed: false };
    const tell = () => {
      for (const run of watchers) run();
    };
    let told = false;
    const changed = () => {
      if (told) return;
      told = true;
      // One drawing for all that changes in one moment.
      setTimeout(() => {
        told = false;
        tell();
      });
    };
    const look = () =>
      void pushState(sdk._settings?.key).then((state) => {
        push = state;
        changed();
      });
    sdk._watcher = changed;
    look();
    const ports: WhyPorts = {
      latest() {
        const why = sdk._reason;
        return {
          ...(why && { why }),
          waiting: sdk._signals?._state() ?? [],
          shown: sdk._stage._standing().map(({ _message: { msgId, test }, _host, _seen }) => ({
            campaign: parseInt(msgId, 10),
            msgId,
            host: _host,
            viewed: _seen,
            test: !!test,
          })),
          push,
          calls: sdk._calls,
          page: location.href,
          device: sdk._visitor._device(),
          allowed: sdk._asks() !== undefined,
        };
      },
      onChange(run) {
        watchers.add(run);
        return () => watchers.delete(run);
      },
      ask() {
        look();
        inquire(sdk);
      },
      showOnce: (campaign) => inquire(sdk, `${sdk._asks()}~${campaign}`),
      closed() {
        open = undefined;
        const token = sdk._tab._get('cmp:why');
        if (token) sdk._tab._set(SHUT, token);
        sdk._watcher = undefined;
      },
      nonce: sdk._place._nonce,
    };
    open = part.open(ports);
    if (!sdk._reason) ports.ask();
  });
}

/** A question aside from the outbox: no operation, so nothing happened. `test`: a token, a tilde and the campaign to show. */
function inquire(sdk: Sdk, test?: string): void {
  const sent = { _at: Date.now(), _view: sdk._view, _ops: [] };
  const head = sdk._head(sdk._account ?? '', sdk._visitor._device());
  const body = encode({ ...head, show: !document.hidden, view: sdk._view, busy: sdk._stage._busy(), why: sdk._asks(), test }, []);
  post(sdk._endpoint, body).then(
    ({ _status, _body }) => {
      if (_status === 200 && _body) sdk._hear(_body as Reply, sent);
    },
    () => {
      // The overlay asks again.
    },
  );
}

async function pushState(key: string | undefined): Promise<WhyState['push']> {
  const permission = 'Notification' in window ? Notification.permission : 'unsupported';
  try {
    const container = navigator.serviceWorker;
    const found = ((await container?.getRegistrations()) ?? []).map(async ({ scope, active, installing, waiting, pushManager }) => {
      const subscription = await pushManager?.getSubscription();
      const ours = toBase64Url(subscription?.options?.applicationServerKey ?? null) === key;
      const has = subscription ? (ours ? 'ours' : 'another') : 'none';
      return { scope: new URL(scope).pathname, script: (active ?? waiting ?? installing)?.scriptURL ?? '', has } as const;
    });
    const workers = await Promise.all(found);
    const ours = workers.find(({ has }) => has === 'ours');
    const worker = (ours ?? workers[0])?.script;
    const controller = container?.controller?.scriptURL;
    return { permission, subscribed: !!ours, workers, ...(worker && { worker }), ...(controller && { controller }) };
  } catch {
    return { permission, subscribed: false };
  }
}
