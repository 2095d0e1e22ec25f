import { ENTRY_MASK, ENTRY_SHIFT, FEATURE_BYTES, ROWS_BITS } from "./layout";

/** Rows that are prepared together: few enough that they stay in the cache. */
const BLOCK_ROWS: usize = 512;
const LINE_BYTES: usize = 64;
/** Bins that are moved at once, and the bytes of all rows' of them. */
const CHUNK_BYTES: usize = 16, CHUNK_BLOCK_BYTES: usize = BLOCK_ROWS * CHUNK_BYTES;
const RECORD_BYTES: usize = 16, PLACE_BYTES: usize = 4;
/** A move: where in a row 16 bins lie, to which chunk they go, whether they are its first; then where each goes from. */
const MOVE_BYTES: usize = 32, MOVE_TO: usize = 4, MOVE_IS_FIRST: usize = 8, MOVE_LANES: usize = 16;

/** Empties the histograms of `features` features. */
export function clear(histogram: usize, features: i32): void {
  memory.fill(histogram, 0, <usize> features * FEATURE_BYTES);
}

/**
 * Adds rows to the histograms of `features` features. Bins are row-major: those of row 0 are at `bins`, those of the
 * next row `stride` bytes on, a multiple of 16; `moves` pick those of the features. `gradients` and `hessians` are i32
 * by row; where `hessians` is 0, each is 1. `room` has 512 × (stride + 20) bytes.
 *
 * Deep in a tree a leaf's rows lie far apart. Summing keeps the processor so busy that it looks few rows ahead, and
 * each would wait for memory alone. So the bytes of 512 rows are asked for first, in a loop so small that the processor
 * waits for many of them together; then they are moved side by side, and eight features' histograms are summed at a
 * time, which fit into the first-level cache. Returns a meaningless number, so that the loads are not taken for useless.
 */
export function addRows(
  indices: usize,
  rows: i32,
  bins: usize,
  stride: usize,
  moves: usize,
  moveCount: i32,
  features: i32,
  gradients: usize,
  hessians: usize,
  room: usize,
  histogram: usize,
): i32 {
  const end = indices + (<usize> rows << 2), places = room + BLOCK_ROWS * RECORD_BYTES;
  const chunks = places + BLOCK_ROWS * PLACE_BYTES;
  let touched = 0;
  for (let at = indices; at < end; at += BLOCK_ROWS << 2) {
    const blockEnd = min(at + (BLOCK_ROWS << 2), end), count = (blockEnd - at) >> 2;
    touched |= touch(at, blockEnd, bins, stride);
    prepare(at, blockEnd, bins, stride, gradients, hessians, room, places);
    for (let i = 0; i < moveCount; i++) move(moves + <usize> i * MOVE_BYTES, places, places + (count << 2), chunks);
    for (let feature = 0; feature < features; feature += 8) {
      const own = chunks + <usize> (feature >> 4) * CHUNK_BLOCK_BYTES + <usize> (feature & 8);
      addGroup(histogram + <usize> feature * FEATURE_BYTES, own, room, count, min(8, features - feature));
    }
  }
  return touched;
}

/** Reads a byte of each cache line of the rows. */
function touch(indices: usize, end: usize, bins: usize, stride: usize): i32 {
  let touched = 0, offset: usize = 0;
  for (; offset < stride; offset += LINE_BYTES) touched |= touchAt(indices, end, bins + offset, stride);
  // What is left of a row, beyond its whole lines, may itself lie in two.
  const rest = stride - (offset - LINE_BYTES), startsAt = stride & -stride;
  return rest > startsAt ? touched | touchAt(indices, end, bins + stride - 1, stride) : touched;
}

function touchAt(indices: usize, end: usize, bins: usize, stride: usize): i32 {
  let touched = 0;
  for (let at = indices; at < end; at += 4) touched |= <i32> load<u8>(bins + <usize> load<u32>(at) * stride);
  return touched;
}

