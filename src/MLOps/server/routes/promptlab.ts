import type { KeyValue, Tracker } from "../../../core/mod.ts";
import { pythonJson } from "../../rules/text.ts";
import type { ArtifactAccess } from "../artifact_access.ts";
import { type Fields, invalidParameter } from "../fields.ts";
import { runMessage } from "../messages.ts";
import type { RestRouter } from "../rest.ts";
import { readParams, readTags } from "./read.ts";

const TABLE = "eval_results_table.json";
const TAGS: readonly KeyValue[] = [
  { key: "mlflow.loggedArtifacts", value: pythonJson([{ path: TABLE, type: "table" }]) },
  { key: "mlflow.runSourceType", value: "PROMPT_ENGINEERING" },
];

/**
 * Registers the route by which MLflow's page keeps what a prompt gave as a run: parameters, tags and a table. The model
 * that MLflow adds is left out, as it only calls a gateway, and none is served here.
 */
export function promptlabRoutes(rest: RestRouter, tracker: Tracker, artifacts: ArtifactAccess): void {
  rest.on("POST", "runs/create-promptlab-run", async (fields) => {
    const experimentId = required(fields, "experiment_id");
    const promptTemplate = required(fields, "prompt_template");
    const promptParams = readParams(fields, "prompt_parameters");
    if (promptParams.length === 0) throw unspecified("prompt_parameters");
    const modelRoute = required(fields, "model_route");
    const modelParams = readParams(fields, "model_parameters");
    const modelInput = required(fields, "model_input");
    const outputParams = readParams(fields, "model_output_parameters");
    required(fields, "mlflow_version");
    const runName = fields.string("run_name");
    const run = await tracker.createRun({
      experimentId,
      ...(runName ? { runName } : {}),
      userId: fields.string("user_id") ?? "unknown",
      startTime: fields.integer("start_time") ?? Date.now(),
      tags: readTags(fields),
    });
    const { runId } = run.info;
    try {
      const params = [
        ...modelParams,
        { key: "model_route", value: modelRoute },
        { key: "prompt_template", value: promptTemplate },
      ];
      await tracker.logBatch(runId, { params, tags: TAGS });
      const cells = [
        ...promptParams,
        { key: "prompt", value: modelInput },
        { key: "output", value: fields.string("model_output") ?? null },
        ...outputParams,
      ];
      const table = { columns: cells.map(({ key }) => key), data: [cells.map(({ value }) => value)] };
      await artifacts.ofRun(run).write(TABLE, new TextEncoder().encode(pythonJson(table)));
    } catch (error) {
      await tracker.updateRun(runId, { status: "FAILED", endTime: Date.now() });
      throw error;
    }
    await tracker.updateRun(runId, { status: "FINISHED", endTime: Date.now() });
    return { run: runMessage(await tracker.getRun(runId)) };
  }, { ajaxOnly: true });
}

function required(fields: Fields, name: string): string {
  const value = fields.string(name);
  if (!value) throw unspecified(name);
  return value;
}

function unspecified(name: string) {
  return invalidParameter(`CreatePromptlabRun request must specify ${name}.`);
}
