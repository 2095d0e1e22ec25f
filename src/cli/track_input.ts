import {
  type CandleColumns,
  DomainError,
  type FeatureEngine,
  type FeatureMatrix,
  type FeatureReader,
  type Horizon,
  intersectRanges,
  isEmptyRange,
  isHorizon,
  MINUTE_MS,
  parseInstantOrDuration,
  type SeriesId,
  type TimeRange,
  toIso,
  toIsoDay,
  type Warning,
} from "../core/mod.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { DatasetFacts, ExperimentSettings } from "../ml/experiment/mod.ts";
import type { FeatureSource } from "../ml/dataset.ts";
import type { RecomputeOutcomes } from "../ml/leak_checks/mod.ts";
import type { CommandContext } from "./command.ts";
import { rangeBesideHoldout, type RecordLook } from "./holdout.ts";
import { featureSetOf, openFeatureStore } from "./runtime.ts";

/** What a run reads. */
export interface ReadCandles {
  readonly settings: ExperimentSettings;
  /** The feature set of the family's rows. */
  readonly engine: FeatureEngine;
  readonly candles: CandleColumns;
  /** Where stored features are read from as the run needs them; undefined where it has to compute them. */
  readonly features: FeatureSource | undefined;
  readonly facts: DatasetFacts;
  /** To be called before anything is trained; undefined where the holdout stays sealed. */
  readonly recordLook: RecordLook | undefined;
}

/** Reads what the run needs and lets go of the store, so that an ingest can go on meanwhile. */
export async function readCandles(
  context: CommandContext,
  config: ModelConfig,
  warnings: Warning[],
): Promise<ReadCandles> {
  const { loadIngestConfig } = await import("../config/ingest_config.ts");
  const { experimentFolds } = await import("../ml/experiment/mod.ts");
  const ingestConfig = await loadIngestConfig();
  const series: SeriesId = { exchange: config.exchange, symbol: config.symbol, interval: "1m" };
  await using store = await openFeatureStore(context, { mode: "read", config: ingestConfig, lean: true });
  const span = await store.span(series);
  if (span === undefined) {
    throw new DomainError(
      "not-found",
      `Cannot train as the feature store has no candles of ${series.exchange} ${series.symbol} ${series.interval}`,
      { hint: "Bring them in with: task ingest" },
    );
  }
  const wanted = { series, span, range: askedRange(context, span, warnings) };
  const { range, recordLook } = await rangeBesideHoldout(context, config, wanted, warnings);
  const settings = await resolveSettings(context, config, series, range);
  const engine = await featureSetOf(settings.family);
  experimentFolds(settings); // refuses a range that is too short before any candle is read
  const read: TimeRange = {
    startMs: Math.max(span.startMs, range.startMs - engine.lookbackMinutes * MINUTE_MS),
    endMs: range.endMs,
  };
  const query = { ...series, range: read };
  const candles = await store.loadCandles(query, { shared: true });
  return {
    settings,
    engine,
    candles,
    recordLook,
    features: await freshFeatures(context, store, engine, series, {
      startMs: range.startMs,
      endMs: (candles.openTimeMs.at(-1) ?? range.endMs) + MINUTE_MS + 1,
    }, warnings),
    facts: {
      sha256: await store.datasetDigest(query),
      ...read,
      rows: candles.length,
      uri: ingestConfig.featureStore.path,
    },
  };
}

/** Outcomes by SQL over the store, which is opened for that moment; those that end after the run's range are none. */
export function storedOutcomes(
  context: CommandContext,
  { series, range }: Pick<ExperimentSettings, "series" | "range">,
): RecomputeOutcomes {
  return async (decisionTimeMs, horizonMinutes) => {
    await using store = await openFeatureStore(context, { mode: "read", lean: true });
    const { returnBps, realizedVarianceBps2 } = await store.outcomes(series, decisionTimeMs, horizonMinutes);
    const lastMs = range.endMs - horizonMinutes * MINUTE_MS;
    const within = (values: Float64Array) => values.map((value, row) => decisionTimeMs[row]! > lastMs ? NaN : value);
    return { returnBps: within(returnBps), realizedVarianceBps2: within(realizedVarianceBps2) };
  };
}

/** Features from the store, which is opened for the moment of each reading, so that an ingest can go on in between. */
function storedFeatures(context: CommandContext, engine: FeatureEngine, series: SeriesId): FeatureSource {
  return {
    async load(range, options) {
      await using store = await openFeatureStore(context, { mode: "read", lean: true });
      const features = await store.loadFeatures(engine.name, { ...series, range }, options);
      requireColumns(engine, features);
      return features;
    },
  };
}

