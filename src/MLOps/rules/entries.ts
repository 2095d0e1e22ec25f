import type { DatasetInput, KeyValue, Metric } from "../../core/mod.ts";
import { TrackingError } from "../../core/mod.ts";
import {
  MAX_DATASET_LENGTH,
  MAX_EXPERIMENT_TAG_VALUE_LENGTH,
  MAX_INPUT_TAG_LENGTH,
  MAX_KEY_LENGTH,
  MAX_PARAM_VALUE_LENGTH,
  MAX_REGISTRY_TAG_VALUE_LENGTH,
  MAX_TAG_VALUE_LENGTH,
} from "./limits.ts";
import { cutTo, isLongerThan, normalizePath, pythonRepr } from "./text.ts";

/** Tag that mirrors a run's name. */
export const RUN_NAME_TAG = "mlflow.runName";
/** Tag that makes a registered model, or a version, one of a prompt. */
export const PROMPT_TAG = "mlflow.prompt.is_prompt";
/** Tag of a dataset input that says what the dataset was for. */
export const DATASET_CONTEXT_TAG = "mlflow.data.context";

const KEY_CHARACTERS = /^[/\p{L}\p{N}_.\- :]*$/u;

/** An error of MLflow's code INVALID_PARAMETER_VALUE. */
export function invalid(message: string): TrackingError {
  return new TrackingError("INVALID_PARAMETER_VALUE", message);
}

/** MLflow's sentence for a bad value, with the value as compact JSON. */
export function invalidValue(path: string, value: unknown, message?: string): TrackingError {
  const shown = JSON.stringify(value) ?? "null";
  return invalid(
    `Invalid value ${shown} for parameter '${path}' supplied${message === undefined ? "." : `: ${message}`}`,
  );
}

/** Refuses a text of more than `limit` characters. */
export function checkLength(path: string, text: string, limit: number): void {
  if (isLongerThan(text, limit)) throw invalid(`'${path}' exceeds the maximum length of ${limit} characters`);
}

/** Whether a name, taken for a path, would resolve to another one. */
export function isPathAmbiguous(name: string): boolean {
  const normal = normalizePath(name);
  return normal !== name || normal === "." || normal.startsWith("..") || normal.startsWith("/");
}

/** MLflow's sentence for {@linkcode isPathAmbiguous}. */
export function badPathMessage(name: string): string {
  return "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. " +
    `This name would resolve to ${pythonRepr(normalizePath(name))}`;
}

/**
 * Refuses a key of a metric, parameter or tag that MLflow would refuse.
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE
 */
export function checkKey(key: string, path: string, lengthPath = path): void {
  checkKeyForm(key, path);
  checkLength(lengthPath, key, MAX_KEY_LENGTH);
}

/** As {@linkcode checkKey} but for the length, which MLflow does not look at where a tag is removed. */
export function checkKeyForm(key: string, path: string): void {
  if (!KEY_CHARACTERS.test(key)) {
    throw invalidValue(
      path,
      key,
      "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
    );
  }
  if (isPathAmbiguous(key)) throw invalidValue(path, key, badPathMessage(key));
}

/** Checks a metric; `path` names its place in a batch (`metrics[3]`). */
export function checkMetric(metric: Metric, path = ""): void {
  const at = (field: string) => path === "" ? field : `${path}.${field}`;
  checkKey(metric.key, at("name"), "Metric name");
  if (typeof metric.value !== "number") {
    throw invalidValue(
      at("value"),
      metric.value,
      `(timestamp=${metric.timestamp}). Please specify value as a valid double (64-bit floating point)`,
    );
  }
  if (!Number.isSafeInteger(metric.timestamp) || metric.timestamp < 0) {
    throw invalidValue(
      at("timestamp"),
      metric.timestamp,
      `metric '${metric.key}' (value=${metric.value}). Timestamp must be a nonnegative long (64-bit integer) `,
    );
  }
  if (!Number.isSafeInteger(metric.step)) {
    throw invalidValue(
      at("step"),
      metric.step,
      `metric '${metric.key}' (value=${metric.value}). Step must be a valid long (64-bit integer).`,
    );
  }
}

/** Checks parameters and cuts their values to what MLflow stores. */
export function cleanParams(params: readonly KeyValue[]): KeyValue[] {
  return params.map(({ key, value }, i) => {
    checkKey(key, `params[${i}].key`, "Param key");
    return { key, value: cutTo(value, MAX_PARAM_VALUE_LENGTH) };
  });
}

