import {
  type CandleColumns,
  type FeatureEngine,
  type FeatureMatrix,
  MINUTE_MS,
  type TimeRange,
} from "../../core/mod.ts";
import { buildDataset, type Dataset, timeSpanOf, trainingRangesOf } from "../dataset.ts";
import { evaluate, type Evaluation } from "../evaluation/evaluate.ts";
import { encodeBaselines, encodePredictions } from "../evaluation/prediction_files.ts";
import { testRowsOf } from "../evaluation/test_rows.ts";
import { judge, type Verdict } from "../evaluation/verdict.ts";
import { chronologicalSplit } from "../labels/mod.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { requireReadable } from "../training/require_trainable.ts";
import type { TrainingOutcome } from "../training/protocol.ts";
import { featuresFor, forecastRows } from "../window_dataset.ts";
import { baselineForecasts } from "./baseline_forecasts.ts";
import type { FamilyDetails } from "./family_details.ts";
import { fitFamily, type FitFamilyDeps } from "./fit_family.ts";
import { requireRows } from "./require_rows.ts";
import type { ExperimentSettings } from "./settings.ts";
import { splitBounds } from "./split_bounds.ts";

/** What an experiment needs from outside. */
export interface ExperimentDeps extends FitFamilyDeps {
  /** The set `base`, from which windows follow. */
  readonly engine: FeatureEngine;
  /** Materialised features of the range, where they are fresh; computed here otherwise. */
  readonly features?: FeatureMatrix;
}

/** Spans of decision times and how many rows each has. */
export interface SplitSummary {
  readonly train: TimeRange & { readonly rows: number };
  readonly validation: TimeRange & { readonly rows: number };
  readonly test: TimeRange & { readonly rows: number };
}

/** A fitted and scored model with its evidence. */
export interface ExperimentResult {
  readonly model: SpecForecastModel;
  /** How the training of each member went; empty for families without a network. */
  readonly training: readonly TrainingOutcome[];
  /** What else the family tells of its fit. */
  readonly details: FamilyDetails | undefined;
  readonly split: SplitSummary;
  readonly evaluation: Evaluation;
  readonly verdict: Verdict;
  /** Raw rows that prove the logged model when it is loaded, row-major. */
  readonly goldenRows: Float32Array;
  /** `evaluation/….parquet` by path. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Steps that {@linkcode runExperiment} tells of beside training. */
const STEPS = 5;

/**
 * Fits a model on the training span, scores it and the baselines on the same later rows, and judges it. The model that
 * is scored is the one handed back: no row it is scored on was in its training.
 *
 * @param candles those of the range and of the look-back before it.
 */
export async function runExperiment(
  candles: CandleColumns,
  settings: ExperimentSettings,
  deps: ExperimentDeps,
): Promise<ExperimentResult> {
  const { progress, signal } = deps;
  // Lets a pending Ctrl-C in, which the loops of this thread would hold up.
  const breathe = async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
  };
  let stepsDone = 0;
  const stage = async (note: string) => {
    progress.update({ stage: "track", done: stepsDone++, total: STEPS, unit: "steps", note });
    await breathe();
  };
  const bounds = splitBounds(settings);
  await stage("features and labels");
  const dataset = buildDataset(candles, deps.engine, {
    horizonMinutes: settings.horizonMinutes,
    sinceMs: settings.range.startMs,
    ...(deps.features === undefined ? {} : { features: deps.features }),
  });
  const split = chronologicalSplit(
    { decisionTimeMs: dataset.features.decisionTimeMs, scorable: dataset.labels.scorable },
    { ...bounds, horizonMinutes: settings.horizonMinutes },
  );
  requireRows(split, ["train", "validation", "test"]);
  for (const rows of [split.trainingSpan, split.test]) requireReadable(dataset, rows);
  const { model, training, details } = await fitFamily(dataset, split, settings, deps);
  await stage("baselines");
  const ranges = trainingRangesOf(dataset, split);
  const baselines = baselineForecasts(dataset, split, ranges);
  await stage("forecasts");
  const test = testRowsOf(dataset, split.test);
  const forecasts = await forecastRows(model, dataset, split.test, breathe);
  await stage("scores");
  const evaluation = evaluate(test, { model: forecasts, baselines }, settings);
  await stage("files");
  const lastLearnt = ranges.validation.endMs - MINUTE_MS;
  const files = new Map([
    [
      "evaluation/predictions.parquet",
      encodePredictions(test, forecasts, { fold: 0, train: { startMs: ranges.train.startMs, endMs: lastLearnt } }),
    ],
    ["evaluation/baselines.parquet", encodeBaselines(test, baselines)],
  ]);
  return {
    model,
    training,
    details,
    split: {
      train: { ...ranges.train, rows: split.train.length },
      validation: { ...ranges.validation, rows: split.validation.length },
      test: { ...timeSpanOf(dataset, split.test), rows: split.test.length },
    },
    evaluation,
    verdict: judge(evaluation, settings.horizonMinutes, settings.verdict),
    goldenRows: goldenRows(model, dataset, split.trainingSpan),
    files,
  };
}

const GOLDEN_ROWS = 16;

/**
 * Rows from end to end of the training span, so that nothing later than it has a part in the model's files, and the last
 * one once more with all that may be missing left out.
 */
function goldenRows({ info }: SpecForecastModel, dataset: Dataset, span: Int32Array): Float32Array {
  const picked = Int32Array.from({ length: GOLDEN_ROWS + 1 }, (_, i) => {
    return span[Math.floor(Math.min(i, GOLDEN_ROWS - 1) * (span.length - 1) / (GOLDEN_ROWS - 1))]!;
  });
  const { features, nullable, rows } = featuresFor(info, dataset, picked), width = features.names.length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    for (let j = 0; j < width; j++) {
      values[i * width + j] = i === GOLDEN_ROWS && nullable[j] ? NaN : features.columns[j]![row]!;
    }
  });
  return values;
}
