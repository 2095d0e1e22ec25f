import { type CandleColumns, type FeatureEngine, SILENT_PROGRESS } from "../../core/mod.ts";
import { computedFeatures, type FeatureSource } from "../dataset.ts";
import { type LeakCheck, type LeakCheckDeps, leakCheckSettings, runLeakChecks } from "../leak_checks/mod.ts";
import { experimentFolds } from "./experiment_folds.ts";
import { fitFamily, type FitFamilyDeps } from "./fit_family.ts";
import type { ExperimentSettings } from "./settings.ts";

/** A run's deps without its listeners: what is told of training is of the model to serve alone. */
export function quietly<D extends FitFamilyDeps>(
  { onEpoch: _, onTree: __, ...deps }: D,
): Omit<D, "onEpoch" | "onTree"> {
  return { ...deps, progress: SILENT_PROGRESS };
}

/** What the leak checks need of a run: its recipe, made cheap and told to nobody. */
export function leakCheckDeps(
  settings: ExperimentSettings,
  deps: FitFamilyDeps & { readonly engine: FeatureEngine },
): LeakCheckDeps {
  const { engine, progress, signal } = deps, cheap = leakCheckSettings(settings), quiet = quietly(deps);
  return {
    ...{ engine, progress },
    ...(signal === undefined ? {} : { signal }),
    fitFold: (part, split) => fitFamily(part, split, cheap, { ...quiet, withoutDetails: true }),
  };
}

/** The leak checks alone, of a run that is not made: nothing is scored, so nothing can smell. */
export async function checkLeaksAlone(
  candles: CandleColumns,
  settings: ExperimentSettings,
  deps: FitFamilyDeps & Pick<LeakCheckDeps, "recompute"> & {
    readonly engine: FeatureEngine;
    /** As in a run. */
    readonly features?: FeatureSource;
  },
): Promise<LeakCheck[]> {
  const { folds } = experimentFolds(settings);
  const { recompute, engine, features = computedFeatures(candles, engine, settings.range.startMs) } = deps;
  return await runLeakChecks({ candles, features, folds, settings }, {
    ...leakCheckDeps(settings, deps),
    ...(recompute === undefined ? {} : { recompute }),
  });
}
