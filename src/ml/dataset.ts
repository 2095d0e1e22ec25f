import {
  type CandleColumns,
  type FeatureEngine,
  type FeatureMatrix,
  lowerBound,
  MINUTE_MS,
  type TimeRange,
} from "../core/mod.ts";
import { MinuteGrid } from "./features/mod.ts";
import { computeLabels, type Labels, type Split } from "./labels/mod.ts";

/** Features and labels of the same decision times, and the candles that both came from. */
export interface Dataset {
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
  const given = options.features ?? engine.compute(candles, { fromMs: options.sinceMs });
  const features = rowsFrom(given, options.sinceMs);
  const grid = new MinuteGrid(candles);
  const labels = computeLabels(grid, features.decisionTimeMs, { horizonMinutes: options.horizonMinutes });
  return { grid, features, labels, featureSetDigest: engine.digest, nullable: engine.nullable };
}

/** Decision times from the first of some ascending rows to the last. */
export function timeSpanOf({ features }: Dataset, rows: Int32Array): TimeRange {
  return {
    startMs: features.decisionTimeMs[rows[0]!]!,
    endMs: features.decisionTimeMs[rows.at(-1)!]! + MINUTE_MS,
  };
}

/** Decision times of the rows that a split's models learn from. */
export function trainingRangesOf(
  dataset: Dataset,
  split: Pick<Split, "train" | "validation">,
): { readonly train: TimeRange; readonly validation: TimeRange } {
  return { train: timeSpanOf(dataset, split.train), validation: timeSpanOf(dataset, split.validation) };
}

function rowsFrom(features: FeatureMatrix, sinceMs: number): FeatureMatrix {
  const first = lowerBound(features.decisionTimeMs, sinceMs);
  if (first === 0) return features;
  return {
    length: features.length - first,
    decisionTimeMs: features.decisionTimeMs.subarray(first),
    names: features.names,
    columns: features.columns.map((column) => column.subarray(first)),
  };
}
