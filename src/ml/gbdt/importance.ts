import { type Importance, ranked } from "../evaluation/permutation_importance.ts";
import type { GbdtModel } from "./gbdt_model.ts";

/**
 * Share of each feature in the gain of all splits, most important first. Cheap, but it is of the training rows and
 * favours features with many values; permutation on other rows does neither.
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
