import { encodeMlModel } from "../../src/MLOps/mod.ts";
import { type FeatureEngine, QUANTILE_LEVELS } from "../../src/core/mod.ts";
import { defaultFeatureEngine } from "../../src/ml/mod.ts";
import { encodeModelFiles } from "../../src/ml/models/model_files.ts";
import { type ForecastSpec, NO_CALIBRATION } from "../../src/ml/models/forecast_spec.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { MemoryRegistry, MemoryTracker } from "../fakes/memory_tracker.ts";
import type { ModelRegistry, Tracker } from "../../src/core/mod.ts";

/** Options of {@linkcode harSpec}. */
export interface HarSpecOptions {
  /** Tells models apart: the logit of every forecast. @default 0.02 */
  readonly logit?: number;
  /** @default 15 */
  readonly horizonMinutes?: number;
  /** @default the program's own */
  readonly engine?: Pick<FeatureEngine, "names" | "nullable" | "digest">;
}

/** A HAR model with coefficients written by hand: real arithmetic, no training. */
export function harSpec(options: HarSpecOptions = {}): ForecastSpec {
  const engine = options.engine ?? defaultFeatureEngine();
  return {
    family: "har",
    horizonMinutes: options.horizonMinutes ?? 15,
    featureNames: engine.names,
    featureSetDigest: engine.digest,
    quantileLevels: QUANTILE_LEVELS,
    nullable: engine.nullable,
    scaler: null,
    heads: {
      direction: { kind: "constant", logit: options.logit ?? 0.02 },
      volatility: {
        kind: "har",
        features: ["rv_15", "rv_60", "rv_1440"],
        fallback: "rv_60",
        intercept: 2.7,
        coefficients: [0.4, 0.3, 0.2],
      },
      quantiles: { kind: "standardized", values: [-2.6, -1.6, -1.2, -0.6, 0, 0.6, 1.2, 1.6, 2.6] },
    },
    calibration: NO_CALIBRATION,
    trainingRanges: { train: { startMs: 0, endMs: 86_400_000 }, validation: null },
    referenceHistograms: engine.names.map((feature) => ({
      feature,
      edges: [-1, 0, 1],
      counts: [5, 5, 5, 5],
      missing: 0,
    })),
  };
}

/** Files of a model as `track` logs them, proved by two golden rows. */
export function modelFiles(spec: ForecastSpec): Map<string, Uint8Array> {
  const golden = new Float32Array(2 * spec.featureNames.length).map((_, i) => 1 + (i % 7) / 3);
  return encodeModelFiles(new SpecForecastModel(spec), golden, {
    modelId: `m-${"0".repeat(32)}`,
    runId: "f".repeat(32),
    artifactUri: "memory:/m",
    createdAtMs: 0,
    metadata: {},
  }, encodeMlModel);
}

/** Logs a run with the model and registers it as the next version; returns the version. */
export async function registerModel(
  stores: { readonly tracker: Tracker; readonly registry: ModelRegistry },
  files: ReadonlyMap<string, Uint8Array>,
  options: { readonly name?: string; readonly alias?: string } = {},
): Promise<{ readonly version: string; readonly runId: string; readonly modelId: string }> {
  const { tracker, registry } = stores;
  const { name = "bitcoin-model", alias = "production" } = options;
  const experimentId = (await tracker.getExperimentByName("Default"))?.experimentId ??
    await tracker.createExperiment("Default");
  const { info } = await tracker.createRun({ experimentId });
  const { modelId } = await tracker.createLoggedModel({ experimentId, sourceRunId: info.runId });
  for (const [path, content] of files) await tracker.writeArtifact({ modelId }, path, content);
  await tracker.finalizeLoggedModel(modelId, "READY");
  try {
    await registry.createRegisteredModel(name);
  } catch {
    // There already: a further version is wanted.
  }
  const { version } = await registry.createModelVersion({ name, source: `models:/${modelId}`, runId: info.runId });
  await registry.setAlias(name, alias, version);
  return { version, runId: info.runId, modelId };
}

/** Stores in memory. */
export function memoryStores(): { readonly tracker: MemoryTracker; readonly registry: MemoryRegistry } {
  const tracker = new MemoryTracker();
  return { tracker, registry: new MemoryRegistry(tracker) };
}
