/**
 * Stable partition of row indices by `bin of the row ≤ bin`, missing ones to the given side; returns how many went
 * left. The bin of row r is at `bins + r · stride`; `room` has room for all rows that go right.
 */
export function partition(
  indices: usize,
  rows: i32,
  bins: usize,
  stride: usize,
  bin: i32,
  missingLeft: i32,
  room: usize,
): i32 {
  // Turned by one where missing goes left, so that bin 255 becomes 0 and one comparison is enough.
  const limit = bin + missingLeft;
  const end = indices + (<usize> rows << 2);
  let left = indices, right = room;
  for (let at = indices; at < end; at += 4) {
    const row = load<u32>(at);
    // Written to both sides and one kept: a branch would be guessed wrong every other row.
    store<u32>(left, row);
    store<u32>(right, row);
    const step = <usize> i32((<i32> load<u8>(bins + <usize> row * stride) + missingLeft & 255) <= limit) << 2;
    left += step;
    right += 4 - step;
  }
  copyWords(room, right, left);
  return <i32> ((left - indices) >> 2);
}

/** Adds a leaf's value to the scores, f64, of its rows. */
export function addToScores(indices: usize, rows: i32, value: f64, scores: usize): void {
  const end = indices + (<usize> rows << 2);
  for (let at = indices; at < end; at += 4) {
    const score = scores + (<usize> load<u32>(at) << 3);
    store<f64>(score, load<f64>(score) + value);
  }
}

function copyWords(from: usize, end: usize, to: usize): void {
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from));
  for (; from < end; from += 4, to += 4) store<u32>(to, load<u32>(from));
}
