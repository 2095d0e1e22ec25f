import type { SweepConfig } from "../../config/sweep_config.ts";
import { meanLoss, pairedDifference } from "../evaluation/daily_losses.ts";
import type { Interval95 } from "../evaluation/block_bootstrap.ts";
import { canonicalJson } from "../canonical_json.ts";
import { type Objective, objectiveWeights } from "./objective.ts";
import type { SweepOutcome, TrialFailure, TrialOutcome } from "./run_sweep.ts";
import type { Assignment } from "./search_space.ts";

/** A trial of a report. */
export interface ReportedTrial {
  readonly number: number;
  readonly runId: string | null;
  readonly assignment: Assignment;
  readonly status: TrialOutcome["status"];
  /** Rung that it reached, from 0, and what that spent; null without a fit or a budget. */
  readonly rung: number | null;
  readonly budget: number | null;
  /** The objective on the validation rows; null without a fit. */
  readonly loss: number | null;
  readonly scores: { readonly logLoss: number; readonly qlike: number; readonly pinball: number } | null;
  /** Its objective less that of the best trial on the same rung, with the interval of blocks of days; null for the best. */
  readonly difference: Pick<Interval95, "mean" | "low" | "high"> | null;
  /** Of each network; empty for families without one. */
  readonly bestEpochs: readonly number[];
  readonly seconds: number;
  readonly failure: TrialFailure | null;
}

/** Spread of the objective over seeds, of trials that are alike in all else. */
export interface SeedSpread {
  readonly assignment: Assignment;
  readonly seeds: number;
  readonly mean: number;
  /** Sample standard deviation. */
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
}

/** What a sweep has tried, on validation rows alone. */
export interface SweepReport {
  readonly kind: SweepConfig["kind"];
  readonly objective: Objective["kind"];
  readonly seed: number;
  readonly rungs: readonly { readonly trials: number; readonly budget: number | null }[];
  readonly counts: Readonly<Record<TrialOutcome["status"], number>>;
  /** Runs ever started with this symbol and horizon, those of this sweep among them. */
  readonly trialsEver: number;
  readonly best: number;
  /** Trials that cannot be told from the best: the interval of their difference holds 0. */
  readonly tied: number;
  /** By objective, those that came further first. */
  readonly trials: readonly ReportedTrial[];
  readonly seeds: readonly SeedSpread[];
}

/** What {@linkcode reportSweep} needs beside the outcome. */
export interface ReportOptions {
  readonly sweep: SweepConfig;
  readonly rungs: readonly { readonly trials: number; readonly budget: number | undefined }[];
  readonly objective: Objective;
  readonly runIdOf: (trial: number) => string | undefined;
  readonly trialsEver: number;
  readonly blockDays: number;
  readonly resamples: number;
}

/** Orders the trials and compares each with the best one, on the rung that it reached. */
export function reportSweep({ trials, best }: SweepOutcome, options: ReportOptions): SweepReport {
  const { sweep, rungs, objective, trialsEver } = options;
  const reported = trials.map((trial) => reportTrial(trial, best, options)).toSorted(byRungAndLoss);
  const count = (status: TrialOutcome["status"]) => trials.filter((trial) => trial.status === status).length;
  return {
    kind: sweep.kind,
    objective: objective.kind,
    seed: sweep.seed,
    rungs: rungs.map(({ trials, budget }) => ({ trials, budget: budget ?? null })),
    counts: { finished: count("finished"), pruned: count("pruned"), failed: count("failed") },
    trialsEver,
    best: best.number,
    tied:
      reported.filter(({ difference }) => difference !== null && difference.low <= 0 && difference.high >= 0).length,
    trials: reported,
    seeds: seedSpreads(trials),
  };
}

function reportTrial(trial: TrialOutcome, best: TrialOutcome, options: ReportOptions): ReportedTrial {
  const { number, assignment, status, fits, failure } = trial, fit = fits.at(-1);
  const rival = fit === undefined || trial === best ? undefined : best.fits[fit.rung];
  const daily = fit?.result.validation.daily;
  return {
    number,
    runId: options.runIdOf(number) ?? null,
    assignment,
    status,
    rung: fit?.rung ?? null,
    budget: fit?.budget ?? null,
    loss: fit?.loss ?? null,
    scores: daily === undefined ? null : {
      logLoss: meanLoss(daily, "logLoss"),
      qlike: meanLoss(daily, "qlike"),
      pinball: meanLoss(daily, "pinball"),
    },
    difference: rival === undefined ? null : differenceOf(fit!.result.validation, rival.result.validation, options),
    bestEpochs: fit?.result.training.map(({ bestEpoch }) => bestEpoch) ?? [],
    seconds: fits.reduce((sum, { seconds }) => sum + seconds, 0),
    failure: failure ?? null,
  };
}

function differenceOf(
  ours: Parameters<typeof objectiveWeights>[1],
  theirs: Parameters<typeof objectiveWeights>[1],
  { objective, blockDays, resamples }: ReportOptions,
) {
  const weights = objectiveWeights(objective, theirs);
  const { mean, low, high } = pairedDifference(ours.daily, theirs.daily, weights, { blockDays, resamples });
  return { mean, low, high };
}

function byRungAndLoss(a: ReportedTrial, b: ReportedTrial): number {
  const rung = (trial: ReportedTrial) => trial.status === "failed" ? -1 : trial.rung ?? -1;
  return rung(b) - rung(a) || (a.loss ?? Infinity) - (b.loss ?? Infinity) || a.number - b.number;
}

function seedSpreads(trials: readonly TrialOutcome[]): SeedSpread[] {
  const groups = new Map<string, { readonly assignment: Assignment; readonly losses: number[] }>();
  for (const { assignment: { seed, ...rest }, status, fits } of trials) {
    if (seed === undefined || status !== "finished") continue;
    const key = canonicalJson(rest), group = groups.get(key) ?? { assignment: rest, losses: [] };
    group.losses.push(fits.at(-1)!.loss);
    groups.set(key, group);
  }
  return [...groups.values()].filter(({ losses }) => losses.length > 1).map(({ assignment, losses }) => {
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
    return {
      assignment,
      seeds: losses.length,
      mean,
      deviation: Math.sqrt(squares / (losses.length - 1)),
      low: Math.min(...losses),
      high: Math.max(...losses),
    };
  });
}
