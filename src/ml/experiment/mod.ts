/**
 * One experiment from candles to a judged model, and its record in a tracking store.
 *
 * @module
 */
export { type ExperimentSettings, quickSettings } from "./settings.ts";
export { type ExperimentDeps, type ExperimentResult, runExperiment, type SplitSummary } from "./run_experiment.ts";
export { splitBounds } from "./split_bounds.ts";
export {
  type DatasetFacts,
  datasetInput,
  datasetName,
  epochMetrics,
  experimentMetrics,
  logExperiment,
  type LogExperimentOptions,
  type LoggedExperiment,
  settingsParams,
  trainingMetrics,
  treeMetrics,
  verdictReasons,
} from "./log_experiment.ts";
export { type CarriedTraining, carryOver } from "./carry_over.ts";
export { FAILURE_TAG, type LogBatch, type StartRunOptions, TrackedRun } from "./tracked_run.ts";
