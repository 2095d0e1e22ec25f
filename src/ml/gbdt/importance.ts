import { seededRandom } from "../../core/mod.ts";
import type { GbdtModel } from "./gbdt_model.ts";
import { GbdtPredictor } from "./gbdt_predictor.ts";

/** How much a feature matters to a model. */
export interface Importance {
  readonly feature: string;
  readonly value: number;
}

/**
 * Share of each feature in the gain of all splits, most important first. Cheap, but it is of the training rows and
 * favours features with many values; {@linkcode permutationImportance} does neither.
 */
export function gainImportance({ featureNames, trees }: GbdtModel): Importance[] {
  const gains = new Float64Array(featureNames.length);
  let total = 0;
  for (const { feature, gain } of trees) {
    feature.forEach((column, node) => {
      if (column < 0) return;
      gains[column]! += gain[node]!;
      total += gain[node]!;
    });
  }
  return ranked(featureNames, gains.map((gain) => total === 0 ? 0 : gain / total));
}

/** Options of {@linkcode permutationImportance}. */
export interface PermutationOptions {
  /** Score of forecasts, higher is better: an AUC, a negative loss. */
  readonly score: (predictions: Float64Array) => number;
  /** @default {5} */
  readonly repeats?: number;
  /** @default {1} */
  readonly seed?: number;
}

/**
 * How much the score falls where one column's values are dealt out anew among the rows (Breiman 2001, section 10),
 * the mean of some repeats, most important first. Take rows that were not trained on. Of two features that say the
 * same neither seems important.
 *
 * @param rows Row-major features.
 */
export function permutationImportance(
  model: GbdtModel,
  rows: Float32Array,
  { score, repeats = 5, seed = 1 }: PermutationOptions,
): Importance[] {
  const { featureNames } = model, width = featureNames.length, count = rows.length / width;
  const predictor = new GbdtPredictor(model), whole = score(predictor.predict(rows, count));
  const falls = featureNames.map((_, column) => {
    const random = seededRandom(seed + column), permuted = rows.slice();
    let sum = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (let row = count - 1; row > 0; row--) {
        const at = row * width + column, other = random.integer(row + 1) * width + column;
        const value = permuted[at]!;
        permuted[at] = permuted[other]!;
        permuted[other] = value;
      }
      sum += whole - score(predictor.predict(permuted, count));
    }
    return sum / repeats;
  });
  return ranked(featureNames, falls);
}

function ranked(names: readonly string[], values: ArrayLike<number>): Importance[] {
  return names.map((feature, i) => ({ feature, value: values[i]! })).sort((a, b) => b.value - a.value);
}
