import type { ExperimentSettings } from "./settings.ts";

type Params = Readonly<Record<string, string | number>>;

/** Parameters of `--model gbdt` that are logged. */
export function treesParams({ gbdt }: ExperimentSettings): Params {
  return {
    max_trees: gbdt.trees,
    learning_rate: gbdt.learningRate,
    max_leaves: gbdt.maxLeaves,
    max_depth: gbdt.maxDepth,
    min_leaf_rows: gbdt.minLeafRows,
    min_leaf_hessian: gbdt.minLeafHessian,
    min_gain: gbdt.minGain,
    l2: gbdt.l2,
    row_fraction: gbdt.rowFraction,
    column_fraction: gbdt.columnFraction,
    max_bins: gbdt.maxBins,
    patience: gbdt.patience,
    every_minutes: gbdt.everyMinutes,
    correction_bound: gbdt.correctionBound,
    monotone: JSON.stringify(gbdt.monotone),
  };
}

/** Parameters of `--model linear` that are logged. */
export function linearParams({ linear }: ExperimentSettings): Params {
  return {
    l2_direction: linear.l2.direction,
    l2_volatility: linear.l2.volatility,
    every_minutes: linear.everyMinutes,
    correction_bound: linear.correctionBound,
  };
}
