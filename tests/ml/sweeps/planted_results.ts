import { type FitJob, fitJobDigest } from "../../../src/ml/jobs/fit_job.ts";
import type { FitJobResult } from "../../../src/ml/jobs/run_fit_job.ts";

/** A result of which every loss is the same, given one. */
export function resultOf(job: FitJob, loss: number): FitJobResult {
  const each = (value: number) => ({ logLoss: [value], qlike: [value], pinball: [value] });
  return {
    job: fitJobDigest(job),
    modelSha256: "0".repeat(64),
    validation: {
      rows: 10,
      realizedVolatilityBps: 1,
      daily: { firstDayMs: 0, sums: each(10 * loss), counts: each(10) },
    },
    training: [{ bestEpoch: 1, epochs: job.settings.mlp.epochs, steps: 5 }],
  };
}
