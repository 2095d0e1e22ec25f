import {
  type AllocateOptions,
  type CandleColumns,
  type FeatureEngine,
  type FeatureMatrix,
  lowerBound,
  MINUTE_MS,
  oneAtATime,
  sliceCandles,
  type TimeRange,
} from "../core/mod.ts";
import { MinuteGrid } from "./features/mod.ts";
import { computeLabels, type Fold, foldRows, type Labels, type Split } from "./labels/mod.ts";

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

/** Where a run's features come from, some decision times at a time: all at once are most of what a run keeps in memory. */
export interface FeatureSource {
  /** Rows whose decision times lie in the range, ascending; new ones in shared memory where that is asked for. */
  load(range: TimeRange, options?: AllocateOptions): Promise<FeatureMatrix>;
}

/** Features that are all at hand; what is asked for are views. */
export function givenFeatures(features: FeatureMatrix): FeatureSource {
  return { load: ({ startMs, endMs }) => Promise.resolve(rowsBetween(features, startMs, endMs)) };
}

/** Reads one range after the other, so that a store is let go of between two readings whoever asks for them. */
export function oneByOne(source: FeatureSource): FeatureSource {
  const inTurn = oneAtATime();
  return { load: (range, options) => inTurn(() => source.load(range, options)) };
}

/** Features of candles, computed once, when first asked for. */
export function computedFeatures(candles: CandleColumns, engine: FeatureEngine, sinceMs: number): FeatureSource {
  let source: FeatureSource | undefined;
  return {
    load: (range) => (source ??= givenFeatures(engine.compute(candles, { fromMs: sinceMs, shared: true }))).load(range),
  };
}

/** What {@linkcode loadDataset} joins. */
export interface DatasetSource {
  readonly candles: CandleColumns;
  readonly features: FeatureSource;
  readonly engine: FeatureEngine;
  readonly horizonMinutes: number;
  /** @default {@linkcode computeLabels} */
  readonly labelsOf?: typeof computeLabels;
}

/** Beyond the longest look-back of a line, 22 days, and of a window of features. */
export const DATASET_LOOKBACK_MINUTES = 33_120;

/** Features and labels of the decision times of a range, with the candles from a look-back before it on. */
export async function loadDataset(
  { candles, features, engine, horizonMinutes, labelsOf = computeLabels }: DatasetSource,
  range: TimeRange,
  options: AllocateOptions = {},
): Promise<Dataset> {
  const from = lowerBound(candles.openTimeMs, range.startMs - DATASET_LOOKBACK_MINUTES * MINUTE_MS);
  const to = lowerBound(candles.openTimeMs, range.endMs + horizonMinutes * MINUTE_MS);
  const part = sliceCandles(candles, from, to), rows = await features.load(range, options);
  return datasetOf({
    candles: part,
    features: rows,
    // The labels' grid of all minutes goes with them: whoever needs one needs it of less.
    labels: labelsOf(new MinuteGrid(part), rows.decisionTimeMs, { horizonMinutes }),
    featureSetDigest: engine.digest,
    nullable: engine.nullable,
  });
}

/** Decision times of a range: each follows a candle. */
export function decisionTimesOf({ openTimeMs }: CandleColumns, { startMs, endMs }: TimeRange): Float64Array {
  const first = lowerBound(openTimeMs, startMs - MINUTE_MS), end = lowerBound(openTimeMs, endMs - MINUTE_MS);
  return openTimeMs.subarray(first, end).map((openMs) => openMs + MINUTE_MS);
}

/** Options of {@linkcode buildDataset}. */
export interface DatasetOptions {
  readonly horizonMinutes: number;
  /** First decision time; candles before it serve as look-back. */
  readonly sinceMs: number;
  /** Features already computed for decision times from `sinceMs` on; computed here where absent. */
  readonly features?: FeatureMatrix;
}

