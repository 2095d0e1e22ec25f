import { sigmoid } from "../logistic_functions.ts";
import type { GbdtModel } from "./gbdt_model.ts";

/** Rows that are scored together: with 90 features of them a second-level cache holds the block, beside it a tree. */
const BLOCK_ROWS = 256;

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
    const out = new Float64Array(count);
    this.#score(rows, out);
    return out;
  }

  /** Scores of the given rows of feature columns; a block of rows at a time is copied, never all of them. */
  scoresOfColumns(columns: readonly Float32Array[], rows: Int32Array): Float64Array {
    const width = this.#features;
    if (columns.length !== width) throw new RangeError(`Cannot read ${width} features from ${columns.length} columns`);
    const out = new Float64Array(rows.length);
    const block = new Float32Array(Math.min(BLOCK_ROWS, rows.length) * width);
    for (let from = 0; from < rows.length; from += BLOCK_ROWS) {
      const part = rows.subarray(from, from + BLOCK_ROWS);
      for (let j = 0; j < width; j++) {
        const column = columns[j]!;
        for (let i = 0, at = j; i < part.length; i++, at += width) block[at] = column[part[i]!]!;
      }
      this.#score(block, out.subarray(from, from + part.length));
    }
    return out;
  }

  /** Writes the scores of as many row-major rows as `out` has places. */
  #score(rows: Float32Array, out: Float64Array): void {
    const width = this.#features, count = out.length;
    out.fill(this.#baseScore);
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
