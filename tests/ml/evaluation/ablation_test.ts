import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DAY_MS, MINUTE_MS, QUANTILE_LEVELS, seededRandom } from "../../../src/core/mod.ts";
import { ablationMetrics, type FoldAblation, joinAblations } from "../../../src/ml/evaluation/ablation.ts";
import { bootstrapMean, DayBlocks } from "../../../src/ml/evaluation/block_bootstrap.ts";
import { dailyLosses } from "../../../src/ml/evaluation/daily_losses.ts";
import { coveredRows, rowLosses } from "../../../src/ml/evaluation/scores.ts";
import type { Forecasts, TestRows } from "../../../src/ml/evaluation/test_rows.ts";

const START = Date.UTC(2023, 0, 1), OPTIONS = { blockDays: 2, resamples: 500 };
const LEVELS = QUANTILE_LEVELS.length, NORMAL = [-2.33, -1.64, -1.28, -0.67, 0, 0.67, 1.28, 1.64, 2.33];

/** Rows every seven minutes, and forecasts of σ and p that are `off` by a factor. */
function rowsFrom(startMs: number, days: number, seed: number) {
  const length = Math.floor(days * 1440 / 7), random = seededRandom(seed);
  const test: TestRows = {
    length,
    horizonMinutes: 15,
    decisionTimeMs: Float64Array.from({ length }, (_, i) => startMs + 7 * i * MINUTE_MS),
    returnBps: Float32Array.from({ length }, (_, i) => i % 50 === 0 ? 0 : 10 * random.normal()),
    realizedVarianceBps2: Float32Array.from({ length }, () => 100 * (0.5 + random.uniform())),
  };
  const forecast = (sigma: number, p: number): Required<Forecasts> => ({
    probabilityUp: new Float32Array(length).fill(p),
    volatilityBps: new Float32Array(length).fill(sigma),
    quantilesBps: Float32Array.from({ length: length * LEVELS }, (_, i) => sigma * NORMAL[i % LEVELS]!),
  });
  return { test, forecast };
}

function lossesOf(test: TestRows, forecasts: Required<Forecasts>) {
  const covered = coveredRows(test, forecasts.quantilesBps, 0.05, 0.95);
  return { daily: dailyLosses(test, rowLosses(test, forecasts)), covered: covered.reduce((a, b) => a + b, 0) };
}

/** Two folds, the second without the part `line`. */
function twoFolds() {
  const first = rowsFrom(START, 6, 1), second = rowsFrom(START + 6 * DAY_MS, 5, 2);
  const fold = ({ test, forecast }: typeof first, hasLine: boolean): FoldAblation<"line" | "scale"> => ({
    rows: test.length,
    whole: lossesOf(test, forecast(10, 0.5)),
    without: {
      scale: lossesOf(test, forecast(14, 0.5)),
      ...(hasLine ? { line: lossesOf(test, forecast(10, 0.6)) } : {}),
    },
  });
  return { first, second, folds: [fold(first, true), fold(second, false)] };
}

Deno.test("joinAblations() scores all folds as if they were one, to the interval", { permissions: "none" }, () => {
  const { first, second, folds } = twoFolds();
  const { rows, whole, parts } = joinAblations(folds, ["scale", "line"], OPTIONS);
  assertEquals(parts.map(({ part, folds }) => [part, folds]), [["scale", 2], ["line", 1]]);
  assertEquals(rows, first.test.length + second.test.length);
  const qlike = ({ test, forecast }: typeof first, sigma: number) => [...rowLosses(test, forecast(sigma, 0.5)).qlike!];
  const plain = [...qlike(first, 10), ...qlike(second, 10)], scaled = [...qlike(first, 14), ...qlike(second, 14)];
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  assertAlmostEquals(whole["qlike"]!, mean(plain), 1e-9);
  assertAlmostEquals(parts[0]!.scores["qlike"]!, mean(scaled), 1e-9);
  const times = [...first.test.decisionTimeMs, ...second.test.decisionTimeMs];
  const blocks = new DayBlocks(times, { days: OPTIONS.blockDays }).totals((row) => scaled[row]! - plain[row]!);
  const expected = bootstrapMean(blocks, { resamples: OPTIONS.resamples });
  const gain = parts[0]!.gains.find(({ loss }) => loss === "qlike")!;
  for (const key of ["mean", "low", "high"] as const) assertAlmostEquals(gain[key], expected[key], 1e-9);
  assert(gain.low > 0, "a σ that is 1.4 times too wide is worse");
});

Deno.test("joinAblations() takes the whole model where a fold lacks a part", { permissions: "none" }, () => {
  const { first, second, folds } = twoFolds();
  const [, line] = joinAblations(folds, ["scale", "line"], OPTIONS).parts;
  const logLoss = ({ test, forecast }: typeof first, p: number) =>
    [...rowLosses(test, forecast(10, p)).logLoss!].filter((loss) => !Number.isNaN(loss));
  const all = [...logLoss(first, 0.6), ...logLoss(second, 0.5)];
  assertAlmostEquals(line!.scores["log_loss"]!, all.reduce((a, b) => a + b, 0) / all.length, 1e-9);
  assertEquals(line!.gains.find(({ loss }) => loss === "qlike"), { loss: "qlike", mean: 0, low: 0, high: 0 });
});

Deno.test("ablationMetrics() names scores by the part that is off", { permissions: "none" }, () => {
  const ablation = joinAblations(twoFolds().folds, ["line"], OPTIONS), metrics = ablationMetrics(ablation);
  assertEquals(metrics["ablation_without_line_coverage_90"], ablation.parts[0]!.scores["coverage_90"]);
  assertEquals(metrics["ablation_without_line_log_loss"], ablation.parts[0]!.scores["log_loss"]);
  assertEquals(Object.keys(metrics).length, 4);
});