/** A table that other hands have changed is not the set whose digest the run would be told by. */
function requireColumns({ name, names }: FeatureEngine, stored: FeatureMatrix): void {
  if (names.join() === stored.names.join()) return;
  const lacking = names.filter((own) => !stored.names.includes(own));
  const how = lacking.length > 0 ? `it lacks ${lacking.join(", ")}` : "it has others, or in another order";
  throw new DomainError("store-damaged", `Cannot use the stored features '${name}' by their columns: ${how}`, {
    hint: "Move the feature store aside, with its .wal if there is one, and run ingest again",
  });
}

/** Stored features of the range where they are up to date; undefined where they are not, so that the run computes them. */
async function freshFeatures(
  context: CommandContext,
  store: FeatureReader,
  engine: FeatureEngine,
  series: SeriesId,
  decisions: TimeRange,
  warnings: Warning[],
): Promise<FeatureSource | undefined> {
  if (await store.featureSpan(engine.name, engine.digest, series) === undefined) return undefined;
  const { staleFeatures } = await import("../feature_store/mod.ts");
  const [behind] = (await staleFeatures(store, series, engine))
    .map((range) => intersectRanges(range, decisions)).filter((range) => !isEmptyRange(range));
  if (behind === undefined) return storedFeatures(context, engine, series);
  warnings.push({
    code: "features-behind",
    message:
      `The stored features '${engine.name}' are behind the candles from ${toIso(behind.startMs)} on, so the run ` +
      "computes them itself; bring them up to date with: task ingest",
  });
  return undefined;
}

/** The asked range within what is stored; a clipped end is warned about. */
function askedRange(context: CommandContext, span: TimeRange, warnings: Warning[]): TimeRange {
  const nowMs = context.clock.nowMs();
  const read = (name: "since" | "until") => {
    const text = context.options.string(name);
    return text === undefined ? undefined : parseInstantOrDuration(text, nowMs, `--${name}`);
  };
  const sinceMs = read("since"), untilMs = read("until");
  const asked = { startMs: sinceMs ?? span.startMs, endMs: untilMs ?? span.endMs };
  if (sinceMs !== undefined && untilMs !== undefined && untilMs <= sinceMs) {
    throw new DomainError("usage", `--until (${toIso(asked.endMs)}) must lie after --since (${toIso(asked.startMs)})`);
  }
  const range = { startMs: Math.max(asked.startMs, span.startMs), endMs: Math.min(asked.endMs, span.endMs) };
  if (range.endMs <= range.startMs) {
    const wanted = sinceMs === undefined
      ? `on candles before ${toIso(asked.endMs)}`
      : untilMs === undefined
      ? `from ${toIso(asked.startMs)} on`
      : `on ${toIso(asked.startMs)} to ${toIso(asked.endMs)}`;
    throw new DomainError(
      "not-found",
      `Cannot train ${wanted} as candles are stored from ${toIso(span.startMs)} to ${toIso(span.endMs)}`,
      { hint: `Bring them in with: task ingest -- --since ${sinceMs === undefined ? "DATE" : toIsoDay(sinceMs)}` },
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

/** Horizons that `--horizon` names; empty without it. @throws {DomainError} `usage` for one that is named twice. */
export function horizonsAsked(options: CommandContext["options"]): Horizon[] {
  const text = options.string("horizon"), horizons = text?.split(",").map(Number).filter(isHorizon) ?? [];
  const twice = horizons.find((minutes, i) => horizons.indexOf(minutes) < i);
  if (twice === undefined) return horizons;
  throw new DomainError("usage", `--horizon must name each horizon once: ${twice} stands twice in '${text}'`);
}

/** Refuses several horizons. @throws {DomainError} `usage`. */
export function requireOneHorizon(horizons: readonly Horizon[], why: string): void {
  if (horizons.length < 2) return;
  throw new DomainError("usage", `--horizon must name one horizon, as ${why}: current value is ${horizons.join(",")}`, {
    hint: `Begin with: --horizon ${horizons[0]}`,
  });
}

/** Steps that `--folds` asks for. @throws {DomainError} `usage`. */
function foldsAsked(options: CommandContext["options"]): number | undefined {
  const folds = options.number("folds");
  if (folds === undefined || Number.isInteger(folds) && folds >= 1) return folds;
  throw new DomainError("usage", `--folds must be a whole number from 1 on: current value is ${folds}`);
}

/** The settings of a run: the configuration, with what the options say in its place. */
export async function resolveSettings(
  { options }: CommandContext,
  config: ModelConfig,
  series: SeriesId,
  range: TimeRange,
): Promise<ExperimentSettings> {
  const { quickSettings } = await import("../ml/experiment/mod.ts");
  const [horizonMinutes = config.horizonMinutes] = horizonsAsked(options);
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
    split: { ...evaluation.split, folds: foldsAsked(options) ?? evaluation.split.folds },
    blockDays: evaluation.blockDays,
    resamples: evaluation.resamples,
    minimumDays: config.minimumDays,
    verdict: config.gate,
  };
  return options.boolean("quick") ? quickSettings(settings) : settings;
}
