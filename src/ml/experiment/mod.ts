/**
 * One experiment from candles to a judged model, and its record in a tracking store.
 *
 * @module
 */
export { type ExperimentSettings, quickSettings, type SplitSettings } from "./settings.ts";
export type { ExperimentDeps, FoldScorer, FoldSummary, SplitSummary } from "./fit_and_score.ts";
export { checkLeaksAlone, type FamilyFitter } from "./leak_check_fits.ts";
export { type ExperimentResult, runExperiment, type RunExperimentDeps } from "./run_experiment.ts";
export { type ExperimentFolds, experimentFolds, shortTraining } from "./experiment_folds.ts";
export {
  type DatasetFacts,
  datasetInput,
  datasetName,
  epochMetrics,
  experimentMetrics,
  foldScoreMetrics,
  logExperiment,
  type LogExperimentOptions,
  type LoggedExperiment,
  settingsParams,
  trainingMetrics,
  treeMetrics,
  verdictReasons,
} from "./log_experiment.ts";
export { type CarriedTraining, carryOver } from "./carry_over.ts";
export { baselinesKey } from "./baselines_key.ts";
export { triedBefore } from "./tried_before.ts";
export { FAILURE_TAG, type LogBatch, type StartRunOptions, TrackedRun } from "./tracked_run.ts";
