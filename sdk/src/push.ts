/**
 * The part `clevertap.push.js`: asking for push, subscribing, and what each visit of a subscriber looks after.
 *
 * Left out: other looks of the question (`prompts.ts`), what is asked and when (`push/prompt.ts`). Invariant: shares shortened names with
 * the page SDK and the part `prompts` of the same build only, and registers under that build's name.
 */
import { PUSH, register } from './part.ts';
import { onPush } from './push/prompt.ts';
import { onVisit } from './push/visit.ts';

const push = { _onPush: onPush, _onVisit: onVisit };
export type PushPart = typeof push;

register(PUSH, push);
