/** Bits of a digit, and the digits of 32 bits. */
const BITS = 11, PASSES = 3;
const DIGITS = 1 << BITS, MASK = DIGITS - 1, SIGN = 0x80000000;

/**
 * Sorts up to `most` floats at a time, ascending and in place, as `sort()` does: by counting the digits of their bits, which
 * of tens of thousands takes a fifth of the time (radix sort; Knuth, TAOCP 3, 5.2.5).
 *
 * @returns a function that sorts values none of which is NaN.
 */
export function floatSorter(most: number): (values: Float32Array) => void {
  const rooms = [new Uint32Array(most), new Uint32Array(most)] as const, starts = new Uint32Array(DIGITS);
  return (values) => {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length), count = values.length;
    let [from, into] = rooms as readonly [Uint32Array, Uint32Array];
    // As whole numbers bits ascend with their floats once the sign is turned, and of negative ones all the others.
    for (let i = 0; i < count; i++) from[i] = bits[i]! ^ (bits[i]! & SIGN ? 0xffffffff : SIGN);
    for (let shift = 0; shift < BITS * PASSES; shift += BITS) {
      starts.fill(0);
      for (let i = 0; i < count; i++) starts[from[i]! >>> shift & MASK]!++;
      for (let digit = 0, start = 0; digit < DIGITS; digit++) {
        const own = starts[digit]!;
        starts[digit] = start;
        start += own;
      }
      for (let i = 0; i < count; i++) into[starts[from[i]! >>> shift & MASK]!++] = from[i]!;
      [from, into] = [into, from];
    }
    for (let i = 0; i < count; i++) bits[i] = from[i]! ^ (from[i]! & SIGN ? SIGN : 0xffffffff);
  };
}
