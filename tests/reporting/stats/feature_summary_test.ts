import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type CandleColumns, type FeatureEngine, MINUTE_MS } from "../../../src/core/mod.ts";
import { moments } from "../../../src/reporting/stats/moments.ts";
import { FEATURE_LEVELS, summarizeFeatures } from "../../../src/reporting/stats/feature_summary.ts";
import { quantile, sortedFinite } from "../../../src/reporting/stats/quantiles.ts";
import { candlesOf } from "../candles.ts";

/** Close less the close three minutes before; missing until there is one and every 13th minute of the epoch. */
const ENGINE: Pick<FeatureEngine, "names" | "lookbackMinutes" | "compute"> = {
  names: ["step_3", "level"],
  lookbackMinutes: 4,
  compute(columns: CandleColumns, options = {}) {
    const rows = Array.from(columns.openTimeMs, (ms, i) => ({ ms: ms + MINUTE_MS, i }))
      .filter(({ ms }) => ms >= (options.fromMs ?? -Infinity));
    return {
      length: rows.length,
      decisionTimeMs: Float64Array.from(rows, ({ ms }) => ms),
      names: this.names,
      columns: [
        Float32Array.from(
          rows,
          ({ ms, i }) => i < 3 || (ms / MINUTE_MS) % 13 === 0 ? NaN : columns.close[i]! - columns.close[i - 3]!,
        ),
        Float32Array.from(rows, ({ i }) => 1e6 + columns.close[i]!),
      ],
    };
  },
};

const COLUMNS = candlesOf(Array.from({ length: 5000 }, (_, i) => 100 + 10 * Math.sin(i / 50) + (i * 7919) % 13));

Deno.test("summarizeFeatures() in chunks equals the figures of the whole matrix", () => {
  const matrix = ENGINE.compute(COLUMNS);
  for (const chunkRows of [64, 999, 5000, 100_000]) {
    const { features, rows, every } = summarizeFeatures(COLUMNS, ENGINE, { chunkRows });
    assertEquals([rows, every], [5000, 1]);
    features.forEach((feature, j) => {
      const values = matrix.columns[j]!, expected = moments(values), sorted = sortedFinite(values);
      assertEquals([feature.name, feature.count], [ENGINE.names[j], expected.count]);
      assertEquals(feature.missing, 5000 - expected.count);
      assertAlmostEquals(feature.mean, expected.mean, 1e-9 * Math.abs(expected.max));
      assertAlmostEquals(feature.sd, expected.sd, 1e-9 * expected.sd);
      assertEquals([feature.min, feature.max], [expected.min, expected.max]);
      assertEquals(feature.quantiles, FEATURE_LEVELS.map((level) => quantile(sorted, level)));
      assertEquals(feature.shape.total, expected.count);
    });
  }
});

Deno.test("summarizeFeatures() samples by a step that sees every minute of the week", () => {
  const { every, features } = summarizeFeatures(COLUMNS, ENGINE, { sampleRows: 600, chunkRows: 512 });
  assertEquals(every, 11); // 5000 / 600 is 9 rows; 9 and 10 share factors with a week
  const all = summarizeFeatures(COLUMNS, ENGINE);
  features.forEach((feature, j) => {
    assertEquals(feature.count, all.features[j]!.count);
    assertAlmostEquals(feature.mean, all.features[j]!.mean, 1e-6);
    const expected = sortedFinite(ENGINE.compute(COLUMNS).columns[j]!.filter((_, i) => i % every === 0));
    assertEquals(feature.quantiles, FEATURE_LEVELS.map((level) => quantile(expected, level)));
  });
});

Deno.test("summarizeFeatures() stops when asked to", () => {
  const signal = AbortSignal.abort(new Error("enough"));
  assertThrows(() => summarizeFeatures(COLUMNS, ENGINE, { signal }), Error, "enough");
});

Deno.test("summarizeFeatures() of few candles has figures or says that there are none", () => {
  const [step, level] = summarizeFeatures(candlesOf([5]), ENGINE).features;
  assertEquals([step!.count, step!.missing, step!.mean, step!.sd], [0, 1, NaN, NaN]);
  assertEquals([level!.count, level!.mean, level!.sd], [1, 1_000_005, NaN]);
  assert(summarizeFeatures(candlesOf([]), ENGINE).rows === 0);
});
