import type { ModelConfig } from "../config/model_config.ts";
import type { Clock, ModelRegistry, Tracker } from "../core/mod.ts";
import type { RegisterDeps } from "../MLOps/promotion/mod.ts";
import { proveEvaluation } from "./evaluation_evidence.ts";
import { incumbentOf } from "./incumbent.ts";
import { featureEngines, loadForecastModel } from "./runtime.ts";

/**
 * What promotions are made with, by `register` and by the pages alike: there is one gate. A model whose features this
 * program cannot compute is refused as a damaged one is, as no service of it could serve what the alias then names.
 */
export async function registerDeps(
  { tracker, registry, config, clock }: {
    readonly tracker: Tracker;
    readonly registry: ModelRegistry;
    readonly config: ModelConfig;
    readonly clock: Pick<Clock, "nowMs">;
  },
): Promise<RegisterDeps> {
  const { checkFeatureSet } = await import("../api/model/feature_match.ts");
  const load = await loadForecastModel(), engines = await featureEngines();
  return {
    tracker,
    registry,
    async loadModel(files) {
      const model = await load(files);
      checkFeatureSet(model.info, engines);
      return model;
    },
    async proveRun(run, { horizonMinutes, holder }) {
      const evaluation = await proveEvaluation(tracker, run, horizonMinutes);
      const incumbent = await incumbentOf(tracker, { run, evaluation, holder }, config.evaluation);
      return { evaluation: evaluation.evidence, predictionsSha256: evaluation.sha256, incumbent };
    },
    limits: config.verdict,
    clock,
  };
}
