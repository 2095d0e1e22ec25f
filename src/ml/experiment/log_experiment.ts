import {
  type ArtifactOwner,
  type DatasetInput,
  DAY_MS,
  type EncodeMlModel,
  type KeyValue,
  type Metric,
  toIso,
  type Tracker,
} from "../../core/mod.ts";
import { ablationMetrics } from "../evaluation/ablation.ts";
import { evaluationMetrics, foldMetrics } from "../evaluation/evaluation_metrics.ts";
import { EVALUATION_TAG, evaluationDigest, type EvidenceOwner } from "../evaluation/evidence_owner.ts";
import { isSequenceFamily } from "../models/sequence_shapes.ts";
import { encodeModelFiles } from "../models/model_files.ts";
import { sha256Of } from "../sha256.ts";
import type { EpochReport, TrainingOutcome } from "../training/protocol.ts";
import type { NetworkFamily } from "../training/fit_network.ts";
import type { FoldSummary } from "./fit_and_score.ts";
import type { ExperimentResult } from "./run_experiment.ts";
import { type ExperimentSettings, networkOptions } from "./settings.ts";
import type { TrackedRun } from "./tracked_run.ts";
import { linearParams, treesParams } from "./family_params.ts";
import type { HeadReport } from "../training/fit_trees.ts";

/** The candles that a run read. */
export interface DatasetFacts {
  /** sha256 over the days of the range that was read, 64 hex digits. */
  readonly sha256: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly rows: number;
  /** Where the candles are, as a path or URI. */
  readonly uri: string;
}

/** MLflow's column for a digest holds this many characters. */
const DIGEST_LENGTH = 36;

/** Name of the dataset in MLflow. */
export function datasetName({ series }: ExperimentSettings): string {
  return `${series.exchange} ${series.symbol} ${series.interval}`;
}

/** MLflow's dataset entity: digest cut to 36 characters, source, columns, counts. */
export function datasetInput(settings: ExperimentSettings, facts: DatasetFacts): DatasetInput {
  const columns = ["open", "high", "low", "close", "volume", "quote_volume", "trade_count"];
  columns.push("taker_buy_base_volume", "taker_buy_quote_volume");
  const spec = columns.map((name) => ({ type: name === "trade_count" ? "integer" : "double", name, required: true }));
  return {
    dataset: {
      name: datasetName(settings),
      digest: facts.sha256.slice(0, DIGEST_LENGTH),
      sourceType: "local",
      source: JSON.stringify({ uri: facts.uri, start: toIso(facts.startMs), end: toIso(facts.endMs) }),
      schema: JSON.stringify({ mlflow_colspec: [{ type: "datetime", name: "open_time", required: true }, ...spec] }),
      profile: JSON.stringify({
        num_rows: facts.rows,
        num_elements: facts.rows * (columns.length + 1),
        days: (facts.endMs - facts.startMs) / DAY_MS,
      }),
    },
    tags: [{ key: "mlflow.data.context", value: "training" }],
  };
}

/** Parameters that are known before training. */
export function settingsParams(settings: ExperimentSettings): KeyValue[] {
  const { family } = settings;
  const network = family === "mlp" || isSequenceFamily(family) ? networkParams(settings, family) : {};
  return keyValues({
    model: settings.family,
    horizon_minutes: settings.horizonMinutes,
    exchange: settings.series.exchange,
    symbol: settings.series.symbol,
    interval: settings.series.interval,
    since: toIso(settings.range.startMs),
    until: toIso(settings.range.endMs),
    seed: settings.seed,
    quick: settings.quick,
    split_kind: settings.split.kind,
    ...splitParams(settings),
    block_days: settings.blockDays,
    resamples: settings.resamples,
    ...network,
    ...(settings.family === "gbdt" ? treesParams(settings) : {}),
    ...(settings.family === "linear" ? linearParams(settings) : {}),
  });
}

function splitParams({ split }: ExperimentSettings): Record<string, string | number> {
  const { kind, trainDays, stepDays, testShare, validationShare, embargoMinutes } = split;
  return {
    ...(kind === "chronological" ? { test_share: testShare } : { train_days: trainDays, step_days: stepDays }),
    validation_share: validationShare,
    embargo_minutes: embargoMinutes,
  };
}

