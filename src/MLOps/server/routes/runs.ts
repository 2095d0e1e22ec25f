import { type RunStatus, type Tracker, TrackingError } from "../../../core/mod.ts";
import { checkKey, checkMetric, checkParamKeysUnique, ParamChangedError } from "../../rules/entries.ts";
import {
  MAX_BATCH_BYTES,
  MAX_ENTITIES_PER_BATCH,
  MAX_METRICS_PER_BATCH,
  MAX_PARAMS_TAGS_PER_BATCH,
} from "../../rules/limits.ts";
import { checkRunId } from "../../rules/names.ts";
import { BodyTooLargeError } from "../error_response.ts";
import { type Fields, invalidParameter, isRecord } from "../fields.ts";
import { message, runInfoMessage, runMessage } from "../messages.ts";
import type { RestRouter } from "../rest.ts";
import { VIEW_TYPES } from "./experiments.ts";
import { readDatasetInput, readMetric, readPage, readParams, readTags } from "./read.ts";

const RUN_STATUSES: readonly RunStatus[] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
const MODEL_HISTORY_TAG = "mlflow.log-model.history";

/** Registers the routes of runs and of what is logged to them (reference 4.2). */
export function runRoutes(rest: RestRouter, tracker: Tracker): void {
  rest.on("POST", "runs/create", async (fields) => {
    const tags = readTags(fields);
    const runName = fields.string("run_name");
    const userId = fields.string("user_id");
    const startTime = fields.integer("start_time");
    const experimentId = fields.string("experiment_id");
    // A body that is cut off counts as empty: it must not become a run of experiment 0.
    if (!experimentId) throw new TrackingError("BAD_REQUEST", fields.missing("experiment_id").message);
    const run = await tracker.createRun({
      experimentId,
      ...(runName ? { runName } : {}),
      ...(userId ? { userId } : {}),
      ...(startTime === undefined ? {} : { startTime }),
      tags,
    });
    return { run: runMessage(run) };
  });

  rest.on("GET", "runs/get", async (fields) => ({ run: runMessage(await tracker.getRun(fields.requiredRunId())) }));

  rest.on("POST", "runs/update", async (fields) => {
    const status = fields.choice("status", RUN_STATUSES);
    const endTime = fields.integer("end_time");
    const runName = fields.string("run_name");
    const info = await tracker.updateRun(fields.requiredRunId(), {
      ...(status === undefined ? {} : { status }),
      ...(endTime === undefined ? {} : { endTime }),
      ...(runName ? { runName } : {}),
    });
    return { run_info: runInfoMessage(info) };
  });

  rest.on("POST", "runs/delete", async (fields) => {
    await tracker.deleteRun(fields.requiredRunId());
    return {};
  });

  rest.on("POST", "runs/restore", async (fields) => {
    await tracker.restoreRun(fields.requiredRunId());
    return {};
  });

  rest.on("POST", "runs/search", async (fields) => {
    const viewType = fields.choice("run_view_type", VIEW_TYPES);
    const page = await tracker.searchRuns({
      experimentIds: fields.strings("experiment_ids"),
      ...readPage(fields),
      ...(viewType === undefined ? {} : { viewType }),
    });
    return message({ runs: page.items.map(runMessage), next_page_token: page.nextPageToken });
  });

  loggingRoutes(rest, tracker);
}

