import {
  type CandleColumns,
  DomainError,
  type FeatureEngine,
  type FeatureMatrix,
  type FeatureReader,
  HORIZONS,
  isHorizon,
  type KeyValue,
  MINUTE_MS,
  MODEL_FAMILIES,
  parseInstantOrDuration,
  type SeriesId,
  type TimeRange,
  toIso,
  toIsoDay,
  type Tracker,
  type Warning,
} from "../core/mod.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { CarriedTraining, DatasetFacts, ExperimentSettings } from "../ml/experiment/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { featureEngine, featureEngineOf, openFeatureStore, openTracker } from "./runtime.ts";
import { runTags } from "./run_tags.ts";
import { trackSummary } from "./track_summary.ts";
import { userName } from "./user_name.ts";

/** Where a training that is killed is kept, so that the same command goes on from it. */
const CHECKPOINTS = "mlruns/checkpoints";

/** Trains and scores a model on stored candles and logs it as a run. */
export const command: Command = {
  summary: "Train and score a model, and log it as a run",
  options: {
    model: {
      type: "string",
      value: "FAMILY",
      description: "Model family; default: config (mlp)",
      choices: MODEL_FAMILIES,
    },
    horizon: {
      type: "string",
      value: "MIN",
      description: "Minutes ahead; default: config (15)",
      choices: HORIZONS.map(String),
    },
    since: { type: "string", value: "DATE", description: "First decision time; default: the store's first candle" },
    until: { type: "string", value: "DATE", description: "End of candles used; default: the store's last candle" },
    experiment: { type: "string", value: "NAME", description: "Experiment; default: MLFLOW_EXPERIMENT_NAME, config" },
    "run-name": { type: "string", value: "NAME", description: "Name of the run; default: family and horizon" },
    seed: { type: "number", value: "N", description: "Seed of weights and shuffles, 1 or more; default: config (1)" },
    tag: { type: "string", value: "K=V", description: "Tag of the run", multiple: true },
    quick: { type: "boolean", description: "Score half the range in blocks of a day; from 30 days up" },
    sweep: {
      type: "string",
      value: "FILE",
      isPath: true,
      description: "Try the settings of config/sweeps/FILE, train and score the best; again: go on after a kill",
    },
    resume: { type: "string", value: "ID", description: "Go on with the sweep of this parent run" },
    jobs: { type: "number", value: "N", description: "Trials of a sweep side by side; default and most: the cores" },
  },
  examples: [
    { line: "task track", does: "the network on all stored candles, 15 minutes ahead" },
    { line: "task track -- --quick", does: "a first look in seconds" },
    { line: "task track -- --model gbdt", does: "boosted trees in the network's place" },
    { line: "task track -- --model har --horizon 60", does: "the log-HAR line, an hour ahead" },
    { line: "task track -- --sweep config/sweeps/mlp_random.json", does: "sixteen networks, and the best of them" },
    { line: "task track -- --model tcn", does: "a network that reads the last hour minute by minute" },
  ],
  run: track,
};

async function track(context: CommandContext): Promise<CommandResult> {
  const startedMs = context.clock.monotonicMs();
  const userTags = readTags(context.options.strings("tag"));
  const { options } = context, warnings: Warning[] = [];
  if (options.string("sweep") !== undefined || options.string("resume") !== undefined) {
    const { trackSweep } = await import("./track_sweep.ts");
    return await trackSweep(context, { startedMs, userTags, readCandles, resolveSettings, trackRun });
  }
  if (options.number("jobs") !== undefined) {
    throw new DomainError("usage", "--jobs says how many trials of a sweep run side by side, and there is no sweep", {
      hint: "Leave --jobs out, or name a sweep with --sweep FILE",
    });
  }
  const { loadModelConfig } = await import("../config/model_config.ts");
  const config = await loadModelConfig(options.string("config"));
  const engine = await featureEngine();
  const read = await readCandles(context, config, engine, warnings);
  await using tracker = await openTracker(context);
  return await trackRun(context, tracker, {
    ...{ ...read, engine, warnings, startedMs },
    experimentName: experimentNameOf(context, config),
    tags: userTags,
  });
}

/** Experiment that runs are logged to. */
export function experimentNameOf({ options, env }: CommandContext, config: ModelConfig): string {
  return options.string("experiment") ?? env("MLFLOW_EXPERIMENT_NAME") ?? config.experiment;
}

/** What {@linkcode trackRun} trains on, and how its run is called. */
export interface TrackRunOptions extends ReadCandles {
  readonly engine: FeatureEngine;
  readonly experimentName: string;
  /** @default that of --run-name, else family and horizon */
  readonly runName?: string;
  /** Tags beside those of any run. */
  readonly tags: readonly KeyValue[];
  readonly warnings: readonly Warning[];
  /** When the command began, on the monotonic clock. */
  readonly startedMs: number;
  /** Told of the run before it is trained. */
  readonly onStarted?: (runId: string) => void;
}

