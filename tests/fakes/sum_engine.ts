import {
  allocateCandles,
  type CandleColumns,
  concatCandles,
  type FeatureEngine,
  type FeatureMatrix,
  lowerBound,
  MINUTE_MS,
  sliceCandles,
} from "../../src/core/mod.ts";

/**
 * The plainest features with a memory: the close, and the mean close of the last `lookbackMinutes` minutes; missing
 * (NaN) until so many candles are there. A change of any candle shows in the rows that look back on it.
 */
export function sumEngine(lookbackMinutes: number, digest = "d".repeat(64)): FeatureEngine {
  const engine: FeatureEngine = {
    name: "sums",
    names: ["close", "mean_close"],
    nullable: [false, true],
    digest,
    definition: JSON.stringify({ lookbackMinutes }),
    lookbackMinutes,
    compute(columns: CandleColumns, options: { readonly fromMs?: number } = {}): FeatureMatrix {
      const first = lowerBound(columns.openTimeMs, (options.fromMs ?? -Infinity) - MINUTE_MS);
      const length = columns.length - first;
      const close = new Float32Array(length), mean = new Float32Array(length).fill(NaN);
      const decisionTimeMs = new Float64Array(length);
      for (let i = 0; i < length; i++) {
        const at = first + i;
        decisionTimeMs[i] = columns.openTimeMs[at]! + MINUTE_MS;
        close[i] = columns.close[at]!;
        const from = lowerBound(columns.openTimeMs, decisionTimeMs[i]! - lookbackMinutes * MINUTE_MS);
        if (at - from + 1 < lookbackMinutes) continue;
        let sum = 0;
        for (let k = from; k <= at; k++) sum += columns.close[k]!;
        mean[i] = sum / lookbackMinutes;
      }
      return { length, decisionTimeMs, names: ["close", "mean_close"], columns: [close, mean] };
    },
    incremental() {
      let known = allocateCandles(0);
      const take = (candles: CandleColumns) => {
        const kept = candles.length === 0 ? known.length : lowerBound(known.openTimeMs, candles.openTimeMs[0]!);
        known = concatCandles([sliceCandles(known, 0, kept), candles]);
      };
      return {
        warm: take,
        append(candles) {
          take(candles);
          return engine.compute(known, { fromMs: (candles.openTimeMs[0] ?? Infinity) + MINUTE_MS });
        },
      };
    },
  };
  return engine;
}
