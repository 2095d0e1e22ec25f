import {
  type CallOptions,
  type CandleColumns,
  MINUTE_MS,
  type Progress,
  type ProgressState,
  type TimeRange,
} from "../../core/mod.ts";
import {
  computedFeatures,
  type Dataset,
  type DatasetSource,
  decisionTimesOf,
  type FeatureSource,
  foldDataset,
  foldSpan,
  loadDataset,
  oneByOne,
  rowsOfFold,
  scorableRows,
  trainingRangesOf,
} from "../dataset.ts";
import { collectGarbage, spareGarbage } from "../collect_garbage.ts";
import type { Baseline } from "../evaluation/baselines.ts";
import { type FoldScored, joinFolds, type ScoredFolds } from "../evaluation/scored_folds.ts";
import type { KnownBaselines } from "../evaluation/known_baselines.ts";
import type { Fold } from "../labels/mod.ts";
import type { LeakCheck, LeakCheckDeps, LeakCheckInput } from "../leak_checks/mod.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { RollingFeatures } from "../rolling_features.ts";
import { sideBySide } from "../side_by_side.ts";
import { requireReadable } from "../training/require_trainable.ts";
import { featuresFor } from "../window_dataset.ts";
import { type ExperimentFolds, experimentFolds } from "./experiment_folds.ts";
import { fitFamily, type FittedFamily } from "./fit_family.ts";
import {
  type FamilyFitter,
  leakCheckDeps,
  type LeakCheckFitDeps,
  LEAN_WORKERS,
  quietly,
  type WorkersOptions,
} from "./leak_check_fits.ts";
import { requireRows, requireScored } from "./require_rows.ts";
import { type FoldOutcome, scoreFold } from "./score_fold.ts";
import type { ExperimentSettings } from "./settings.ts";

/** What an experiment needs from outside. */
export interface ExperimentDeps extends LeakCheckFitDeps {
  /** Materialised features of the range, where they are fresh. @default computed here */
  readonly features?: FeatureSource;
  /** Told of each step as it ends. */
  readonly onFold?: (fold: FoldSummary) => void;
  /** Opens what fits and scores folds, and fits for the leak checks. @default one after the other on this thread, its networks by `train` */
  readonly openWorkers?: (options: WorkersOptions) => FoldScorer & FamilyFitter;
  /** What the baselines say of a fold's test rows, where an earlier run has fitted them. @default fitted here */
  readonly knownBaselines?: KnownBaselines;
  /** Folds whose data are in memory at once. @default all of them */
  readonly foldsAtOnce?: number;
  /**
   * Features of a range that are no more than this are few: where there are Workers, its folds are all in memory at once,
   * and leaks are looked for while they are scored. @default 64 MB
   */
  readonly fewBytes?: number;
  /** Looks for leaks in what was or will be scored. @default nobody does, and the verdict says so */
  readonly checkLeaks?: (input: LeakCheckInput, deps: LeakCheckDeps) => Promise<readonly LeakCheck[]>;
}

/** The same with what tells of steps and lets a pending Ctrl-C in. */
interface StagedDeps extends Omit<ExperimentDeps, "openWorkers"> {
  readonly stage: (note: string) => Promise<void>;
  readonly breathe: () => Promise<void>;
}

/** Fits and scores folds. */
export interface FoldScorer extends Disposable {
  /** In any order; `onEnd` takes each as it ends, by its place among them. */
  score(
    dataset: Dataset,
    folds: readonly Fold[],
    settings: ExperimentSettings,
    options: CallOptions & {
      readonly onEnd: (place: number, outcome: FoldOutcome) => void;
      /** @default false */
      readonly withoutBaselines?: boolean;
    },
  ): Promise<void>;
}

/** One step without its rows, which stand in the table of all. */
export type FoldSummary = Pick<FoldOutcome, "fold" | "fitted" | "scores" | "ablation" | "trainRows">;

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

/** All that is made of the data: nothing in it holds the features, which are most of what a run keeps in memory. */
export interface FittedAndScored extends FittedFamily {
  readonly split: SplitSummary;
  /** One a step, ascending in time. */
  readonly folds: readonly FoldSummary[];
  readonly scored: ScoredFolds<Baseline>;
  /** Raw rows that prove the logged model when it is loaded, row-major. */
  readonly goldenRows: Float32Array;
  /** Null where nobody looked. */
  readonly leakChecks: readonly LeakCheck[] | null;
}

