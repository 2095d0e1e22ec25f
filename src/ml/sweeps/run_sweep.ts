import { type CallOptions, DomainError, type ErrorCode, isDomainError } from "../../core/mod.ts";
import type { ExperimentSettings } from "../experiment/mod.ts";
import { type FitJob, fitJobDigest } from "../jobs/fit_job.ts";
import type { FitJobResult } from "../jobs/run_fit_job.ts";
import { runJobs } from "../jobs/run_jobs.ts";
import { survivors } from "./halving.ts";
import { type Objective, objectiveLoss } from "./objective.ts";
import type { Assignment } from "./search_space.ts";

/** One combination of settings as jobs. */
export interface SweepTrial {
  /** From 1. */
  readonly number: number;
  readonly assignment: Assignment;
  /** All settings, with what the last rung spends. */
  readonly settings: ExperimentSettings;
  /** The job that fits it with what a rung spends on it. */
  readonly jobAt: (budget: number | undefined) => FitJob;
}

/** A fit of a trial. */
export interface TrialFit {
  /** From 0. */
  readonly rung: number;
  readonly budget: number | undefined;
  readonly result: FitJobResult;
  /** The objective on the validation rows. */
  readonly loss: number;
  readonly seconds: number;
}

/** Why a trial has no fit. */
export interface TrialFailure {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  /** What to do about it, where that is known. */
  readonly hint?: string;
}

/** What became of a trial. */
export interface TrialOutcome {
  readonly number: number;
  readonly assignment: Assignment;
  readonly status: "finished" | "pruned" | "failed";
  /** One a rung, as far as it came. */
  readonly fits: readonly TrialFit[];
  readonly failure?: TrialFailure;
}

/** A fit that an earlier, killed sweep has ended. */
export type KnownFit =
  | { readonly result: FitJobResult; readonly seconds: number }
  | { readonly failure: TrialFailure };

/** Told of what happens, in the order in which it does; what they return is waited for, and an error ends the sweep. */
export interface SweepListener {
  began(trial: SweepTrial, rung: number): Promise<void>;
  fitted(trial: SweepTrial, fit: TrialFit): Promise<void>;
  failed(trial: SweepTrial, rung: number, failure: TrialFailure, job: FitJob): Promise<void>;
  pruned(trial: SweepTrial, rung: number): Promise<void>;
  finished(trial: SweepTrial): Promise<void>;
}

/** What {@linkcode runSweep} works with. */
export interface SweepDeps extends CallOptions {
  /** Runs a job, in a Worker outside of tests. */
  readonly run: (
    job: FitJob,
    context: { readonly trial: SweepTrial; readonly rung: number; readonly signal: AbortSignal },
  ) => Promise<FitJobResult>;
  readonly listener: SweepListener;
  readonly objective: Objective;
  /** Jobs side by side. */
  readonly concurrency: number;
  readonly monotonicMs: () => number;
  /** Fits that need not be run again, by the job's digest. @default none */
  readonly known?: ReadonlyMap<string, KnownFit>;
}

/** All trials, in their order, and the one with the least loss of those that got the whole budget. */
export interface SweepOutcome {
  readonly trials: readonly TrialOutcome[];
  readonly best: TrialOutcome;
}

interface State {
  readonly trial: SweepTrial;
  readonly fits: TrialFit[];
  status: TrialOutcome["status"];
  failure?: TrialFailure;
}

/**
 * Fits trials rung by rung; after each rung but the last the best go on, as many as the next has room for. What comes out
 * depends on the jobs' results alone, not on their order or on how many run side by side. A trial that fails leaves the
 * others alone.
 *
 * @throws {DomainError} `check-failed` where no trial got to the end.
 */