/** Writes each row's record, and where its bins are. */
function prepare(
  indices: usize,
  end: usize,
  bins: usize,
  stride: usize,
  gradients: usize,
  hessians: usize,
  records: usize,
  places: usize,
): void {
  for (let at = indices; at < end; at += 4, places += PLACE_BYTES, records += RECORD_BYTES) {
    const row = <usize> load<u32>(at);
    store<u32>(places, <u32> (bins + row * stride));
    store<i64>(records, <i64> load<i32>(gradients + (row << 2)));
    const hessian = hessians === 0 ? 1 : <i64> load<i32>(hessians + (row << 2));
    store<i64>(records, hessian << ROWS_BITS | 1, 8);
  }
}

/** Moves up to 16 bins of each row into a chunk. */
function move(step: usize, places: usize, end: usize, chunks: usize): void {
  const from = <usize> load<u32>(step), lanes = v128.load(step, MOVE_LANES);
  let to = chunks + <usize> load<u32>(step, MOVE_TO) * CHUNK_BLOCK_BYTES;
  if (load<u32>(step, MOVE_IS_FIRST) !== 0) {
    for (; places < end; places += PLACE_BYTES, to += CHUNK_BYTES) {
      v128.store(to, i8x16.swizzle(v128.load(<usize> load<u32>(places) + from), lanes));
    }
    return;
  }
  for (; places < end; places += PLACE_BYTES, to += CHUNK_BYTES) {
    const moved = i8x16.swizzle(v128.load(<usize> load<u32>(places) + from), lanes);
    v128.store(to, v128.or(v128.load(to), moved));
  }
}

/** Adds `count` prepared rows to the histograms of up to eight features. */
function addGroup(histogram: usize, bins: usize, records: usize, count: usize, features: i32): void {
  const end = records + count * RECORD_BYTES;
  if (features < 8) {
    for (; records < end; records += RECORD_BYTES, bins += CHUNK_BYTES) {
      const record = v128.load(records);
      for (let i: usize = 0; i < <usize> features; i++) {
        add(histogram + i * FEATURE_BYTES + (<usize> load<u8>(bins + i) << ENTRY_SHIFT), record);
      }
    }
    return;
  }
  for (; records < end; records += RECORD_BYTES, bins += CHUNK_BYTES) {
    const record = v128.load(records), eight = load<u64>(bins);
    add(histogram + <usize> (eight << 4 & ENTRY_MASK), record);
    add(histogram + FEATURE_BYTES + <usize> (eight >> 4 & ENTRY_MASK), record);
    add(histogram + 2 * FEATURE_BYTES + <usize> (eight >> 12 & ENTRY_MASK), record);
    add(histogram + 3 * FEATURE_BYTES + <usize> (eight >> 20 & ENTRY_MASK), record);
    add(histogram + 4 * FEATURE_BYTES + <usize> (eight >> 28 & ENTRY_MASK), record);
    add(histogram + 5 * FEATURE_BYTES + <usize> (eight >> 36 & ENTRY_MASK), record);
    add(histogram + 6 * FEATURE_BYTES + <usize> (eight >> 44 & ENTRY_MASK), record);
    add(histogram + 7 * FEATURE_BYTES + <usize> (eight >> 52 & ENTRY_MASK), record);
  }
}

function add(entry: usize, record: v128): void {
  v128.store(entry, i64x2.add(v128.load(entry), record));
}

/**
 * Sums the `parts` histograms that threads made of their own rows, `stride` bytes apart, into `whole`, entry by entry,
 * and takes the sum from `rest`, unless that is 0.
 */
export function merge(part: usize, stride: usize, parts: i32, whole: usize, rest: usize, bytes: i32): void {
  for (let at: usize = 0; at < <usize> bytes; at += 16) {
    let sum = v128.load(part + at), other = part + stride + at;
    for (let i = 1; i < parts; i++, other += stride) sum = i64x2.add(sum, v128.load(other));
    v128.store(whole + at, sum);
    if (rest !== 0) v128.store(rest + at, i64x2.sub(v128.load(rest + at), sum));
  }
}
