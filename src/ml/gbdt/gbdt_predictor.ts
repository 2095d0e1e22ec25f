import { sigmoid } from "../logistic_functions.ts";
import type { GbdtModel } from "./gbdt_model.ts";

/**
 * The forward pass: all trees in flat arrays. Needs nothing of training; cost is about the depth of the trees times
 * their number, a few ns each.
 */
export class GbdtPredictor {
  readonly #features: number;
  readonly #baseScore: number;
  readonly #isLogistic: boolean;
  readonly #roots: Int32Array;
  readonly #feature: Int32Array;
  readonly #threshold: Float32Array;
  /** First child, or the leaf itself. */
  readonly #left: Int32Array;
  readonly #missingLeft: Uint8Array;
  readonly #value: Float64Array;

  /** Flattens a model. */
  constructor({ loss, featureNames, baseScore, trees }: GbdtModel) {
    this.#features = featureNames.length;
    this.#baseScore = baseScore;
    this.#isLogistic = loss.kind === "logistic";
    const nodes = trees.reduce((sum, { feature }) => sum + feature.length, 0);
    this.#roots = new Int32Array(trees.length);
    this.#feature = new Int32Array(nodes);
    this.#threshold = new Float32Array(nodes);
    this.#left = new Int32Array(nodes);
    this.#missingLeft = new Uint8Array(nodes);
    this.#value = new Float64Array(nodes);
    let at = 0;
    trees.forEach(({ feature, threshold, left, missingLeft, value }, tree) => {
      this.#roots[tree] = at;
      this.#feature.set(feature, at);
      this.#threshold.set(threshold, at);
      this.#left.set(left.map((child) => child + at), at);
      this.#missingLeft.set(missingLeft, at);
      this.#value.set(value, at);
      at += feature.length;
    });
  }

  /** Scores of row-major rows of features, NaN where missing. @throws {RangeError} where sizes do not fit */
  scores(rows: Float32Array, count: number): Float64Array {
    const width = this.#features;
    if (rows.length !== count * width) {
      throw new RangeError(`Cannot read ${count} rows of ${width} features from ${rows.length} values`);
    }
    const out = new Float64Array(count).fill(this.#baseScore);
    const feature = this.#feature, threshold = this.#threshold, left = this.#left, value = this.#value;
    // A tree over all rows, not a row over all trees: the tree then stays in the first-level cache.
    for (const root of this.#roots) {
      for (let row = 0, offset = 0; row < count; row++, offset += width) {
        let node = root, column = feature[node]!;
        while (column >= 0) {
          const x = rows[offset + column]!;
          node = x <= threshold[node]! ? left[node]! : this.#otherChild(node, x);
          column = feature[node]!;
        }
        out[row]! += value[node]!;
      }
    }
    return out;
  }

  /** Forecasts: the mean, the probability of 1 or the quantile. */
  predict(rows: Float32Array, count: number): Float64Array {
    const scores = this.scores(rows, count);
    return this.#isLogistic ? scores.map(sigmoid) : scores;
  }

  /** Child of a row that is not at or below the threshold: the right one, unless a missing value goes left. */
  #otherChild(node: number, x: number): number {
    return this.#left[node]! + (x !== x && this.#missingLeft[node] === 1 ? 0 : 1);
  }
}
