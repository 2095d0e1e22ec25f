import { DomainError } from "../../../core/mod.ts";
import type { GbdtModel } from "../gbdt_model.ts";
import type { GbdtOptions } from "../gbdt_options.ts";
import { faultOfNumbers } from "../model_numbers.ts";
import type { BoostOutcome, GbdtJob } from "./protocol.ts";
import { runTeam, type RunTeamOptions } from "./run_team.ts";
import { type MemoryShape, TrainingMemory } from "./training_memory.ts";

/** A trained model and how training went. */
export interface GbdtFit extends Omit<BoostOutcome, "trees" | "baseScore"> {
  readonly model: GbdtModel;
}

/** The memory of a job whose rows and labels are still to be written, and the job without columns. */
export function allocateJob(
  featureNames: readonly string[],
  options: GbdtOptions,
  rows: { readonly train: number; readonly validation: number },
  { hasStartScores, ...layout }: Pick<MemoryShape, "members" | "hasBinColumns"> & Pick<GbdtJob, "hasStartScores">,
): { memory: TrainingMemory; job: GbdtJob } {
  const { members } = layout;
  if (!Number.isInteger(members) || members < 1) {
    throw new RangeError(`Cannot train boosted trees with ${members} workers`);
  }
  const shape: MemoryShape = {
    ...layout,
    trainRows: rows.train,
    validationRows: rows.validation,
    features: featureNames.length,
    maxLeaves: options.maxLeaves,
    hasHessians: options.loss.kind === "logistic",
  };
  const memory = TrainingMemory.allocate(shape);
  return { memory, job: { memory: memory.memory, shape, options, featureNames, hasStartScores, columns: undefined } };
}

/** Runs a prepared job; `preparedMs` is what binning took already. */
export async function runJob(
  job: GbdtJob,
  { preparedMs, ...options }: RunTeamOptions & { readonly preparedMs: number },
): Promise<GbdtFit> {
  return toFit(job, await runTeam(job, options), preparedMs);
}

/** The model of an outcome. @throws {DomainError} `check-failed` naming the number of the model that is none */
export function toFit({ options, featureNames }: GbdtJob, outcome: BoostOutcome, preparedMs: number): GbdtFit {
  const { trees, baseScore, timing: { binningMs, treesMs }, ...rest } = outcome;
  const model = { loss: options.loss, featureNames, baseScore, trees };
  const fault = faultOfNumbers(model);
  if (fault === undefined) return { ...rest, timing: { binningMs: preparedMs + binningMs, treesMs }, model };
  throw new DomainError("check-failed", `Boosted trees diverged at '${fault.place}': ${fault.reason}`, {
    hint: "Raise 'l2' or 'minLeafHessian', or lower 'learningRate'",
  });
}
