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
    const length = columns.length - first;
    const grid = new MinuteGrid(columns);
    const ends = new Int32Array(length);
    const decisionTimeMs = new Float64Array(length);
    for (let row = 0; row < length; row++) {
      ends[row] = grid.indexOfCandle(first + row) + 1;
      decisionTimeMs[row] = columns.openTimeMs[first + row]! + MINUTE_MS;
    }
    const values = this.#indicators.map((indicator) => indicator.compute(grid, { ends }));
    return { length, decisionTimeMs, names: this.names, columns: values };
  }
}
