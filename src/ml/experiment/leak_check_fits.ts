import { type CallOptions, type CandleColumns, type FeatureEngine, SILENT_PROGRESS } from "../../core/mod.ts";
import { computedFeatures, type Dataset, type FeatureSource } from "../dataset.ts";
import type { Split } from "../labels/mod.ts";
import { type LeakCheck, type LeakCheckDeps, leakCheckSettings, runLeakChecks } from "../leak_checks/mod.ts";
import { isPlain } from "../models/plain_models.ts";
import { experimentFolds } from "./experiment_folds.ts";
import { fitFamily, type FitFamilyDeps, type FittedFamily } from "./fit_family.ts";
import type { ExperimentSettings } from "./settings.ts";

/** A run's deps without its listeners: what is told of training is of the model to serve alone. */
export function quietly<D extends FitFamilyDeps>(
  { onEpoch: _, onTree: __, ...deps }: D,
): Omit<D, "onEpoch" | "onTree"> {
  return { ...deps, progress: SILENT_PROGRESS };
}

/** Fits models aside from the caller's thread: to the bit those of {@linkcode fitFamily}. */
export interface FamilyFitter extends Disposable {
  /**
   * Fits one; more may be asked for before it is.
   *
   * @throws as {@linkcode fitFamily}.
   */
  fit(
    dataset: Dataset,
    split: Split,
    settings: ExperimentSettings,
    options: CallOptions,
  ): Promise<Pick<FittedFamily, "model">>;
}

/** What Workers are opened for. */
export interface WorkersOptions {
  /** Most of them. @default as many as there are cores */
  readonly workers?: number;
  /** Whether memory is of no concern. */
  readonly dataAreFew: boolean;
}

/** For the fits of leak checks of much data: another Worker would hold another training set. */
export const LEAN_WORKERS: WorkersOptions = { workers: 1, dataAreFew: false };

/** What the fits of leak checks need from outside. */
export interface LeakCheckFitDeps extends FitFamilyDeps {
  readonly engine: FeatureEngine;
  /** Opens what fits models while the checks go on. @default this thread */
  readonly openWorkers?: (options: WorkersOptions) => FamilyFitter;
}

/**
 * What the leak checks need of a run: its recipe, made cheap and told to nobody.
 *
 * @param fitter Fits the models. @default this thread
 */
export function leakCheckDeps(
  settings: ExperimentSettings,
  deps: Omit<LeakCheckFitDeps, "openWorkers">,
  fitter?: FamilyFitter,
): LeakCheckDeps {
  const { engine, progress, signal } = deps, cheap = leakCheckSettings(settings), quiet = quietly(deps);
  // A plain line is fitted before a Worker has been asked.
  const aside = isPlain(settings.family) ? undefined : fitter;
  return {
    ...{ engine, progress },
    ...(signal === undefined ? {} : { signal }),
    fitFold: (part, split, options = {}) =>
      aside?.fit(part, split, cheap, options) ??
        fitFamily(part, split, cheap, { ...quiet, ...options, withoutDetails: true }),
  };
}

/** The leak checks alone, of a run that is not made: nothing is scored, so nothing can smell. */
export async function checkLeaksAlone(
  candles: CandleColumns,
  settings: ExperimentSettings,
  deps: LeakCheckFitDeps & Pick<LeakCheckDeps, "recompute"> & {
    /** As in a run. */
    readonly features?: FeatureSource;
  },
): Promise<LeakCheck[]> {
  const { folds } = experimentFolds(settings);
  const { recompute, engine, features = computedFeatures(candles, engine, settings.range.startMs) } = deps;
  using workers = deps.openWorkers?.(LEAN_WORKERS);
  return await runLeakChecks({ candles, features, folds, settings }, {
    ...leakCheckDeps(settings, deps, workers),
    ...(recompute === undefined ? {} : { recompute }),
  });
}