const FEW_BYTES = 64 * 2 ** 20;

/** What a run works with. */
interface RunDeps extends StagedDeps {
  readonly workers: FoldScorer & FamilyFitter | undefined;
}

/** Looks for leaks in what is, or will be, scored. */
type LookForLeaks = (
  scored: Promise<ScoredFolds<Baseline>>,
  progress: Progress,
  signal: AbortSignal | undefined,
) => Promise<void>;

/**
 * Fits a family on each fold's training span and asks it and the baselines about the rows after it, looks for leaks, and
 * fits the same recipe on the last training span: that model is the one to serve, and no row is scored with it.
 *
 * @param candles those of the range and of the look-back before it.
 */
export async function fitAndScore(
  candles: CandleColumns,
  settings: ExperimentSettings,
  { openWorkers, ...deps }: StagedDeps & Pick<ExperimentDeps, "openWorkers">,
): Promise<FittedAndScored> {
  const { stage, checkLeaks, engine, fewBytes = FEW_BYTES } = deps, { folds, refit } = experimentFolds(settings);
  const features = oneByOne(deps.features ?? computedFeatures(candles, engine, settings.range.startMs));
  let leakChecks: readonly LeakCheck[] | null = null;
  const lookWith = (workers: FamilyFitter | undefined): LookForLeaks => async (scored, progress, signal) => {
    if (checkLeaks === undefined) return;
    const own = { ...deps, progress, ...(signal === undefined ? {} : { signal }) };
    const input = { candles, features, folds, settings, scored };
    leakChecks = await checkLeaks(input, leakCheckDeps(settings, own, workers));
  };
  const featureBytes = 4 * engine.names.length * decisionTimesOf(candles, settings.range).length;
  const dataAreFew = featureBytes <= fewBytes, looksBeside = dataAreFew && openWorkers !== undefined;
  spareGarbage(dataAreFew);
  let all: Awaited<ReturnType<typeof fitAll>>;
  {
    using workers = openWorkers?.({ dataAreFew });
    const beside = looksBeside ? { beside: lookWith(workers), foldsAtOnce: folds.length } : {};
    all = await fitAll({ candles, features }, { folds, refit }, settings, { ...deps, workers, ...beside });
  }
  const { served, scored, summaries } = all;
  collectGarbage(); // the window of the features, which nobody holds any more
  if (!looksBeside) {
    await stage("leak checks");
    using workers = openWorkers?.(LEAN_WORKERS);
    await lookWith(workers)(Promise.resolve(scored), deps.progress, deps.signal);
    collectGarbage(); // what the checks have read
  }
  const { test } = scored;
  return {
    ...served,
    split: {
      ...served.split,
      test: {
        startMs: test.decisionTimeMs[0]!,
        endMs: test.decisionTimeMs[test.length - 1]! + MINUTE_MS,
        rows: test.length,
      },
      folds: folds.length,
    },
    folds: summaries,
    scored,
    leakChecks,
  };
}

/** Fits the model to serve and those of the steps, the features in windows. */
async function fitAll(
  { candles, features }: Pick<DatasetSource, "candles" | "features">,
  { folds, refit }: ExperimentFolds,
  settings: ExperimentSettings,
  deps: RunDeps & { readonly beside?: LookForLeaks },
) {
  const { engine, stage, foldsAtOnce = folds.length, beside, signal } = deps, groups = groupsOf(folds, foldsAtOnce);
  const spans = [foldSpan(refit), ...groups.map((group) => foldSpan(group[0]!, group.at(-1)!))];
  const mostRows = Math.max(...spans.map((span) => decisionTimesOf(candles, span).length));
  const source = {
    ...{ candles, engine, horizonMinutes: settings.horizonMinutes },
    // What is computed here is all at hand; and rows that are read while earlier ones are in use must not overwrite them.
    features: deps.features === undefined || beside !== undefined
      ? features
      : new RollingFeatures(features, engine.names, mostRows),
  };
  await stage("the model to serve");
  const dataset = await readableDataset(source, spans[0]!);
  if (beside === undefined) {
    const served = await fitServed(dataset, refit, settings, deps);
    collectGarbage(); // its training rows
    await stage("steps");
    return { served, ...await scoreAll(source, groups, settings, deps) };
  }
  let served: Awaited<ReturnType<typeof fitServed>>;
  const all = Promise.withResolvers<Awaited<ReturnType<typeof scoreAll>>>();
  const scored = all.promise.then((own) => own.scored);
  const steps = heldBack(deps.progress), checks = heldBack(deps.progress);
  scored.catch(() => {}); // it is thrown below
  await sideBySide([
    async (signal) => {
      served = await fitServed(dataset, refit, settings, { ...deps, signal });
      await stage("steps");
      steps.release();
    },
    async (signal) => {
      try {
        all.resolve(await scoreAll(source, groups, settings, { ...deps, signal, progress: steps }));
      } catch (error) {
        all.reject(error);
        throw error;
      }
      await stage("leak checks");
      checks.release();
    },
    (signal) => beside(scored, checks, signal),
  ], signal);
  return { served: served!, ...await all.promise };
}

