/** Experiments whose ids have the 18 digits of MLflow's file store: beyond 2^53, where a double loses the last ones. */
import { DatabaseSync } from "node:sqlite";
import { assertEquals } from "@std/assert";
import { SqliteTracker } from "../../../src/MLOps/mod.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";

const IDS = ["123456789012345677", "123456789012345678"] as const;

Deno.test("SqliteTracker keeps every digit of an experiment's id, wherever it is asked for", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/mlflow.db`;
  await (await SqliteTracker.open(`sqlite:///${path}`))[Symbol.asyncDispose]();
  {
    const database = new DatabaseSync(path);
    for (const id of IDS) {
      database.prepare("INSERT INTO experiments VALUES (?, ?, ?, 'active', 1, 1)").run(
        BigInt(id),
        `old ${id}`,
        tmp.path,
      );
    }
    database.close();
  }
  await using tracker = await SqliteTracker.open(`sqlite:///${path}`);
  for (const experimentId of IDS) {
    assertEquals((await tracker.getExperiment(experimentId)).name, `old ${experimentId}`);
    await tracker.setExperimentTag(experimentId, { key: "team", value: experimentId });
    await tracker.renameExperiment(experimentId, `renamed ${experimentId}`);
    const { info } = await tracker.createRun({ experimentId });
    assertEquals(info.experimentId, experimentId);
    const { modelId } = await tracker.createLoggedModel({ experimentId, params: [{ key: "units", value: "8" }] });
    await tracker.logBatch(info.runId, { metrics: [{ key: "loss", value: 1, timestamp: 1, step: 0, modelId }] });
    const dataset = { name: "candles", digest: "d", sourceType: "local", source: "{}" };
    await tracker.logInputs(info.runId, { datasets: [{ dataset, tags: [] }] });
    assertEquals((await tracker.searchRuns({ experimentIds: [experimentId] })).items.map((run) => run.info.runId), [
      info.runId,
    ]);
    const models = await tracker.searchLoggedModels({ experimentIds: [experimentId] });
    assertEquals(models.items.map((model) => [model.experimentId, model.metrics.length]), [[experimentId, 1]]);
    assertEquals((await tracker.searchDatasets([experimentId])).map((one) => one.experimentId), [experimentId]);
  }
  const found = await tracker.searchExperiments({ filter: "tags.team LIKE '%'", orderBy: ["experiment_id ASC"] });
  assertEquals(found.items.map(({ experimentId, tags }) => [experimentId, tags[0]!.value]), IDS.map((id) => [id, id]));
  const named = await tracker.searchExperiments({ filter: `experiment_id = '${IDS[1]}'` });
  assertEquals(named.items.map(({ experimentId }) => experimentId), [IDS[1]]);
  assertEquals(await tracker.createExperiment("next"), "123456789012345679");
  await tracker.deleteExperiment(IDS[0]);
  assertEquals((await tracker.getExperiment(IDS[0])).lifecycleStage, "deleted");
});
