/** Rows that fit beside a float's 32 bits into the integers of a double. */
const MOST_PACKED_ROWS = 2 ** 21;

/**
 * Row numbers by ascending score, equal scores in the order given. Float32 scores are sorted with their rows as one number
 * each, without a comparison function; rows without a score come last.
 */
export function rowsByScore(scores: ArrayLike<number>, rows: Uint32Array): Uint32Array {
  if (!(scores instanceof Float32Array) || scores.length > MOST_PACKED_ROWS) {
    return rows.slice().sort((a, b) => scores[a]! - scores[b]!);
  }
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    // −0 equals 0.
    const own = bits[rows[i]!] === 0x80000000 ? 0 : bits[rows[i]!]!;
    // Negative floats order by their bits from above, positive ones from below.
    const ordered = (own >>> 31 === 1 ? ~own : own ^ 0x80000000) >>> 0;
    keys[i] = ordered * MOST_PACKED_ROWS + rows[i]!;
  }
  keys.sort();
  const sorted = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) sorted[i] = keys[i]! % MOST_PACKED_ROWS;
  return sorted;
}
