import {
  DAY_MS,
  DomainError,
  type FeatureEngine,
  type FeatureReader,
  isDomainError,
  lowerBound,
  MINUTE_MS,
  type TimeRange,
  toIsoDay,
} from "../core/mod.ts";
import type { Dataset } from "../ml/dataset.ts";
import type { SpecForecastModel } from "../ml/models/spec_forecast_model.ts";
import type { BaselineAnswers, Baselines, TrainingRows, Yardstick, YardstickQuery } from "../monitoring/mod.ts";
import { datasetEngine, learntUntil } from "./registered_forecasts.ts";
import { featureSetOf } from "./runtime.ts";

/** What {@linkcode liveBaselines} and {@linkcode liveYardstick} need. */
export interface YardstickDeps {
  /** The candles; undefined where there is no store. */
  readonly store: Pick<FeatureReader, "span" | "loadCandles"> | undefined;
  /** The model of a version; undefined where it is gone. */
  readonly modelOf: (name: string, version: string) => Promise<SpecForecastModel | undefined>;
  /** Features by which a version's rows are computed again; of version undefined any that the baselines can read. */
  readonly engineOf: (model: SpecForecastModel | undefined) => Promise<FeatureEngine>;
  /** Days that baselines of an unknown version are fitted on; and after how many they are fitted anew (evaluation section 4). */
  readonly split: { readonly trainDays: number; readonly stepDays: number };
  /** Called between parts of the work; may throw to stop. */
  readonly pause: () => Promise<void>;
}

/** What both need, by candles and versions at hand; a signal ends the work between its parts. */
export function yardstickDeps(
  { store, modelOf, split }: Pick<YardstickDeps, "store" | "modelOf" | "split">,
  signal: AbortSignal,
): YardstickDeps {
  return {
    ...{ store, modelOf, split },
    engineOf: (model) => model === undefined ? featureSetOf("mlp") : datasetEngine(model.info.featureSetDigest),
    async pause() {
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal.throwIfAborted();
    },
  };
}

/** Baselines of less are not worth a comparison: HAR reads seven days before its first row. */
const FEWEST_TRAINING_DAYS = 14;

/**
 * What a version is measured by. Baselines walk forward as in the evaluation (section 4): steps from the end of what the
 * version learnt on, each fitted on as many days before it as the version was, labels included, and asked about the scored
 * rows of its own days. They thereby never see a live minute of their step, and are as fresh as those of the backtest.
 *
 * A look is broken off by a store that is busy or damaged: without baselines it would take alerts for over.
 */
export function liveYardstick(deps: YardstickDeps): (query: YardstickQuery) => Promise<Yardstick> {
  return async (query) => {
    const ground = await groundOf(query, deps);
    if (ground === undefined) return { baselines: {}, training: undefined, lacking: [] };
    const { model, learntMs, firstMs, load } = ground;
    const walked = await baselinesOn(ground, query.decisionTimeMs, deps);
    await deps.pause();
    const training = model === undefined || learntMs === undefined ? undefined : await trainingRows(
      model,
      { startMs: Math.max(model.spec.trainingRanges.train.startMs, firstMs), endMs: learntMs },
      load,
      deps.pause,
    );
    return { ...walked, training };
  };
}

/** The baselines of {@linkcode liveYardstick} alone. */
export async function liveBaselines(query: YardstickQuery, deps: YardstickDeps): Promise<WalkedBaselines> {
  const ground = await groundOf(query, deps);
  return ground === undefined ? { baselines: {}, lacking: [] } : await baselinesOn(ground, query.decisionTimeMs, deps);
}

/** Baselines, or why there are none. */
type WalkedBaselines = Pick<Yardstick, "baselines" | "lacking">;

/** The candles of a query, and what is known of its version. */
interface Ground {
  readonly model: SpecForecastModel | undefined;
  /** End of what the version learnt on; undefined where it is not known. */
  readonly learntMs: number | undefined;
  /** First candle. */
  readonly firstMs: number;
  readonly horizonMinutes: number;
  /** Rows of a range, with the look-back of the features. */
  readonly load: (range: TimeRange) => Promise<Dataset>;
}

async function groundOf(
  { name, version, series, horizonMinutes }: YardstickQuery,
  { store, modelOf, engineOf, pause }: YardstickDeps,
): Promise<Ground | undefined> {
  const span = await store?.span(series);
  if (store === undefined || span === undefined) return undefined;
  const model = await modelOf(name, version), engine = await engineOf(model);
  return {
    ...{ model, horizonMinutes, firstMs: span.startMs },
    learntMs: model === undefined ? undefined : learntUntil(model.spec.trainingRanges, horizonMinutes),
    async load(range) {
      const { buildDataset, DATASET_LOOKBACK_MINUTES } = await import("../ml/dataset.ts");
      const candles = await store.loadCandles({
        ...series,
        range: {
          startMs: range.startMs - DATASET_LOOKBACK_MINUTES * MINUTE_MS,
          endMs: range.endMs + horizonMinutes * MINUTE_MS,
        },
      });
      await pause();
      return buildDataset(candles, engine, { horizonMinutes, sinceMs: range.startMs });
    },
  };
}

async function baselinesOn(
  { model, learntMs, firstMs, horizonMinutes, load }: Ground,
  decisionTimeMs: Float64Array,
  deps: YardstickDeps,
): Promise<WalkedBaselines> {
  if (decisionTimeMs.length === 0) return { baselines: {}, lacking: [] };
  const anchorMs = learntMs ?? Math.floor(decisionTimeMs[0]! / DAY_MS) * DAY_MS;
  const grid = { anchorMs, firstMs, horizonMinutes, trainDays: trainDaysOf(model) ?? deps.split.trainDays };
  try {
    return { baselines: await walkBaselines(decisionTimeMs, grid, deps, load), lacking: [] };
  } catch (error) {
    // Too few rows, or rows that no line can be put through: the model is scored all the same.
    if (!isDomainError(error, "input-invalid")) throw error;
    return { baselines: {}, lacking: [`it is scored without baselines: ${error.message}`] };
  }
}

