/**
 * The part `clevertap.prompts.js`: other ways to ask for push than the documented dialog, and where a visitor changes their mind.
 *
 * Card, centred dialog, topics, bell, preference centre, help for a blocked permission, ending a subscription. Left out: what they
 * do, and whether anybody is asked (`push/prompt.ts`). Invariant: shares shortened names with the part `push` of the same build only.
 */
import { PROMPTS, register } from './part.ts';
import { ask } from './prompts/ask.ts';
import { bell } from './prompts/bell.ts';
import { end } from './prompts/end.ts';
import { preferences } from './prompts/panel.ts';

const prompts = { _ask: ask, _bell: bell, _preferences: preferences, _end: end };
export type PromptsPart = typeof prompts;

register(PROMPTS, prompts);
