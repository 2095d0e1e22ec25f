import { MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { defaultFeatureEngine } from "../../src/ml/features/mod.ts";
import { randomCandles } from "../ml/candles.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";

const MINUTES = 730 * 1440;

/** Two years of minutes to features at once, and the newest row from its look-back. */
export const bench: Bench = {
  name: "features",
  run() {
    const engine = defaultFeatureEngine();
    const candles = randomCandles(MINUTES);
    const timed = (work: () => unknown) => {
      const startedMs = performance.now();
      work();
      return performance.now() - startedMs;
    };
    const bulk = median([1, 2, 3].map(() => timed(() => engine.compute(candles)))) / 1000;
    // The same number of values written by a loop that does one logarithm each: what any implementation must do.
    const bare = timed(() => {
      for (const _ of engine.names) {
        const column = new Float32Array(MINUTES);
        for (let i = 1; i < MINUTES; i++) column[i] = Math.log(candles.close[i]! / candles.close[i - 1]!);
      }
    }) / 1000;
    const tail = sliceCandles(candles, MINUTES - engine.lookbackMinutes, MINUTES);
    const fromMs = tail.openTimeMs.at(-1)! + MINUTE_MS;
    const newest = median(Array.from({ length: 9 }, () => timed(() => engine.compute(tail, { fromMs }))));
    const results: BenchResult[] = [
      {
        name: "features.two_years",
        unit: "s",
        value: bulk,
        peer: { name: "a logarithm a value", value: bare },
        target: "≤ 6",
        passed: bulk <= 12,
      },
      {
        name: "features.newest_row_from_candles",
        unit: "ms",
        value: newest,
        target: "≤ 50",
        passed: newest <= 100,
      },
    ];
    return Promise.resolve(results);
  },
};
