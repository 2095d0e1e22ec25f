/**
 * Transposes and column sums of row-major float32 matrices, in AssemblyScript.
 *
 * @module
 */

/** `y [columns, rows]` = transposed `x [rows, columns]`, in blocks of four by four. */
export function transpose(x: usize, y: usize, rows: i32, columns: i32): void {
  const xRow = (<usize> columns) << 2, yRow = (<usize> rows) << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      transposeBlock(
        x + <usize> row * xRow + ((<usize> column) << 2),
        xRow,
        y + <usize> column * yRow + ((<usize> row) << 2),
        yRow,
      );
    }
    for (; column < columns; column++) {
      for (let i = row; i < row + 4; i++) copyValue(x, xRow, y, yRow, i, column);
    }
  }
  for (; row < rows; row++) {
    for (let column = 0; column < columns; column++) copyValue(x, xRow, y, yRow, row, column);
  }
}

function copyValue(x: usize, xRow: usize, y: usize, yRow: usize, row: i32, column: i32): void {
  const value = load<f32>(x + <usize> row * xRow + ((<usize> column) << 2));
  store<f32>(y + <usize> column * yRow + ((<usize> row) << 2), value);
}

function transposeBlock(x: usize, xRow: usize, y: usize, yRow: usize): void {
  const row0 = v128.load(x), row1 = v128.load(x + xRow);
  const row2 = v128.load(x + 2 * xRow), row3 = v128.load(x + 3 * xRow);
  const low01 = v128.shuffle<f32>(row0, row1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(row0, row1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(row2, row3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(row2, row3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(y + yRow, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(y + 2 * yRow, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(y + 3 * yRow, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/** Adds the rows of `x` to `sums`; four rows at a time, so that `sums` is read and written a quarter as often. */
export function addColumnSums(x: usize, sums: usize, rows: i32, columns: i32): void {
  const xRow = (<usize> columns) << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const x0 = x + <usize> row * xRow, x1 = x0 + xRow, x2 = x1 + xRow, x3 = x2 + xRow;
    let byte: usize = 0;
    for (; byte + 16 <= xRow; byte += 16) {
      const upper = f32x4.add(v128.load(x0 + byte), v128.load(x1 + byte));
      const lower = f32x4.add(v128.load(x2 + byte), v128.load(x3 + byte));
      v128.store(sums + byte, f32x4.add(v128.load(sums + byte), f32x4.add(upper, lower)));
    }
    for (; byte < xRow; byte += 4) {
      const upper = load<f32>(x0 + byte) + load<f32>(x1 + byte), lower = load<f32>(x2 + byte) + load<f32>(x3 + byte);
      store<f32>(sums + byte, load<f32>(sums + byte) + (upper + lower));
    }
  }
  for (; row < rows; row++) {
    const xAt = x + <usize> row * xRow;
    for (let byte: usize = 0; byte < xRow; byte += 4) {
      store<f32>(sums + byte, load<f32>(sums + byte) + load<f32>(xAt + byte));
    }
  }
}
