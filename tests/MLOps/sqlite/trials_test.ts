import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { SqliteTracker } from "../../../src/MLOps/sqlite/sqlite_tracker.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";

const OF = { symbol: "BTC/USDT", horizonMinutes: 15 };
const PARAMS = [{ key: "symbol", value: "BTC/USDT" }, { key: "horizon_minutes", value: "15" }];

Deno.test("a trial stays counted after `mlflow gc`, and no statement takes it out of the table", async () => {
  await using folder = await tmpDir();
  const path = `${folder.path}/mlflow.db`;
  await using tracker = await SqliteTracker.open(`sqlite:///${path}`);
  const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
  await tracker.logBatch(runId, { params: PARAMS });
  const db = new DatabaseSync(path);
  for (const change of ["DELETE FROM sandbox_trials", "UPDATE sandbox_trials SET symbol = 'x'"]) {
    assertThrows(() => db.exec(change), Error, "append-only");
  }
  // What gc does of a run: its rows, table by table.
  for (const table of ["params", "tags", "runs"]) db.prepare(`DELETE FROM ${table} WHERE run_uuid = ?`).run(runId);
  assertEquals(await tracker.countTrials(OF), 1);
  db.close();
});

Deno.test("trials that another program wrote, before and after the table was made, are counted once", async () => {
  await using folder = await tmpDir();
  const path = `${folder.path}/mlflow.db`;
  await using tracker = await SqliteTracker.open(`sqlite:///${path}`);
  const insert = async (db: DatabaseSync) => {
    const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
    for (const { key, value } of PARAMS) {
      db.prepare(`INSERT INTO params (run_uuid, "key", value) VALUES (?, ?, ?)`).run(runId, key, value);
    }
    return runId;
  };
  const db = new DatabaseSync(path);
  const first = await insert(db);
  assertEquals(await tracker.countTrials(OF), 1);
  const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
  await tracker.logBatch(runId, { params: PARAMS });
  await insert(db);
  assertEquals(await tracker.countTrials(OF), 3);
  db.prepare("DELETE FROM params WHERE run_uuid = ?").run(first);
  assertEquals(await tracker.countTrials(OF), 3, "the table was made with all that were there");
  db.close();
});
