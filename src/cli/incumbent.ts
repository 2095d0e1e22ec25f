import { isDomainError, MINUTE_MS, type ModelVersion, type Run, type Tracker } from "../core/mod.ts";
import { type Incumbent, type Incumbents, PREDICTIONS_TAG } from "../MLOps/promotion/mod.ts";
import type { PredictionFile } from "../ml/evaluation/read_prediction_files.ts";
import type { TimedForecasts } from "./compare_predictions.ts";
import { artifact, PREDICTIONS_FILE, type ProvenEvaluation } from "./evaluation_evidence.ts";

/**
 * What a version's registered model says of those decision times that its training, labels included, ends before; the
 * others are left out.
 */
export type ForecastWith = (version: ModelVersion, decisionTimeMs: Float64Array) => Promise<TimedForecasts>;

/** What {@linkcode incumbentsOf} works with. */
export interface IncumbentDeps {
  readonly tracker: Tracker;
  /** Unset where this process has no candles: versions are then compared on the rows of both files alone. */
  readonly forecastWith?: ForecastWith;
  readonly settings: { readonly blockDays: number; readonly resamples: number };
}

/** The run to be judged, and who held the alias. */
export interface Candidate {
  readonly run: Run;
  readonly evaluation: ProvenEvaluation;
  readonly holder: ModelVersion | undefined;
  /** Newest first. */
  readonly earlier: readonly ModelVersion[];
}

/** What holds the alias and the best version that ever held it, each beside the run. */
export async function incumbentsOf(deps: IncumbentDeps, candidate: Candidate): Promise<Incumbents> {
  const { holder, run } = candidate;
  if (holder === undefined) return { holder: { kind: "none" }, best: { kind: "none" } };
  const best = await bestVersion(deps.tracker, candidate);
  return {
    holder: holder.runId === run.info.runId ? { kind: "same" } : await incumbentOf(deps, candidate, holder),
    best: best === undefined || best.version === holder.version || best.runId === run.info.runId
      ? { kind: "same" }
      : await incumbentOf(deps, candidate, best),
  };
}

/**
 * The version with the greatest gain of QLIKE over HAR-X when it was judged, among those that hold or held the alias: the
 * gain, unlike QLIKE itself, does not depend much on how restless the market of its test was.
 */
async function bestVersion(
  tracker: Tracker,
  { holder, earlier }: Candidate,
): Promise<ModelVersion | undefined> {
  let best: { readonly version: ModelVersion; readonly gain: number } | undefined;
  for (const version of holder === undefined ? earlier : [holder, ...earlier]) {
    const gain = await gainOf(tracker, version);
    if (gain !== undefined && (best === undefined || gain > best.gain)) best = { version, gain };
  }
  return best?.version;
}

async function gainOf(tracker: Tracker, { runId }: ModelVersion): Promise<number | undefined> {
  const { metrics } = await tracker.getRun(runId);
  return metrics.find(({ key }) => key === "qlike_gain_har_x")?.value;
}

/** A version beside the run, or why there is no saying. */
async function incumbentOf(deps: IncumbentDeps, candidate: Candidate, version: ModelVersion): Promise<Incumbent> {
  const unknown = (reason: string) => ({ kind: "unknown", version: version.version, reason } as const);
  try {
    return await comparedWith(deps, candidate, { version, unknown });
  } catch (error) {
    // Its own files or the candles may be damaged, gone or held by another: that is the version's, not the run's fault.
    if (isDomainError(error) && error.code !== "interrupted") return unknown(error.message);
    throw error;
  }
}

/** Predictions that are lost, or are not those that the version was judged by, leave it unknown. */
async function comparedWith(
  { tracker, forecastWith, settings }: IncumbentDeps,
  { run, evaluation: { predictions } }: Candidate,
  { version, unknown }: { readonly version: ModelVersion; readonly unknown: (reason: string) => Incumbent },
): Promise<Incumbent> {
  if (predictions === undefined) return unknown("this run has no predictions");
  const bytes = await artifact(tracker, version.runId, PREDICTIONS_FILE);
  if (bytes === undefined) return unknown(`version ${version.version} has lost its predictions`);
  const { sha256Of } = await import("../ml/sha256.ts");
  const judgedBy = version.tags.find(({ key }) => key === PREDICTIONS_TAG)?.value;
  if (judgedBy !== undefined && sha256Of(bytes) !== judgedBy) {
    return unknown(`version ${version.version}'s predictions were changed after it was judged`);
  }
  const { readPredictions } = await import("../ml/evaluation/read_prediction_files.ts");
  const { comparePredictions, mergeForecasts } = await import("./compare_predictions.ts");
  const blockDays = Number(run.params.find(({ key }) => key === "block_days")?.value ?? settings.blockDays);
  const stored = timedForecasts(await readPredictions(bytes));
  const after = timesAfter(predictions.test.decisionTimeMs, stored.decisionTimeMs);
  const later = after.length === 0 ? undefined : await forecastWith?.(version, after);
  const comparison = comparePredictions(predictions, later === undefined ? stored : mergeForecasts(stored, later), {
    blockDays,
    resamples: settings.resamples,
  });
  const laterRows = later?.decisionTimeMs.length ?? (after.length === 0 ? 0 : null);
  return { kind: "compared", version: version.version, comparison: { ...comparison, laterRows } };
}

function timedForecasts({ test, forecasts }: PredictionFile): TimedForecasts {
  return { horizonMinutes: test.horizonMinutes, decisionTimeMs: test.decisionTimeMs, forecasts };
}

/** Decision times that the stored predictions, which end before, say nothing of. */
function timesAfter(decisionTimeMs: Float64Array, stored: Float64Array): Float64Array {
  const endMs = stored.at(-1)! + MINUTE_MS;
  return decisionTimeMs.filter((ms) => ms >= endMs);
}
