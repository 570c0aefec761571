/**
 * The part `clevertap.why.js`: the overlay "Why shown, why not".
 *
 * Registers `open` under the name `why`; what it is given stands in `why-ports.ts`. Left out: the drawing itself. Invariant: opening
 * and closing leaves the page as it was.
 */
import { register, WHY } from './part.ts';
import type { WhyPorts } from './why-ports.ts';

register(WHY, {
  open: (ports: WhyPorts) => ({ close: () => ports.closed() }),
});
