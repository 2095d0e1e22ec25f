import type { ModelRegistry, Tracker } from "../../../core/mod.ts";
import { message, modelVersionMessage } from "../messages.ts";
import { checkKeyForm } from "../../rules/entries.ts";
import { isPrompt, promptSource, resolveModelSource } from "../model_source.ts";
import type { RestRouter } from "../rest.ts";
import { readPage, readTags } from "./read.ts";

/** Registers the routes of model versions (reference 4.4). */
export function modelVersionRoutes(rest: RestRouter, registry: ModelRegistry, tracker: Tracker): void {
  rest.on("POST", "model-versions/create", async (fields) => {
    const name = fields.requiredString("name");
    const source = fields.requiredString("source");
    const runId = fields.string("run_id");
    const modelId = fields.string("model_id");
    const runLink = fields.string("run_link");
    const description = fields.string("description");
    const tags = readTags(fields);
    const given = { source, ...(runId ? { runId } : {}), ...(modelId ? { modelId } : {}) };
    const resolved = isPrompt(tags) ? promptSource(given) : await resolveModelSource(given, { tracker, registry });
    const version = await registry.createModelVersion({
      name,
      ...resolved,
      ...(runLink ? { runLink } : {}),
      ...(description === undefined ? {} : { description }),
      tags,
    });
    return { model_version: modelVersionMessage(version) };
  });

  rest.on("GET", "model-versions/get", async (fields) => {
    const version = await registry.getModelVersion(fields.requiredString("name"), fields.requiredString("version"));
    return { model_version: modelVersionMessage(version) };
  });

  rest.on("PATCH", "model-versions/update", async (fields) => {
    const version = await registry.updateModelVersion(
      fields.requiredString("name"),
      fields.requiredString("version"),
      fields.string("description") ?? "",
    );
    return { model_version: modelVersionMessage(version) };
  });

  rest.on("POST", "model-versions/transition-stage", async (fields) => {
    const version = await registry.transitionStage(
      fields.requiredString("name"),
      fields.requiredString("version"),
      fields.requiredString("stage"),
      fields.boolean("archive_existing_versions") ?? false,
    );
    return { model_version: modelVersionMessage(version) };
  });

  rest.on("DELETE", "model-versions/delete", async (fields) => {
    await registry.deleteModelVersion(fields.requiredString("name"), fields.requiredString("version"));
    return {};
  });

  rest.on("GET", "model-versions/get-download-uri", async (fields) => {
    const uri = await registry.downloadUri(fields.requiredString("name"), fields.requiredString("version"));
    return { artifact_uri: uri };
  });

  rest.on("GET", "model-versions/search", async (fields) => {
    const page = await registry.searchModelVersions(readPage(fields));
    return message({ model_versions: page.items.map(modelVersionMessage), next_page_token: page.nextPageToken });
  });

  rest.on("POST", "model-versions/set-tag", async (fields) => {
    const tag = { key: fields.requiredString("key"), value: fields.string("value") ?? "" };
    await registry.setModelVersionTag(fields.requiredString("name"), fields.requiredString("version"), tag);
    return {};
  });

  rest.on("DELETE", "model-versions/delete-tag", async (fields) => {
    const name = fields.requiredString("name"), version = fields.requiredString("version");
    const key = fields.requiredString("key");
    checkKeyForm(key, "key");
    await registry.deleteModelVersionTag(name, version, key);
    return {};
  });
}