/** Days of a version's training span, its validation included. */
function trainDaysOf(model: SpecForecastModel | undefined): number | undefined {
  if (model === undefined) return undefined;
  const { train, validation } = model.spec.trainingRanges;
  const days = Math.ceil((Math.max(train.endMs, validation?.endMs ?? -Infinity) - train.startMs) / DAY_MS);
  return Math.max(FEWEST_TRAINING_DAYS, days);
}

/** Where steps begin, what there is, and how much of it is learnt from. */
interface Grid {
  /** Start of the first step. */
  readonly anchorMs: number;
  /** First candle. */
  readonly firstMs: number;
  readonly horizonMinutes: number;
  readonly trainDays: number;
}

async function walkBaselines(
  decisionTimeMs: Float64Array,
  { anchorMs, firstMs, horizonMinutes, trainDays: wantedDays }: Grid,
  { split, pause }: YardstickDeps,
  load: (range: TimeRange) => Promise<Dataset>,
): Promise<Baselines> {
  const { foldBetween } = await import("../ml/labels/mod.ts");
  const { foldBaselines } = await import("../ml/experiment/fold_baselines.ts");
  const stepMs = split.stepDays * DAY_MS, parts: Baselines[] = [];
  for (let from = 0; from < decisionTimeMs.length;) {
    const index = Math.floor((decisionTimeMs[from]! - anchorMs) / stepMs), testStartMs = anchorMs + index * stepMs;
    const to = lowerBound(decisionTimeMs, testStartMs + stepMs);
    const times = decisionTimeMs.subarray(from, to), testEndMs = times.at(-1)! + MINUTE_MS;
    const trainDays = Math.min(wantedDays, (testStartMs - firstMs) / DAY_MS);
    if (trainDays < FEWEST_TRAINING_DAYS) {
      throw new DomainError(
        "input-invalid",
        `the store has ${Math.max(0, trainDays).toFixed(1)} days of candles before ${
          toIsoDay(testStartMs)
        }, and they are fitted on ${FEWEST_TRAINING_DAYS} or more`,
      );
    }
    const fold = foldBetween({
      ...{ index, horizonMinutes, trainDays, testStartMs, testEndMs },
      validationDays: 0,
      labelsEndMs: testEndMs + horizonMinutes * MINUTE_MS,
    });
    const dataset = await load({ startMs: fold.trainingSpan.startMs, endMs: testEndMs });
    await pause();
    const { test, baselines } = foldBaselines(dataset, fold);
    await pause();
    parts.push(await answersAt(times, test, baselines));
    from = to;
  }
  const { joinForecasts } = await import("../ml/evaluation/scored_folds.ts");
  const names = Object.keys(parts[0]!);
  return Object.fromEntries(names.map((name) => [name, joinForecasts(parts.map((part) => part[name]!))]));
}

/** What the baselines of a fold say at some of its rows. */
async function answersAt(
  wantedMs: Float64Array,
  test: { readonly length: number; readonly decisionTimeMs: Float64Array },
  baselines: Readonly<
    Record<
      string,
      BaselineAnswers | { readonly volatilityBps: Float32Array; readonly standardizedQuantiles: readonly number[] }
    >
  >,
): Promise<Baselines> {
  const { pickValues } = await import("../ml/dataset.ts");
  const { scaledQuantiles } = await import("../ml/evaluation/test_rows.ts");
  const { commonRows } = await import("../ml/evaluation/common_rows.ts");
  const { left: rows } = commonRows(test.decisionTimeMs, wantedMs);
  if (rows.length !== wantedMs.length) {
    throw new DomainError(
      "input-invalid",
      `they answer ${rows.length} of ${wantedMs.length} scored rows, as the candles changed meanwhile`,
    );
  }
  return Object.fromEntries(
    Object.entries(baselines).map(([name, answers]) => {
      const own: BaselineAnswers = Object.fromEntries(
        (["probabilityUp", "volatilityBps"] as const).flatMap((output) => {
          const column = (answers as BaselineAnswers)[output];
          return column === undefined ? [] : [[output, pickValues(column, rows)]];
        }),
      );
      if (!("standardizedQuantiles" in answers)) return [name, own];
      return [name, { ...own, quantilesBps: scaledQuantiles(own.volatilityBps!, () => answers.standardizedQuantiles) }];
    }),
  );
}

async function trainingRows(
  model: SpecForecastModel,
  range: TimeRange,
  load: (range: TimeRange) => Promise<Dataset>,
  pause: () => Promise<void>,
): Promise<TrainingRows | undefined> {
  if (range.endMs - range.startMs < DAY_MS) return undefined;
  const dataset = await load(range);
  const { scorableRows } = await import("../ml/dataset.ts");
  const { forecastRows } = await import("../ml/window_dataset.ts");
  const { features: { decisionTimeMs, names, columns } } = dataset;
  const rows = scorableRows(dataset).filter((row) => decisionTimeMs[row]! < range.endMs);
  return {
    decisionTimeMs: Float64Array.from(rows, (row) => decisionTimeMs[row]!),
    featureNames: names,
    featureAt: (feature, row) => columns[feature]![rows[row]!]!,
    forecasts: (picked) => forecastRows(model, dataset, Int32Array.from(picked, (row) => rows[row]!), pause),
  };
}
