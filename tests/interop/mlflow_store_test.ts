/** The file that we write, opened, upgraded and written to by the real MLflow. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Tracker } from "../../src/core/mod.ts";
import { SCHEMA_REVISION, SqliteRegistry, SqliteTracker } from "../../src/MLOps/mod.ts";
import { interopTest, runPython, startMlflowServer } from "./python.ts";

const STARTED = 1_700_000_000_000;

interface Seen {
  readonly runs: readonly Readonly<Record<string, unknown>>[];
  readonly history: readonly unknown[];
  readonly found: number;
  readonly production: readonly unknown[];
  readonly model: readonly unknown[];
  readonly files: readonly string[];
  readonly artifact: string;
  readonly written: string;
}

/** One run of ours with everything on it, and its model in production. */
async function fill(tracker: Tracker, registry: SqliteRegistry): Promise<{ runId: string; modelId: string }> {
  const experimentId = await tracker.createExperiment("bitcoin", {
    tags: [{ key: "mlflow.note.content", value: "ö" }],
  });
  const { info: { runId } } = await tracker.createRun({
    experimentId,
    runName: "first",
    userId: "ada",
    startTime: STARTED,
    tags: [{ key: "mlflow.source.type", value: "LOCAL" }],
  });
  await tracker.logBatch(runId, {
    metrics: [0, 1, 2].map((step) => ({ key: "loss", value: 1 / (step + 3), timestamp: STARTED + step, step }))
      .concat([{ key: "nan", value: NaN, timestamp: STARTED, step: 0 }, {
        key: "inf",
        value: Infinity,
        timestamp: STARTED,
        step: 0,
      }]),
    params: [
      { key: "model", value: "mlp" },
      { key: "symbol", value: "BTC/USDT" },
      { key: "horizon_minutes", value: "15" },
    ],
    tags: [{ key: "dataset.sha256", value: "f".repeat(64) }],
  });
  await tracker.logInputs(runId, {
    datasets: [{
      dataset: { name: "BTC/USDT", digest: "f".repeat(36), sourceType: "code", source: "{}" },
      tags: [{ key: "mlflow.data.context", value: "training" }],
    }],
  });
  await tracker.writeArtifact({ runId }, "notes/hello.txt", new TextEncoder().encode("hello ✓"));
  const { modelId } = await tracker.createLoggedModel({
    experimentId,
    name: "forecast",
    sourceRunId: runId,
    params: [{ key: "units", value: "64" }],
    tags: [{ key: "family", value: "mlp" }],
  });
  await tracker.writeArtifact({ modelId }, "MLmodel", new TextEncoder().encode("flavors: {}\n"));
  await tracker.logOutputs(runId, [{ modelId, step: 0 }]);
  await tracker.finalizeLoggedModel(modelId, "READY");
  await tracker.updateRun(runId, { status: "FINISHED", endTime: STARTED + 5_000 });
  await registry.createRegisteredModel("bitcoin-model");
  await registry.createModelVersion({
    name: "bitcoin-model",
    source: `models:/${modelId}`,
    tags: [{ key: "gate.passed", value: "true" }],
  });
  await registry.setAlias("bitcoin-model", "production", "1");
  return { runId, modelId };
}

const hasIndex = (path: string, name: string) => has(path, "index", name);
const hasTable = (path: string, name: string) => has(path, "table", name);

function has(path: string, type: "index" | "table", name: string): boolean {
  const db = new DatabaseSync(path, { readOnly: true });
  const found = db.prepare("SELECT 1 FROM sqlite_master WHERE type = ? AND name = ?").get(type, name);
  db.close();
  return found !== undefined;
}

function revisionOf(path: string): string {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return (db.prepare("SELECT version_num AS v FROM alembic_version").get() as { v: string }).v;
  } finally {
    db.close();
  }
}

