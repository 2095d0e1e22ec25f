import type { CallOptions } from "../../../core/mod.ts";
import { type GbdtOptions, resolveGbdtOptions } from "../gbdt_options.ts";
import { Binner, binningStages } from "./bin_rows.ts";
import { boost } from "./boost.ts";
import { checkTrainingRows, checkValidationRows, type GbdtRows } from "./gbdt_rows.ts";
import { instantiateKernel } from "./kernel/kernel.ts";
import type { GbdtJob, TreeReport } from "./protocol.ts";
import { allocateJob, type GbdtFit, runJob, toFit } from "./run_job.ts";

export type { GbdtFit };

/** What a model is trained from. */
export interface GbdtTask {
  readonly featureNames: readonly string[];
  readonly train: GbdtRows;
  /** Rows after the training span, for early stopping; without them all trees are grown. */
  readonly validation?: GbdtRows;
  readonly options: Partial<GbdtOptions> & Pick<GbdtOptions, "loss">;
}

/** Options of {@linkcode fitGbdt}. */
export interface FitGbdtOptions extends CallOptions {
  /** Threads; the model does not depend on it. @default {1} */
  readonly workers?: number;
  /** Called after trees: about ten times a second, and after each hundredth of the most trees whatever the pace. */
  readonly onTree?: (report: TreeReport) => void;
}

/**
 * Trains boosted trees in Workers without any permission. The same task gives the same model bit for bit with any number
 * of workers.
 *
 * Columns in shared memory are binned by the Workers. Others are binned on the caller's thread, some milliseconds at a
 * time, as Workers could only have copies. {@linkcode fitGbdtStream} needs no columns at all.
 *
 * An abort ends the Workers and rejects with the signal's reason.
 *
 * @throws {DomainError} `config-invalid` or `input-invalid` naming the option, column or label; `worker-lost` naming the
 * Worker that failed, died or fell silent; `check-failed` naming the number of the model that is none.
 */
export async function fitGbdt(task: GbdtTask, options: FitGbdtOptions = {}): Promise<GbdtFit> {
  const { workers = 1, signal } = options;
  signal?.throwIfAborted();
  const startMs = performance.now();
  const job = await drainedGently(preparation(task, workers), signal);
  return runJob(job, { ...options, preparedMs: performance.now() - startMs });
}

/** The same on the thread of the caller, for Workers that train models of their own. */
export function fitGbdtHere(task: GbdtTask, onTree?: (report: TreeReport) => void): GbdtFit {
  const startMs = performance.now(), job = prepareJob(task, 1), preparedMs = performance.now() - startMs;
  return toFit(job, boost(job, 0, onTree), preparedMs);
}

/** Checks a task and puts it into shared memory for a team of `members`. */
export function prepareJob(task: GbdtTask, members: number): GbdtJob {
  const steps = preparation(task, members);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** {@linkcode prepareJob} in steps of some milliseconds. */
function* preparation(task: GbdtTask, members: number): Generator<void, GbdtJob> {
  const { featureNames, train, validation } = task;
  const options = resolveGbdtOptions(task.options, featureNames);
  checkTrainingRows(train, featureNames, options);
  if (validation !== undefined) checkValidationRows(validation, featureNames, options);
  const hasStartScores = train.startScores !== undefined;
  if (validation !== undefined && (validation.startScores !== undefined) !== hasStartScores) {
    throw new RangeError("Cannot train boosted trees with start scores for training or validation rows alone");
  }
  const rows = { train: train.labels.length, validation: validation?.labels.length ?? 0 };
  const { memory, job } = allocateJob(featureNames, options, rows, {
    ...{ members, hasBinColumns: true },
    hasStartScores,
  });
  memory.labels.set(train.labels);
  if (validation !== undefined) memory.labels.set(validation.labels, rows.train);
  memory.scores.set(train.startScores ?? []);
  memory.scores.set(validation?.startScores ?? [], rows.train);
  const columns = { train: train.columns, validation: validation?.columns ?? [] };
  if ([...columns.train, ...columns.validation].every(({ buffer }) => buffer instanceof SharedArrayBuffer)) {
    return { ...job, columns };
  }
  for (const { tasks, run } of binningStages(columns, job, new Binner(memory, instantiateKernel(job.memory)))) {
    for (let number = 0; number < tasks; number++) {
      run(number);
      yield;
    }
  }
  return job;
}

const STEPS_MS = 10;

async function drainedGently<T>(steps: Generator<void, T>, signal: AbortSignal | undefined): Promise<T> {
  let sinceMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - sinceMs < STEPS_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    sinceMs = performance.now();
  }
}
