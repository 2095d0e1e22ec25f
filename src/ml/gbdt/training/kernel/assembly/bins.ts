import { MISSING_BIN } from "./layout";

/** Where the search for a bin begins: with 256 places, the first step is half of them. */
const FIRST_STEP: usize = 128;

/**
 * Bins a stretch of one feature: the number of cuts below a value, or the bin of missing values. `cuts` are 255
 * float32, ascending, filled up with NaN, below which nothing is. Each bin is written to the feature's column, unless
 * that is 0, and to the row-major bins, a row `stride` bytes after the other.
 */
export function binValues(values: usize, rows: i32, cuts: usize, column: usize, rowMajor: usize, stride: usize): void {
  for (let row = 0; row < rows; row++) {
    const value = load<f32>(values + (<usize> row << 2));
    let below: usize = 0;
    // Without branches: which way it goes cannot be guessed.
    for (let step = FIRST_STEP; step > 0; step >>= 1) {
      below += load<f32>(cuts + (below + step - 1 << 2)) < value ? step : 0;
    }
    const bin = value === value ? <i32> below : MISSING_BIN;
    if (column !== 0) store<u8>(column + <usize> row, bin);
    store<u8>(rowMajor + <usize> row * stride, bin);
  }
}
