import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { seededRandom, TrackingError } from "../../../src/core/mod.ts";
import { sqlitePath, SqliteRegistry, SqliteTracker } from "../../../src/MLOps/mod.ts";

async function withFolder(run: (folder: string, uri: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "sqlite-" });
  try {
    await run(folder, `sqlite:///${folder}/mlruns/mlflow.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function writer(uri: string, runId: string, name: string, batches: number): Deno.ChildProcess {
  return new Deno.Command("deno", {
    args: ["run", "-q", "--allow-read", "--allow-write", "--allow-env", "tests/MLOps/sqlite/batch_writer.ts"]
      .concat([uri, runId, name, String(batches)]),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function output(child: Deno.ChildProcess): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await child.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("sqlitePath() reads SQLAlchemy's addresses", { permissions: "none" }, () => {
  assertEquals(sqlitePath("sqlite:///mlruns/mlflow.db"), "mlruns/mlflow.db");
  assertEquals(sqlitePath("sqlite:////data/mlflow.db?timeout=5"), "/data/mlflow.db");
  assertEquals(sqlitePath("sqlite://"), ":memory:");
  assertEquals(sqlitePath("sqlite:///:memory:"), ":memory:");
  assertEquals(assertThrows(() => sqlitePath("sqlite:mlflow.db"), TrackingError).code, "config-invalid");
});

Deno.test("SqliteTracker.open() makes folder, schema and experiment 0 with an absolute artifact folder", () =>
  withFolder(async (folder, uri) => {
    await using tracker = await SqliteTracker.open(uri);
    assertEquals((await tracker.getExperiment("0")).artifactLocation, `${folder}/mlruns/artifacts/0`);
    const { info } = await tracker.createRun({ experimentId: "0" });
    await tracker.writeArtifact({ runId: info.runId }, "a/b.txt", Uint8Array.of(1));
    assertEquals(
      await Deno.readFile(`${folder}/mlruns/artifacts/0/${info.runId}/artifacts/a/b.txt`),
      Uint8Array.of(1),
    );
    const names = await Array.fromAsync(Deno.readDir(`${folder}/mlruns/artifacts/0/${info.runId}/artifacts/a`));
    assertEquals(names.map(({ name }) => name), ["b.txt"]);
  }));

Deno.test("SqliteTracker.open() in many processes at once makes one store", () =>
  withFolder(async (_folder, uri) => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => SqliteTracker.open(uri)));
    const { items } = await opened[0]!.searchExperiments();
    assertEquals(items.map(({ name }) => name), ["Default"]);
    for (const tracker of opened) await tracker[Symbol.asyncDispose]();
  }));

Deno.test("SqliteTracker.open() names a place where no file can be made", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/mlflow.db`);
    const error = await assertRejects(() => SqliteTracker.open(`sqlite:///${folder}/mlflow.db`), TrackingError);
    assertEquals([error.code, error.traits.exit], ["permission-denied", 3]);
    assert(error.message.includes("unable to open database file"), error.message);
  }));

Deno.test("SqliteTracker.open() refuses what is no store of MLflow, and leaves it as it is", () =>
  withFolder(async (folder) => {
    const refused = async (name: string, code: string, part: string) => {
      const before = await Deno.readFile(`${folder}/${name}`);
      const error = await assertRejects(() => SqliteTracker.open(`sqlite:///${folder}/${name}`), TrackingError, part);
      assertEquals(error.code, code, error.message);
      assertEquals(await Deno.readFile(`${folder}/${name}`), before);
    };
    await Deno.writeTextFile(
      `${folder}/text.db`,
      "this is no database at all, but long enough to look into".repeat(20),
    );
    await refused("text.db", "store-damaged", "damaged");

    const other = new DatabaseSync(`${folder}/other.db`);
    other.exec("CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('x')");
    other.close();
    await refused("other.db", "store-damaged", "no database of MLflow");

    const old = new DatabaseSync(`${folder}/old.db`);
    old.exec("CREATE TABLE experiments (experiment_id INTEGER, name TEXT)");
    old.exec("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('abc')");
    old.close();
    await refused("old.db", "store-damaged", "its revision is abc");
  }));

