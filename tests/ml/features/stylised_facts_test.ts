import { assertAlmostEquals, assertEquals } from "@std/assert";
import { lagReturn } from "../../../src/ml/features/indicators.ts";
import { flagshipIndicators } from "../../../src/ml/features/flagship.ts";
import { FeatureSet } from "../../../src/ml/features/mod.ts";
import { autocorrelation, gridSeries } from "../../../src/reporting/stats/autocorrelation.ts";
import { summarizeFeatures } from "../../../src/reporting/stats/feature_summary.ts";
import { moments } from "../../../src/reporting/stats/moments.ts";
import { rollingReturnsBps } from "../../../src/reporting/stats/returns.ts";
import { LARGE_DIR, readZips } from "../../reporting/sample_reader.ts";

const available = await Deno.stat(LARGE_DIR).then(() => true, () => false);
// deno-lint-ignore no-console -- a test that is left out says so
if (!available) console.log("skipped: the two years of candles lie in ../shared/data, which is not here");

/** Of 2022 and 2023, one-minute returns in basis points. */
interface Facts {
  readonly deviation: number;
  readonly excessKurtosis: number;
  readonly zeroShare: number;
  /** Of absolute returns, at 1, 60 and 1,440 minutes. */
  readonly memory: readonly [number, number, number];
}

function assertFacts({ deviation, excessKurtosis, zeroShare, memory }: Facts): void {
  assertAlmostEquals(deviation, 7.64, 0.005);
  assertAlmostEquals(excessKurtosis, 116, 0.5);
  assertAlmostEquals(zeroShare, 0.0258, 0.00005);
  [0.409, 0.229, 0.161].forEach((value, i) => assertAlmostEquals(memory[i]!, value, 0.0005));
}

const zeroShareOf = (values: Float32Array | Float64Array) =>
  values.filter((value) => value === 0).length / values.filter((value) => !Number.isNaN(value)).length;

Deno.test({
  name: "features and data report have the stylised facts of the market in 2022 and 2023",
  ignore: !available,
  fn: async (t) => {
    const candles = await readZips(LARGE_DIR, Date.UTC(2022, 0), Date.UTC(2024, 0));
    assertEquals(candles.length, 1_051_120);
    await t.step("return_1, by sums written out", () => {
      const series = new FeatureSet("facts", [lagReturn(1)]).compute(candles).columns[0]!;
      const returns = series.filter((value) => !Number.isNaN(value));
      assertEquals(series.length - returns.length, 2, "the first minute and the one after the gap");
      const { mean, deviation } = momentsOf(returns), sizes = returns.map(Math.abs);
      assertFacts({
        deviation,
        excessKurtosis: power(returns, mean, 4) / deviation ** 4 - 3,
        zeroShare: zeroShareOf(returns),
        memory: [1, 60, 1440].map((lag) => correlationAt(sizes, lag)) as [number, number, number],
      });
    });
    await t.step("the statistics of the data report", () => {
      const returns = rollingReturnsBps(candles, 1), { sd, excessKurtosis } = moments(returns);
      const sizes = gridSeries(candles.openTimeMs, returns.map(Math.abs));
      assertFacts({
        deviation: sd,
        excessKurtosis,
        zeroShare: zeroShareOf(returns),
        memory: [1, 60, 1440].map((lag) => autocorrelation(sizes, lag)) as [number, number, number],
      });
    });
    await t.step("the flagship in the report's table of features", () => {
      const names = ["return_1", "rv_1", "rv_1440", "zero_trade_share_60", "missing_minutes_1440"];
      const set = new FeatureSet("facts", flagshipIndicators().filter(({ name }) => names.includes(name)));
      const { features } = summarizeFeatures(candles, set);
      const of = (name: string) => features.find((feature) => feature.name === name)!;
      assertAlmostEquals(of("return_1").sd, 7.64, 0.005);
      // The mean squared return is the variance, as the mean return is next to nothing.
      for (const name of ["rv_1", "rv_1440"]) assertAlmostEquals(of(name).mean, 7.64 ** 2, 0.2);
      assertEquals([of("missing_minutes_1440").max, of("missing_minutes_1440").quantiles[4]], [1439, 0]);
      assertEquals(of("zero_trade_share_60").max, 1);
    });
  },
});

function power(values: Float32Array, centre: number, exponent: number): number {
  let sum = 0;
  for (const value of values) sum += (value - centre) ** exponent;
  return sum / values.length;
}

function momentsOf(values: Float32Array): { readonly mean: number; readonly deviation: number } {
  const mean = power(values, 0, 1);
  return { mean, deviation: Math.sqrt(power(values, mean, 2)) };
}

function correlationAt(values: Float32Array, lag: number): number {
  const { mean, deviation } = momentsOf(values);
  let sum = 0;
  for (let i = lag; i < values.length; i++) sum += (values[i]! - mean) * (values[i - lag]! - mean);
  return sum / values.length / (deviation * deviation);
}