/** Parameters of the families that are networks. */
function networkParams(settings: ExperimentSettings, family: NetworkFamily): Record<string, string | number> {
  const options = networkOptions(settings, family), { lossWeights, sequence } = options;
  return {
    members: options.members ?? 1,
    ...(sequence === undefined
      ? { row_stride: options.rowStride }
      : { sequence_units: settings.sequence.units, every_minutes: sequence.everyMinutes }),
    hidden: options.hidden.join("-"),
    epochs: options.epochs,
    batch_size: options.batchSize,
    learning_rate: options.learningRate,
    schedule: options.schedule?.kind ?? "plateau",
    warm_up_steps: options.schedule?.warmUpSteps ?? 500,
    weight_decay: options.weightDecay ?? 0,
    clip_norm: options.clipNorm ?? "none",
    engine: options.engine ?? "fused",
    patience: options.patience,
    keep: options.keep ?? "best",
    ...(options.line === undefined
      ? {}
      : { line_l2_direction: options.line.l2, line_every_minutes: options.line.everyMinutes }),
    correction_bound: options.correctionBound,
    loss_weights: `${lossWeights.direction}/${lossWeights.volatility}/${lossWeights.quantiles}`,
  };
}

/** What the names of a network's metrics begin with. */
export function memberPrefix(member: number): string {
  return member === 1 ? "" : `member_${member}/`;
}

/**
 * Metrics of an epoch, whose step is the epoch, and of about ten points inside it, whose step is the step of training.
 * Those of the second member and on are called `member_2/…`.
 */
export function epochMetrics(report: EpochReport, timestamp: number, member = 1): Metric[] {
  const { validation } = report, prefix = memberPrefix(member);
  const values: Record<string, number> = {
    validation_loss: validation.total,
    validation_log_loss: validation.direction,
    validation_qlike: validation.volatility,
    validation_pinball_standardized: validation.quantiles,
    learning_rate: report.learningRate,
    ...(Number.isNaN(report.trainLoss) ? {} : { train_loss: report.trainLoss }),
  };
  const ofEpoch = Object.entries(values).map(([key, value]) => ({
    ...{ key: prefix + key, value, timestamp },
    step: report.epoch,
  }));
  const ofSteps = report.points.flatMap(({ steps, trainLoss, gradientNorm }) => [
    { key: `${prefix}step_loss`, value: trainLoss, timestamp, step: steps },
    { key: `${prefix}step_gradient_norm`, value: gradientNorm, timestamp, step: steps },
  ]);
  return [...ofEpoch, ...ofSteps];
}

/** Scores of one step, whose place on the grid is the metric's step: `fold_qlike`. */
export function foldScoreMetrics({ fold, scores, trainRows }: FoldSummary, timestamp: number): Metric[] {
  const values = Object.entries({ ...scores, train_rows: trainRows }).filter(([, value]) => Number.isFinite(value));
  return values.map(([key, value]) => ({ key: `fold_${key}`, value, timestamp, step: fold.index }));
}

/** Metric of a head's trees, whose step is the number of trees; a hundred or so a head. */
export function treeMetrics({ head, trees, validationLoss }: HeadReport, timestamp: number): Metric[] {
  if (validationLoss === undefined) return [];
  return [{ key: `${head}_validation_loss`, value: validationLoss, timestamp, step: trees }];
}

/** What {@linkcode logExperiment} needs to know beside the result. */
export interface LogExperimentOptions {
  readonly settings: ExperimentSettings;
  readonly facts: DatasetFacts;
  readonly featureSet: { readonly name: string; readonly digest: string; readonly definition: string };
  readonly nowMs: () => number;
  /** Who may have the very same file, by path below the run. @default nobody */
  readonly equalTo?: ReadonlyMap<string, ArtifactOwner>;
  /** Writes the model's `MLmodel`. */
  readonly encodeMlModel: EncodeMlModel;
}

