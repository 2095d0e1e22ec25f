/** What the `meta.yaml` files of a file store hold, by kind (reference, section 2.1); fields that say nothing are dropped. */
import { z } from "zod";

const RUN_STATUS = { 1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED" } as const;
const MODEL_STATUS = { 1: "PENDING", 2: "READY", 3: "UPLOAD_FAILED" } as const;
const SOURCE_TYPE = { 1: "NOTEBOOK", 2: "JOB", 3: "PROJECT", 4: "LOCAL", 1000: "UNKNOWN" } as const;

const text = z.string({ error: "must be a text" });
const filled = text.min(1, "must not be empty");
const optionalText = text.nullish().transform((value) => value ?? undefined);
const integer = z.string({ error: "must be an integer" }).regex(/^[+-]?\d+$/, "must be an integer")
  .transform(Number).refine(Number.isSafeInteger, "must be an integer below 2^53");
const optionalInteger = integer.nullish().transform((value) => value ?? undefined);
const stage = z.enum(["active", "deleted"], { error: "must be 'active' or 'deleted'" }).nullish()
  .transform((value) => value ?? "active");
const texts = z.record(z.string(), text.nullable().transform((value) => value ?? ""), {
  error: "must be a mapping of texts",
}).nullish().transform((value) => value ?? {});

/** A word, or the number that stands for it: MLflow writes the number. */
function numbered<W extends string>(words: Readonly<Record<number, W>>) {
  const known = Object.entries(words).flatMap(([number, word]): [string, W][] => [[number, word], [word, word]]);
  return text.refine((value) => known.some(([name]) => name === value), {
    error: `must be one of ${Object.entries(words).map(([number, word]) => `${number} (${word})`).join(", ")}`,
  }).transform((value) => new Map(known).get(value)!);
}

/** `<experiment>/meta.yaml` */
export const EXPERIMENT_META = z.object({
  experiment_id: filled,
  name: filled,
  artifact_location: optionalText,
  lifecycle_stage: stage,
  creation_time: optionalInteger,
  last_update_time: optionalInteger,
}, { error: "must be a mapping" });

/** `<experiment>/<run>/meta.yaml`; old releases wrote `run_uuid` and `name`. */
export const RUN_META = z.object({
  run_id: optionalText,
  run_uuid: optionalText,
  experiment_id: filled,
  run_name: optionalText,
  name: optionalText,
  user_id: optionalText,
  status: numbered(RUN_STATUS).nullish().transform((value) => value ?? "RUNNING"),
  start_time: optionalInteger,
  end_time: optionalInteger,
  deleted_time: optionalInteger,
  lifecycle_stage: stage,
  artifact_uri: optionalText,
  source_type: numbered(SOURCE_TYPE).nullish().transform((value) => value ?? "UNKNOWN"),
  source_name: optionalText,
  source_version: optionalText,
  entry_point_name: optionalText,
}, { error: "must be a mapping" });

/** `<experiment>/datasets/<id>/meta.yaml` */
export const DATASET_META = z.object({
  name: filled,
  digest: filled,
  source_type: text,
  source: text,
  schema: optionalText,
  profile: optionalText,
}, { error: "must be a mapping" });

/** `<run>/inputs/<id>/meta.yaml` */
export const INPUT_META = z.object({
  source_type: z.enum(["DATASET", "MODEL"], { error: "must be DATASET or MODEL" }),
  source_id: filled,
  tags: texts,
}, { error: "must be a mapping" });

/** `<run>/outputs/<model>/meta.yaml` */
export const OUTPUT_META = z.object({
  destination_id: filled,
  step: integer.nullish().transform((value) => value ?? 0),
}, { error: "must be a mapping" });

/** `<experiment>/models/<model>/meta.yaml` */
export const LOGGED_MODEL_META = z.object({
  model_id: filled,
  experiment_id: filled,
  name: filled,
  artifact_location: filled,
  creation_timestamp: integer,
  last_updated_timestamp: integer,
  status: numbered(MODEL_STATUS),
  status_message: optionalText,
  lifecycle_stage: stage,
  model_type: optionalText,
  source_run_id: optionalText,
}, { error: "must be a mapping" });

/** `models/<name>/meta.yaml` */
export const REGISTERED_MODEL_META = z.object({
  name: filled,
  creation_timestamp: optionalInteger,
  last_updated_timestamp: optionalInteger,
  description: optionalText,
}, { error: "must be a mapping" });

/** `models/<name>/version-<N>/meta.yaml` */
export const VERSION_META = z.object({
  version: integer,
  creation_timestamp: optionalInteger,
  last_updated_timestamp: optionalInteger,
  description: optionalText,
  user_id: optionalText,
  current_stage: z.enum(["None", "Staging", "Production", "Archived", "Deleted_Internal"], {
    error: "must be None, Staging, Production, Archived or Deleted_Internal",
  }).nullish().transform((value) => value ?? "None"),
  source: optionalText,
  storage_location: optionalText,
  run_id: optionalText,
  run_link: optionalText,
  status: text.nullish().transform((value) => value ?? "READY"),
  status_message: optionalText,
}, { error: "must be a mapping" });

/** An experiment's head. */
export type ExperimentMeta = z.infer<typeof EXPERIMENT_META>;
/** A run's head. */
export type RunMeta = z.infer<typeof RUN_META>;
/** A dataset. */
export type DatasetMeta = z.infer<typeof DATASET_META>;
/** A logged model's head. */
export type LoggedModelMeta = z.infer<typeof LOGGED_MODEL_META>;
/** A registered model's head. */
export type RegisteredModelMeta = z.infer<typeof REGISTERED_MODEL_META>;
/** A version's head. */
export type VersionMeta = z.infer<typeof VERSION_META>;