function loggingRoutes(rest: RestRouter, tracker: Tracker): void {
  rest.on("POST", "runs/log-metric", async (fields) => {
    const runId = fields.requiredRunId();
    const metric = readMetric(fields);
    checkMetric(metric); // a store would call it metrics[0]
    await tracker.logBatch(runId, { metrics: [metric] });
    return {};
  });

  rest.on("POST", "runs/log-parameter", async (fields) => {
    const runId = fields.requiredRunId();
    const param = { key: fields.requiredString("key"), value: fields.string("value") ?? "" };
    checkKey(param.key, "key", "Param key");
    await tracker.logBatch(runId, { params: [param] }).catch((error) => {
      throw error instanceof ParamChangedError ? error.ofOne() : error;
    });
    return {};
  });

  rest.on("POST", "runs/set-tag", async (fields) => {
    const runId = fields.requiredRunId();
    const tag = { key: fields.requiredString("key"), value: fields.string("value") ?? "" };
    checkKey(tag.key, "key");
    await tracker.logBatch(runId, { tags: [tag] });
    return {};
  });

  rest.on("POST", "runs/delete-tag", async (fields) => {
    await tracker.deleteTag(fields.requiredRunId(), fields.requiredString("key"));
    return {};
  });

  rest.on("POST", "runs/log-batch", async (fields) => {
    const runId = fields.requiredRunId();
    checkRunId(runId);
    const metrics = fields.messages("metrics").map(readMetric);
    const params = readParams(fields);
    const tags = readTags(fields);
    checkBatchSize({ metrics: metrics.length, params: params.length, tags: tags.length });
    checkParamKeysUnique(params);
    await tracker.logBatch(runId, { metrics, params, tags });
    return {};
  }, {
    maxBytes: MAX_BATCH_BYTES,
    tooLarge: (bytes) =>
      new BodyTooLargeError(
        `Batched logging API requests must be at most ${MAX_BATCH_BYTES} bytes, got a request of size ${bytes}.`,
      ),
  });

  rest.on("POST", "runs/log-inputs", async (fields) => {
    await tracker.logInputs(fields.requiredRunId(), {
      datasets: fields.messages("datasets").map(readDatasetInput),
      models: fields.messages("models").map((model) => ({ modelId: model.requiredString("model_id") })),
    });
    return {};
  });

  rest.on("POST", "runs/outputs", async (fields) => {
    if (!fields.has("models")) throw fields.missing("models");
    const models = fields.messages("models").map((model) => ({
      modelId: model.requiredString("model_id"),
      step: model.integer("step") ?? 0,
    }));
    await tracker.logOutputs(fields.requiredRunId(), models);
    return {};
  });

  rest.on("POST", "runs/log-model", async (fields) => {
    await appendModelHistory(tracker, fields.requiredRunId(), fields);
    return {};
  });
}

/** Refuses a batch past MLflow's limits. */
function checkBatchSize(counts: { readonly metrics: number; readonly params: number; readonly tags: number }): void {
  const limits = [
    ["metrics", counts.metrics, MAX_METRICS_PER_BATCH],
    ["params", counts.params, MAX_PARAMS_TAGS_PER_BATCH],
    ["tags", counts.tags, MAX_PARAMS_TAGS_PER_BATCH],
    ["metrics, params, and tags", counts.metrics + counts.params + counts.tags, MAX_ENTITIES_PER_BATCH],
  ] as const;
  for (const [name, count, limit] of limits) {
    if (count <= limit) continue;
    throw invalidParameter(
      `A batch logging request can contain at most ${limit} ${name}. Got ${count} ${name}. ` +
        `Please split up ${name} across multiple requests and try again.`,
    );
  }
}

/** How clients of MLflow 2 tell of a model: its MLmodel, kept in a tag of the run. */
async function appendModelHistory(tracker: Tracker, runId: string, fields: Fields): Promise<void> {
  const text = fields.requiredString("model_json");
  let model: unknown;
  try {
    model = JSON.parse(text);
  } catch {
    throw invalidParameter(`Malformed model info. \n ${text.slice(0, 500)} \n is not a valid JSON.`);
  }
  const wanted = ["artifact_path", "flavors", "utc_time_created", "run_id"];
  const lacking = wanted.filter((name) => !isRecord(model) || !Object.hasOwn(model, name));
  if (!isRecord(model) || lacking.length > 0) {
    throw invalidParameter(`Model json is missing mandatory fields: ${lacking.join(", ")}`);
  }
  const run = await tracker.getRun(runId);
  if (run.info.lifecycleStage !== "active") {
    throw invalidParameter(`The run ${runId} must be in the 'active' state. Current state is deleted.`);
  }
  const history = readHistory(run.tags.find(({ key }) => key === MODEL_HISTORY_TAG)?.value);
  const value = JSON.stringify([...history, model]);
  await tracker.logBatch(runId, { tags: [{ key: MODEL_HISTORY_TAG, value }] });
}

function readHistory(text: string | undefined): readonly unknown[] {
  if (text === undefined) return [];
  try {
    const history: unknown = JSON.parse(text);
    if (Array.isArray(history)) return history;
  } catch {
    // Cut to the length of a tag by an earlier writer: what is left of it cannot be appended to.
  }
  throw new TrackingError("INVALID_PARAMETER_VALUE", `Cannot append to tag '${MODEL_HISTORY_TAG}' as it is no list`);
}
