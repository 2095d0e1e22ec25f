import { type KeyValue, type Metric, type Page } from "../../core/mod.ts";
import {
  checkMetric,
  checkParamKeysUnique,
  cleanParams,
  cleanTags,
  ParamChangedError,
  type ParamClash,
} from "../rules/entries.ts";
import { checkMaxResults, noLoggedModel } from "../rules/names.ts";
import { decodeOffset, encodeOffset } from "../search/page_token.ts";
import type { Database, SqlValue } from "./database.ts";
import { metricValue } from "./run_rows.ts";
import { putRunTags, requireActiveRun } from "./runs.ts";
import { recordTrial } from "./trials.ts";

/** Rows of one INSERT: bound values stay below SQLite's limit, and statements few enough to be cached. */
const ROWS_PER_INSERT = 64;
const MAX_DOUBLE = 1.7976931348623157e308;

/** What {@linkcode logBatch} writes. */
export interface Batch {
  /** Observations; one that is there already is left alone. */
  readonly metrics?: readonly Metric[];
  /** Parameters; another value for one that is there is refused. */
  readonly params?: readonly KeyValue[];
  /** Tags; they replace. */
  readonly tags?: readonly KeyValue[];
}

/** Checks a batch before a transaction is opened for it. @throws {TrackingError} INVALID_PARAMETER_VALUE */
export function cleanBatch(batch: Batch): Required<Batch> {
  const metrics = batch.metrics ?? [];
  metrics.forEach((metric, i) => checkMetric(metric, `metrics[${i}]`));
  const params = cleanParams(batch.params ?? []);
  checkParamKeysUnique(params);
  return { metrics, params, tags: cleanTags(batch.tags ?? []) };
}

/** Writes a checked batch to an active run. */
export function logBatch(db: Database, runId: string, batch: Required<Batch>): void {
  const run = requireActiveRun(db, runId);
  putParams(db, runId, batch.params);
  recordTrial(db, runId, batch.params);
  putMetrics(db, runId, batch.metrics);
  putModelMetrics(db, runId, run.experiment, batch.metrics);
  putRunTags(db, runId, batch.tags);
}

/** All observations of a metric of a run, oldest first. */
export function metricHistory(
  db: Database,
  runId: string,
  key: string,
  options: { readonly maxResults?: number; readonly pageToken?: string },
): Page<Metric> {
  const { maxResults } = options;
  if (maxResults !== undefined) checkMaxResults(maxResults, Number.MAX_SAFE_INTEGER - 1);
  const offset = decodeOffset(options.pageToken);
  const rows = db.arrays<[value: number, isNan: number, timestamp: number, step: number]>(
    `SELECT value, is_nan, timestamp, step FROM metrics
     WHERE run_uuid = ? AND "key" = ? ORDER BY timestamp, step, value LIMIT ? OFFSET ?`,
    runId,
    key,
    maxResults === undefined ? -1 : maxResults + 1,
    offset,
  );
  const more = maxResults !== undefined && rows.length > maxResults;
  const items = (more ? rows.slice(0, maxResults) : rows).map(([value, isNan, timestamp, step]) => ({
    key,
    value: metricValue(value, isNan),
    timestamp,
    step,
  }));
  return more ? { items, nextPageToken: encodeOffset(offset + maxResults) } : { items };
}

/** A metric value as SQL holds it: NaN is a flag, infinities are the largest doubles. */
export function storedMetric(value: number): { readonly value: number; readonly isNan: 0 | 1 } {
  if (Number.isNaN(value)) return { value: 0, isNan: 1 };
  return { value: Math.max(-MAX_DOUBLE, Math.min(MAX_DOUBLE, value)), isNan: 0 };
}

function putParams(db: Database, runId: string, params: readonly KeyValue[]): void {
  const clashes: ParamClash[] = [];
  for (const { key, value } of params) {
    const known = db.get<{ value: string }>(`SELECT value FROM params WHERE run_uuid = ? AND "key" = ?`, runId, key);
    if (known === undefined) {
      db.run(`INSERT INTO params (run_uuid, "key", value) VALUES (?, ?, ?)`, runId, key, value);
    } else if (known.value !== value) {
      clashes.push({ key, known: known.value, given: value });
    }
  }
  if (clashes.length > 0) throw new ParamChangedError(runId, clashes);
}

function putMetrics(db: Database, runId: string, metrics: readonly Metric[]): void {
  const latest = new Map<string, Metric>();
  for (let start = 0; start < metrics.length; start += ROWS_PER_INSERT) {
    const part = metrics.slice(start, start + ROWS_PER_INSERT);
    const values: SqlValue[] = [];
    for (const metric of part) {
      const { value, isNan } = storedMetric(metric.value);
      values.push(runId, metric.key, value, metric.timestamp, metric.step, isNan);
      const known = latest.get(metric.key);
      if (known === undefined || isNewer(metric, known)) latest.set(metric.key, metric);
    }
    db.run(insertMetricsSql(part.length), ...values);
  }
  for (const { key, value: given, timestamp, step } of latest.values()) {
    const { value, isNan } = storedMetric(given);
    db.run(
      `INSERT INTO latest_metrics (run_uuid, "key", value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step,
         is_nan = excluded.is_nan
       WHERE (excluded.step, excluded.timestamp, excluded.value) >
         (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)`,
      runId,
      key,
      value,
      timestamp,
      step,
      isNan,
    );
  }
}

/** INSERT of so many observations, each `run_uuid, key, value, timestamp, step, is_nan`; known ones are left alone. */
export function insertMetricsSql(rows: number): string {
  return `INSERT INTO metrics (run_uuid, "key", value, timestamp, step, is_nan)
    VALUES ${Array(rows).fill("(?, ?, ?, ?, ?, ?)").join(", ")} ON CONFLICT DO NOTHING`;
}

/** What decides which of two observations of a metric is its latest. */
type Observation = { readonly value: number; readonly timestamp: number | bigint; readonly step: number | bigint };

/** Whether `a` is later by MLflow's order of a metric's observations: by step, then time, then value. */
export function isNewer(a: Observation, b: Observation): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return storedMetric(a.value).value > storedMetric(b.value).value;
}

/** Metrics that name a logged model also hang on it. */
function putModelMetrics(db: Database, runId: string, experiment: string, metrics: readonly Metric[]): void {
  for (const metric of metrics) {
    const { modelId, datasetName = null, datasetDigest = null } = metric;
    // The table has no flag for NaN; MLflow stores 0 there, which would read as a perfect loss.
    if (modelId === undefined || modelId === "" || Number.isNaN(metric.value)) continue;
    if (db.get("SELECT 1 FROM logged_models WHERE model_id = ?", modelId) === undefined) {
      throw noLoggedModel(modelId);
    }
    db.run(
      `INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value,
         experiment_id, run_id, dataset_uuid, dataset_name, dataset_digest)
       VALUES (?, ?, ?, ?, ?, ?, ?,
         (SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?), ?, ?)
       ON CONFLICT DO NOTHING`,
      modelId,
      metric.key,
      metric.timestamp,
      metric.step,
      storedMetric(metric.value).value,
      experiment,
      runId,
      experiment,
      datasetName,
      datasetDigest,
      datasetName,
      datasetDigest,
    );
  }
}
