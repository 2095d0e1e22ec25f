import type { Tracker } from "../../../core/mod.ts";
import { noLoggedModel } from "../../rules/names.ts";
import { inventName } from "../../rules/invented_name.ts";
import type { ArtifactAccess } from "../artifact_access.ts";
import { safeArtifactPath } from "../artifact_path.ts";
import { artifactResponse } from "../artifact_response.ts";
import { Fields } from "../fields.ts";
import { fileMessage, loggedModelMessage, message } from "../messages.ts";
import type { RestRouter } from "../rest.ts";
import { readParams, readTags } from "./read.ts";

const STATUSES = ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"] as const;
const STATUS_OF = {
  LOGGED_MODEL_PENDING: "PENDING",
  LOGGED_MODEL_READY: "READY",
  LOGGED_MODEL_UPLOAD_FAILED: "UPLOAD_FAILED",
} as const;

/** Registers the routes of logged models (reference 4.3). */
export function loggedModelRoutes(rest: RestRouter, tracker: Tracker, artifacts: ArtifactAccess): void {
  rest.on("POST", "logged-models", async (fields) => {
    const modelType = fields.string("model_type");
    const sourceRunId = fields.string("source_run_id");
    const model = await tracker.createLoggedModel({
      experimentId: fields.requiredString("experiment_id"),
      name: fields.string("name") || inventName(),
      ...(modelType ? { modelType } : {}),
      ...(sourceRunId ? { sourceRunId } : {}),
      params: readParams(fields),
      tags: readTags(fields),
    });
    return { model: loggedModelMessage(model) };
  });

  rest.on("POST", "logged-models/search", async (fields) => {
    if (!fields.has("experiment_ids")) throw fields.missing("experiment_ids");
    const experimentIds = fields.strings("experiment_ids");
    const filter = fields.string("filter");
    const maxResults = fields.integer("max_results");
    const pageToken = fields.string("page_token");
    const page = await tracker.searchLoggedModels({
      experimentIds,
      ...(filter ? { filter } : {}),
      datasets: fields.messages("datasets").map((dataset) => {
        const datasetDigest = dataset.string("dataset_digest");
        return { datasetName: dataset.string("dataset_name") ?? "", ...(datasetDigest ? { datasetDigest } : {}) };
      }),
      orderBy: fields.messages("order_by").map(readOrder),
      // 0 is what protobuf has for a size that is not given.
      ...(maxResults === undefined || maxResults === 0 ? {} : { maxResults }),
      ...(pageToken ? { pageToken } : {}),
    });
    return message({ models: page.items.map(loggedModelMessage), next_page_token: page.nextPageToken });
  });

  rest.on("GET", "logged-models/:id", async (_fields, context) => {
    return { model: loggedModelMessage(await tracker.getLoggedModel(context.req.param("id")!)) };
  });

  rest.on("DELETE", "logged-models/:id", async (_fields, context) => {
    await tracker.deleteLoggedModel(context.req.param("id")!);
    return {};
  });

  rest.on("PATCH", "logged-models/:id", async (fields, context) => {
    const modelId = fields.requiredString("model_id");
    if (modelId !== context.req.param("id")) throw noLoggedModel(modelId);
    const status = fields.choice("status", STATUSES);
    if (status === undefined) throw fields.missing("status");
    return { model: loggedModelMessage(await tracker.finalizeLoggedModel(modelId, STATUS_OF[status])) };
  });

  rest.on("POST", "logged-models/:id/params", async (fields, context) => {
    await tracker.logLoggedModelParams(context.req.param("id")!, readParams(fields));
    return {};
  });

  rest.on("PATCH", "logged-models/:id/tags", async (fields, context) => {
    await tracker.setLoggedModelTags(context.req.param("id")!, readTags(fields));
    return {};
  });

  rest.on("DELETE", "logged-models/:id/tags/:key{.+}", async (_fields, context) => {
    await tracker.deleteLoggedModelTag(context.req.param("id")!, context.req.param("key")!);
    return {};
  });

  rest.on("GET", "logged-models/:id/artifacts/directories", async (fields, context) => {
    const path = safeArtifactPath(fields.string("artifact_directory_path") ?? "");
    const model = await tracker.getLoggedModel(context.req.param("id")!);
    const files = await artifacts.ofLoggedModel(model).list(path);
    return message({ root_uri: model.artifactUri, files: files.map((file) => fileMessage(file)) });
  });

  rest.raw("GET", "logged-models/:id/artifacts/files", async (context) => {
    const fields = Fields.fromQuery(new URL(context.req.url).searchParams);
    const path = safeArtifactPath(fields.requiredString("artifact_file_path"));
    const model = await tracker.getLoggedModel(context.req.param("id")!);
    return artifactResponse(await artifacts.ofLoggedModel(model).open(path), context.req.raw);
  }, { ajaxOnly: true });
}

function readOrder(fields: Fields) {
  const datasetName = fields.string("dataset_name");
  const datasetDigest = fields.string("dataset_digest");
  return {
    fieldName: fields.string("field_name") ?? "",
    ascending: fields.boolean("ascending") ?? true,
    ...(datasetName ? { datasetName } : {}),
    ...(datasetDigest ? { datasetDigest } : {}),
  };
}