Deno.test("SqliteTracker says that a truncated store is damaged, also later on", () =>
  withFolder(async (folder, uri) => {
    {
      await using tracker = await SqliteTracker.open(uri);
      const { info } = await tracker.createRun({ experimentId: "0" });
      const metrics = Array.from({ length: 5_000 }, (_, i) => ({ key: "loss", value: i, timestamp: i, step: i }));
      await tracker.logBatch(info.runId, { metrics });
    }
    const path = `${folder}/mlruns/mlflow.db`;
    await Deno.truncate(path, (await Deno.stat(path)).size - 200 * 1024);
    const use = async () => {
      await using tracker = await SqliteTracker.open(uri);
      const { items: [run] } = await tracker.searchRuns({ experimentIds: ["0"] });
      await tracker.metricHistory(run!.info.runId, "loss");
    };
    const error = await assertRejects(use, TrackingError, "damaged");
    assertEquals([error.code, error.traits.exit], ["store-damaged", 5]);
  }));

Deno.test("SqliteTracker.open() read-only needs a store and never writes", () =>
  withFolder(async (folder, uri) => {
    for (const options of [{ readOnly: true }, { create: false }]) {
      const missing = await assertRejects(() => SqliteTracker.open(uri, options), TrackingError);
      assertEquals([missing.code, missing.traits.exit], ["not-found", 6]);
    }
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 0);
    await (await SqliteTracker.open(uri))[Symbol.asyncDispose]();
    const before = await Deno.readFile(`${folder}/mlruns/mlflow.db`);
    await using tracker = await SqliteTracker.open(uri, { readOnly: true });
    assertEquals((await tracker.getExperiment("0")).name, "Default");
    const error = await assertRejects(() => tracker.createExperiment("x"), TrackingError, "read-only");
    assertEquals(error.code, "permission-denied");
    assertEquals(await Deno.readFile(`${folder}/mlruns/mlflow.db`), before);
  }));

Deno.test("a held lock is waited for without stopping the program, then named", () =>
  withFolder(async (folder, uri) => {
    await using tracker = await SqliteTracker.open(uri, { waitMs: 600 });
    const holder = new DatabaseSync(`${folder}/mlruns/mlflow.db`);
    holder.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const error = await assertRejects(() => tracker.createExperiment("x"), TrackingError, "another process");
    assertEquals([error.code, error.traits.exit, error.errorCode], ["store-busy", 8, "TEMPORARILY_UNAVAILABLE"]);
    assert(ticks >= 4, `only ${ticks} ticks while waiting`);
    assertEquals((await tracker.getExperiment("0")).name, "Default"); // readers go on
    const waiting = tracker.createExperiment("later");
    setTimeout(() => holder.exec("ROLLBACK"), 100);
    assertEquals((await tracker.getExperiment(await waiting)).name, "later");
    clearInterval(ticking);
    holder.close();
  }));

Deno.test("two processes log to one store at once and nothing is lost", () =>
  withFolder(async (_folder, uri) => {
    await using tracker = await SqliteTracker.open(uri);
    const { info } = await tracker.createRun({ experimentId: "0" });
    const batches = 20;
    const children = ["left", "right"].map((name) => output(writer(uri, info.runId, name, batches)));
    for (const { code, stderr } of await Promise.all(children)) assertEquals(code, 0, stderr);
    const run = await tracker.getRun(info.runId);
    assertEquals(run.metrics.length, 1_000);
    for (const { key, value, step } of run.metrics) {
      assertEquals([step, value], [batches - 1, batches - 1 + Number(key.split("/")[1])], key);
    }
    assertEquals((await tracker.metricHistory(info.runId, "left/0")).items.length, batches);
  }));

