import type { z } from "zod";
import {
  DomainError,
  type ForecastModel,
  isDomainError,
  LEAK_CHECKS_FILE,
  type LeakCheckOutcome,
  minutesAhead,
  REFIT_FILE,
  type RefitSpread,
  type Run,
  type Tracker,
} from "../core/mod.ts";
import type { EvaluationEvidence } from "../MLOps/promotion/mod.ts";
import type { FoldMetric } from "../ml/evaluation/evaluation_metrics.ts";
import type { TriedBefore } from "../ml/evaluation/money_scores.ts";
import type { PredictionFile } from "../ml/evaluation/read_prediction_files.ts";
import type { RefitEvidence } from "../ml/evaluation/refit_spread.ts";
import { foreignEvidence, type LoggedForecastModel } from "./evidence_proof.ts";

/** A run's predictions beside its artifacts' root. */
export const PREDICTIONS_FILE = "evaluation/predictions.parquet";
/** What a run's evaluation found, and what it counted for it. */
const SUMMARY_FILE = "evaluation/summary.json";
/** The baselines' beside them. */
export const BASELINES_FILE = "evaluation/baselines.parquet";

/** Largest relative difference between a logged score and the one computed again; stores keep doubles whole. */
const SCORE_TOLERANCE = 1e-9;
const DEFAULT_RESAMPLES = 2000;

/** A run's evaluation, computed again from what the run keeps. */
export interface ProvenEvaluation {
  readonly evidence: EvaluationEvidence;
  /** What the scores come from; undefined where the run has lost it. */
  readonly predictions: PredictionFile | undefined;
  /** sha256 of `evaluation/predictions.parquet`. */
  readonly sha256: string | undefined;
}

/**
 * Scores a run's predictions and its baselines' again, so that a promotion rests on forecasts and outcomes instead of
 * figures that anybody can write into a tracking store; and asks its model what the last steps' models were asked.
 *
 * @throws {DomainError} `model-invalid` where a file cannot be read or is another run's or model's, or where a logged score
 *   is not what the files give.
 */
export async function proveEvaluation(
  tracker: Tracker,
  run: Run,
  logged: LoggedForecastModel,
): Promise<ProvenEvaluation> {
  const { model } = logged, kept: KeptFiles = { run, files: await readFiles(tracker, run) };
  const predictionBytes = kept.files.get(PREDICTIONS_FILE), baselineBytes = kept.files.get(BASELINES_FILE);
  const leakChecks = await readLeakChecks(kept), refitRows = await readRefit(kept, model);
  const refit = await compareRefit(refitRows, model);
  if (predictionBytes === undefined || baselineBytes === undefined) {
    const missing = [
      ...(predictionBytes === undefined ? [PREDICTIONS_FILE] : []),
      ...(baselineBytes === undefined ? [BASELINES_FILE] : []),
    ];
    const evidence = { metrics: {}, blocks: null, missing, leakChecks, refit };
    return { evidence, predictions: undefined, sha256: undefined };
  }
  const { readBaselines, readPredictions, scoredFoldsOf } = await import("../ml/evaluation/read_prediction_files.ts");
  const { evaluate } = await import("../ml/evaluation/evaluate.ts");
  const { evaluationMetrics, foldMetrics } = await import("../ml/evaluation/evaluation_metrics.ts");
  const { sha256Of } = await import("../ml/sha256.ts");
  const predictions = await readPredictions(predictionBytes);
  const { test } = predictions, { horizonMinutes } = model.info;
  if (test.horizonMinutes !== horizonMinutes) {
    throw damaged(run, `its predictions are ${minutesAhead(test.horizonMinutes)}, its model ${horizonMinutes}`);
  }
  const { owner, tried } = await readSummary(kept);
  const foreign = await foreignEvidence(tracker, run, logged, {
    ...{ files: kept.files, owner, predictions },
    refit: refitRows,
  });
  if (foreign !== undefined) throw damaged(run, foreign);
  const baselines = await readBaselines(baselineBytes, test);
  const evaluation = evaluate(scoredFoldsOf(predictions, baselines), {
    blockDays: positiveParam(run, "block_days") ?? 1,
    resamples: positiveParam(run, "resamples") ?? DEFAULT_RESAMPLES,
    tried,
  });
  const metrics = evaluationMetrics(evaluation);
  // A store keeps the newest step of a figure: that of the last fold.
  compareScores(run, { ...metrics, ...lastSteps(foldMetrics(evaluation)) });
  return {
    evidence: { metrics, blocks: evaluation.blocks, missing: [], leakChecks, refit },
    predictions,
    sha256: sha256Of(predictionBytes),
  };
}

