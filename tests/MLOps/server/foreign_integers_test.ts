/** Integers of 64 bits in every column, as other writers may store them: no request falls over one. */
import { DatabaseSync } from "node:sqlite";
import { assertEquals } from "@std/assert";
import { newRun, testApp } from "./test_app.ts";

const LARGEST = "9223372036854775807";
/** Columns whose values other columns or the program itself refer to. */
const KEYS = /^(?:experiment_id|version|is_nan)$/;

Deno.test("createTrackingApp() answers on a database with integers beyond 2^53 in every column", async () => {
  await using app = await testApp("sqlite");
  const runId = await newRun(app);
  await app.api("POST", "runs/log-metric", { run_id: runId, key: "loss", value: 1, timestamp: 1, step: 1 });
  const { model } = await app.api("POST", "logged-models", { experiment_id: "0", name: "m" }) as {
    model: { info: { model_id: string } };
  };
  const { model_id } = model.info;
  await app.api("POST", "runs/outputs", { run_id: runId, models: [{ model_id, step: 1 }] });
  await app.api("POST", "runs/log-metric", { run_id: runId, key: "loss", value: 2, timestamp: 2, step: 2, model_id });
  await app.api("POST", "registered-models/create", { name: "r" });
  await app.api("POST", "model-versions/create", { name: "r", source: `models:/${model_id}`, model_id });

  const db = new DatabaseSync(`${app.folder}/mlflow.db`);
  db.exec("PRAGMA ignore_check_constraints = ON");
  const columns = db.prepare(
    `SELECT m.name AS "table", p.name AS "column" FROM sqlite_master m JOIN pragma_table_info(m.name) p
     WHERE m.type = 'table' AND p.type IN ('INTEGER', 'BIGINT')`,
  ).all() as { table: string; column: string }[];
  for (const { table, column } of columns) {
    if (!KEYS.test(column)) db.exec(`UPDATE OR IGNORE ${table} SET "${column}" = ${LARGEST}`);
  }
  db.close();

  const asked: [string, string, unknown?][] = [
    ["POST", "experiments/search", { max_results: 10 }],
    ["GET", "experiments/get?experiment_id=0"],
    ["GET", `runs/get?run_id=${runId}`],
    ["POST", "runs/search", { experiment_ids: ["0"] }],
    ["POST", "runs/search", { experiment_ids: ["0"], order_by: ["start_time"], filter: "start_time > 5" }],
    ["GET", `metrics/get-history?run_id=${runId}&metric_key=loss`],
    ["GET", `logged-models/${model_id}`],
    ["POST", "logged-models/search", { experiment_ids: ["0"] }],
    ["GET", "registered-models/search"],
    ["GET", "registered-models/get?name=r"],
    ["GET", "model-versions/search"],
    ["GET", "model-versions/get?name=r&version=1"],
  ];
  for (const [method, path, body] of asked) await app.api(method, path, body);
  const pages = ["/", "/experiments/0", `/experiments/0/runs/${runId}`, "/models", "/models/r", "/models/r/versions/1"];
  for (const path of pages) assertEquals((await app.page(path)).status, 200, path);
  const { run } = await app.api("GET", `runs/get?run_id=${runId}`) as { run: { info: { start_time: number } } };
  assertEquals(run.info.start_time, Number(LARGEST));
  assertEquals(app.failures, []);
});
