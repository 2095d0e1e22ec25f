import type { Dataset } from "../dataset.ts";
import { Cholesky } from "../linear/cholesky.ts";
import { addWeightedProducts, BLOCK_ROWS } from "../linear/normal_equations.ts";
import { fitScaler, Scaler } from "../models/scaler.ts";
import type { LineFold } from "./line_rows.ts";

/** Penalty as a share of the rows: columns of a set are nearly combinations of each other. */
const L2 = 1e-3;

/**
 * The linear head on one fold, for many targets: least squares of the sign of a move on scaled inputs. Near p = ½ it is the
 * logistic line but for its scale, which an AUC does not see, and the inputs' products are taken once however many targets
 * there are.
 */
export class DirectionLine {
  readonly #testRows: number;
  /** Row-major, an intercept first. */
  readonly #train: Float32Array;
  readonly #test: Float32Array;
  readonly #width: number;
  readonly #factor: Cholesky;

  /** Scales the inputs by the training rows and factors their products. O(rows · width²). */
  constructor({ features, nullable }: Dataset, { train, test }: LineFold) {
    this.#testRows = test.length;
    const scaler = new Scaler(fitScaler(features, train), nullable), width = this.#width = scaler.width + 1;
    const inputsOf = (rows: Int32Array) => {
      const inputs = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++) inputs[i * width] = 1;
      scaler.writeRows(features.columns, rows, inputs, 1, width);
      return inputs;
    };
    this.#train = inputsOf(train);
    this.#test = inputsOf(test);
    this.#factor = new Cholesky(penalizedProducts(this.#train, width), width);
  }

  /** Coefficients for a target a training row, the intercept first; a target of 0 is one that is not known. */
  fit(target: Float64Array): Float64Array {
    const width = this.#width, inputs = this.#train, right = new Float64Array(width);
    for (let i = 0; i < target.length; i++) {
      const value = target[i]!;
      if (value === 0) continue;
      for (let j = 0, at = i * width; j < width; j++, at++) right[j]! += value * inputs[at]!;
    }
    return this.#factor.solve(right);
  }

  /** What the line says of the test rows. */
  scores(coefficients: Float64Array): Float32Array {
    const width = this.#width, inputs = this.#test, scores = new Float32Array(this.#testRows);
    for (let i = 0; i < scores.length; i++) {
      let sum = 0;
      for (let j = 0, at = i * width; j < width; j++, at++) sum += coefficients[j]! * inputs[at]!;
      scores[i] = sum;
    }
    return scores;
  }
}

function penalizedProducts(inputs: Float32Array, width: number): Float64Array {
  const products = new Float64Array(width * width), rows = inputs.length / width;
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const values = Float64Array.from(inputs.subarray(first * width, (first + BLOCK_ROWS) * width));
    addWeightedProducts(products, values, new Float64Array(values.length / width).fill(1));
  }
  for (let j = 1; j < width; j++) products[j * width + j]! += L2 * rows;
  return products;
}
