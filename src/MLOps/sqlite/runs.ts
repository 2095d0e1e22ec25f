import { type KeyValue, type Run, type RunInfo, type RunStatus, TrackingError } from "../../core/mod.ts";
import { appendToUri } from "../artifacts/location.ts";
import { cleanFirstTags, RUN_NAME_TAG } from "../rules/entries.ts";
import { inventName, randomHex } from "../rules/invented_name.ts";
import { resolveRunName } from "../rules/names.ts";
import type { Database } from "./database.ts";
import { requireActiveExperiment } from "./experiments.ts";
import { RUN_COLUMNS, type RunRow, toRunInfo, withRunData } from "./run_rows.ts";

/** Starts a run; `nowMs` is its start where none is given. */
export function createRun(
  db: Database,
  run: {
    readonly experimentId: string;
    readonly runName?: string;
    readonly userId?: string;
    readonly startTime?: number;
    readonly tags?: readonly KeyValue[];
  },
  nowMs: number,
): Run {
  const experiment = requireActiveExperiment(db, run.experimentId);
  const tags = cleanFirstTags(run.tags ?? []);
  const name = resolveRunName(run.runName, tags, inventName);
  const runId = randomHex();
  db.run(
    `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
       source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time)
     VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, NULL, '', 'active', ?, ?, NULL)`,
    runId,
    name,
    run.userId ?? "",
    run.startTime ?? nowMs,
    appendToUri(experiment.artifactLocation, runId, "artifacts"),
    experiment.experimentId,
  );
  for (const { key, value } of tags) putRunTag(db, runId, key, value);
  putRunTag(db, runId, RUN_NAME_TAG, name);
  return getRun(db, runId);
}

/** The run with all it logged. */
export function getRun(db: Database, runId: string): Run {
  return withRunData(db, [runRow(db, runId)])[0]!;
}

/** The run's row. @throws {TrackingError} RESOURCE_DOES_NOT_EXIST */
export function runRow(db: Database, runId: string): RunRow {
  const row = db.get<RunRow>(`SELECT ${RUN_COLUMNS} FROM runs r WHERE r.run_uuid = ?`, runId);
  if (row === undefined) throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Run with id=${runId} not found`);
  return row;
}

/** The row of a run that may be written to. @throws {TrackingError} where it is in the bin. */
export function requireActiveRun(db: Database, runId: string): RunRow {
  const row = runRow(db, runId);
  if (row.stage === null || row.stage === "active") return row;
  throw new TrackingError(
    "INVALID_PARAMETER_VALUE",
    `The run ${runId} must be in the 'active' state. Current state is ${row.stage}.`,
  );
}

/** Changes what is given; the name also in its tag. */
export function updateRun(
  db: Database,
  runId: string,
  change: { readonly status?: RunStatus; readonly endTime?: number; readonly runName?: string },
): RunInfo {
  requireActiveRun(db, runId);
  const { status, endTime, runName } = change;
  if (status !== undefined) db.run("UPDATE runs SET status = ? WHERE run_uuid = ?", status, runId);
  if (endTime !== undefined) db.run("UPDATE runs SET end_time = ? WHERE run_uuid = ?", endTime, runId);
  if (runName !== undefined && runName !== "") {
    db.run("UPDATE runs SET name = ? WHERE run_uuid = ?", runName, runId);
    putRunTag(db, runId, RUN_NAME_TAG, runName);
  }
  return toRunInfo(runRow(db, runId));
}

/** Moves a run to the bin or out of it; repeating it is fine. */
export function moveRun(db: Database, runId: string, to: "active" | "deleted", nowMs: number): void {
  const changed = db.run(
    "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_uuid = ?",
    to,
    to === "deleted" ? nowMs : null,
    runId,
  );
  if (changed === 0) runRow(db, runId);
}

/** Sets tags of a run that the caller has shown to be active; the name's tag renames the run. */
export function putRunTags(db: Database, runId: string, tags: readonly KeyValue[]): void {
  for (const { key, value } of tags) {
    putRunTag(db, runId, key, value);
    if (key === RUN_NAME_TAG && value !== "") db.run("UPDATE runs SET name = ? WHERE run_uuid = ?", value, runId);
  }
}

/** Removes a tag of an active run. */
export function deleteRunTag(db: Database, runId: string, key: string): void {
  requireActiveRun(db, runId);
  if (db.run(`DELETE FROM tags WHERE run_uuid = ? AND "key" = ?`, runId, key) > 0) return;
  throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `No tag with name: ${key} in run with id ${runId}`);
}

function putRunTag(db: Database, runId: string, key: string, value: string): void {
  db.run(`INSERT OR REPLACE INTO tags (run_uuid, "key", value) VALUES (?, ?, ?)`, runId, key, value);
}
