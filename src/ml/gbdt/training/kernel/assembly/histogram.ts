import { FEATURE_BYTES } from "./layout";

const GROUP_BYTES: usize = 8 * FEATURE_BYTES;
const ENTRY_SHIFT: u64 = 4;
const ENTRY_MASK: u64 = 255 << 4;

/** Rows whose bytes are asked for together; their bins and records then fit into the first-level cache. */
const TOUCHED_ROWS: usize = 64;

/**
 * Adds the records of some rows to the histograms of `groups` groups of eight features. Bins are row-major: those of
 * row 0 are at `bins`, those of the next row `stride` bytes on.
 *
 * Deep in a tree a leaf's rows lie far apart. Summing keeps the processor so busy that it looks few rows ahead, and
 * each would wait for memory alone. So the bytes of 64 rows are asked for first, which waits for all of them together:
 * four times faster at 32 leaves. Returns a meaningless number, so that the loads are not taken for useless.
 */
export function addRows(
  indices: usize,
  rows: i32,
  bins: usize,
  stride: usize,
  groups: i32,
  records: usize,
  histogram: usize,
): i32 {
  const end = indices + (<usize> rows << 2), lastByte = (<usize> groups << 3) - 1;
  let touched = 0;
  for (let at = indices; at < end;) {
    const blockEnd = min(at + (TOUCHED_ROWS << 2), end);
    for (let ahead = at; ahead < blockEnd; ahead += 4) {
      const row = <usize> load<u32>(ahead), own = bins + row * stride;
      touched |= <i32> load<u8>(own) | <i32> load<u8>(own + lastByte) | <i32> load<u8>(records + (row << 4));
    }
    for (; at < blockEnd; at += 4) {
      const row = <usize> load<u32>(at), record = v128.load(records + (row << 4));
      let own = bins + row * stride, group = histogram;
      for (let i = 0; i < groups; i++) {
        addToEight(group, load<u64>(own), record);
        own += 8;
        group += GROUP_BYTES;
      }
    }
  }
  return touched;
}

/** Adds a row's record to the entries of its eight bins. */
function addToEight(histogram: usize, bins: u64, record: v128): void {
  add(histogram + <usize> (bins << ENTRY_SHIFT & ENTRY_MASK), record);
  add(histogram + FEATURE_BYTES + <usize> (bins >> 4 & ENTRY_MASK), record);
  add(histogram + 2 * FEATURE_BYTES + <usize> (bins >> 12 & ENTRY_MASK), record);
  add(histogram + 3 * FEATURE_BYTES + <usize> (bins >> 20 & ENTRY_MASK), record);
  add(histogram + 4 * FEATURE_BYTES + <usize> (bins >> 28 & ENTRY_MASK), record);
  add(histogram + 5 * FEATURE_BYTES + <usize> (bins >> 36 & ENTRY_MASK), record);
  add(histogram + 6 * FEATURE_BYTES + <usize> (bins >> 44 & ENTRY_MASK), record);
  add(histogram + 7 * FEATURE_BYTES + <usize> (bins >> 52 & ENTRY_MASK), record);
}

function add(entry: usize, record: v128): void {
  v128.store(entry, i64x2.add(v128.load(entry), record));
}

/** Takes the histogram `part` from `whole`, entry by entry. */
export function subtract(whole: usize, part: usize, bytes: i32): void {
  for (let at: usize = 0; at < <usize> bytes; at += 16) {
    v128.store(whole + at, i64x2.sub(v128.load(whole + at), v128.load(part + at)));
  }
}

/**
 * Stable partition of row indices by `bin of the row ≤ bin`, missing ones to the given side; returns how many went
 * left. `bins` is the feature's column, a byte a row; `left` and `right` have room for all rows.
 */
export function partition(
  indices: usize,
  rows: i32,
  bins: usize,
  bin: i32,
  missingLeft: i32,
  left: usize,
  right: usize,
): i32 {
  // Turned by one where missing goes left, so that bin 255 becomes 0 and one comparison is enough.
  const limit = bin + missingLeft;
  const end = indices + (<usize> rows << 2);
  let toLeft = left, toRight = right;
  for (let at = indices; at < end; at += 4) {
    const row = load<u32>(at);
    // Written to both sides and one kept: a branch would be guessed wrong every other row.
    store<u32>(toLeft, row);
    store<u32>(toRight, row);
    const step = <usize> i32((<i32> load<u8>(bins + <usize> row) + missingLeft & 255) <= limit) << 2;
    toLeft += step;
    toRight += 4 - step;
  }
  return <i32> ((toLeft - left) >> 2);
}
