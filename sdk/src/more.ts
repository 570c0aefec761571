/**
 * The part `clevertap.more.js`: what a page with a plain pop-up never needs.
 *
 * Signs that a campaign waits for, fields and the owner's own HTML in pop-ups, and what the overlay is given. Left out: what they
 * do. Invariant: shares shortened names with the page SDK of the same build only, and registers under that build's name.
 */
import { MORE, register } from './part.ts';
import { fields } from './popup/fields.ts';
import { own, sandbox, withBase } from './popup/own.ts';
import { Signals } from './popup/signals.ts';
import { openWhy } from './why-host.ts';

const more = {
  _Signals: Signals,
  _fields: fields,
  _withBase: withBase,
  _own: own,
  _sandbox: sandbox,
  _openWhy: openWhy,
};
export type MorePart = typeof more;

register(MORE, more);
