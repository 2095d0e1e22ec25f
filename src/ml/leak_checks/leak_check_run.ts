import type { CandleColumns, FeatureEngine } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import type { ScoredFolds } from "../evaluation/scored_folds.ts";
import type { ExperimentSettings } from "../experiment/settings.ts";
import type { computeLabels, Fold, foldRows, Split } from "../labels/mod.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import type { RecomputeOutcomes } from "./plain_outcomes.ts";

/** What a run has made, and by which settings. */
export interface LeakCheckInput {
  /** Those of the range and of the look-back before it. */
  readonly candles: CandleColumns;
  readonly dataset: Dataset;
  /** Those that are scored. */
  readonly folds: readonly Fold[];
  readonly settings: Pick<ExperimentSettings, "horizonMinutes" | "seed" | "blockDays"> & {
    readonly split: { readonly kind: string };
  };
  /** The scored rows, once there are any: without them nothing can smell. */
  readonly scored?: ScoredFolds;
}

/** The steps from candles to a fitted model, each as a part that can be replaced. */
export interface Pipeline {
  readonly engine: FeatureEngine;
  readonly labelsOf: typeof computeLabels;
  readonly rowsOf: typeof foldRows;
  /** Fits the run's family on a fold, with settings that `leakCheckSettings` has made cheap. */
  readonly fitFold: (dataset: Dataset, split: Split) => Promise<{ readonly model: SpecForecastModel }>;
}

/** All that a check reads. */
export interface LeakCheckRun extends LeakCheckInput, Pipeline {
  /** Outcomes from the candles by other means than `labelsOf`. */
  readonly recompute: RecomputeOutcomes;
  /** Lets a pending Ctrl-C in; called between parts of long work. */
  readonly breathe: () => Promise<void>;
}
