import type { CallOptions } from "../../../core/mod.ts";
import type { GbdtModel } from "../gbdt_model.ts";
import { type GbdtOptions, resolveGbdtOptions } from "../gbdt_options.ts";
import { boost } from "./boost.ts";
import { checkTrainingRows, checkValidationRows, type GbdtRows } from "./gbdt_rows.ts";
import type { BoostOutcome, GbdtJob, TreeReport } from "./protocol.ts";
import { runTeam } from "./run_team.ts";
import { TrainingMemory } from "./training_memory.ts";

/** What a model is trained from. */
export interface GbdtTask {
  readonly featureNames: readonly string[];
  readonly train: GbdtRows;
  /** Rows after the training span, for early stopping; without them all trees are grown. */
  readonly validation?: GbdtRows;
  readonly options: Partial<GbdtOptions> & Pick<GbdtOptions, "loss">;
}

/** A trained model and how training went. */
export interface GbdtFit extends Omit<BoostOutcome, "trees" | "baseScore"> {
  readonly model: GbdtModel;
}

/** Options of {@linkcode fitGbdt}. */
export interface FitGbdtOptions extends CallOptions {
  /** Threads; the model does not depend on it. @default {1} */
  readonly workers?: number;
  /** Called after each tree. */
  readonly onTree?: (report: TreeReport) => void;
}

/**
 * Trains boosted trees in Workers without any permission; the caller's thread stays free. The same task gives the same
 * model bit for bit with any number of workers.
 *
 * An abort ends the Workers and rejects with the signal's reason.
 *
 * @throws {DomainError} `config-invalid` or `input-invalid` naming the option, column or label; `check-failed` naming the
 * Worker that failed, died or fell silent.
 */
export async function fitGbdt(task: GbdtTask, options: FitGbdtOptions = {}): Promise<GbdtFit> {
  const { workers = 1, ...rest } = options;
  options.signal?.throwIfAborted();
  const job = prepareJob(task, workers);
  return toFit(job, await runTeam(job, rest));
}

/** The same on the thread of the caller, for Workers that train models of their own. */
export function fitGbdtHere(task: GbdtTask, onTree?: (report: TreeReport) => void): GbdtFit {
  const job = prepareJob(task, 1);
  return toFit(job, boost(job, 0, onTree));
}

/** Checks a task and puts it into shared memory for a team of `members`. */
export function prepareJob({ featureNames, train, validation, options: given }: GbdtTask, members: number): GbdtJob {
  if (!Number.isInteger(members) || members < 1) {
    throw new RangeError(`Cannot train boosted trees with ${members} workers`);
  }
  const options = resolveGbdtOptions(given, featureNames);
  checkTrainingRows(train, featureNames, options);
  if (validation !== undefined) checkValidationRows(validation, featureNames, options);
  const hasStartScores = train.startScores !== undefined;
  if (validation !== undefined && (validation.startScores !== undefined) !== hasStartScores) {
    throw new RangeError("Cannot train boosted trees with start scores for training or validation rows alone");
  }
  const shape = {
    trainRows: train.labels.length,
    validationRows: validation?.labels.length ?? 0,
    features: featureNames.length,
    maxLeaves: options.maxLeaves,
    members,
    hasHessians: options.loss.kind === "logistic",
  };
  const { memory, labels, scores } = TrainingMemory.allocate(shape);
  labels.set(train.labels);
  if (validation !== undefined) labels.set(validation.labels, shape.trainRows);
  scores.set(train.startScores ?? []);
  scores.set(validation?.startScores ?? [], shape.trainRows);
  return {
    memory,
    shape,
    options,
    featureNames,
    hasStartScores,
    train: train.columns.map(shared),
    validation: validation?.columns.map(shared) ?? featureNames.map(() => new Float32Array(0)),
  };
}

/** The column itself where other threads can see it, else a copy that they can. */
function shared(column: Float32Array): Float32Array {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const copy = new Float32Array(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}

function toFit({ options, featureNames }: GbdtJob, { trees, baseScore, ...rest }: BoostOutcome): GbdtFit {
  return { ...rest, model: { loss: options.loss, featureNames, baseScore, trees } };
}
