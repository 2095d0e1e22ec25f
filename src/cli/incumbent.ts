import type { ModelVersion, Run, Tracker } from "../core/mod.ts";
import { type Incumbent, PREDICTIONS_TAG } from "../MLOps/promotion/mod.ts";
import { artifact, PREDICTIONS_FILE, type ProvenEvaluation } from "./evaluation_evidence.ts";

/**
 * What holds the alias, as the gate sees it: the two runs' predictions on the decision times that both scored. Predictions
 * that are lost, or are not those that the holder was judged by, leave it unknown.
 */
export async function incumbentOf(
  tracker: Tracker,
  { run, evaluation, holder }: {
    readonly run: Run;
    readonly evaluation: ProvenEvaluation;
    readonly holder: ModelVersion | undefined;
  },
  settings: { readonly blockDays: number; readonly resamples: number },
): Promise<Incumbent> {
  if (holder === undefined) return { kind: "none" };
  if (holder.runId === run.info.runId) return { kind: "same" };
  const unknown = (reason: string) => ({ kind: "unknown", version: holder.version, reason } as const);
  const { predictions } = evaluation;
  if (predictions === undefined) return unknown("this run has no predictions");
  const bytes = await artifact(tracker, holder.runId, PREDICTIONS_FILE);
  if (bytes === undefined) return unknown(`version ${holder.version} has lost its predictions`);
  const { sha256Of } = await import("../ml/sha256.ts");
  const judgedBy = holder.tags.find(({ key }) => key === PREDICTIONS_TAG)?.value;
  if (judgedBy !== undefined && sha256Of(bytes) !== judgedBy) {
    return unknown(`version ${holder.version}'s predictions were changed after it was judged`);
  }
  const { readPredictions } = await import("../ml/evaluation/read_prediction_files.ts");
  const { comparePredictions } = await import("./compare_predictions.ts");
  const blockDays = Number(run.params.find(({ key }) => key === "block_days")?.value ?? settings.blockDays);
  const comparison = comparePredictions(predictions, await readPredictions(bytes), {
    blockDays,
    resamples: settings.resamples,
  });
  return { kind: "compared", version: holder.version, comparison };
}
