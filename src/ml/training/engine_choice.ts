import { tensorsOf } from "../models/network.ts";
import { fusedWeightCount } from "./fused_engine.ts";
import type { TrainingJob } from "./protocol.ts";

/** What computes the gradients of a job: the SIMD step has dense networks alone. */
export function engineNameOf({ network, options }: Pick<TrainingJob, "network" | "options">): "fused" | "tensors" {
  return options.engine === "tensors" || network.sequence !== undefined ? "tensors" : "fused";
}

/** Weights as the job's engine lays them out. */
export function weightCountOf(job: Pick<TrainingJob, "network" | "options">): number {
  if (engineNameOf(job) === "fused") return fusedWeightCount(job.network);
  return tensorsOf(job.network).reduce((sum, { length }) => sum + length, 0);
}
