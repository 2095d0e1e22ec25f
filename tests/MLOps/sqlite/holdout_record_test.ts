import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DomainError, type HoldoutOpening } from "../../../src/core/mod.ts";
import { SqliteHoldoutRecord } from "../../../src/MLOps/sqlite/sqlite_holdout_record.ts";
import { SqliteTracker } from "../../../src/MLOps/sqlite/sqlite_tracker.ts";
import { testHoldoutRecord } from "../../contracts/holdout_record_contract.ts";
import { MemoryHoldoutRecord } from "../../fakes/memory_holdout_record.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";

testHoldoutRecord("MemoryHoldoutRecord", () => Promise.resolve(new MemoryHoldoutRecord()));
testHoldoutRecord("SqliteHoldoutRecord", () => SqliteHoldoutRecord.open("sqlite:///:memory:"));

const OPENING: HoldoutOpening = {
  ...{ exchange: "binance", symbol: "BTC/USDT", range: { startMs: 0, endMs: 1 }, openedAtMs: 2 },
  ...{ runId: null, userId: "", reason: null },
};

Deno.test("an opening outlives the process, stands beside runs, and no statement takes it away", async () => {
  await using folder = await tmpDir();
  const path = `${folder.path}/mlflow.db`, uri = `sqlite:///${path}`;
  {
    await using record = await SqliteHoldoutRecord.open(uri);
    await using tracker = await SqliteTracker.open(uri);
    await record.open(OPENING);
    await tracker.createRun({ experimentId: "0" });
  }
  const db = new DatabaseSync(path);
  for (const change of ["DELETE FROM sandbox_holdout_openings", "UPDATE sandbox_holdout_openings SET start_ms = 5"]) {
    assertThrows(() => db.exec(change), Error, "append-only");
  }
  db.close();
  await using record = await SqliteHoldoutRecord.open(uri);
  await assertRejects(() => record.open(OPENING), DomainError, "as it was opened before");
});

Deno.test("of two processes that open at once, one is the first", async () => {
  await using folder = await tmpDir();
  const uri = `sqlite:///${folder.path}/mlflow.db`;
  await using first = await SqliteHoldoutRecord.open(uri);
  await using second = await SqliteHoldoutRecord.open(uri);
  const outcomes = await Promise.allSettled([first.open(OPENING), second.open(OPENING)]);
  assertEquals(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});
