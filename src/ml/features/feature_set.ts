import { type CandleColumns, type FeatureEngine, type FeatureMatrix, lowerBound, MINUTE_MS } from "../../core/mod.ts";
import { canonicalJson } from "../canonical_json.ts";
import { sha256Of } from "../sha256.ts";
import type { Indicator } from "./indicator.ts";
import { MinuteGrid } from "./minute_grid.ts";

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

  compute(columns: CandleColumns, options: { readonly fromMs?: number } = {}): FeatureMatrix {
    const first = options.fromMs === undefined ? 0 : lowerBound(columns.openTimeMs, options.fromMs - MINUTE_MS);
    const decisionTimeMs = Float64Array.from(columns.openTimeMs.subarray(first), (openMs) => openMs + MINUTE_MS);
    return this.computeAt(new MinuteGrid(columns), decisionTimeMs);
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
}
