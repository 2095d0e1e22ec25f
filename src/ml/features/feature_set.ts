import {
  type CandleColumns,
  type ComputeOptions,
  type FeatureEngine,
  type FeatureMatrix,
  type IncrementalEngineOptions,
  lowerBound,
  MINUTE_MS,
  sliceCandles,
} from "../../core/mod.ts";
import { canonicalJson } from "../canonical_json.ts";
import { sha256Of } from "../sha256.ts";
import { IncrementalFeatures } from "./incremental_features.ts";
import type { Indicator } from "./indicator.ts";
import type { MinuteGrid } from "./minute_grid.ts";

/** A feature engine over an ordered list of indicators. */
export class FeatureSet implements FeatureEngine {
  readonly name: string;
  readonly names: readonly string[];
  readonly nullable: readonly boolean[];
  readonly digest: string;
  readonly definition: string;
  readonly lookbackMinutes: number;
  readonly #indicators: readonly Indicator[];

  /** Fixes the order of the columns; the digest follows from it. */
  constructor(name: string, indicators: readonly Indicator[]) {
    this.name = name;
    this.#indicators = indicators;
    this.names = indicators.map((indicator) => indicator.name);
    this.nullable = indicators.map((indicator) => indicator.nullable);
    this.lookbackMinutes = Math.max(0, ...indicators.map((indicator) => indicator.lookbackMinutes));
    this.definition = canonicalJson(indicators.map((indicator) => ({
      name: indicator.name,
      parameters: indicator.parameters,
      lookbackMinutes: indicator.lookbackMinutes,
      dtype: "float32",
      definitionVersion: indicator.definitionVersion,
    })));
    this.digest = sha256Of(this.definition);
  }

  compute(columns: CandleColumns, options: ComputeOptions = {}): FeatureMatrix {
    const { fromMs = -Infinity, ...where } = options;
    const first = lowerBound(columns.openTimeMs, fromMs - MINUTE_MS);
    const warm = lowerBound(columns.openTimeMs, fromMs - this.lookbackMinutes * MINUTE_MS);
    const rolling = this.incremental();
    rolling.warm(sliceCandles(columns, warm, first));
    return rolling.append(sliceCandles(columns, first, columns.length), where);
  }

  /**
   * Rows for the given decision times, each of which follows a candle of the grid.
   *
   * @param known columns of these very rows by name, which need not be computed again.
   */
  computeAt(
    grid: MinuteGrid,
    decisionTimeMs: Float64Array,
    known: ReadonlyMap<string, Float32Array> = new Map(),
  ): FeatureMatrix {
    const ends = Int32Array.from(decisionTimeMs, (ms) => grid.indexAt(ms));
    const columns = this.#indicators.map((indicator) => known.get(indicator.name) ?? indicator.compute(grid, { ends }));
    return { length: ends.length, decisionTimeMs, names: this.names, columns };
  }

  /** Rows of this set as candles come, equal to those of {@linkcode compute} to the bit. */
  incremental(options: IncrementalEngineOptions = {}): IncrementalFeatures {
    return new IncrementalFeatures({
      ...options,
      names: this.names,
      lookbackMinutes: this.lookbackMinutes,
      indicators: this.#indicators,
    });
  }
}
