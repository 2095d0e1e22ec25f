import { assertAlmostEquals, assertEquals } from "@std/assert";
import { lagReturn } from "../../../src/ml/features/indicators.ts";
import { FeatureSet } from "../../../src/ml/features/mod.ts";
import { LARGE_DIR, readZips } from "../../reporting/sample_reader.ts";

const available = await Deno.stat(LARGE_DIR).then(() => true, () => false);
// deno-lint-ignore no-console -- a test that is left out says so
if (!available) console.log("skipped: the two years of candles lie in ../shared/data, which is not here");

Deno.test({
  name: "return_1 of 2022 and 2023 has the stylised facts of the market",
  ignore: !available,
  fn: async () => {
    const candles = await readZips(LARGE_DIR, Date.UTC(2022, 0), Date.UTC(2024, 0));
    assertEquals(candles.length, 1_051_120);
    const series = new FeatureSet("facts", [lagReturn(1)]).compute(candles).columns[0]!;
    const returns = series.filter((value) => !Number.isNaN(value));
    assertEquals(series.length - returns.length, 2, "the first minute and the one after the gap");
    const { mean, deviation } = moments(returns);
    assertAlmostEquals(deviation, 7.64, 0.005);
    assertAlmostEquals(power(returns, mean, 4) / deviation ** 4 - 3, 116, 0.5);
    assertAlmostEquals(returns.filter((value) => value === 0).length / returns.length, 0.0258, 0.00005);
    const sizes = returns.map(Math.abs);
    assertAlmostEquals(autocorrelation(sizes, 1), 0.409, 0.0005);
    assertAlmostEquals(autocorrelation(sizes, 60), 0.229, 0.0005);
    assertAlmostEquals(autocorrelation(sizes, 1440), 0.161, 0.0005);
  },
});

function power(values: Float32Array, centre: number, exponent: number): number {
  let sum = 0;
  for (const value of values) sum += (value - centre) ** exponent;
  return sum / values.length;
}

function moments(values: Float32Array): { readonly mean: number; readonly deviation: number } {
  const mean = power(values, 0, 1);
  return { mean, deviation: Math.sqrt(power(values, mean, 2)) };
}

function autocorrelation(values: Float32Array, lag: number): number {
  const { mean, deviation } = moments(values);
  let sum = 0;
  for (let i = lag; i < values.length; i++) sum += (values[i]! - mean) * (values[i - lag]! - mean);
  return sum / values.length / (deviation * deviation);
}