/** Joins features of all candles with what happened after each decision time. */
export function buildDataset(candles: CandleColumns, engine: FeatureEngine, options: DatasetOptions): Dataset {
  const given = options.features ?? engine.compute(candles, { fromMs: options.sinceMs, shared: true });
  const features = rowsBetween(given, options.sinceMs, Infinity);
  return datasetOf({
    candles,
    features,
    labels: computeLabels(new MinuteGrid(candles), features.decisionTimeMs, options),
    featureSetDigest: engine.digest,
    nullable: engine.nullable,
  });
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

/** The same dataset with other parts; a grid is laid out of the candles that it has then. */
export function withParts(
  { candles, features, labels, featureSetDigest, nullable }: Dataset,
  parts: Partial<Pick<Dataset, "candles" | "features" | "labels">>,
): Dataset {
  return datasetOf({ candles, features, labels, featureSetDigest, nullable, ...parts });
}

/** All decision times of a fold, or of several that follow each other. */
export function foldSpan(first: Fold, last: Fold = first): TimeRange {
  return { startMs: first.train.startMs, endMs: Math.max(last.trainingSpan.endMs, last.test.endMs) };
}

/**
 * All that a fold reads, as views that copy nothing: what lies before its training span, but for the look-back, and after
 * its test has no part in it.
 */
export function foldDataset(dataset: Dataset, fold: Fold): Dataset {
  const { candles, features, labels } = dataset, { startMs, endMs } = foldSpan(fold);
  const first = lowerBound(features.decisionTimeMs, startMs), end = lowerBound(features.decisionTimeMs, endMs);
  const from = lowerBound(candles.openTimeMs, startMs - DATASET_LOOKBACK_MINUTES * MINUTE_MS);
  const to = lowerBound(candles.openTimeMs, endMs);
  return withParts(dataset, {
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

/** What {@linkcode foldDataset} gives, read by itself. */
export async function readFold(source: DatasetSource, fold: Fold, options?: AllocateOptions): Promise<Dataset> {
  return foldDataset(await loadDataset(source, foldSpan(fold), options), fold);
}

/** What a fold's rows are told by. */
export function rowsOfDataset(
  { features, labels }: Pick<Dataset, "features" | "labels">,
): Parameters<typeof foldRows>[0] {
  return { decisionTimeMs: features.decisionTimeMs, scorable: labels.scorable };
}

/** The scorable rows of a fold's spans. */
export function rowsOfFold(dataset: Dataset, fold: Fold): Split {
  return foldRows(rowsOfDataset(dataset), fold);
}

/** All scorable rows. */
export function scorableRows({ labels: { scorable } }: Pick<Dataset, "labels">): Int32Array {
  const rows = new Int32Array(scorable.length);
  let count = 0;
  for (let row = 0; row < scorable.length; row++) if (scorable[row] === 1) rows[count++] = row;
  return rows.subarray(0, count);
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
  return featureRows(features, first, end);
}

/** Rows `[first, end)` as views on the same memory. */
export function featureRows(features: FeatureMatrix, first: number, end: number): FeatureMatrix {
  if (first === 0 && end === features.length) return features;
  return {
    length: end - first,
    decisionTimeMs: features.decisionTimeMs.subarray(first, end),
    names: features.names,
    columns: features.columns.map((column) => column.subarray(first, end)),
  };
}

/** Values of some rows. */
export function pickValues<T extends Float32Array | Uint8Array>(column: T, rows: Int32Array): T {
  const values = new (column.constructor as { new (length: number): T })(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = column[rows[i]!]!;
  return values;
}

/** Labels of some rows. */
export function pickLabels(labels: Labels, rows: Int32Array): Labels {
  return {
    length: rows.length,
    horizonMinutes: labels.horizonMinutes,
    returnBps: pickValues(labels.returnBps, rows),
    realizedVarianceBps2: pickValues(labels.realizedVarianceBps2, rows),
    scorable: pickValues(labels.scorable, rows),
  };
}