Deno.test("kill -9 in the middle of a batch leaves whole batches only", () =>
  withFolder(async (folder, uri) => {
    await using tracker = await SqliteTracker.open(uri);
    const random = seededRandom(7);
    for (let round = 0; round < 5; round++) {
      const { info } = await tracker.createRun({ experimentId: "0" });
      const child = writer(uri, info.runId, "m", 1_000_000);
      const reader = child.stdout.getReader();
      await reader.read(); // it has opened the store
      await new Promise((done) => setTimeout(done, 20 + random.integer(120)));
      child.kill("SIGKILL");
      await reader.cancel();
      await child.stderr.cancel();
      await child.status;
      const db = new DatabaseSync(`${folder}/mlruns/mlflow.db`, { readOnly: true });
      const steps = db.prepare("SELECT step, count(*) AS n FROM metrics WHERE run_uuid = ? GROUP BY step ORDER BY step")
        .all(info.runId) as { step: number; n: number }[];
      const tag = db.prepare(`SELECT value FROM tags WHERE run_uuid = ? AND "key" = 'm.step'`).get(info.runId);
      const latest = db.prepare("SELECT min(step) AS low, max(step) AS high FROM latest_metrics WHERE run_uuid = ?")
        .get(info.runId) as { low: number | null; high: number | null };
      assertEquals(db.prepare("PRAGMA integrity_check").all().map(({ integrity_check: ok }) => ok), ["ok"]);
      db.close();
      assertEquals(steps.map(({ step, n }) => [step, n]), steps.map((_, i) => [i, 500]));
      const last = steps.length === 0 ? null : steps.length - 1;
      assertEquals([latest.low, latest.high, tag?.value ?? null], [last, last, last === null ? null : String(last)]);
    }
  }));

Deno.test("SqliteRegistry finds files of models that live in another store", () =>
  withFolder(async (folder, uri) => {
    await using tracker = await SqliteTracker.open(uri);
    const { info } = await tracker.createRun({ experimentId: "0" });
    const { modelId } = await tracker.createLoggedModel({ experimentId: "0", name: "net", sourceRunId: info.runId });
    await tracker.writeArtifact({ modelId }, "MLmodel", Uint8Array.of(7));
    await tracker.writeArtifact({ runId: info.runId }, "old/MLmodel", Uint8Array.of(8));
    await using registry = await SqliteRegistry.open(`sqlite:///${folder}/registry.db`, { tracker });
    await registry.createRegisteredModel("m");
    const sources = [`models:/${modelId}`, `runs:/${info.runId}/net`, `runs:/${info.runId}/old`, "models:/m/1"];
    for (const [i, source] of sources.entries()) {
      const { version } = await registry.createModelVersion({ name: "m", source, runId: info.runId });
      assertEquals(await registry.readModelFile("m", version, "MLmodel"), Uint8Array.of(i === 2 ? 8 : 7), source);
    }
    assertEquals(await registry.downloadUri("m", "1"), `${folder}/mlruns/artifacts/0/models/${modelId}/artifacts`);
  }));

Deno.test("SqliteTracker reads integers beyond 2^53 that others wrote, as nearest doubles", () =>
  withFolder(async (folder, uri) => {
    await using tracker = await SqliteTracker.open(uri);
    const { info } = await tracker.createRun({ experimentId: "0" });
    const db = new DatabaseSync(`${folder}/mlruns/mlflow.db`);
    db.prepare(`INSERT INTO metrics (run_uuid, "key", value, timestamp, step, is_nan) VALUES (?, 'big', 1.0, 1, ?, 0)`)
      .run(info.runId, 9007199254740993n);
    db.prepare(
      `INSERT INTO latest_metrics (run_uuid, "key", value, timestamp, step, is_nan) VALUES (?, 'big', 1.0, 1, ?, 0)`,
    )
      .run(info.runId, 9007199254740993n);
    db.close();
    assertEquals((await tracker.metricHistory(info.runId, "big")).items[0]?.step, 9007199254740992);
    assertEquals((await tracker.getRun(info.runId)).metrics[0]?.step, 9007199254740992);
  }));
