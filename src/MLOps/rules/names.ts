import { type KeyValue, TrackingError } from "../../core/mod.ts";
import { badPathMessage, checkLength, invalid, invalidValue, isPathAmbiguous, RUN_NAME_TAG } from "./entries.ts";
import { MAX_ALIAS_LENGTH, MAX_EXPERIMENT_NAME_LENGTH, MAX_SEARCH_RESULTS } from "./limits.ts";
import { pythonRepr } from "./text.ts";

const RUN_ID = /^[a-zA-Z0-9][\p{L}\p{N}_-]{0,255}$/u;
const ALIAS = /^[\p{L}\p{N}_-]*$/u;
const LOGGED_MODEL_BAD = ["/", ":", ".", "%", '"', "'"];
const STAGES = ["None", "Staging", "Production", "Archived"] as const;

/** The refusal of a move of an alias that somebody else has moved meanwhile. */
export function aliasMoved(
  name: string,
  alias: string,
  move: { readonly from: string | undefined; readonly to: string; readonly found: string | undefined },
): TrackingError {
  const shown = (version: string | undefined) => version === undefined ? "no version" : `version ${version}`;
  return new TrackingError(
    "RESOURCE_CONFLICT",
    `Cannot move @${alias} of '${name}' to version ${move.to} as it points at ${shown(move.found)} by now, not at ${
      shown(move.from)
    }`,
    { code: "gate-refused", hint: "Ask again: what is promoted is compared with what holds the alias" },
  );
}

/** A stage of a model version that a user may set. */
export type Stage = typeof STAGES[number];

/** Refuses a run id that MLflow would refuse. */
export function checkRunId(runId: string): void {
  if (!RUN_ID.test(runId)) throw invalidValue("run_id", runId);
}

/** The integer that an experiment id of a SQL store stands for: those of old file stores have 18 digits. */
export function experimentNumber(experimentId: string): bigint {
  const text = experimentId.trim();
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;
  if (value === undefined || BigInt.asIntN(64, value) !== value) {
    throw invalid(`Invalid experiment ID '${experimentId}'. Experiment ID must be a valid integer.`);
  }
  return value;
}

/** Refuses an empty or over-long experiment name. */
export function checkExperimentName(name: string): void {
  if (name === "") throw invalid(`Invalid experiment name: '${name}'`);
  checkLength("name", name, MAX_EXPERIMENT_NAME_LENGTH);
}

/** Refuses an artifact location that points back to a run. */
export function checkArtifactLocation(location: string): void {
  if (location.startsWith("runs:")) {
    throw invalid(`Artifact location cannot be a runs:/ URI. Given: '${location}'`);
  }
}

/** Refuses a registered model's name that MLflow would refuse. */
export function checkModelName(name: string, parameter = "name"): void {
  if (name.trim() === "") throw invalid(`Missing value for required parameter '${parameter}'.`);
  if (/[/:]/.test(name)) throw invalid(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  if (isPathAmbiguous(name)) throw invalidValue("name", name, badPathMessage(name));
}

/** The number of a version given as text. */
export function versionNumber(version: string): number {
  const text = version.trim();
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw invalid(`Parameter 'version' must be an integer, got '${version}'.`);
  }
  return Number(text);
}

/** Refuses an alias that MLflow would refuse to read. */
export function checkAlias(alias: string): void {
  if (alias === "") throw invalid("Registered model alias name cannot be empty.");
  if (!ALIAS.test(alias)) {
    throw invalid(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  }
  checkLength("Registered model alias name", alias, MAX_ALIAS_LENGTH);
}

/** Refuses an alias that MLflow would refuse to set. */
export function checkNewAlias(alias: string): void {
  checkAlias(alias);
  if (alias.toLowerCase() === "latest") throw invalid("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`);
}

/** The 404 for an id that no logged model has. */
export function noLoggedModel(modelId: string): TrackingError {
  return new TrackingError("RESOURCE_DOES_NOT_EXIST", `Logged model with ID '${modelId}' not found.`);
}

/** The id of the logged model that a source `models:/m-…` names. */
export function loggedModelIdOf(source: string): string | undefined {
  return /^models:\/+(m-[0-9a-f]{32})$/.exec(source)?.[1];
}

/** Refuses a logged model's name that MLflow would refuse. */
export function checkLoggedModelName(name: string): void {
  if (name !== "" && !LOGGED_MODEL_BAD.some((character) => name.includes(character))) return;
  throw invalid(
    `Invalid model name (${pythonRepr(name)}) provided. Model name must be a non-empty string and cannot contain the ` +
      `following characters: (${LOGGED_MODEL_BAD.map(pythonRepr).join(", ")})`,
  );
}

/** The stage that a text names, in any case. */
export function canonicalStage(stage: string): Stage {
  const found = STAGES.find((known) => known.toLowerCase() === stage.toLowerCase());
  if (found === undefined) {
    throw invalid(
      `Invalid Model Version stage: ${stage}. Value must be one of ${STAGES.join(", ")}.`,
    );
  }
  return found;
}

/** A page size, checked against what the store allows. */
export function checkMaxResults(maxResults: number, limit = MAX_SEARCH_RESULTS): number {
  if (!Number.isInteger(maxResults) || maxResults < 1) {
    throw invalid(`Invalid value ${maxResults} for parameter 'max_results' supplied. It must be a positive integer`);
  }
  if (maxResults > limit) {
    throw invalid(`Invalid value ${maxResults} for parameter 'max_results' supplied. It must be at most ${limit}`);
  }
  return maxResults;
}

/** The name of a new run: the one given, else the tag's, else an invented one. */
export function resolveRunName(
  runName: string | undefined,
  tags: readonly KeyValue[],
  invent: () => string,
): string {
  const tag = tags.find(({ key }) => key === RUN_NAME_TAG)?.value;
  if (runName !== undefined && runName !== "" && tag !== undefined && tag !== "" && runName !== tag) {
    throw invalid(
      "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values " +
        `(run_name='${runName}', mlflow.runName='${tag}').`,
    );
  }
  return runName || tag || invent();
}
