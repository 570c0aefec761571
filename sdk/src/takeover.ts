/**
 * The worker for the time of moving from another provider: served where the old vendor's worker stood.
 *
 * All of `worker.ts`, and: messages of the old vendor are shown by its own script if the owner has kept that (`old`), else by us; a
 * subscription that the old vendor made becomes ours as soon as this worker runs, without a visit and without a question. Left out:
 * pages (`push/subscribe.ts` does the same on a visit). Invariant: ours stands first, so the old script never sees our messages.
 */
import { takeOver } from './worker.ts';
import { endpointFor } from './worker/report.ts';
import { readVendor } from './worker/vendors.ts';

declare const self: ServiceWorkerGlobalScope;

/** Account, its VAPID public key, path of the old vendor's script. Replaced by the server when it serves the file. */
const TAKEOVER = '%CAMPANILE_TAKEOVER%';
const [account, key, old] = TAKEOVER.split('|');

takeOver({ read: readVendor, ...(account && key && { heir: { account, key, endpoint: endpointFor(undefined, undefined) } }) });

// Those who come back find the old worker in place; nobody can close all its tabs.
self.addEventListener('install', () => void self.skipWaiting());

if (old) {
  try {
    self.importScripts(new URL(old, self.location.origin).href);
  } catch (error) {
    console.error(`Campanile: ${old} could not be loaded; the old vendor's messages are shown without it.`, error);
  }
}
