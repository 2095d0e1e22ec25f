import type { ModelConfig } from "../config/model_config.ts";
import type { Clock, ModelRegistry, Run, Tracker } from "../core/mod.ts";
import type { RegisterDeps } from "../MLOps/promotion/mod.ts";
import type { DatasetProof } from "./dataset_proof.ts";
import { proveEvaluation } from "./evaluation_evidence.ts";
import { type ForecastWith, incumbentsOf } from "./incumbent.ts";
import { featureEngines, loadForecastModel } from "./runtime.ts";

/** What `register` knows by the candles of the feature store. */
export interface CandleProofs {
  /** Whether the store still has what a run read. */
  readonly proveDataset: (run: Run) => Promise<DatasetProof>;
  readonly forecastWith: ForecastWith;
}

/** How the gate names a dataset that is not there any more. */
const CHANGED_DATASET = "its candles, which the feature store has changed since";

/**
 * What promotions are made with, by `register` and by the pages alike: there is one gate. A model whose features this
 * program cannot compute is refused as a damaged one is, as no service of it could serve what the alias then names.
 */
export async function registerDeps(
  { tracker, registry, config, clock, candles }: {
    readonly tracker: Tracker;
    readonly registry: ModelRegistry;
    readonly config: ModelConfig;
    readonly clock: Pick<Clock, "nowMs">;
    /** What is known by the candles of the feature store; unset where this process has none. */
    readonly candles?: CandleProofs;
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
    async proveRun(run, { model, modelId, holder, earlier }) {
      const evaluation = await proveEvaluation(tracker, run, { model, modelId });
      const { evidence, sha256 } = evaluation;
      const incumbents = await incumbentsOf(
        {
          tracker,
          settings: config.evaluation,
          ...(candles === undefined ? {} : { forecastWith: candles.forecastWith }),
        },
        { run, evaluation, holder, earlier },
      );
      const changed = await candles?.proveDataset(run) === "changed" ? [CHANGED_DATASET] : [];
      return {
        evaluation: { ...evidence, missing: [...evidence.missing, ...changed] },
        predictionsSha256: sha256,
        incumbents,
      };
    },
    limits: config.gate,
    clock,
  };
}
