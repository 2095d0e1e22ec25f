import type { AllocateOptions, CandleColumns } from "../candle.ts";

/** Feature values of many decision times, one column a feature. */
export interface FeatureMatrix {
  /** Number of decision times. */
  readonly length: number;
  /** Decision time (open time that follows the last closed candle used), epoch milliseconds, ascending. */
  readonly decisionTimeMs: Float64Array;
  /** Column names, in the model's order. */
  readonly names: readonly string[];
  /** One column a name; NaN where the feature is missing. */
  readonly columns: readonly Float32Array[];
}

/** Zero columns for features of `length` decision times. */
export function allocateFeatures(
  length: number,
  names: readonly string[],
  { shared = false }: AllocateOptions = {},
): FeatureMatrix {
  if (!shared) {
    const columns = names.map(() => new Float32Array(length));
    return { length, decisionTimeMs: new Float64Array(length), names, columns };
  }
  // In one piece: so large a one goes back to the system once it is let go, a hundred smaller ones stay with the process.
  const room = new SharedArrayBuffer(8 * length + 4 * length * names.length);
  return {
    length,
    decisionTimeMs: new Float64Array(room, 0, length),
    names,
    columns: names.map((_, j) => new Float32Array(room, 8 * length + 4 * length * j, length)),
  };
}

/** Feature sets that the store keeps as tables `features_<name>`. */
export const STORED_FEATURE_SETS = ["flagship", "base"] as const;

/** One of {@linkcode STORED_FEATURE_SETS}. */
export type StoredFeatureSet = typeof STORED_FEATURE_SETS[number];

/** Options of {@linkcode FeatureEngine.compute}. */
export interface ComputeOptions extends AllocateOptions {
  /** First decision time; candles before it serve as look-back. @default that of the first candle */
  readonly fromMs?: number;
}

/** A named, versioned set of causal features: the same code for training, store and service. */
export interface FeatureEngine {
  /** Name of the set, as in `features_<name>`. */
  readonly name: string;
  /** Feature names, in order. */
  readonly names: readonly string[];
  /** Per feature, whether a row whose last 61 closes all exist can lack it (NaN). */
  readonly nullable: readonly boolean[];
  /** sha256 of the canonical JSON of the ordered definitions (evaluation section 2), 64 hex digits. */
  readonly digest: string;
  /** Canonical JSON of the definitions. */
  readonly definition: string;
  /** Longest look-back in minutes; candles from `decisionTime − lookbackMinutes` on determine a row. */
  readonly lookbackMinutes: number;
  /**
   * Rows for every decision time that follows a candle of `columns` (`openTime + 1 minute`), from the first
   * one on or after `fromMs` where given. Uses only candles that closed by the decision time.
   */
  compute(columns: CandleColumns, options?: ComputeOptions): FeatureMatrix;
  /** Rows as candles come, equal to those of {@linkcode compute} to the bit; nothing is known at first. */
  incremental(options?: IncrementalEngineOptions): IncrementalEngine;
}

/** Options of {@linkcode FeatureEngine.incremental}. */
export interface IncrementalEngineOptions {
  /** Minutes computed at once: memory against moving the look-back as often. @default 23,040, sixteen days */
  readonly chunkMinutes?: number;
  /** For rows that are asked for one at a time: less memory, more work a row, the same bits. @default false */
  readonly lean?: boolean;
}

/** Features of candles as they come, of which no more than the look-back is kept. */
export interface IncrementalEngine {
  /** Takes candles as look-back alone, without rows of their own. */
  warm(candles: CandleColumns): void;
  /**
   * A row for each of the candles, which follow those given before. Candles of up to a day before the last one may be
   * given again, as an exchange may revise them: what came after the first of them is forgotten.
   *
   * @throws {RangeError} if they reach further back than what is kept.
   */
  append(candles: CandleColumns, options?: AllocateOptions): FeatureMatrix;
}
