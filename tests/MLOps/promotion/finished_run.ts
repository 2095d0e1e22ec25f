import type { ForecastModel, LoadForecastModel, MlModel, ModelSignature, Run, Tracker } from "../../../src/core/mod.ts";
import { encodeMlModel } from "../../../src/MLOps/mod.ts";
import { GOOD_METRICS, GOOD_PARAMS, GOOD_TAGS, metricsOf, pairsOf } from "./evidence.ts";

/** Files of a model that is whole. */
export const FILES = ["MLmodel", "model.onnx", "forecast.json", "weights.bin"];

const FLAVORS = { onnx: { data: "model.onnx" }, python_function: { loader_module: "mlflow.onnx" } };
const FEATURES = ["a", "b"];

/** Signature of the model of {@linkcode finishedRun}. */
export const SIGNATURE = {
  inputs: [{ kind: "tensor", dtype: "float32", shape: [-1, FEATURES.length] }],
  outputs: [],
  params: [],
} satisfies ModelSignature;

/** Takes any files for a model of that signature. */
export const anyModel: LoadForecastModel = () =>
  Promise.resolve({ info: { featureNames: FEATURES } } as unknown as ForecastModel);

/** Makes a run that passes every check, with a model, unless told otherwise. */
export async function finishedRun(
  tracker: Tracker,
  options: {
    readonly startTime?: number;
    readonly metrics?: Readonly<Record<string, number>>;
    readonly params?: Readonly<Record<string, string>>;
    readonly status?: "FINISHED" | "FAILED" | "RUNNING";
    readonly files?: readonly string[];
    readonly model?: "READY" | "PENDING" | "none";
    /** Changes `MLmodel`. */
    readonly mlModel?: Partial<MlModel>;
  } = {},
): Promise<Run> {
  const { startTime = 1, status = "FINISHED", files = FILES, model = "READY" } = options;
  const experiment = await tracker.getExperimentByName("bitcoin");
  const experimentId = experiment?.experimentId ?? await tracker.createExperiment("bitcoin");
  const { info: { runId } } = await tracker.createRun({ experimentId, startTime, tags: pairsOf(GOOD_TAGS) });
  await tracker.logBatch(runId, {
    metrics: metricsOf({ ...GOOD_METRICS, ...options.metrics }),
    params: pairsOf({ ...GOOD_PARAMS, ...options.params }),
  });
  if (model !== "none") {
    const { modelId } = await tracker.createLoggedModel({ experimentId, name: "m", sourceRunId: runId });
    const mlModel = encodeMlModel({ flavors: FLAVORS, runId, signature: SIGNATURE, ...options.mlModel });
    for (const path of files) {
      await tracker.writeArtifact({ modelId }, path, new TextEncoder().encode(path === "MLmodel" ? mlModel : path));
    }
    await tracker.logOutputs(runId, [{ modelId, step: 0 }]);
    if (model === "READY") await tracker.finalizeLoggedModel(modelId, "READY");
  }
  if (status !== "RUNNING") await tracker.updateRun(runId, { status });
  return await tracker.getRun(runId);
}
