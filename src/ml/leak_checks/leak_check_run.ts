import type { CallOptions, CandleColumns, FeatureEngine } from "../../core/mod.ts";
import type { Dataset, DatasetSource, FeatureSource } from "../dataset.ts";
import type { ScoredFolds } from "../evaluation/scored_folds.ts";
import type { ExperimentSettings } from "../experiment/settings.ts";
import type { computeLabels, Fold, foldRows, Labels, Split } from "../labels/mod.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import type { LineRows } from "./line_rows.ts";
import type { RecomputeOutcomes } from "./plain_outcomes.ts";

/** What a run has made, and by which settings. */
export interface LeakCheckInput {
  /** Those of the range and of the look-back before it. */
  readonly candles: CandleColumns;
  /** Where the run's features are read from: some rows at a time, as those of all are most of what it would hold. */
  readonly features: FeatureSource;
  /** Those that are scored. */
  readonly folds: readonly Fold[];
  readonly settings: Pick<ExperimentSettings, "horizonMinutes" | "seed" | "blockDays" | "range"> & {
    readonly split: { readonly kind: string };
  };
  /** The scored rows, which may be awaited while the other checks go on: without them nothing can smell. */
  readonly scored?: Promise<ScoredFolds>;
}

/** The steps from candles to a fitted model, each as a part that can be replaced. */
export interface Pipeline {
  readonly engine: FeatureEngine;
  readonly labelsOf: typeof computeLabels;
  readonly rowsOf: typeof foldRows;
  /** Fits the run's family on a fold, with settings that `leakCheckSettings` has made cheap. */
  readonly fitFold: (
    dataset: Dataset,
    split: Split,
    options?: CallOptions,
  ) => Promise<{ readonly model: SpecForecastModel }>;
}

/** All that a check reads. */
export interface LeakCheckRun extends Omit<LeakCheckInput, "scored">, Pipeline {
  /** The scored rows once they are there, where there are to be any; throws the signal's reason. */
  readonly scored: (() => Promise<ScoredFolds>) | undefined;
  /** The range's decision times and what followed each: row numbers of the run are places among these. */
  readonly decisionTimeMs: Float64Array;
  readonly labels: Labels;
  /** What datasets of some of the rows are read from. */
  readonly source: DatasetSource;
  /** The fold that the family is fitted on, with its rows; read when first asked for. */
  readonly shortFold: () => Promise<{ readonly fold: Fold; readonly dataset: Dataset }>;
  /** Rows with features that lines are fitted on; read when first asked for. */
  readonly lineRows: () => Promise<LineRows>;
  /** Outcomes from the candles by other means than `labelsOf`. */
  readonly recompute: RecomputeOutcomes;
  /** Lets a pending Ctrl-C in; called between parts of long work. */
  readonly breathe: () => Promise<void>;
}