interopTest("SqliteTracker writes a file that MLflow opens, upgrades and writes to, and reads on", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "mlflow-store-" });
  const path = `${folder}/mlruns/mlflow.db`, uri = `sqlite:///${path}`;
  try {
    await using tracker = await SqliteTracker.open(uri);
    await using registry = await SqliteRegistry.open(uri);
    const { runId, modelId } = await fill(tracker, registry);
    assertEquals(revisionOf(path), SCHEMA_REVISION);
    let seen: Seen;

    await t.step("MLflow sees everything, while we hold the file open", async () => {
      seen = await runPython<Seen>({ file: "tests/interop/store_client.py" }, [uri, "write"]);
      assertEquals(seen.runs, [{
        id: runId,
        name: "first",
        status: "FINISHED",
        user: "ada",
        end: STARTED + 5_000,
        params: { model: "mlp", symbol: "BTC/USDT", horizon_minutes: "15" },
        metrics: { inf: "1.7976931348623157e+308", loss: "0.2", nan: "nan" },
        tags: { "dataset.sha256": "f".repeat(64), "mlflow.runName": "first", "mlflow.source.type": "LOCAL" },
        datasets: [["BTC/USDT", "f".repeat(36), { "mlflow.data.context": "training" }]],
        models: [modelId],
        artifacts: ["notes"],
      }]);
      assertEquals(seen.history, [["0.3333333333333333", STARTED, 0], ["0.25", STARTED + 1, 1], [
        "0.2",
        STARTED + 2,
        2,
      ]]);
      assertEquals(seen.found, 1);
      assertEquals(seen.production, ["1", `models:/${modelId}`, runId, { "gate.passed": "true" }]);
      assertEquals(seen.model[0], "forecast");
      assertEquals(seen.model.slice(2, 3), [{ units: "64" }]);
      assertEquals([seen.files, seen.artifact], [["MLmodel"], "hello ✓"]);
    });

    await t.step("the file has been upgraded and our open connection reads what MLflow wrote", async () => {
      assert(revisionOf(path) !== SCHEMA_REVISION, "MLflow was expected to upgrade the file");
      assert(hasIndex(path, "sandbox_runs_newest_first"), "MLflow's migrations were expected to carry our index over");
      assert(hasTable(path, "sandbox_trials"), "MLflow's migrations were expected to leave our table alone");
      assertEquals(await tracker.countTrials({ symbol: "BTC/USDT", horizonMinutes: 15 }), 1);
      const run = await tracker.getRun(seen.written);
      assertEquals([run.info.runName, run.info.status], ["from python", "FINISHED"]);
      assertEquals(run.metrics, [
        { key: "loss", value: 0.125, timestamp: STARTED + 500, step: 7 },
        { key: "nan", value: NaN, timestamp: STARTED + 500, step: 7 },
      ]);
      assertEquals(
        new TextDecoder().decode(await tracker.readArtifact({ runId: seen.written }, "notes/python.txt")),
        "from python",
      );
      const own = await tracker.getRun(runId);
      assertEquals(own.metrics.find(({ key }) => key === "from_python")?.value, 0.1 + 0.2);
      assertEquals((await registry.getRegisteredModel("python-model")).tags, [{ key: "made", value: "here" }]);
      assertEquals((await registry.getVersionByAlias("bitcoin-model", "challenger"))?.version, "1");
    });

    await t.step("we write to the upgraded file as before, and MLflow reads it", async () => {
      const experimentId = (await tracker.getExperimentByName("bitcoin"))!.experimentId;
      const { info } = await tracker.createRun({ experimentId, runName: "after", startTime: STARTED + 9_000 });
      await tracker.logBatch(info.runId, {
        metrics: [{ key: "loss", value: 0.5, timestamp: STARTED, step: 0 }],
        params: [{ key: "model", value: "har" }],
        tags: [{ key: "k", value: "v" }],
      });
      await tracker.updateRun(info.runId, { status: "FINISHED" });
      const other = await tracker.createExperiment("after the upgrade", { tags: [{ key: "a", value: "b" }] });
      await tracker.setExperimentTag(other, { key: "a", value: "c" });
      await registry.createRegisteredModel("after", { tags: [{ key: "a", value: "b" }] });
      await registry.setRegisteredModelTag("after", { key: "a", value: "c" });
      await registry.createModelVersion({
        name: "bitcoin-model",
        source: `models:/${modelId}`,
        tags: [{ key: "t", value: "u" }],
      });
      await registry.setModelVersionTag("bitcoin-model", "2", { key: "t", value: "w" });
      await registry.setAlias("bitcoin-model", "production", "2");
      await registry.setAlias("bitcoin-model", "production", "2");
      await registry.renameRegisteredModel("after", "renamed");
      const again = await runPython<Seen>({ file: "tests/interop/store_client.py" }, [uri, "read"]);
      assertEquals(again.runs.map(({ name }) => name), ["first", "after", "from python"]);
      assertEquals(again.runs[1]?.metrics, { loss: "0.5" });
      assertEquals(again.production, ["2", `models:/${modelId}`, runId, { t: "w" }]);
      assertEquals((await registry.getRegisteredModel("renamed")).tags, [{ key: "a", value: "c" }]);
    });

    await t.step("MLflow's UI server starts on it and serves our artifacts", async () => {
      await using server = await startMlflowServer(folder, { args: ["--backend-store-uri", uri] });
      const page = await fetch(server.url);
      assertStringIncludes(await page.text(), "<html");
      const file = await fetch(`${server.url}/get-artifact?run_id=${runId}&path=notes/hello.txt`);
      assertEquals([file.status, await file.text()], [200, "hello ✓"]);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

interopTest("SqliteTracker opens a file that MLflow made", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mlflow-made-" });
  try {
    const uri = `sqlite:///${folder}/made.db`;
    const code = `
import sys, json, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("made by python")
with mlflow.start_run(run_name="theirs") as run:
    mlflow.log_metric("loss", 0.25)
    mlflow.log_param("p", "1")
print(json.dumps(run.info.run_id))`;
    const runId = await runPython<string>({ code }, [uri], { cwd: folder });
    await using tracker = await SqliteTracker.open(uri);
    assertEquals((await tracker.getExperiment("0")).name, "Default");
    assertEquals((await tracker.getRun(runId)).info.runName, "theirs");
    const made = await tracker.createRun({ experimentId: "1", runName: "ours" });
    await tracker.logBatch(made.info.runId, { metrics: [{ key: "loss", value: 1, timestamp: STARTED, step: 0 }] });
    await tracker.writeArtifact({ runId: made.info.runId }, "a.txt", new TextEncoder().encode("a"));
    const found = await runPython<string[]>(
      {
        code: `
import sys, json, mlflow
mlflow.set_tracking_uri(sys.argv[1])
runs = mlflow.search_runs(experiment_names=["made by python"], output_format="list")
print(json.dumps(sorted(run.info.run_name + ":" + ",".join(f.path for f in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)) for run in runs)))`,
      },
      [uri],
      { cwd: folder },
    );
    assertEquals(found, ["ours:a.txt", "theirs:"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
