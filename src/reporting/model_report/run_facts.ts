import {
  allPages,
  type CallOptions,
  DomainError,
  isDomainError,
  type Metric,
  type Run,
  type Tracker,
  type TrialsOf,
} from "../../core/mod.ts";
import { type ForecastTable, readForecasts } from "./forecast_table.ts";
import { jsonOf, readStoredFiles, type StoredFiles } from "./stored_evaluation.ts";
import { readTried, type Tried } from "./tried_runs.ts";

/** Points of one training curve at most. */
const CURVE_POINTS = 400;

/** A test of the run's verdict, as `evaluation/summary.json` has it. */
export interface SummaryCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly reason: string;
}

/** All that a model report tells of a run. */
export interface RunFacts {
  readonly run: Run;
  readonly experimentName: string;
  readonly trackingUri: string;
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  /** Latest value of each metric. */
  readonly metrics: ReadonlyMap<string, number>;
  /** Metrics that were logged at several steps, by step. */
  readonly curves: ReadonlyMap<string, readonly { readonly step: number; readonly value: number }[]>;
  /** Checks of the verdict; empty where the run has none. */
  readonly checks: readonly SummaryCheck[];
  /** What the run keeps of its evaluation beside the forecasts. */
  readonly stored: StoredFiles;
  /** Everything tried with this symbol and horizon; undefined where the run has none. */
  readonly tried: Tried | undefined;
  /** Forecasts and outcomes of the scored minutes, or undefined where the run did not keep them. */
  readonly forecasts: ForecastTable | undefined;
}

/**
 * The id of the newest run that is not in the bin.
 *
 * @throws {DomainError} `not-found` where there is none.
 */
export async function newestRunId(tracker: Tracker): Promise<string> {
  const experiments = allPages((page) => tracker.searchExperiments({ viewType: "ACTIVE_ONLY", ...page }));
  const experimentIds = (await Array.fromAsync(experiments)).map(({ experimentId }) => experimentId);
  const newest = experimentIds.length === 0 ? undefined : (await tracker.searchRuns({
    experimentIds,
    orderBy: ["attributes.start_time DESC"],
    maxResults: 1,
  })).items[0];
  if (newest !== undefined) return newest.info.runId;
  throw new DomainError("not-found", `There is no run at ${tracker.uri} yet`, { hint: "Make one with: task track" });
}

/** Reads a run with its curves and its evaluation files. @throws {DomainError} `not-found` where the id is unknown. */
export async function readRunFacts(tracker: Tracker, runId: string, options: CallOptions = {}): Promise<RunFacts> {
  const run = await knownRun(tracker, runId);
  const { name } = await tracker.getExperiment(run.info.experimentId);
  const curves = new Map<string, { step: number; value: number }[]>();
  for (const { key, step } of [...run.metrics].sort((a, b) => a.key.localeCompare(b.key))) {
    options.signal?.throwIfAborted();
    if (step <= 0) continue;
    const points = thinned(await Array.fromAsync(allPages((page) => tracker.metricHistory(runId, key, page))));
    if (points.length > 1) curves.set(key, points);
  }
  const params = new Map(run.params.map(({ key, value }) => [key, value])), market = marketOf(params);
  const summary = await artifact(tracker, runId, "evaluation/summary.json");
  const predictions = await artifact(tracker, runId, "evaluation/predictions.parquet");
  const baselines = await artifact(tracker, runId, "evaluation/baselines.parquet");
  return {
    run,
    experimentName: name,
    trackingUri: tracker.uri,
    params,
    tags: new Map(run.tags.map(({ key, value }) => [key, value])),
    metrics: new Map(run.metrics.map(({ key, value }) => [key, value])),
    curves,
    checks: summary === undefined ? [] : readChecks(summary),
    stored: await readStoredFiles((path) => artifact(tracker, runId, path)),
    tried: market === undefined ? undefined : await readTried(tracker, market),
    forecasts: predictions === undefined ? undefined : await readForecasts(predictions, baselines),
  };
}

/** One value a step, the last logged, thinned to what a chart can show; the last step always stays. */
function thinned(metrics: readonly Metric[]): { step: number; value: number }[] {
  const bySteps = new Map<number, Metric>();
  for (const metric of metrics) {
    const known = bySteps.get(metric.step);
    if (known === undefined || metric.timestamp >= known.timestamp) bySteps.set(metric.step, metric);
  }
  const points = [...bySteps.values()].sort((a, b) => a.step - b.step).map(({ step, value }) => ({ step, value }));
  const every = Math.ceil(points.length / CURVE_POINTS);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

async function knownRun(tracker: Tracker, runId: string): Promise<Run> {
  try {
    return await tracker.getRun(runId);
  } catch (error) {
    if (!isDomainError(error, "not-found", "input-invalid")) throw error;
    throw new DomainError("not-found", `Cannot find run '${runId}' at ${tracker.uri}`, {
      hint: "Leave the id out for the newest run, or find it with: task mlflow-ui",
      cause: error,
    });
  }
}

/** The bytes of an artifact, or undefined where the run has no such file. */
async function artifact(tracker: Tracker, runId: string, path: string): Promise<Uint8Array | undefined> {
  const slash = path.lastIndexOf("/");
  const files = await tracker.listArtifacts({ runId }, ...(slash < 0 ? [] : [path.slice(0, slash)]));
  return files.some((file) => file.path === path) ? await tracker.readArtifact({ runId }, path) : undefined;
}

/** Symbol and horizon of a run, or of a sweep's parent, which counts as no run of them. */
export function marketOf(params: RunFacts["params"]): TrialsOf | undefined {
  const symbol = params.get("symbol") ?? params.get("sweep_symbol");
  const horizonMinutes = Number(params.get("horizon_minutes") ?? params.get("sweep_horizon_minutes"));
  if (symbol === undefined || !Number.isInteger(horizonMinutes) || horizonMinutes < 1) return undefined;
  return { symbol, horizonMinutes };
}

/** Anyone may have written the file: what does not look like checks is no check. */
function readChecks(bytes: Uint8Array): SummaryCheck[] {
  const checks = (jsonOf(bytes) as { verdict?: { checks?: unknown } } | null)?.verdict?.checks;
  if (!Array.isArray(checks)) return [];
  return checks.filter((check): check is SummaryCheck =>
    typeof check?.name === "string" && typeof check?.passed === "boolean" && typeof check?.reason === "string"
  );
}