/** Trains and scores one model and logs it as a run. */
async function trackRun(context: CommandContext, tracker: Tracker, options: TrackRunOptions): Promise<TrackedResult> {
  const { settings, candles, features, facts, engine, experimentName, startedMs } = options;
  const warnings = [...options.warnings];
  const {
    carryOver,
    datasetInput,
    epochMetrics,
    logExperiment,
    runExperiment,
    settingsParams,
    TrackedRun,
    treeMetrics,
    verdictReasons,
  } = await import("../ml/experiment/mod.ts");
  const { trainInWorker } = await import("../ml/training/train_in_worker.ts");
  const { startsKept } = await import("../ml/training/protocol.ts");
  const { encodeMlModel } = await import("../MLOps/model_format/ml_model.ts");
  const nowMs = () => context.clock.nowMs();
  await using run = await TrackedRun.start(tracker, {
    experimentName,
    runName: options.runName ?? context.options.string("run-name") ?? `${settings.family}-${settings.horizonMinutes}m`,
    tags: [...await runTags(context, { settings, datasetSha256: facts.sha256 }), ...options.tags],
    nowMs,
    signal: context.signal,
    ...userOf(context),
  });
  options.onStarted?.(run.runId);
  await tracker.logInputs(run.runId, { datasets: [datasetInput(settings, facts)] });
  await run.log({ params: settingsParams(settings) });
  const onResume = async (from: CarriedTraining) => {
    const whose = from.owner === null ? "" : ` (run ${from.owner})`;
    const message = `Goes on after epoch ${from.epoch} of a training that was killed${whose}`;
    context.progress.log(message);
    warnings.push({ code: "training-resumed", message });
    await carryOver(tracker, run, from, nowMs());
  };
  const result = await run.during(() =>
    runExperiment(candles, settings, {
      engine,
      ...(features === undefined ? {} : { features }),
      train: (job, { member, ...options }) =>
        trainInWorker(job, {
          ...{ ...options, checkpoints: CHECKPOINTS, owner: run.runId },
          onResume: (from) => onResume({ ...from, member }),
        }),
      progress: context.progress,
      signal: context.signal,
      onEpoch: (report, member) => run.queue({ metrics: epochMetrics(report, nowMs(), member) }),
      onTree: (report) => run.queue({ metrics: treeMetrics(report, nowMs()) }),
    })
  );
  const logged = await logExperiment(tracker, run, result, {
    settings,
    facts,
    featureSet: await featureEngineOf(result.model.info.featureSetDigest),
    nowMs,
    encodeMlModel,
  });
  await run.finish();

  const kept = startsKept(result.training);
  if (kept !== undefined) warnings.push({ code: "start-kept", message: kept });
  const seconds = (context.clock.monotonicMs() - startedMs) / 1000;
  return {
    runId: run.runId,
    json: {
      runId: run.runId,
      experimentId: run.experimentId,
      experimentName,
      modelUri: logged.modelUri,
      metrics: logged.metrics,
      baselines: result.evaluation.baselines,
      verdict: { passed: result.verdict.passed, reasons: verdictReasons(result) },
      datasetDigest: facts.sha256,
      seconds,
    },
    text: trackSummary({ settings, result, runId: run.runId, experimentName, trackingUri: tracker.uri, seconds }),
    warnings,
    next: [`task register -- --run-id ${run.runId}`, "task mlflow-ui"],
  };
}

/** The result of one run. */
export interface TrackedResult extends CommandResult {
  readonly runId: string;
}

/** What a run reads. */
export interface ReadCandles {
  readonly settings: ExperimentSettings;
  readonly candles: CandleColumns;
  readonly features: FeatureMatrix | undefined;
  readonly facts: DatasetFacts;
}

/** Reads what the run needs and lets go of the store, so that an ingest can go on meanwhile. */
async function readCandles(
  context: CommandContext,
  config: ModelConfig,
  engine: FeatureEngine,
  warnings: Warning[],
): Promise<ReadCandles> {
  const { loadIngestConfig } = await import("../config/ingest_config.ts");
  const { splitBounds } = await import("../ml/experiment/mod.ts");
  const ingestConfig = await loadIngestConfig();
  const series: SeriesId = { exchange: config.exchange, symbol: config.symbol, interval: "1m" };
  await using store = await openFeatureStore(context, { mode: "read", config: ingestConfig });
  const span = await store.span(series);
  if (span === undefined) {
    throw new DomainError(
      "not-found",
      `Cannot train as the feature store has no candles of ${series.exchange} ${series.symbol} ${series.interval}`,
      { hint: "Bring them in with: task ingest" },
    );
  }
  const range = askedRange(context, span, warnings);
  const settings = await resolveSettings(context, config, series, range);
  splitBounds(settings); // refuses a range that is too short before any candle is read
  const read: TimeRange = {
    startMs: Math.max(span.startMs, range.startMs - engine.lookbackMinutes * MINUTE_MS),
    endMs: range.endMs,
  };
  const query = { ...series, range: read };
  const candles = await store.loadCandles(query);
  return {
    settings,
    candles,
    features: await freshFeatures(store, engine, series, candles, range),
    facts: {
      sha256: await store.datasetDigest(query),
      ...read,
      rows: candles.length,
      uri: ingestConfig.featureStore.path,
    },
  };
}