/** A logged model by id and URI, and the run's metrics. */
export interface LoggedExperiment {
  readonly modelId: string;
  /** `models:/m-…`. */
  readonly modelUri: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Logs what came out: parameters of the split, evaluation files, the model (PENDING until its files are there, then
 * READY; UPLOAD_FAILED where that fails) and the metrics, which belong to run, model and dataset.
 */
export async function logExperiment(
  tracker: Tracker,
  run: TrackedRun,
  result: ExperimentResult,
  options: LogExperimentOptions,
): Promise<LoggedExperiment> {
  const { settings, facts, featureSet, nowMs } = options;
  const { train, validation, test } = result.split;
  const params = keyValues({
    train_start: toIso(train.startMs),
    train_end: toIso(train.endMs),
    validation_start: toIso(validation.startMs),
    validation_end: toIso(validation.endMs),
    test_start: toIso(test.startMs),
    test_end: toIso(test.endMs),
    train_rows: train.rows,
    validation_rows: validation.rows,
    test_rows: test.rows,
    folds: result.split.folds,
    feature_set: featureSet.name,
    feature_set_digest: featureSet.digest,
    feature_count: result.model.spec.featureNames.length,
  });
  await run.log({ params });
  // The model first: the evaluation says whose it is.
  const { modelId, forecastSha256 } = await logModel(tracker, run, result, options);
  const { family, horizonMinutes } = settings;
  const of: EvidenceOwner = { runId: run.runId, modelId, family, horizonMinutes, forecastSha256 };
  const summary = { of, ...result.evaluation, verdict: result.verdict };
  const files = new Map([
    ...result.files,
    ["evaluation/summary.json", utf8(JSON.stringify(summary, null, 1))],
    [`features/${featureSet.name}.json`, utf8(featureSet.definition)],
    ["settings.json", utf8(JSON.stringify(settings, null, 1))],
    ...[...result.details?.files ?? []].map(([path, text]) => [path, utf8(text)] as const),
  ]);
  await run.writeFiles(files, { runId: run.runId }, options.equalTo);
  const metrics = experimentMetrics(result);
  const timestamp = nowMs();
  // Scores of steps were told as they ended; gains need the whole.
  const stepGains = foldMetrics(result.evaluation).filter(({ key }) => key.includes("_gain_"));
  await run.log({ metrics: stepGains.map((metric) => ({ ...metric, timestamp })) });
  await run.log({
    metrics: Object.entries(metrics).map(([key, value]) => ({
      key,
      value,
      timestamp,
      step: 0,
      modelId,
      datasetName: datasetName(settings),
      datasetDigest: facts.sha256.slice(0, DIGEST_LENGTH),
    })),
    tags: [
      { key: EVALUATION_TAG, value: evaluationDigest(files) },
      { key: "verdict", value: result.verdict.passed ? "passed" : "failed" },
      { key: "verdict.reasons", value: verdictReasons(result).join("; ") || "all checks passed" },
    ],
  });
  return { modelId, modelUri: `models:/${modelId}`, metrics };
}

/** All final figures of a run by metric name. */
export function experimentMetrics(
  { evaluation, ablation, training, details, verdict }: ExperimentResult,
): Record<string, number> {
  return {
    ...evaluationMetrics(evaluation),
    verdict_passed: verdict.passed ? 1 : 0,
    ...ablationMetrics(ablation),
    ...trainingMetrics(training),
    ...details?.metrics,
  };
}

/** The mean of the members' best epochs, and their steps together; nothing for families without a network. */
export function trainingMetrics(
  training: readonly Pick<TrainingOutcome, "bestEpoch" | "steps">[],
): Record<string, number> {
  if (training.length === 0) return {};
  const sum = (key: "bestEpoch" | "steps") => training.reduce((total, outcome) => total + outcome[key], 0);
  return { best_epoch: sum("bestEpoch") / training.length, training_steps: sum("steps") };
}

/** Why a verdict is not passed; empty where it is. */
export function verdictReasons({ verdict }: Pick<ExperimentResult, "verdict">): string[] {
  return verdict.checks.filter(({ passed }) => !passed).map(({ reason }) => reason);
}

async function logModel(
  tracker: Tracker,
  run: TrackedRun,
  result: ExperimentResult,
  { settings, facts, featureSet, nowMs, encodeMlModel }: LogExperimentOptions,
): Promise<Pick<EvidenceOwner, "modelId" | "forecastSha256">> {
  const evidence = settings.quick ? "quick" : "full";
  const { modelId, artifactUri } = await tracker.createLoggedModel({
    experimentId: run.experimentId,
    name: `${settings.family}-${settings.horizonMinutes}m`,
    sourceRunId: run.runId,
    modelType: settings.family,
    params: keyValues({ horizon_minutes: settings.horizonMinutes, feature_set_digest: featureSet.digest }),
    tags: keyValues({ "dataset.sha256": facts.sha256, evidence }),
  });
  let forecastSha256: string;
  try {
    const files = encodeModelFiles(result.model, result.goldenRows, {
      modelId,
      runId: run.runId,
      artifactUri,
      createdAtMs: nowMs(),
      metadata: { dataset_sha256: facts.sha256, evidence },
    }, encodeMlModel);
    forecastSha256 = sha256Of(files.get("forecast.json")!);
    await run.writeFiles(files, { modelId });
  } catch (error) {
    await tracker.finalizeLoggedModel(modelId, "UPLOAD_FAILED").catch(() => {}); // the first error is the one to see
    throw error;
  }
  await tracker.finalizeLoggedModel(modelId, "READY");
  await tracker.logOutputs(run.runId, [{ modelId, step: 0 }]);
  return { modelId, forecastSha256 };
}

function keyValues(values: Readonly<Record<string, string | number | boolean>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: String(value) }));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
