import { DatabaseSync } from "node:sqlite";
import type { Metric } from "../../src/core/mod.ts";
import { SqliteTracker } from "../../src/MLOps/mod.ts";

/** Metrics of one batch of {@linkcode metricBatch}: the most that MLflow takes at once. */
export const METRICS_PER_BATCH = 1_000;

/** Batch number `step` of a run that logs twenty metrics. */
export function metricBatch(step: number): Metric[] {
  return Array.from({ length: METRICS_PER_BATCH }, (_, i) => ({
    key: `metric_${i % 20}`,
    value: Math.sin(i + step),
    timestamp: 1_700_000_000_000 + step,
    step: step * (METRICS_PER_BATCH / 20) + Math.floor(i / 20),
  }));
}

/**
 * A store in a new file with an experiment of `runs` runs as `track` logs them: 20 metrics, 15 parameters and 12 tags
 * each. Rows are put in by SQL, as half a minute of API calls would measure nothing. Returns the experiment's id.
 */
export async function makeRunStore(path: string, runs: number): Promise<string> {
  let experimentId: string;
  {
    await using tracker = await SqliteTracker.open(`sqlite:///${path}`);
    experimentId = await tracker.createExperiment("bench");
  }
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN");
    putRuns(db, experimentId, runs);
    db.exec("COMMIT");
  } finally {
    db.close();
  }
  return experimentId;
}

function putRuns(db: DatabaseSync, experimentId: string, runs: number): void {
  const run = db.prepare(
    `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
       source_version, lifecycle_stage, artifact_uri, experiment_id)
     VALUES (?, ?, 'UNKNOWN', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', ?, ?)`,
  );
  const tables = ["metrics", "latest_metrics"];
  const metrics = tables.map((table) =>
    db.prepare(`INSERT INTO ${table} (run_uuid, "key", value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)`)
  );
  const param = db.prepare(`INSERT INTO params (run_uuid, "key", value) VALUES (?, ?, ?)`);
  const tag = db.prepare(`INSERT INTO tags (run_uuid, "key", value) VALUES (?, ?, ?)`);
  for (let i = 0; i < runs; i++) {
    const id = i.toString(16).padStart(32, "0"), startMs = 1_700_000_000_000 + i;
    run.run(id, `run-${i}`, startMs, startMs + 5, `mlflow-artifacts:/${experimentId}/${id}/artifacts`, experimentId);
    for (let k = 0; k < 20; k++) {
      const value = Math.abs(Math.sin(i * 20 + k));
      for (const insert of metrics) insert.run(id, `metric_${k}`, value, startMs);
    }
    for (let k = 0; k < 15; k++) param.run(id, `param_${k}`, `value ${k + i % 7}`);
    for (let k = 0; k < 12; k++) tag.run(id, `tag_${k}`, `value ${k}`);
    tag.run(id, "mlflow.runName", `run-${i}`);
  }
}