/** Materialised features of the range where they cover every decision time; undefined where they are behind. */
async function freshFeatures(
  store: FeatureReader,
  engine: FeatureEngine,
  series: SeriesId,
  candles: CandleColumns,
  range: TimeRange,
): Promise<FeatureMatrix | undefined> {
  const span = await store.featureSpan(engine.name, engine.digest, series);
  const lastOpenMs = candles.openTimeMs.at(-1);
  if (span === undefined || lastOpenMs === undefined) return undefined;
  const lastDecisionMs = lastOpenMs + MINUTE_MS;
  const firstDecisionMs = Math.max(range.startMs, candles.openTimeMs[0]! + MINUTE_MS);
  if (span.startMs > firstDecisionMs || span.endMs <= lastDecisionMs) return undefined;
  return await store.loadFeatures(engine.name, {
    ...series,
    range: { startMs: firstDecisionMs, endMs: lastDecisionMs + 1 },
  });
}

/** The asked range within what is stored; a clipped end is warned about. */
function askedRange(context: CommandContext, span: TimeRange, warnings: Warning[]): TimeRange {
  const nowMs = context.clock.nowMs();
  const read = (name: "since" | "until", stored: number) => {
    const text = context.options.string(name);
    return text === undefined ? stored : parseInstantOrDuration(text, nowMs, `--${name}`);
  };
  const asked = { startMs: read("since", span.startMs), endMs: read("until", span.endMs) };
  if (asked.endMs <= asked.startMs) {
    throw new DomainError("usage", `--until (${toIso(asked.endMs)}) must lie after --since (${toIso(asked.startMs)})`);
  }
  const range = { startMs: Math.max(asked.startMs, span.startMs), endMs: Math.min(asked.endMs, span.endMs) };
  if (range.endMs <= range.startMs) {
    throw new DomainError(
      "not-found",
      `Cannot train on ${toIso(asked.startMs)} to ${toIso(asked.endMs)} as candles are stored from ${
        toIso(span.startMs)
      } to ${toIso(span.endMs)}`,
      { hint: `Bring them in with: task ingest -- --since ${toIsoDay(asked.startMs)}` },
    );
  }
  if (range.startMs !== asked.startMs || range.endMs !== asked.endMs) {
    warnings.push({
      code: "range-clipped",
      message: `The range is cut to the stored candles: ${toIso(range.startMs)} to ${toIso(range.endMs)}`,
    });
  }
  return range;
}

async function resolveSettings(
  { options }: CommandContext,
  config: ModelConfig,
  series: SeriesId,
  range: TimeRange,
): Promise<ExperimentSettings> {
  const { quickSettings } = await import("../ml/experiment/mod.ts");
  const horizonMinutes = Number(options.string("horizon") ?? config.horizonMinutes);
  if (!isHorizon(horizonMinutes)) {
    throw new DomainError(
      "usage",
      `--horizon must be one of ${HORIZONS.join(", ")}: current value is ${horizonMinutes}`,
    );
  }
  const seed = options.number("seed") ?? config.seed;
  if (!Number.isInteger(seed) || seed < 1 || seed > 2147483647) {
    throw new DomainError("usage", `--seed must be a whole number from 1 to 2147483647: current value is ${seed}`);
  }
  const { evaluation } = config;
  const settings: ExperimentSettings = {
    series,
    family: (options.string("model") ?? config.model) as ExperimentSettings["family"],
    horizonMinutes,
    seed,
    range,
    quick: false,
    mlp: config.mlp,
    gbdt: config.gbdt,
    linear: config.linear,
    sequence: config.sequence,
    split: evaluation.split,
    blockDays: evaluation.blockDays,
    resamples: evaluation.resamples,
    minimumDays: config.minimumDays,
    verdict: config.verdict,
  };
  return options.boolean("quick") ? quickSettings(settings) : settings;
}

function readTags(texts: readonly string[]): { key: string; value: string }[] {
  return texts.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) {
      throw new DomainError("usage", `--tag must be key=value: current value is '${text}'`);
    }
    return { key: text.slice(0, at), value: text.slice(at + 1) };
  });
}

/** Who the run is of, where the system says. */
export function userOf(context: CommandContext): { userId?: string } {
  const userId = userName(context);
  return userId === undefined ? {} : { userId };
}