/** Parameters and tags of logged models: MLflow looks at the lengths of their keys alone. */
export function cleanModelEntries(entries: readonly KeyValue[], path: string, maxValueLength: number): KeyValue[] {
  return entries.map(({ key, value }, i) => {
    if (key === "") throw invalid(`Missing value for required parameter '${path}[${i}].key'.`);
    checkLength(`${path}[${i}].key`, key, MAX_KEY_LENGTH);
    return { key, value: cutTo(value, maxValueLength) };
  });
}

/** Refuses a key that is twice among the parameters of one request. */
export function checkParamKeysUnique(params: readonly KeyValue[]): void {
  const seen = new Set<string>(), twice: string[] = [];
  for (const { key } of params) {
    if (seen.has(key)) twice.push(key);
    seen.add(key);
  }
  if (twice.length === 0) return;
  throw invalid(
    `Duplicate parameter keys have been submitted: [${twice.map(pythonRepr).join(", ")}]. Please ensure the request ` +
      "contains only one param value per param key.",
  );
}

/** Checks a run's tags and cuts their values to what MLflow stores; of a key given twice the last counts. */
export function cleanTags(tags: readonly KeyValue[]): KeyValue[] {
  return cleanTagsBy(checkKey, tags);
}

/** As {@linkcode cleanTags} for a run that is made: MLflow takes keys of any characters there, though not later. */
export function cleanFirstTags(tags: readonly KeyValue[]): KeyValue[] {
  return cleanTagsBy((key, path) => {
    if (key.includes("\0")) throw invalidValue(path, key, "Names may not contain the character NUL.");
    checkLength(path, key, MAX_KEY_LENGTH);
  }, tags);
}

function cleanTagsBy(check: (key: string, path: string) => void, tags: readonly KeyValue[]): KeyValue[] {
  const values = new Map<string, string>();
  tags.forEach(({ key, value }, i) => {
    check(key, `tags[${i}].key`);
    values.set(key, cutTo(value, MAX_TAG_VALUE_LENGTH));
  });
  return [...values].map(([key, value]) => ({ key, value }));
}

/** A parameter that has another value already. */
export interface ParamClash {
  /** Key. */
  readonly key: string;
  /** Value that it has. */
  readonly known: string;
  /** Value that it was to have. */
  readonly given: string;
}

/** Parameters never change; MLflow says so in other words where one was logged alone. */
export class ParamChangedError extends TrackingError {
  /** The refused parameters of the run. */
  constructor(readonly runId: string, readonly clashes: readonly ParamClash[]) {
    const list = clashes.map(({ key, known, given }) =>
      `{'key': ${pythonRepr(key)}, 'old_value': ${pythonRepr(known)}, 'new_value': ${pythonRepr(given)}}`
    );
    super(
      "INVALID_PARAMETER_VALUE",
      `Changing param values is not allowed. Params were already logged='[${list.join(", ")}]' for run ID='${runId}'.`,
    );
  }

  /** The error as MLflow words it for a parameter that was logged alone. */
  ofOne(): TrackingError {
    const [{ key, known, given }] = this.clashes as readonly [ParamClash];
    return invalid(
      `Changing param values is not allowed. Param with key='${key}' was already logged with value='${known}' for ` +
        `run ID='${this.runId}'. Attempted logging new value '${given}'.`,
    );
  }
}

/** Checks a tag of an experiment. */
export function checkExperimentTag({ key, value }: KeyValue): void {
  checkKey(key, "key");
  checkLength("value", value, MAX_EXPERIMENT_TAG_VALUE_LENGTH);
}

/** Checks a tag of a registered model or model version. */
export function checkRegistryTag({ key, value }: KeyValue): void {
  checkKey(key, "key");
  checkLength("value", value, MAX_REGISTRY_TAG_VALUE_LENGTH);
}

/** Checks dataset inputs and drops repeats of a (name, digest); the first counts. */
export function cleanDatasets(inputs: readonly DatasetInput[]): DatasetInput[] {
  const unique = new Map<string, DatasetInput>();
  for (const input of inputs) {
    const { dataset } = input;
    for (const field of ["name", "digest", "sourceType", "source"] as const) {
      if (dataset[field] === "") throw invalid(`Missing value for required parameter '${field}'.`);
    }
    for (const [field, limit] of Object.entries(MAX_DATASET_LENGTH)) {
      const text = dataset[field as keyof typeof MAX_DATASET_LENGTH];
      if (text !== undefined) checkLength(field, text, limit);
    }
    for (const tag of input.tags) {
      checkLength("key", tag.key, MAX_INPUT_TAG_LENGTH.key);
      checkLength("value", tag.value, MAX_INPUT_TAG_LENGTH.value);
    }
    const id = JSON.stringify([dataset.name, dataset.digest]);
    if (!unique.has(id)) unique.set(id, input);
  }
  return [...unique.values()];
}
