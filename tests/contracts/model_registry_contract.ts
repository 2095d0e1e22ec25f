/** What every model registry does, whoever keeps it; it may be shared, so names are made unique. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ModelRegistry, type Tracker, TrackingError } from "../../src/core/mod.ts";
import { assertTrackingError, unique } from "./tracker_contract.ts";

/** A registry with the runs that its models come from. */
export interface Stores extends AsyncDisposable {
  readonly tracker: Tracker;
  readonly registry: ModelRegistry;
}

async function readyModel({ tracker }: Stores): Promise<{ modelId: string; runId: string; source: string }> {
  const experimentId = await tracker.createExperiment(unique("registry"));
  const { info } = await tracker.createRun({ experimentId });
  const { modelId } = await tracker.createLoggedModel({ experimentId, name: "m", sourceRunId: info.runId });
  await tracker.writeArtifact({ modelId }, "MLmodel", new TextEncoder().encode("flavors: {}\n"));
  await tracker.writeArtifact({ modelId }, "data/weights.bin", Uint8Array.of(0, 255, 10));
  await tracker.finalizeLoggedModel(modelId, "READY");
  return { modelId, runId: info.runId, source: `models:/${modelId}` };
}

/** Registers the suite; `open` is called once a test. */
export function testModelRegistry(name: string, open: () => Promise<Stores>): void {
  const test = (behaviour: string, run: (stores: Stores) => Promise<void>) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      await using stores = await open();
      await run(stores);
    });

  test("createRegisteredModel() makes what getRegisteredModel() finds", async ({ registry }) => {
    const model = unique("bitcoin model ü");
    const made = await registry.createRegisteredModel(model, {
      description: "a line",
      tags: [{ key: "task", value: "forecast" }],
    });
    assertEquals([made.name, made.description], [model, "a line"]);
    const found = await registry.getRegisteredModel(model);
    assertEquals(found.tags, [{ key: "task", value: "forecast" }]);
    assertEquals([found.aliases, found.latestVersions], [[], []]);
    await assertTrackingError(() => registry.createRegisteredModel(model), "RESOURCE_ALREADY_EXISTS");
    await assertTrackingError(() => registry.getRegisteredModel(unique("none")), "RESOURCE_DOES_NOT_EXIST");
  });

  test("createRegisteredModel() refuses names that MLflow refuses", async ({ registry }) => {
    for (const bad of [" ", "a/b", "a:b", "..", "."]) {
      await assertTrackingError(() => registry.createRegisteredModel(bad), "INVALID_PARAMETER_VALUE");
    }
  });

  test("createModelVersion() numbers versions and reads their files", async (stores) => {
    const { registry } = stores;
    const model = unique("versions");
    await registry.createRegisteredModel(model);
    const { modelId, runId, source } = await readyModel(stores);
    const made = await registry.createModelVersion({
      name: model,
      source,
      modelId,
      description: "first",
      tags: [{ key: "gate.passed", value: "true" }],
    });
    assertEquals([made.version, made.status, made.currentStage], ["1", "READY", "None"]);
    assertEquals([made.runId, made.source, made.modelId], [runId, source, modelId]);
    const second = await registry.createModelVersion({ name: model, source });
    assertEquals(second.version, "2");
    const found = await registry.getModelVersion(model, "1");
    assertEquals([found.description, found.tags], ["first", [{ key: "gate.passed", value: "true" }]]);
    assertEquals((await registry.getRegisteredModel(model)).latestVersions.map(({ version }) => version), ["2"]);
    assertEquals(await registry.listModelFiles(model, "1"), [
      { path: "MLmodel", isDirectory: false, fileSize: 12 },
      { path: "data", isDirectory: true },
    ]);
    assertEquals(await registry.readModelFile(model, "1", "data/weights.bin"), Uint8Array.of(0, 255, 10));
    await assertTrackingError(() => registry.readModelFile(model, "1", "none"), "RESOURCE_DOES_NOT_EXIST");
    await assertTrackingError(() => registry.readModelFile(model, "1", "../x"), "INVALID_PARAMETER_VALUE");
    await assertTrackingError(() => registry.getModelVersion(model, "9"), "RESOURCE_DOES_NOT_EXIST");
    await assertTrackingError(() => registry.getModelVersion(model, "one"), "INVALID_PARAMETER_VALUE");
    await assertTrackingError(
      () => registry.createModelVersion({ name: unique("none"), source }),
      "RESOURCE_DOES_NOT_EXIST",
    );
  });

  test("createModelVersion() refuses a logged model that does not exist", async ({ registry }) => {
    const model = unique("missing");
    await registry.createRegisteredModel(model);
    const modelId = `m-${"0".repeat(32)}`;
    await assertRejects(
      () => registry.createModelVersion({ name: model, source: `models:/${modelId}`, modelId }),
      TrackingError,
    );
    assertEquals((await registry.getRegisteredModel(model)).latestVersions, []);
  });

  test("aliases point at one version, move, and go", async (stores) => {
    const { registry } = stores;
    const model = unique("aliases");
    await registry.createRegisteredModel(model);
    const { source } = await readyModel(stores);
    for (let i = 0; i < 2; i++) await registry.createModelVersion({ name: model, source });
    assertEquals(await registry.getVersionByAlias(model, "production"), undefined);
    assertEquals(await registry.getVersionByAlias(unique("none"), "production"), undefined);
    await registry.setAlias(model, "production", "1");
    await registry.setAlias(model, "challenger", "1");
    assertEquals((await registry.getVersionByAlias(model, "production"))?.version, "1");
    await registry.setAlias(model, "production", "2");
    const pointed = await registry.getVersionByAlias(model, "production");
    assertEquals([pointed?.version, pointed?.aliases], ["2", ["production"]]);
    assertEquals((await registry.getRegisteredModel(model)).aliases, [
      { alias: "challenger", version: "1" },
      { alias: "production", version: "2" },
    ]);
    assertEquals((await registry.getVersionByAlias(model, "latest"))?.version, "2");
    await registry.deleteAlias(model, "production");
    assertEquals(await registry.getVersionByAlias(model, "production"), undefined);
    for (const bad of ["latest", "Latest", "v1", "V22", "a b", "ä/b"]) {
      await assertTrackingError(() => registry.setAlias(model, bad, "1"), "INVALID_PARAMETER_VALUE");
    }
    await assertTrackingError(() => registry.setAlias(model, "production", "9"), "RESOURCE_DOES_NOT_EXIST");
  });

  test("moveAlias() takes its history along, and refuses where somebody else was first", async (stores) => {
    const { registry } = stores;
    const model = unique("moved");
    await registry.createRegisteredModel(model, { tags: [{ key: "log", value: "" }] });
    const { source } = await readyModel(stores);
    for (let i = 0; i < 3; i++) await registry.createModelVersion({ name: model, source });
    const move = (from: string | undefined, to: string) =>
      registry.moveAlias(model, "production", {
        from,
        to,
        tag: ({ tags }) => ({ key: "log", value: `${tags.find(({ key }) => key === "log")?.value}>${to}` }),
      });
    await move(undefined, "1");
    await move("1", "2");
    for (const stale of [undefined, "1", "3"]) {
      await assertTrackingError(() => move(stale, "3"), "RESOURCE_CONFLICT");
    }
    const tooLong = { from: "2", to: "3", tag: () => ({ key: "k".repeat(251), value: "" }) };
    await assertTrackingError(() => registry.moveAlias(model, "production", tooLong), "INVALID_PARAMETER_VALUE");
    await assertTrackingError(() => move("2", "9"), "RESOURCE_DOES_NOT_EXIST");
    const { tags, aliases } = await registry.getRegisteredModel(model);
    assertEquals([tags, aliases], [[{ key: "log", value: ">1>2" }], [{ alias: "production", version: "2" }]]);
  });

  test("deleteModelVersion() takes its aliases and never gives its number again", async (stores) => {
    const { registry } = stores;
    const model = unique("deleted");
    await registry.createRegisteredModel(model);
    const { source } = await readyModel(stores);
    await registry.createModelVersion({ name: model, source });
    await registry.createModelVersion({ name: model, source });
    await registry.setAlias(model, "production", "2");
    await registry.deleteModelVersion(model, "2");
    await assertTrackingError(() => registry.getModelVersion(model, "2"), "RESOURCE_DOES_NOT_EXIST");
    assertEquals(await registry.getVersionByAlias(model, "production"), undefined);
    assertEquals((await registry.createModelVersion({ name: model, source })).version, "3");
    const { items } = await registry.searchModelVersions({ filter: `name = '${model}'` });
    assertEquals(items.map(({ version }) => version).sort(), ["1", "3"]);
  });

  test("renameRegisteredModel() takes versions, tags and aliases along", async (stores) => {
    const { registry } = stores;
    const model = unique("old"), renamed = unique("new"), taken = unique("taken");
    await registry.createRegisteredModel(model, { tags: [{ key: "a", value: "1" }] });
    await registry.createRegisteredModel(taken);
    const { source } = await readyModel(stores);
    await registry.createModelVersion({ name: model, source, tags: [{ key: "b", value: "2" }] });
    await registry.renameRegisteredModel(model, renamed);
    await assertTrackingError(() => registry.getRegisteredModel(model), "RESOURCE_DOES_NOT_EXIST");
    assertEquals((await registry.getRegisteredModel(renamed)).tags, [{ key: "a", value: "1" }]);
    assertEquals((await registry.getModelVersion(renamed, "1")).tags, [{ key: "b", value: "2" }]);
    await assertTrackingError(() => registry.renameRegisteredModel(renamed, taken), "RESOURCE_ALREADY_EXISTS");
  });

  test("updates, tags and stages of models and versions stay", async (stores) => {
    const { registry } = stores;
    const model = unique("edits");
    await registry.createRegisteredModel(model);
    const { source } = await readyModel(stores);
    for (let i = 0; i < 2; i++) await registry.createModelVersion({ name: model, source });
    assertEquals((await registry.updateRegisteredModel(model, "words")).description, "words");
    assertEquals((await registry.updateModelVersion(model, "1", "more")).description, "more");
    await registry.setRegisteredModelTag(model, { key: "k", value: "old" });
    await registry.setRegisteredModelTag(model, { key: "k", value: "new" });
    await registry.setModelVersionTag(model, "1", { key: "k", value: "v" });
    await registry.setModelVersionTag(model, "1", { key: "gone", value: "v" });
    await registry.deleteModelVersionTag(model, "1", "gone");
    assertEquals((await registry.getRegisteredModel(model)).tags, [{ key: "k", value: "new" }]);
    assertEquals((await registry.getModelVersion(model, "1")).tags, [{ key: "k", value: "v" }]);
    await registry.deleteRegisteredModelTag(model, "k");
    assertEquals((await registry.getRegisteredModel(model)).tags, []);
    assertEquals((await registry.transitionStage(model, "1", "production")).currentStage, "Production");
    await registry.transitionStage(model, "2", "Production", true);
    assertEquals((await registry.getModelVersion(model, "1")).currentStage, "Archived");
    await assertTrackingError(() => registry.transitionStage(model, "1", "Nowhere"), "INVALID_PARAMETER_VALUE");
    await registry.deleteRegisteredModel(model);
    await assertTrackingError(() => registry.getModelVersion(model, "1"), "RESOURCE_DOES_NOT_EXIST");
  });

  test("searches find models and versions by name, run and tag", async (stores) => {
    const { registry } = stores;
    const mark = unique("find");
    const { runId, source } = await readyModel(stores);
    for (const suffix of ["a", "B"]) {
      await registry.createRegisteredModel(`${mark}-${suffix}`, { tags: [{ key: "side", value: suffix }] });
      await registry.createModelVersion({ name: `${mark}-${suffix}`, source, tags: [{ key: "side", value: suffix }] });
    }
    await registry.createModelVersion({ name: `${mark}-a`, source });
    const models = async (filter: string, orderBy?: readonly string[]) =>
      (await registry.searchRegisteredModels({ filter, ...(orderBy === undefined ? {} : { orderBy }) })).items
        .map((model) => model.name.slice(mark.length + 1)).join("");
    assertEquals(await models(`name LIKE '${mark}-%'`), "Ba");
    assertEquals(await models(`name LIKE '${mark}-%'`, ["name DESC"]), "aB");
    assertEquals(await models(`name ILIKE '${mark}-b'`), "B");
    assertEquals(await models(`name LIKE '${mark}-%' AND tags.side = 'a'`), "a");
    assertEquals(await models(`name LIKE '${mark}-%' AND tag.\`mlflow.prompt.is_prompt\` != 'true'`), "Ba");
    const versions = async (filter: string) =>
      (await registry.searchModelVersions({ filter, orderBy: ["name ASC", "version_number DESC"] })).items
        .map((version) => `${version.name.slice(mark.length + 1)}${version.version}`).join(" ");
    assertEquals(await versions(`run_id = '${runId}'`), "B1 a2 a1");
    assertEquals(await versions(`name = '${mark}-a' AND version_number > 1`), "a2");
    assertEquals(await versions(`name LIKE '${mark}-%' AND tags.side = 'B'`), "B1");
    assertEquals(await versions(`run_id IN ('${runId}') AND source_path = '${source}' AND name = '${mark}-B'`), "B1");
    const search = { filter: `name LIKE '${mark}-%'`, orderBy: ["name ASC"], maxResults: 1 };
    const first = await registry.searchRegisteredModels(search);
    assertEquals(first.items.map((model) => model.name), [`${mark}-B`]);
    const rest = await registry.searchRegisteredModels({ ...search, pageToken: first.nextPageToken! });
    assertEquals(rest.items.map((model) => model.name), [`${mark}-a`]);
    assertEquals(rest.nextPageToken, undefined);
    await assertTrackingError(() => models("owner = 'me'"), "INVALID_PARAMETER_VALUE");
    await assertTrackingError(() => versions("stage = 'x'"), "INVALID_PARAMETER_VALUE");
  });

  test("changeCounter() moves when another client has written", async (stores) => {
    const before = await stores.registry.changeCounter();
    await using others = await open();
    await others.registry.createRegisteredModel(unique("change"));
    if (others.registry.uri !== stores.registry.uri) return; // a store of its own
    const after = await stores.registry.changeCounter();
    assert(after !== before || others.registry === stores.registry, `${before} → ${after}`);
  });
}
