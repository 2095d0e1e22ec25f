import { seededRandom } from "../../../src/core/mod.ts";
import type { GbdtRows } from "../../../src/ml/gbdt/training/gbdt_rows.ts";

/** Names `f0` … of as many features. */
export function featureNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `f${i}`);
}

/** Rows with an interaction, a curve, missing values that mean something, ties, and columns of noise. */
export function syntheticRows(
  rows: number,
  options: { readonly features?: number; readonly seed?: number; readonly labels?: "real" | "classes" } = {},
): GbdtRows & { readonly labels: Float32Array } {
  const { features = 10, seed = 1, labels: kind = "real" } = options;
  const random = seededRandom(seed);
  const columns = Array.from({ length: features }, () => new Float32Array(rows));
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const x = columns.map((column) => column[row] = random.normal());
    let score = 0.5 * (x[0]! + x[1]!) + x[0]! * x[1]! + Math.sin(2 * x[2]!);
    columns[3]![row] = Math.round(x[3]!);
    if (random.uniform() < 0.2) {
      columns[4]![row] = NaN;
      score += 0.7;
    }
    labels[row] = kind === "real"
      ? score + 0.3 * random.normal()
      : Number(random.uniform() < 1 / (1 + Math.exp(-score)));
  }
  return { columns, labels };
}

/** Row-major copy of columns. */
export function rowMajor(columns: readonly Float32Array[]): Float32Array {
  const rows = columns[0]!.length, width = columns.length, out = new Float32Array(rows * width);
  columns.forEach((column, j) => column.forEach((value, row) => out[row * width + j] = value));
  return out;
}
