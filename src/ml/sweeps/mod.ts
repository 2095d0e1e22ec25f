/**
 * Sweeps: trials drawn from a space of settings, fitted as jobs, kept as nested runs, compared on validation rows.
 *
 * @module
 */
export { planSweep, sweepBase, type SweepPlan, TRAINING_DAYS, withBudget } from "./plan_sweep.ts";
export { describeTrial, runSweep, type SweepOutcome, type SweepTrial } from "./run_sweep.ts";
export type { Objective } from "./objective.ts";
export { SweepRecorder } from "./sweep_recorder.ts";
export { SweepProgress } from "./sweep_progress.ts";
export { tagOf } from "./known_fits.ts";
export { reportSweep, type SweepReport } from "./sweep_report.ts";
export { sweepMarkdown, sweepSentences, sweepTable } from "./sweep_table.ts";
export { SWEEP_TAGS } from "./sweep_tags.ts";