/** Progress that is told once it is released, from where it is then: one thing is told of at a time. */
function heldBack(progress: Progress): Progress & { release(): void } {
  let isReleased = false, last: ProgressState | undefined;
  return {
    update(state) {
      last = state;
      if (isReleased) progress.update(state);
    },
    log: (message) => progress.log(message),
    release() {
      isReleased = true;
      if (last !== undefined) progress.update(last);
    },
  };
}

/** Steps whose data are in memory at once. */
function groupsOf(folds: readonly Fold[], foldsAtOnce: number): readonly (readonly Fold[])[] {
  const starts = Array.from({ length: Math.ceil(folds.length / foldsAtOnce) }, (_, i) => i * foldsAtOnce);
  return starts.map((start) => folds.slice(start, start + foldsAtOnce));
}

/** The dataset of a range, every row of which can be learnt from and scored. */
async function readableDataset(source: DatasetSource, range: TimeRange): Promise<Dataset> {
  const dataset = await loadDataset(source, range);
  requireReadable(dataset, scorableRows(dataset));
  return dataset;
}

async function fitServed(dataset: Dataset, refit: Fold, settings: ExperimentSettings, deps: ExperimentDeps) {
  const part = foldDataset(dataset, refit), split = rowsOfFold(part, refit);
  requireRows(split, refit, ["train", "validation"]);
  const fitted = await fitFamily(part, split, settings, deps);
  const ranges = trainingRangesOf(part, split);
  return {
    ...fitted,
    split: {
      train: { ...ranges.train, rows: split.train.length },
      validation: { ...ranges.validation, rows: split.validation.length },
    },
    goldenRows: goldenRows(fitted.model, part, split.trainingSpan),
  };
}

async function scoreAll(
  source: DatasetSource,
  groups: readonly (readonly Fold[])[],
  settings: ExperimentSettings,
  deps: RunDeps,
): Promise<{ readonly scored: ScoredFolds<Baseline>; readonly summaries: readonly FoldSummary[] }> {
  const { signal, progress, onFold, knownBaselines, workers: scorer = scorerHere(deps) } = deps;
  const total = groups.flat().length;
  const parts: FoldScored<Baseline>[] = [], summaries: FoldSummary[] = [];
  let foldsDone = 0;
  for (const group of groups) {
    const start = parts.length;
    collectGarbage(); // what came of the steps before, on its way through messages
    const dataset = await readableDataset(source, foldSpan(group[0]!, group.at(-1)!));
    await scorer.score(dataset, group, settings, {
      ...(signal === undefined ? {} : { signal }),
      withoutBaselines: knownBaselines !== undefined,
      onEnd: (place, { fitted, scores, ablation, trainRows, baselines, ...part }) => {
        const summary = { fold: part.fold, fitted, scores, ablation, trainRows };
        parts[start + place] = { ...part, baselines: baselines ?? knownBaselines!(part.fold.index, part.test) };
        summaries[start + place] = summary;
        const note = `QLIKE ${scores["qlike"]?.toFixed(4)}`;
        progress.update({ stage: "walk forward", done: ++foldsDone, total, unit: "steps", note });
        onFold?.(summary);
      },
    });
  }
  requireScored(parts.reduce((sum, { test }) => sum + test.length, 0));
  return { scored: joinFolds(parts), summaries };
}

/** Folds one after the other on this thread. */
function scorerHere(deps: StagedDeps): FoldScorer {
  return {
    async score(dataset, folds, settings, { onEnd, withoutBaselines = false }) {
      for (const [place, fold] of folds.entries()) {
        onEnd(place, await scoreFold(dataset, fold, settings, { ...quietly(deps), withoutBaselines }));
        await deps.breathe();
      }
    },
    [Symbol.dispose]() {},
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
