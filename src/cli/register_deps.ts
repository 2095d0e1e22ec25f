import type { ModelConfig } from "../config/model_config.ts";
import type { Clock, ModelRegistry, Tracker } from "../core/mod.ts";
import type { RegisterDeps } from "../MLOps/promotion/mod.ts";
import { proveEvaluation } from "./evaluation_evidence.ts";
import { type ForecastWith, incumbentsOf } from "./incumbent.ts";
import { featureEngines, loadForecastModel } from "./runtime.ts";

/**
 * What promotions are made with, by `register` and by the pages alike: there is one gate. A model whose features this
 * program cannot compute is refused as a damaged one is, as no service of it could serve what the alias then names.
 */
export async function registerDeps(
  { tracker, registry, config, clock, forecastWith }: {
    readonly tracker: Tracker;
    readonly registry: ModelRegistry;
    readonly config: ModelConfig;
    readonly clock: Pick<Clock, "nowMs">;
    readonly forecastWith?: ForecastWith;
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
    async proveRun(run, { horizonMinutes, holder, earlier }) {
      const evaluation = await proveEvaluation(tracker, run, horizonMinutes);
      const incumbents = await incumbentsOf(
        { tracker, settings: config.evaluation, ...(forecastWith === undefined ? {} : { forecastWith }) },
        { run, evaluation, holder, earlier },
      );
      return { evaluation: evaluation.evidence, predictionsSha256: evaluation.sha256, incumbents };
    },
    limits: config.gate,
    clock,
  };
}
