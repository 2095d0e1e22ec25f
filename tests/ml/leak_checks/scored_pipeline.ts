import { type CandleColumns, DAY_MS, type Horizon, MINUTE_MS, SILENT_PROGRESS } from "../../../src/core/mod.ts";
import type { Dataset } from "../../../src/ml/dataset.ts";
import { type FoldScored, joinFolds, type ScoredFolds } from "../../../src/ml/evaluation/scored_folds.ts";
import { testRowsOf } from "../../../src/ml/evaluation/test_rows.ts";
import { fitFamily } from "../../../src/ml/experiment/fit_family.ts";
import type { ExperimentSettings } from "../../../src/ml/experiment/mod.ts";
import { lineForecasts } from "../../../src/ml/experiment/variance_forecasts.ts";
import { harXDesign } from "../../../src/ml/models/variance_line.ts";
import { defaultFeatureEngine, MinuteGrid } from "../../../src/ml/features/mod.ts";
import { computeLabels, type Fold, foldRows, walkForwardFolds } from "../../../src/ml/labels/mod.ts";
import type { LeakCheckInput, Pipeline } from "../../../src/ml/leak_checks/mod.ts";
import { leakCheckSettings } from "../../../src/ml/leak_checks/mod.ts";
import { forecastRows } from "../../../src/ml/window_dataset.ts";
import { SETTINGS } from "../experiment/small_settings.ts";

/** What is checked, and by which steps it was made. */
export interface Candidate {
  readonly input: LeakCheckInput;
  readonly pipeline: Pipeline;
}

/** Settings of `--quick` for a line over some candles. */
export function quickRun(candles: CandleColumns, horizonMinutes: Horizon, days: number) {
  const endMs = candles.openTimeMs.at(-1)! + MINUTE_MS, startMs = endMs - days * DAY_MS;
  const settings: ExperimentSettings = {
    ...SETTINGS,
    family: "linear",
    horizonMinutes,
    range: { startMs, endMs },
    blockDays: 1,
  };
  const folds = walkForwardFolds(settings.range, {
    horizonMinutes,
    trainDays: Math.floor(days / 2),
    stepDays: Math.floor(days / 8),
    validationDays: Math.max(1, Math.floor(days / 20)),
  });
  return { settings, folds };
}

/** The steps of a run as they are. */
export function honestPipeline(settings: ExperimentSettings): Pipeline {
  return {
    engine: defaultFeatureEngine(),
    labelsOf: computeLabels,
    rowsOf: foldRows,
    fitFold: (dataset, split) =>
      fitFamily(dataset, split, leakCheckSettings(settings), {
        progress: SILENT_PROGRESS,
        train: () => Promise.reject(new Error("no network is trained here")),
      }),
  };
}

/** The dataset that a pipeline makes. */
export function datasetOf(
  candles: CandleColumns,
  { engine, labelsOf }: Pipeline,
  { horizonMinutes, range }: Pick<ExperimentSettings, "horizonMinutes" | "range">,
): Dataset {
  const features = engine.compute(candles, { fromMs: range.startMs }), grid = new MinuteGrid(candles);
  const labels = labelsOf(grid, features.decisionTimeMs, { horizonMinutes });
  return { candles, grid, features, labels, featureSetDigest: engine.digest, nullable: engine.nullable };
}

/** What a pipeline's models and HAR-X say of the rows that it scores. */
export async function scoredBy(pipeline: Pipeline, dataset: Dataset, folds: readonly Fold[]): Promise<ScoredFolds> {
  const design = harXDesign(dataset.labels.horizonMinutes);
  const { decisionTimeMs } = dataset.features, parts: FoldScored<string>[] = [];
  for (const fold of folds) {
    const split = pipeline.rowsOf({ decisionTimeMs, scorable: dataset.labels.scorable }, fold);
    const { model } = await pipeline.fitFold(dataset, split);
    parts.push({
      fold: { index: fold.index, train: fold.trainingSpan },
      test: testRowsOf(dataset, split.test),
      model: await forecastRows(model, dataset, split.test, () => Promise.resolve()),
      baselines: { har_x: lineForecasts(dataset, split, design) },
    });
  }
  return joinFolds(parts);
}
