/**
 * Ids that sort by time: UUIDv7 (RFC 9562, section 5.7) in 32 hex digits.
 *
 * The clock and the random bytes are arguments. Invariant: the ids of one maker rise strictly, even within a millisecond and
 * when the clock steps back, so sorting by id gives the order in which things happened.
 */

/** Makes a maker of ids. `fill` fills its array with random bytes. */
export function idMaker(now: () => number, fill: (bytes: Uint8Array) => Uint8Array): () => string {
  let last = 0;
  let sequence = 0;
  return () => {
    const time = Math.floor(now());
    if (time > last) {
      last = time;
      sequence = 0;
    } else if (++sequence > 0xfff) {
      last++;
      sequence = 0;
    }
    const tail = fill(new Uint8Array(8));
    tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80; // the variant's two bits
    return hex(last, 12) + '7' + hex(sequence, 3) + Array.from(tail, (byte) => hex(byte, 2)).join('');
  };
}

/** True for what `idMaker` makes, and for any other 32 lower-case hex digits. */
export function isId(text: string | null | undefined): text is string {
  return /^[0-9a-f]{32}$/.test(text ?? '');
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
