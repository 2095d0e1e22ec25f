import type { Database, SqlValue } from "../sqlite/database.ts";
import { insertMetricsSql, isNewer, storedMetric } from "../sqlite/metrics.ts";
import { badFile } from "./bad_file.ts";
import type { KeyFile } from "./folders.ts";
import { type MetricLine, type ModelMetricLine, parseMetricLine, parseModelMetricLine } from "./metric_lines.ts";
import { lineBatches } from "./text_file.ts";

/** Rows of one INSERT: six values each stay far below SQLite's limit of 32,766. */
const ROWS_PER_INSERT = 512;

/** What came of a metric's file. */
export interface MetricCounts {
  /** Rows written. */
  rows: number;
  /** Lines that said again what a line before had said. */
  repeated: number;
}

/**
 * Writes the file of a run's metric, yielding between parts of it.
 *
 * @throws {DomainError} `input-invalid` naming file, line and value.
 */
export function* writeMetric(
  db: Database,
  runId: string,
  { key, path }: KeyFile,
  counts: MetricCounts,
): Generator<void> {
  let latest: MetricLine | undefined;
  for (const { firstLine, lines } of lineBatches(path)) {
    for (let start = 0; start < lines.length; start += ROWS_PER_INSERT) {
      const part = lines.slice(start, start + ROWS_PER_INSERT), values: SqlValue[] = [];
      for (const [i, text] of part.entries()) {
        const line = parsed(path, firstLine + start + i, text, parseMetricLine);
        const { value, isNan } = storedMetric(line.value);
        values.push(runId, key, value, line.timestamp, line.step, isNan);
        if (latest === undefined || isNewer(line, latest)) latest = line;
      }
      const written = db.run(insertMetricsSql(part.length), ...values);
      counts.rows += written;
      counts.repeated += part.length - written;
    }
    yield;
  }
  if (latest === undefined) return;
  const { value, isNan } = storedMetric(latest.value);
  db.run(
    `INSERT INTO latest_metrics (run_uuid, "key", value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)`,
    runId,
    key,
    value,
    latest.timestamp,
    latest.step,
    isNan,
  );
}

/** What {@linkcode writeModelMetric} needs to know of a logged model. */
export interface MetricsOwner {
  /** The model. */
  readonly modelId: string;
  /** Its experiment. */
  readonly experimentId: string;
  /** Whether a run is in the database: a metric of one that is not has no place there. */
  readonly hasRun: (runId: string) => boolean;
}

/** What came of the file of a logged model's metric. */
export interface ModelMetricCounts extends MetricCounts {
  /** Lines of NaN, for which the table has no place, or of runs that are not there. */
  leftOut: number;
}

/** Writes the file of a logged model's metric; as {@linkcode writeMetric}. */
export function* writeModelMetric(
  db: Database,
  { modelId, experimentId, hasRun }: MetricsOwner,
  { key, path }: KeyFile,
  counts: ModelMetricCounts,
): Generator<void> {
  for (const { firstLine, lines } of lineBatches(path)) {
    for (const [i, text] of lines.entries()) {
      const line: ModelMetricLine = parsed(path, firstLine + i, text, parseModelMetricLine);
      if (Number.isNaN(line.value) || !hasRun(line.runId)) {
        counts.leftOut++;
        continue;
      }
      const { datasetName = null, datasetDigest = null } = line;
      const written = db.run(
        `INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value,
           experiment_id, run_id, dataset_uuid, dataset_name, dataset_digest)
         VALUES (?, ?, ?, ?, ?, ?, ?,
           (SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?), ?, ?)
         ON CONFLICT DO NOTHING`,
        modelId,
        key,
        line.timestamp,
        line.step,
        storedMetric(line.value).value,
        experimentId,
        line.runId,
        experimentId,
        datasetName,
        datasetDigest,
        datasetName,
        datasetDigest,
      );
      counts.rows += written;
      counts.repeated += 1 - written;
    }
    yield;
  }
}

function parsed<T>(path: string, line: number, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw badFile(path, error.message, { line, value: text, cause: error });
    throw error;
  }
}