export async function runSweep(
  trials: readonly SweepTrial[],
  rungs: readonly { readonly trials: number; readonly budget: number | undefined }[],
  deps: SweepDeps,
): Promise<SweepOutcome> {
  const states: State[] = trials.map((trial) => ({ trial, fits: [], status: "finished" }));
  let left = states;
  for (const [rung, { budget }] of rungs.entries()) {
    const next = rungs[rung + 1];
    await fitRung(left, { rung, budget, isLast: next === undefined }, deps);
    const losses = left.map(({ fits }) => fits[rung]?.loss);
    const kept = survivors(losses, next?.trials ?? left.length).map((at) => left[at]!);
    for (const state of left) {
      if (kept.includes(state) || state.failure !== undefined) continue;
      state.status = "pruned";
      await deps.listener.pruned(state.trial, rung);
    }
    left = kept;
  }
  const outcomes = states.map(({ trial: { number, assignment }, ...rest }): TrialOutcome => ({
    number,
    assignment,
    ...rest,
  }));
  const finished = outcomes.filter(({ status }) => status === "finished");
  if (finished.length === 0) throw noTrial(outcomes);
  const lossOf = ({ fits }: TrialOutcome) => fits.at(-1)!.loss;
  return { trials: outcomes, best: finished.reduce((best, trial) => lossOf(trial) < lossOf(best) ? trial : best) };
}

async function fitRung(
  left: readonly State[],
  { rung, budget, isLast }: { readonly rung: number; readonly budget: number | undefined; readonly isLast: boolean },
  deps: SweepDeps,
): Promise<void> {
  const { listener, signal, known } = deps;
  // A store that cannot be written to ends all: what the others do would be lost.
  const broken = new AbortController();
  const either = signal === undefined ? broken.signal : AbortSignal.any([signal, broken.signal]);
  await runJobs(left, async (state, context) => {
    try {
      const { trial } = state, job = trial.jobAt(budget);
      const before = known?.get(fitJobDigest(job));
      const end = before ?? await fitOne(job, state, { rung, signal: context.signal }, deps);
      if ("failure" in end) {
        state.status = "failed";
        state.failure = end.failure;
        if (before === undefined) await listener.failed(trial, rung, end.failure, job);
        return;
      }
      const loss = objectiveLoss(deps.objective, end.result.validation);
      const fit: TrialFit = { rung, budget, loss, result: end.result, seconds: end.seconds };
      if (before === undefined) await listener.fitted(trial, fit);
      state.fits.push(fit);
      if (isLast) await listener.finished(trial);
    } catch (error) {
      broken.abort(error);
      throw error;
    }
  }, { concurrency: deps.concurrency, signal: either });
}

async function fitOne(
  job: FitJob,
  { trial }: State,
  { rung, signal }: { readonly rung: number; readonly signal: AbortSignal },
  { listener, run, monotonicMs }: SweepDeps,
): Promise<KnownFit> {
  await listener.began(trial, rung);
  const startedMs = monotonicMs();
  try {
    const result = await run(job, { trial, rung, signal });
    return { result, seconds: (monotonicMs() - startedMs) / 1000 };
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) throw error;
    const { code, hint } = isDomainError(error) ? error : {};
    const message = `Cannot fit ${describeTrial(trial)}: ${error.message}`;
    return { failure: { code, message, ...(hint === undefined ? {} : { hint }) } };
  }
}

/** A trial in words: `trial 3 (mlp.learningRate 0.01, seed 2)`. */
export function describeTrial({ number, assignment }: Pick<SweepTrial, "number" | "assignment">): string {
  const settings = Object.entries(assignment).map(([path, value]) => `${path} ${settingText(value)}`);
  return `trial ${number} (${settings.join(", ")})`;
}

/** A setting's value in words; fractions by four digits, as a draw has more than anybody reads. */
export function settingText(value: Assignment[string]): string {
  if (typeof value === "number") return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

function noTrial(outcomes: readonly TrialOutcome[]): DomainError {
  const { message = "there is none", hint } = outcomes.find(({ failure }) => failure !== undefined)?.failure ?? {};
  const narrow = "Narrow the space of the sweep to settings that can be trained";
  return new DomainError("check-failed", `No trial of ${outcomes.length} was fitted: ${message}`, {
    hint: hint === undefined ? narrow : `${narrow}; for the first that failed: ${hint}`,
  });
}
