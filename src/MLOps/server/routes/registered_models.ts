import { type ModelRegistry, type ModelVersion, TrackingError } from "../../../core/mod.ts";
import { checkKeyForm } from "../../rules/entries.ts";
import { canonicalStage } from "../../rules/names.ts";
import { newestOf, versionOfAlias } from "../named_version.ts";
import { message, modelVersionMessage, registeredModelMessage } from "../messages.ts";
import type { RestRouter } from "../rest.ts";
import { readPage, readTags } from "./read.ts";

/** Registers the routes of registered models and their aliases (reference 4.4). */
export function registeredModelRoutes(rest: RestRouter, registry: ModelRegistry): void {
  rest.on("POST", "registered-models/create", async (fields) => {
    const description = fields.string("description");
    const model = await registry.createRegisteredModel(fields.requiredString("name"), {
      ...(description === undefined ? {} : { description }),
      tags: readTags(fields),
    });
    return { registered_model: registeredModelMessage(model) };
  });

  rest.on("GET", "registered-models/get", async (fields) => {
    return {
      registered_model: registeredModelMessage(await registry.getRegisteredModel(fields.requiredString("name"))),
    };
  });

  rest.on("PATCH", "registered-models/update", async (fields) => {
    const model = await registry.updateRegisteredModel(
      fields.requiredString("name"),
      fields.string("description") ?? "",
    );
    return { registered_model: registeredModelMessage(model) };
  });

  rest.on("POST", "registered-models/rename", async (fields) => {
    const name = fields.requiredString("name");
    const model = await registry.renameRegisteredModel(name, fields.requiredString("new_name"));
    return { registered_model: registeredModelMessage(model) };
  });

  rest.on("DELETE", "registered-models/delete", async (fields) => {
    await registry.deleteRegisteredModel(fields.requiredString("name"));
    return {};
  });

  rest.on("GET", "registered-models/search", async (fields) => {
    const page = await registry.searchRegisteredModels(readPage(fields));
    return message({
      registered_models: page.items.map(registeredModelMessage),
      next_page_token: page.nextPageToken,
    });
  });

  rest.on("GET|POST", "registered-models/get-latest-versions", async (fields) => {
    const stages: readonly string[] = fields.strings("stages").map(canonicalStage);
    const { latestVersions } = await registry.getRegisteredModel(fields.requiredString("name"));
    const wanted = latestVersions.filter(({ currentStage }) => stages.length === 0 || stages.includes(currentStage));
    return message({ model_versions: wanted.map(modelVersionMessage) });
  });

  rest.on("POST", "registered-models/set-tag", async (fields) => {
    const tag = { key: fields.requiredString("key"), value: fields.string("value") ?? "" };
    await registry.setRegisteredModelTag(fields.requiredString("name"), tag);
    return {};
  });

  rest.on("DELETE", "registered-models/delete-tag", async (fields) => {
    const name = fields.requiredString("name"), key = fields.requiredString("key");
    checkKeyForm(key, "key");
    await registry.deleteRegisteredModelTag(name, key);
    return {};
  });

  rest.on("POST", "registered-models/alias", async (fields) => {
    const name = fields.requiredString("name");
    await registry.setAlias(name, fields.requiredString("alias"), fields.requiredString("version"));
    return {};
  });

  rest.on("DELETE", "registered-models/alias", async (fields) => {
    await registry.deleteAlias(fields.requiredString("name"), fields.requiredString("alias"));
    return {};
  });

  rest.on("GET", "registered-models/alias", async (fields) => {
    const version = await resolveAlias(registry, fields.requiredString("name"), fields.requiredString("alias"));
    return { model_version: modelVersionMessage(version) };
  });
}

/** The version behind an alias; `latest` is always the newest. @throws {TrackingError} 400 for an unknown alias. */
async function resolveAlias(registry: ModelRegistry, name: string, alias: string): Promise<ModelVersion> {
  if (alias.toLowerCase() === "latest") {
    const { latestVersions } = await registry.getRegisteredModel(name);
    const newest = newestOf(latestVersions);
    if (newest === undefined) {
      throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Registered model ${name} has no versions`);
    }
    return await registry.getModelVersion(name, newest.version);
  }
  return await versionOfAlias(registry, name, alias);
}
