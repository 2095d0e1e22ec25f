import { collectGarbage } from "../collect_garbage.ts";
import { type Dataset, foldDataset, rowsOfFold, timeSpanOf } from "../dataset.ts";
import type { FoldAblation } from "../evaluation/ablation.ts";
import type { Baseline } from "../evaluation/baselines.ts";
import type { FoldScored } from "../evaluation/scored_folds.ts";
import { rowLosses, scoreForecasts, type Scores } from "../evaluation/scores.ts";
import { type Forecasts, type TestRows, testRowsOf } from "../evaluation/test_rows.ts";
import type { Fold } from "../labels/mod.ts";
import type { AblatedPart } from "../models/ablations.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { forecastRows } from "../window_dataset.ts";
import { fitFamily, type FitFamilyDeps } from "./fit_family.ts";
import { ablateFold } from "./fold_ablation.ts";
import { foldBaselines } from "./fold_baselines.ts";
import { requireRows } from "./require_rows.ts";
import type { ExperimentSettings } from "./settings.ts";

/** Scores of a fold that a run tells of as it ends. */
const TOLD = ["log_loss", "auc", "accuracy", "pinball", "coverage_90"] as const;

/** The scores of one fold's rows, QLIKE of all of them: one in `k` is too few for a month. */
function foldScores(test: TestRows, forecasts: Required<Forecasts>): Scores {
  const losses = rowLosses(test, forecasts), scores = scoreForecasts(test, forecasts, losses);
  const qlike = losses.qlike!.reduce((sum, loss) => sum + loss, 0) / test.length;
  return { qlike, ...Object.fromEntries(TOLD.map((name) => [name, scores[name]!])) };
}

/** A fold's model, and what it and the baselines said on the fold's test rows. */
export interface FoldOutcome extends Omit<FoldScored<Baseline>, "baselines"> {
  /** Null where they were not asked for. */
  readonly baselines: FoldScored<Baseline>["baselines"] | null;
  readonly fitted: SpecForecastModel;
  /** The model's scores on this fold alone. */
  readonly scores: Scores;
  /** What its parts bring, on some of these rows. */
  readonly ablation: FoldAblation<AblatedPart>;
  /** Rows that it was fitted on, its choices included. */
  readonly trainRows: number;
}

/**
 * Fits a family on a fold's training span and scores it and the baselines on its test rows. The same fold of the same data
 * gives the same bytes wherever it is run.
 *
 * @throws {DomainError} as {@linkcode fitFamily}; `input-invalid` where a span has too few rows.
 */
export async function scoreFold(
  dataset: Dataset,
  fold: Fold,
  settings: ExperimentSettings,
  deps: FitFamilyDeps & {
    readonly breathe?: () => Promise<void>;
    /** Leaves the baselines out, as an earlier run has fitted them. @default false */
    readonly withoutBaselines?: boolean;
  },
): Promise<FoldOutcome> {
  const part = foldDataset(dataset, fold);
  const split = rowsOfFold(part, fold);
  requireRows(split, fold);
  const { model } = await fitFamily(part, split, settings, {
    ...deps,
    withoutDetails: true,
    withoutHistograms: true,
  });
  collectGarbage(); // its training rows, which are as much as the features
  const { test, baselines } = deps.withoutBaselines
    ? { test: testRowsOf(part, split.test), baselines: null }
    : foldBaselines(part, fold);
  const forecasts = await forecastRows(model, part, split.test, deps.breathe ?? (() => Promise.resolve()));
  return {
    fold: { index: fold.index, train: timeSpanOf(part, split.trainingSpan) },
    test,
    model: forecasts,
    baselines,
    fitted: model,
    scores: foldScores(test, forecasts),
    ablation: ablateFold(model, part, split.test, forecasts),
    trainRows: split.train.length + split.validation.length,
  };
}
