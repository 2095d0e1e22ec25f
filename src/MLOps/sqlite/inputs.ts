import type { DatasetInput } from "../../core/mod.ts";
import { cleanDatasets } from "../rules/entries.ts";
import { randomHex } from "../rules/invented_name.ts";
import { checkRunId } from "../rules/names.ts";
import type { Database } from "./database.ts";
import { requireActiveRun } from "./runs.ts";

/** Records what a run read; the same (name, digest) in an experiment is one dataset. */
export function logInputs(
  db: Database,
  runId: string,
  inputs: { readonly datasets?: readonly DatasetInput[]; readonly models?: readonly { readonly modelId: string }[] },
): void {
  checkRunId(runId);
  const datasets = cleanDatasets(inputs.datasets ?? []);
  const { experiment } = requireActiveRun(db, runId);
  for (const { dataset, tags } of datasets) {
    const datasetId = datasetUuid(db, experiment, dataset);
    const inputId = randomHex();
    const isNew = db.run(
      `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
       VALUES (?, 'DATASET', ?, 'RUN', ?) ON CONFLICT DO NOTHING`,
      inputId,
      datasetId,
      runId,
    ) > 0;
    if (!isNew) continue; // as MLflow: a dataset that the run has keeps its first tags
    for (const { key, value } of tags) {
      db.run(
        "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        inputId,
        key,
        value,
      );
    }
  }
  for (const { modelId } of inputs.models ?? []) linkModel(db, runId, modelId, "INPUT", 0);
}

/** Records the models that a run made. */
export function logOutputs(
  db: Database,
  runId: string,
  models: readonly { readonly modelId: string; readonly step: number }[],
): void {
  requireActiveRun(db, runId);
  for (const { modelId, step } of models) linkModel(db, runId, modelId, "OUTPUT", step);
}

function linkModel(db: Database, runId: string, modelId: string, side: "INPUT" | "OUTPUT", step: number): void {
  db.run(
    `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
     VALUES (?, 'RUN_${side}', ?, 'MODEL_${side}', ?, ?) ON CONFLICT DO NOTHING`,
    randomHex(),
    runId,
    modelId,
    step,
  );
}

function datasetUuid(db: Database, experiment: string, dataset: DatasetInput["dataset"]): string {
  db.run(
    `INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,
       dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    randomHex(),
    experiment,
    dataset.name,
    dataset.digest,
    dataset.sourceType,
    dataset.source,
    dataset.schema ?? null,
    dataset.profile ?? null,
  );
  return db.get<{ id: string }>(
    "SELECT dataset_uuid AS id FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
    experiment,
    dataset.name,
    dataset.digest,
  )!.id;
}
