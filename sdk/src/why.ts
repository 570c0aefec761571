/**
 * The part `clevertap.why.js`: the overlay "Why shown, why not".
 *
 * Registers `open` under the name `why`; what it is given stands in `why-ports.ts`. Left out: the drawing itself (`why/panel.ts`).
 * Invariant: opening and closing leaves the page as it was.
 */
import { register, WHY } from './part.ts';
import { openPanel } from './why/panel.ts';

register(WHY, { open: openPanel });
