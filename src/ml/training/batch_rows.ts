import type { TrainingRows } from "./protocol.ts";

/** Columns of a batch's targets; their order is that of `simd/lib/joint_loss.ts`. */
export const TARGETS = 6;

/** Rows with those that fill them up to a multiple of four, as the SIMD loops go by four. */
export function filledRows(rows: number): number {
  return (rows + 3) & ~3;
}

/** Gathers rows of a job for a step, in plain loops: the gather of tfjs is slow on WASM. */
export class BatchRows {
  readonly #rows: TrainingRows;
  readonly #columns: readonly Float32Array[];

  /** Keeps the job's rows, and the logarithm of the realised variance. */
  constructor(rows: TrainingRows) {
    this.#rows = rows;
    const { plainLogit, harLogVariance, returnBps, realizedVarianceBps2 } = rows;
    const logVariance = new Float32Array(realizedVarianceBps2.length); // from() would make an array of numbers first
    for (let i = 0; i < logVariance.length; i++) logVariance[i] = Math.log(realizedVarianceBps2[i]!);
    this.#columns = [plainLogit, harLogVariance, returnBps, realizedVarianceBps2, logVariance];
  }

  /** Writes the inputs `[filled, width]` and the targets `[6, filled]`; what fills the rows up is zero. */
  gather(picked: Int32Array, inputs: Float32Array, targets: Float32Array): void {
    const { inputs: all, width } = this.#rows, columns = this.#columns, filled = filledRows(picked.length);
    targets.fill(0, 0, TARGETS * filled);
    for (let i = 0; i < picked.length; i++) {
      const row = picked[i]!, from = row * width, to = i * width;
      for (let j = 0; j < width; j++) inputs[to + j] = all[from + j]!;
      for (let c = 0; c < columns.length; c++) targets[c * filled + i] = columns[c]![row]!;
      targets[columns.length * filled + i] = 1;
    }
    inputs.fill(0, picked.length * width, filled * width);
  }
}