/** A run and its files below `evaluation`, by path. */
interface KeptFiles {
  readonly run: Run;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

async function readFiles(tracker: Tracker, { info: { runId } }: Run): Promise<ReadonlyMap<string, Uint8Array>> {
  const { readArtifacts } = await import("../MLOps/promotion/mod.ts");
  const { EVALUATION_FOLDER } = await import("../ml/evaluation/evidence_owner.ts");
  return await readArtifacts(tracker, { runId }, EVALUATION_FOLDER);
}

/** The firewall's checks as the run keeps them; null where it has none. */
async function readLeakChecks(kept: KeptFiles): Promise<readonly LeakCheckOutcome[] | null> {
  const { z } = await import("zod");
  const figure = z.number().nullable();
  const check = z.object({
    ...{ name: z.string().min(1), figure: z.string().min(1), value: figure, limit: figure },
    ...{ passed: z.boolean(), skipped: z.boolean() },
  });
  const document = readJson(kept, LEAK_CHECKS_FILE, z.object({ passed: z.boolean(), checks: z.array(check) }));
  if (document === undefined) return null;
  const { passed, checks } = document, allPassed = checks.every((one) => one.passed);
  if (passed === allPassed) return checks;
  throw damaged(kept.run, `its ${LEAK_CHECKS_FILE} says passed: ${passed}, and of its checks ${allPassed}`);
}

/**
 * Whose evaluation it says it is, and what was tried when the run was started, as it keeps it: later the store would tell
 * another number.
 */
async function readSummary(kept: KeptFiles): Promise<{ readonly owner: unknown; readonly tried: TriedBefore | null }> {
  const { z } = await import("zod");
  const trials = z.object({ count: z.int().nonnegative(), sharpes: z.array(z.number()) }).nullish();
  const schema = z.object({ of: z.unknown().optional(), money: z.object({ trials }).optional() });
  const summary = readJson(kept, SUMMARY_FILE, schema), tried = summary?.money?.trials ?? null;
  if (tried === null && kept.run.metrics.some(({ key }) => key === "deflated_sharpe")) {
    throw damaged(kept.run, `it says a deflated Sharpe ratio, but not in ${SUMMARY_FILE} of how many trials`);
  }
  return { owner: summary?.of, tried };
}

/** What the models of the last steps said; undefined where the run does not keep it. */
async function readRefit(kept: KeptFiles, { info: { featureNames } }: ForecastModel) {
  const { decodeRefit } = await import("../ml/evaluation/refit_file.ts");
  const evidence = readText(kept, REFIT_FILE, decodeRefit);
  if (evidence === undefined) return undefined;
  const width = evidence.rows.length / evidence.count;
  if (width === featureNames.length) return evidence;
  throw damaged(kept.run, `the rows of ${REFIT_FILE} have ${width} features, its model ${featureNames.length}`);
}

async function compareRefit(evidence: RefitEvidence | undefined, model: ForecastModel): Promise<RefitSpread | null> {
  const { refitSpread } = await import("../ml/evaluation/refit_spread.ts");
  return evidence === undefined ? null : refitSpread(model, evidence);
}

/** A JSON file of a run, or undefined where it has none. */
function readJson<T>(kept: KeptFiles, path: string, schema: z.ZodType<T>): T | undefined {
  return readText(kept, path, (text) => schema.parse(JSON.parse(text)));
}

function readText<T>({ run, files }: KeptFiles, path: string, decode: (text: string) => T): T | undefined {
  const bytes = files.get(path);
  if (bytes === undefined) return undefined;
  try {
    return decode(new TextDecoder().decode(bytes));
  } catch (error) {
    throw damaged(run, `its ${path} cannot be read: ${(error as Error).message.split("\n")[0]}`);
  }
}

function lastSteps(metrics: readonly FoldMetric[]): Record<string, number> {
  return Object.fromEntries(metrics.map(({ key, value }) => [key, value]));
}

/** Refuses a run that says another score than its predictions give. */
function compareScores(run: Run, computed: Readonly<Record<string, number>>): void {
  const logged = new Map(run.metrics.map(({ key, value }) => [key, value]));
  for (const [name, value] of Object.entries(computed)) {
    const said = logged.get(name);
    // A score that the run does not say is the gate's to miss.
    if (said === undefined || Object.is(said, value)) continue;
    if (Math.abs(said - value) <= SCORE_TOLERANCE * Math.max(1, Math.abs(value))) continue;
    throw damaged(run, `its logged ${name} is ${said} where its predictions give ${value}`);
  }
}

function damaged(run: Run, reason: string): DomainError {
  return new DomainError("model-invalid", `Cannot register run '${run.info.runId}': ${reason}`, {
    hint: "Train it again with: task track",
  });
}

function positiveParam(run: Run, key: string): number | undefined {
  const value = Number(run.params.find((param) => param.key === key)?.value);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

/** An artifact's bytes, or undefined where there is none. */
export async function artifact(tracker: Tracker, runId: string, path: string): Promise<Uint8Array | undefined> {
  try {
    return await tracker.readArtifact({ runId }, path);
  } catch (error) {
    if (!isDomainError(error, "not-found")) throw error;
    return undefined;
  }
}
