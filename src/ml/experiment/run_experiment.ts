import {
  type CallOptions,
  type CandleColumns,
  type FeatureEngine,
  type FeatureMatrix,
  MINUTE_MS,
  SILENT_PROGRESS,
  type TimeRange,
} from "../../core/mod.ts";
import { buildDataset, type Dataset, trainingRangesOf } from "../dataset.ts";
import { evaluate, type Evaluation } from "../evaluation/evaluate.ts";
import { encodeBaselines, encodePredictions } from "../evaluation/prediction_files.ts";
import { FoldTable } from "../evaluation/scored_folds.ts";
import { judge, type Verdict } from "../evaluation/verdict.ts";
import type { Fold } from "../labels/mod.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { requireReadable } from "../training/require_trainable.ts";
import type { TrainingOutcome } from "../training/protocol.ts";
import { featuresFor } from "../window_dataset.ts";
import { experimentFolds } from "./experiment_folds.ts";
import type { FamilyDetails } from "./family_details.ts";
import { fitFamily, type FitFamilyDeps } from "./fit_family.ts";
import type { FoldBaseline } from "./fold_baselines.ts";
import { requireRows, requireScored } from "./require_rows.ts";
import { foldDataset, type FoldOutcome, rowsOfFold, scoreFold } from "./score_fold.ts";
import type { ExperimentSettings } from "./settings.ts";

/** What an experiment needs from outside. */
export interface ExperimentDeps extends FitFamilyDeps {
  readonly engine: FeatureEngine;
  /** Materialised features of the range, where they are fresh; computed here otherwise. */
  readonly features?: FeatureMatrix;
  /** Told of each step as it ends. */
  readonly onFold?: (fold: FoldSummary) => void;
  /** Fits and scores the folds. @default one after the other on this thread, its networks by `train` */
  readonly scoreFolds?: ScoreFolds;
}

/** Fits and scores folds in any order; `onEnd` takes each as it ends, by its place among them. */
export type ScoreFolds = (
  dataset: Dataset,
  folds: readonly Fold[],
  settings: ExperimentSettings,
  options: CallOptions & { readonly onEnd: (place: number, outcome: FoldOutcome) => void },
) => Promise<void>;

/** One step without its rows, which stand in the table of all. */
export type FoldSummary = Pick<FoldOutcome, "fold" | "fitted" | "scores" | "trainRows">;

/** Spans of decision times and how many rows each has. */
export interface SplitSummary {
  /** What the logged model was fitted on. */
  readonly train: TimeRange & { readonly rows: number };
  /** What it was chosen on. */
  readonly validation: TimeRange & { readonly rows: number };
  /** Test rows of all folds. */
  readonly test: TimeRange & { readonly rows: number };
  readonly folds: number;
}

/** A fitted and scored model with its evidence. */
export interface ExperimentResult {
  /** The recipe that was scored, on the last training span: no score is its own. */
  readonly model: SpecForecastModel;
  /** How the training of each of its members went; empty for families without a network. */
  readonly training: readonly TrainingOutcome[];
  /** What else the family tells of its fit. */
  readonly details: FamilyDetails | undefined;
  readonly split: SplitSummary;
  /** One a step, ascending in time. */
  readonly folds: readonly FoldSummary[];
  readonly evaluation: Evaluation;
  readonly verdict: Verdict;
  /** Raw rows that prove the logged model when it is loaded, row-major. */
  readonly goldenRows: Float32Array;
  /** `evaluation/….parquet` by path. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Steps that {@linkcode runExperiment} tells of beside training. */
const STEPS = 4;

/**
 * Fits a family on each fold's training span and scores it and the baselines on the rows after it, judges the whole, and
 * fits the same recipe once more on the last training span: that model is the one to serve, and no row is scored with it.
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
  const { folds, refit } = experimentFolds(settings);
  await stage("features and labels");
  const dataset = buildDataset(candles, deps.engine, {
    horizonMinutes: settings.horizonMinutes,
    sinceMs: settings.range.startMs,
    ...(deps.features === undefined ? {} : { features: deps.features }),
  });
  const newest = foldDataset(dataset, refit), split = rowsOfFold(newest, refit);
  requireRows(split, refit, ["train", "validation"]);
  const { scorable } = dataset.labels;
  requireReadable(dataset, Int32Array.from(scorable.keys()).filter((row) => scorable[row] === 1));
  await stage("the model to serve");
  const { model, training, details } = await fitFamily(newest, split, settings, deps);
  await stage("steps");
  const scoreFolds = deps.scoreFolds ?? scoreFoldsHere(deps, breathe);
  const testRows = folds.map((fold) => rowsOfFold(dataset, fold).test.length);
  const table = new FoldTable<FoldBaseline>(testRows), summaries: FoldSummary[] = [];
  let foldsDone = 0;
  await scoreFolds(dataset, folds, settings, {
    ...(signal === undefined ? {} : { signal }),
    onEnd: (place, outcome) => {
      const { fold, fitted, scores, trainRows } = outcome;
      table.put(place, outcome);
      summaries[place] = { fold, fitted, scores, trainRows };
      const note = `QLIKE ${scores["qlike"]?.toFixed(4)}`;
      progress.update({ stage: "walk forward", done: ++foldsDone, total: folds.length, unit: "steps", note });
      deps.onFold?.(summaries[place]);
    },
  });
  await stage("scores");
  const scored = table.joined(), { test } = scored;
  requireScored(test.length);
  const evaluation = evaluate(scored, settings);
  await breathe();
  const ranges = trainingRangesOf(newest, split);
  return {
    model,
    training,
    details,
    split: {
      train: { ...ranges.train, rows: split.train.length },
      validation: { ...ranges.validation, rows: split.validation.length },
      test: {
        startMs: test.decisionTimeMs[0]!,
        endMs: test.decisionTimeMs[test.length - 1]! + MINUTE_MS,
        rows: test.length,
      },
      folds: folds.length,
    },
    folds: summaries,
    evaluation,
    verdict: judge(evaluation, settings.verdict),
    goldenRows: goldenRows(model, newest, split.trainingSpan),
    files: new Map([
      ["evaluation/predictions.parquet", encodePredictions(scored)],
      ["evaluation/baselines.parquet", encodeBaselines(scored)],
    ]),
  };
}

/** Folds one after the other on this thread. */
function scoreFoldsHere(deps: ExperimentDeps, breathe: () => Promise<void>): ScoreFolds {
  return async (dataset, folds, settings, { onEnd }) => {
    // What is told of training is of the model to serve alone.
    const { onEpoch: _, onTree: __, ...rest } = deps, quiet = { ...rest, breathe, progress: SILENT_PROGRESS };
    for (const [place, fold] of folds.entries()) {
      onEnd(place, await scoreFold(dataset, fold, settings, quiet));
      await breathe();
    }
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
