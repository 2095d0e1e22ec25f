import type { ModelConfig } from "../config/model_config.ts";
import type { Clock, ModelRegistry, Tracker } from "../core/mod.ts";
import type { RegisterDeps } from "../MLOps/promotion/mod.ts";
import { proveEvaluation } from "./evaluation_evidence.ts";
import { incumbentOf } from "./incumbent.ts";
import { loadForecastModel } from "./runtime.ts";

/** What promotions are made with, by `register` and by the pages alike: there is one gate. */
export async function registerDeps(
  { tracker, registry, config, clock }: {
    readonly tracker: Tracker;
    readonly registry: ModelRegistry;
    readonly config: ModelConfig;
    readonly clock: Pick<Clock, "nowMs">;
  },
): Promise<RegisterDeps> {
  return {
    tracker,
    registry,
    loadModel: await loadForecastModel(),
    async proveRun(run, { horizonMinutes, holder }) {
      const evaluation = await proveEvaluation(tracker, run, horizonMinutes);
      const incumbent = await incumbentOf(tracker, { run, evaluation, holder }, config.evaluation);
      return { evaluation: evaluation.evidence, predictionsSha256: evaluation.sha256, incumbent };
    },
    limits: config.verdict,
    clock,
  };
}
