import { BLOCK_ROWS, type InputMoments, type LinearRows, readInputs, weightOf } from "./normal_equations.ts";

/** Bytes of rows that are kept from pass to pass: half a year's, thinned; every minute of it would be most of a process. */
const MOST_KEPT_BYTES = 96 * 2 ** 20;

/** Rows that lie one after the other. */
export interface RowBlock {
  /** Their numbers. */
  readonly rows: Int32Array;
  /** `[1, z…]` of each, row-major: z are its standardised regressors, 0 where a column is constant. */
  readonly values: Float64Array;
}

/** The rows of a problem with a weight, standardised, for passes from end to end. */
export class StandardizedRows {
  /** Values of a row: its regressors and the level. */
  readonly size: number;
  readonly #problem: LinearRows;
  readonly #moments: InputMoments;
  readonly #rows: Int32Array;
  /** Whether all of them are few enough to be kept. */
  readonly #isKept: boolean;
  /** Those of all rows, or of a block. */
  readonly #values: Float64Array;
  readonly #inputs: Float64Array;
  /** Rows that `#values` holds for good. */
  #filled = 0;

  constructor(problem: LinearRows, moments: InputMoments) {
    this.#problem = problem;
    this.#moments = moments;
    this.size = problem.names.length + 1;
    this.#rows = problem.weightOf === undefined
      ? problem.rows
      : problem.rows.filter((row) => weightOf(problem, row) !== 0);
    this.#inputs = new Float64Array(BLOCK_ROWS * (this.size - 1));
    this.#isKept = 8 * this.size * this.#rows.length <= MOST_KEPT_BYTES;
    this.#values = new Float64Array(this.size * (this.#isKept ? this.#rows.length : BLOCK_ROWS));
  }

  /** In the problem's order; each block is filled in the first pass, or in every pass where they are too many to be kept. */
  *blocks(): Generator<RowBlock> {
    const { size } = this, rows = this.#rows;
    for (let first = 0; first < rows.length; first += BLOCK_ROWS) {
      const own = rows.subarray(first, first + BLOCK_ROWS), at = this.#isKept ? size * first : 0;
      const values = this.#values.subarray(at, at + size * own.length);
      if (this.#filled <= first) {
        this.#fill(own, values);
        if (this.#isKept) this.#filled = first + own.length;
      }
      yield { rows: own, values };
    }
  }

  #fill(rows: Int32Array, values: Float64Array): void {
    const { means, scales } = this.#moments, { size } = this, inputs = this.#inputs, width = size - 1;
    readInputs(this.#problem, rows, inputs);
    for (let i = 0; i < rows.length; i++) {
      const from = i * width, to = i * size + 1;
      values[to - 1] = 1;
      for (let j = 0; j < width; j++) {
        values[to + j] = scales[j]! === 0 ? 0 : (inputs[from + j]! - means[j]!) / scales[j]!;
      }
    }
  }
}
