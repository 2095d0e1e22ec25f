import type { DatasetInput, KeyValue, LifecycleStage, Metric, Run, RunInfo, RunStatus } from "../../core/mod.ts";
import type { Database } from "./database.ts";

/** Columns of a run under the table alias `r`. */
export const RUN_COLUMNS =
  `r.run_uuid AS id, r.name AS name, CAST(r.experiment_id AS TEXT) AS experiment, r.user_id AS user,
  r.status AS status, r.start_time AS started, r.end_time AS ended, r.artifact_uri AS artifacts,
  r.lifecycle_stage AS stage`;

/** A row of {@linkcode RUN_COLUMNS}. */
export interface RunRow {
  readonly id: string;
  readonly name: string | null;
  readonly experiment: string;
  readonly user: string | null;
  readonly status: RunStatus | null;
  readonly started: number | null;
  readonly ended: number | null;
  readonly artifacts: string | null;
  readonly stage: LifecycleStage | null;
}

/** Head of a run from its row; nullable columns that a writer left out read as MLflow's defaults. */
export function toRunInfo(row: RunRow): RunInfo {
  return {
    runId: row.id,
    runName: row.name ?? "",
    experimentId: row.experiment,
    userId: row.user ?? "",
    status: row.status ?? "RUNNING",
    startTime: row.started ?? 0,
    ...(row.ended === null ? {} : { endTime: row.ended }),
    artifactUri: row.artifacts ?? "",
    lifecycleStage: row.stage ?? "active",
  };
}

/** The value that a stored metric stands for. */
export function metricValue(value: number, isNan: number): number {
  return isNan !== 0 ? NaN : value;
}

/** Fills in everything that hangs on the runs, with one query for each kind of it. */
export function withRunData(db: Database, rows: readonly RunRow[]): Run[] {
  if (rows.length === 0) return [];
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const metrics = new Map<string, Metric[]>(), params = new Map<string, KeyValue[]>();
  const tags = new Map<string, KeyValue[]>();
  // As they are, never as JSON of SQLite's: its older releases write doubles with fifteen digits.
  const latest = db.arrays<[run: string, key: string, value: number, isNan: number, timestamp: number, step: number]>(
    `SELECT run_uuid, "key", value, is_nan, timestamp, step FROM latest_metrics
     WHERE run_uuid IN (SELECT value FROM json_each(?)) ORDER BY run_uuid, "key"`,
    ids,
  );
  for (const [run, key, value, isNan, timestamp, step] of latest) {
    push(metrics, run, { key, value: metricValue(value, isNan), timestamp, step });
  }
  for (const [table, pairs] of [["params", params], ["tags", tags]] as const) {
    const found = db.arrays<[run: string, key: string, value: string | null]>(
      `SELECT run_uuid, "key", value FROM ${table}
       WHERE run_uuid IN (SELECT value FROM json_each(?)) ORDER BY run_uuid, "key"`,
      ids,
    );
    for (const [run, key, value] of found) push(pairs, run, { key, value: value ?? "" });
  }
  const datasets = datasetInputs(db, ids);
  const models = modelLinks(db, ids);
  return rows.map((row) => ({
    info: toRunInfo(row),
    metrics: metrics.get(row.id) ?? [],
    params: params.get(row.id) ?? [],
    tags: tags.get(row.id) ?? [],
    datasetInputs: datasets.get(row.id) ?? [],
    modelInputs: (models.get(row.id) ?? []).filter(({ isOutput }) => !isOutput).map(({ modelId }) => ({ modelId })),
    modelOutputs: (models.get(row.id) ?? []).filter(({ isOutput }) => isOutput).map(({ modelId, step }) => ({
      modelId,
      step,
    })),
  }));
}

function datasetInputs(db: Database, ids: string): Map<string, DatasetInput[]> {
  const rows = db.all<
    {
      run: string;
      input: string;
      name: string;
      digest: string;
      sourceType: string;
      source: string;
      schema: string | null;
      profile: string | null;
      tags: string;
    }
  >(
    `SELECT i.destination_id AS run, i.input_uuid AS input, d.name AS name, d.digest AS digest,
       d.dataset_source_type AS sourceType, d.dataset_source AS source, d.dataset_schema AS schema,
       d.dataset_profile AS profile,
       (SELECT json_group_array(json_array(t.name, t.value) ORDER BY t.name) FROM input_tags t
        WHERE t.input_uuid = i.input_uuid) AS tags
     FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
     WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN'
       AND i.destination_id IN (SELECT value FROM json_each(?)) ORDER BY d.name, d.digest`,
    ids,
  );
  const inputs = new Map<string, DatasetInput[]>();
  for (const { run, name, digest, sourceType, source, schema, profile, tags } of rows) {
    push(inputs, run, {
      dataset: {
        name,
        digest,
        sourceType,
        source,
        ...(schema === null ? {} : { schema }),
        ...(profile === null ? {} : { profile }),
      },
      tags: (JSON.parse(tags) as [string, string][]).map(([key, value]) => ({ key, value })),
    });
  }
  return inputs;
}

interface ModelLink {
  readonly modelId: string;
  readonly step: number;
  readonly isOutput: boolean;
}

function modelLinks(db: Database, ids: string): Map<string, ModelLink[]> {
  const rows = db.all<{ run: string; modelId: string; step: number; type: string }>(
    `SELECT source_id AS run, destination_id AS modelId, step AS step, source_type AS type FROM inputs
     WHERE source_id IN (SELECT value FROM json_each(?)) AND (
       (source_type = 'RUN_INPUT' AND destination_type = 'MODEL_INPUT') OR
       (source_type = 'RUN_OUTPUT' AND destination_type = 'MODEL_OUTPUT')) ORDER BY rowid`,
    ids,
  );
  const links = new Map<string, ModelLink[]>();
  for (const { run, modelId, step, type } of rows) push(links, run, { modelId, step, isOutput: type === "RUN_OUTPUT" });
  return links;
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
