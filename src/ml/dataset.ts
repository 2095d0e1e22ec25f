import {
  type CandleColumns,
  type FeatureEngine,
  type FeatureMatrix,
  lowerBound,
  MINUTE_MS,
  sliceCandles,
  type TimeRange,
} from "../core/mod.ts";
import { MinuteGrid } from "./features/mod.ts";
import { computeLabels, type Labels, type Split } from "./labels/mod.ts";

/** Features and labels of the same decision times, and the candles that both came from. */
export interface Dataset {
  readonly candles: CandleColumns;
  /** The candles minute by minute; laid out when first asked for. */
  readonly grid: MinuteGrid;
  readonly features: FeatureMatrix;
  readonly labels: Labels;
  readonly featureSetDigest: string;
  /** Per feature, whether a scored row can lack it. */
  readonly nullable: readonly boolean[];
}

/** Options of {@linkcode buildDataset}. */
export interface DatasetOptions {
  readonly horizonMinutes: number;
  /** First decision time; candles before it serve as look-back. */
  readonly sinceMs: number;
  /** Features already computed for decision times from `sinceMs` on; computed here where absent. */
  readonly features?: FeatureMatrix;
}

/** Joins features with what happened after each decision time. */
export function buildDataset(candles: CandleColumns, engine: FeatureEngine, options: DatasetOptions): Dataset {
  const given = options.features ?? engine.compute(candles, { fromMs: options.sinceMs, shared: true });
  const features = rowsBetween(given, options.sinceMs, Infinity);
  const { horizonMinutes } = options;
  // The labels' grid of all minutes goes with them: whoever needs one needs it of less.
  const labels = computeLabels(new MinuteGrid(candles), features.decisionTimeMs, { horizonMinutes });
  return datasetOf({ candles, features, labels, featureSetDigest: engine.digest, nullable: engine.nullable });
}

/** The dataset with a grid that is laid out when first asked for. */
export function datasetOf({ candles, features, labels, featureSetDigest, nullable }: Omit<Dataset, "grid">): Dataset {
  let grid: MinuteGrid | undefined;
  return {
    ...{ candles, features, labels, featureSetDigest, nullable },
    get grid() {
      return grid ??= new MinuteGrid(candles);
    },
  };
}

/**
 * The rows of a dataset whose decision times lie within a span, and its candles from a look-back before them on: views
 * that copy nothing.
 *
 * @param lookbackMinutes of all that is computed of the candles later.
 */
export function datasetWithin(
  dataset: Dataset,
  { startMs, endMs }: TimeRange,
  { lookbackMinutes }: { readonly lookbackMinutes: number },
): Dataset {
  const { candles, features, labels } = dataset;
  const first = lowerBound(features.decisionTimeMs, startMs), end = lowerBound(features.decisionTimeMs, endMs);
  const from = lowerBound(candles.openTimeMs, startMs - lookbackMinutes * MINUTE_MS);
  const to = lowerBound(candles.openTimeMs, endMs);
  return datasetOf({
    featureSetDigest: dataset.featureSetDigest,
    nullable: dataset.nullable,
    candles: sliceCandles(candles, from, to),
    features: rowsBetween(features, startMs, endMs),
    labels: {
      length: end - first,
      horizonMinutes: labels.horizonMinutes,
      returnBps: labels.returnBps.subarray(first, end),
      realizedVarianceBps2: labels.realizedVarianceBps2.subarray(first, end),
      scorable: labels.scorable.subarray(first, end),
    },
  });
}

/** Decision times from the first of some ascending rows to the last. */
export function timeSpanOf({ features }: Pick<Dataset, "features">, rows: Int32Array): TimeRange {
  return {
    startMs: features.decisionTimeMs[rows[0]!]!,
    endMs: features.decisionTimeMs[rows.at(-1)!]! + MINUTE_MS,
  };
}

/** Decision times of the rows that a split's models learn from. */
export function trainingRangesOf(
  dataset: Pick<Dataset, "features">,
  split: Pick<Split, "train" | "validation">,
): { readonly train: TimeRange; readonly validation: TimeRange } {
  return { train: timeSpanOf(dataset, split.train), validation: timeSpanOf(dataset, split.validation) };
}

function rowsBetween(features: FeatureMatrix, startMs: number, endMs: number): FeatureMatrix {
  const first = lowerBound(features.decisionTimeMs, startMs), end = lowerBound(features.decisionTimeMs, endMs);
  if (first === 0 && end === features.length) return features;
  return {
    length: end - first,
    decisionTimeMs: features.decisionTimeMs.subarray(first, end),
    names: features.names,
    columns: features.columns.map((column) => column.subarray(first, end)),
  };
}
