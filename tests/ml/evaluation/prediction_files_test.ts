import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { parquetReadObjects } from "hyparquet";
import { zstdDecompressSync } from "node:zlib";
import { DAY_MS, DomainError, MINUTE_MS, QUANTILE_KEYS, seededRandom } from "../../../src/core/mod.ts";
import { evaluate, evaluationMetrics } from "../../../src/ml/evaluation/evaluate.ts";
import { encodeBaselines, encodePredictions } from "../../../src/ml/evaluation/prediction_files.ts";
import { readBaselines, readPredictions } from "../../../src/ml/evaluation/read_prediction_files.ts";
import type { Forecasts } from "../../../src/ml/evaluation/test_rows.ts";
import { judge, type VerdictLimits } from "../../../src/ml/evaluation/verdict.ts";

const DAYS = 30, LENGTH = DAYS * 1440, START = Date.UTC(2023, 5, 1);
const random = seededRandom(2);
const standard = [-2.33, -1.64, -1.28, -0.67, 0, 0.67, 1.28, 1.64, 2.33];
const sigma = Float32Array.from({ length: LENGTH }, () => 10 * Math.exp(0.5 * random.normal()));
const test = {
  length: LENGTH,
  horizonMinutes: 15,
  decisionTimeMs: Float64Array.from({ length: LENGTH }, (_, i) => START + i * MINUTE_MS),
  returnBps: Float32Array.from(sigma, (value, i) => i % 100 === 0 ? 0 : value * random.normal()),
  realizedVarianceBps2: Float32Array.from(sigma, (value) => value ** 2 * Math.exp(0.4 * random.normal() - 0.08)),
};

/** Forecasts that know this part of the logarithm of σ. */
function forecastsOf(knowledge: number): Required<Forecasts> {
  const volatilityBps = sigma.map((value) =>
    Math.exp(Math.log(10) + knowledge * Math.log(value / 10) + 0.25 * (1 - knowledge) ** 2 * 1)
  );
  return {
    probabilityUp: Float32Array.from(test.returnBps, () => 0.5 + 0.02 * random.normal()),
    volatilityBps,
    quantilesBps: Float32Array.from(
      { length: LENGTH * 9 },
      (_, i) => volatilityBps[Math.floor(i / 9)]! * standard[i % 9]!,
    ),
  };
}

const model = forecastsOf(1), weak = forecastsOf(0), middling = forecastsOf(0.9);
const baselines = {
  climatology: weak,
  contrarian: { probabilityUp: weak.probabilityUp },
  ewma: { volatilityBps: weak.volatilityBps, quantilesBps: weak.quantilesBps },
  har: { volatilityBps: middling.volatilityBps, quantilesBps: middling.quantilesBps },
};
const LIMITS: VerdictLimits = {
  margins: { qlike: 0.01, logLoss: 0.0005, pinballShare: 0.01 },
  coverage90: [0.85, 0.95],
  minimumBlocks: 20,
};

async function readParquet(bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({
    file: bytes.buffer,
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
}

Deno.test("every score can be computed again from the two stored files", async () => {
  const metrics = evaluationMetrics(evaluate(test, { model, baselines }, { blockDays: 1 }));
  const fold = { fold: 0, train: { startMs: START - 60 * DAY_MS, endMs: START - DAY_MS } };
  const rows = await readParquet(encodePredictions(test, model, fold));
  const others = await readParquet(encodeBaselines(test, baselines));
  assertEquals([rows.length, others.length], [LENGTH, LENGTH]);
  assertEquals(Object.keys(rows[0]!), [
    "decision_time",
    "horizon_minutes",
    "fold",
    "train_start",
    "train_end",
    "probability_up",
    "volatility_bps",
    ...QUANTILE_KEYS.map((key) => `quantile_bps_${key}`),
    "outcome_return_bps",
    "outcome_up",
    "outcome_realized_variance_bps2",
  ]);
  assertEquals((rows[7]!["decision_time"] as Date).getTime(), test.decisionTimeMs[7]);
  assertEquals((rows[7]!["train_end"] as Date).getTime(), START - DAY_MS);
  assertEquals(rows.map((row) => row["outcome_up"]).slice(99, 102).includes(null), true);
  assert(!("baseline_contrarian_volatility_bps" in others[0]!) && !("baseline_har_probability_up" in others[0]!));

  const number = (row: Record<string, unknown>, name: string) => row[name] as number;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const qlike = (row: Record<string, unknown>, volatility: number) => {
    const ratio = Math.max(number(row, "outcome_realized_variance_bps2"), 0.15) / volatility ** 2;
    return ratio - Math.log(ratio) - 1;
  };
  const moved = rows.filter((row) => row["outcome_up"] !== null);
  const logLoss = mean(
    moved.map((row) =>
      -Math.log(row["outcome_up"] === 1 ? number(row, "probability_up") : 1 - number(row, "probability_up"))
    ),
  );
  assertAlmostEquals(logLoss, metrics["log_loss"]!, 1e-6);
  const gain = mean(
    rows.map((row, i) =>
      qlike(row, number(others[i]!, "baseline_har_volatility_bps")) - qlike(row, number(row, "volatility_bps"))
    ),
  );
  assertAlmostEquals(gain, metrics["qlike_gain_har"]!, 1e-6);
  const covered = mean(rows.map((row) => {
    const move = number(row, "outcome_return_bps");
    return move >= number(row, "quantile_bps_0.05") && move <= number(row, "quantile_bps_0.95") ? 1 : 0;
  }));
  assertAlmostEquals(covered, metrics["coverage_90"]!, 1e-9);
});

Deno.test("readPredictions() and readBaselines() give back what was written, score for score", async () => {
  const fold = { fold: 0, train: { startMs: START - 60 * DAY_MS, endMs: START - DAY_MS } };
  const read = await readPredictions(encodePredictions(test, model, fold));
  assertEquals(read, { test, forecasts: model });
  const others = await readBaselines(encodeBaselines(test, baselines), read.test);
  assertEquals(others, baselines);
  const score = (forecasts: Parameters<typeof evaluate>[1]) =>
    evaluationMetrics(evaluate(test, forecasts, { blockDays: 1 }));
  assertEquals(score({ model: read.forecasts, baselines: others }), score({ model, baselines }));
});

Deno.test("readPredictions() and readBaselines() refuse what is no such file", async () => {
  const fold = { fold: 0, train: { startMs: START - 60 * DAY_MS, endMs: START - DAY_MS } };
  const few = {
    ...test,
    length: 3,
    decisionTimeMs: test.decisionTimeMs.slice(0, 3),
    returnBps: test.returnBps.slice(0, 3),
    realizedVarianceBps2: test.realizedVarianceBps2.slice(0, 3),
  };
  const forecasts = {
    probabilityUp: model.probabilityUp.slice(0, 3),
    volatilityBps: model.volatilityBps.slice(0, 3),
    quantilesBps: model.quantilesBps.slice(0, 27),
  };
  const good = encodePredictions(few, forecasts, fold);
  const text = (words: string) => new TextEncoder().encode(words);
  const timed = (...minutes: number[]) =>
    encodePredictions(
      { ...few, decisionTimeMs: Float64Array.from(minutes, (minute) => START + minute * MINUTE_MS) },
      forecasts,
      fold,
    );
  const refusals: [Uint8Array, string][] = [
    [new Uint8Array(), "Cannot read"],
    [text("PAR1 no parquet PAR1"), "Cannot read"],
    [good.slice(0, 900), "Cannot read"],
    [encodeBaselines(few, {}), "it lacks 'horizon_minutes', 'probability_up'"],
    [timed(0, 2, 1), "the decision time of row 2 is no later minute"],
    [timed(0, 0, 1), "the decision time of row 1"],
    [timed(0, 0.5, 1), "the decision time of row 1"],
    [
      encodePredictions(
        {
          ...few,
          length: 0,
          decisionTimeMs: new Float64Array(),
          returnBps: new Float32Array(),
          realizedVarianceBps2: new Float32Array(),
        },
        { probabilityUp: new Float32Array(), volatilityBps: new Float32Array(), quantilesBps: new Float32Array() },
        fold,
      ),
      "it has no row",
    ],
  ];
  for (const [bytes, message] of refusals) {
    const error = await assertRejects(() => readPredictions(bytes), DomainError, message);
    assertEquals(error.code, "model-invalid");
  }
  const later = { ...few, decisionTimeMs: few.decisionTimeMs.map((ms) => ms + MINUTE_MS) };
  await assertRejects(
    () => readBaselines(encodeBaselines(later, {}), few),
    DomainError,
    "rows are not those of the predictions",
  );
});

Deno.test("evaluate() puts scores beside baselines and intervals around gains", { permissions: "none" }, () => {
  const metrics = evaluationMetrics(evaluate(test, { model, baselines }, { blockDays: 1 }));
  for (const name of ["qlike", "log_loss", "auc", "pinball", "coverage_90", "accuracy", "brier", "test_rows"]) {
    assert(Number.isFinite(metrics[name]), name);
  }
  assert(metrics["qlike_gain_ewma_low"]! > 0 && metrics["qlike_gain_ewma_low"]! < metrics["qlike_gain_ewma"]!);
  assert(metrics["qlike_gain_ewma"]! < metrics["qlike_gain_ewma_high"]!);
  assertEquals("qlike_gain_contrarian" in metrics, false);
  assert(metrics["auc_low"]! < 0.5 && metrics["auc_high"]! > 0.5, "there is no direction in this data");
  assertAlmostEquals(metrics["coverage_90"]!, 0.9, 0.01);
  // On all rows the level differs from the level on the horizon's grid only by chance.
  assertAlmostEquals(metrics["baseline_har_qlike"]! - metrics["qlike"]!, metrics["qlike_gain_har"]!, 0.05);
});

Deno.test("judge() passes the better model, and names each way to fail", { permissions: "none" }, () => {
  const judged = (changes: { model?: Required<Forecasts>; blockDays?: number; limits?: Partial<VerdictLimits> }) =>
    judge(
      evaluate(test, { model: changes.model ?? model, baselines }, { blockDays: changes.blockDays ?? 1 }),
      15,
      { ...LIMITS, ...changes.limits },
    );
  const failures = (verdict: ReturnType<typeof judge>) =>
    verdict.checks.filter(({ passed }) => !passed).map(({ name }) => name);
  const honest = { ...model, probabilityUp: weak.probabilityUp };
  assertEquals(failures(judged({ model: honest })), []);
  assertEquals(failures(judged({ model: honest, blockDays: 5 })), ["blocks"]);
  assertEquals(failures(judged({ model: honest, limits: { coverage90: [0.95, 0.99] } })), ["coverage_90"]);
  assertEquals(failures(judged({ model: { ...weak } })), [
    "qlike better than climatology",
    "qlike better than ewma",
    "qlike no worse than har",
    "pinball no worse than har",
  ]);
  const bold = weak.probabilityUp.map((value) => value > 0.5 ? 0.6 : 0.4);
  assertEquals(failures(judged({ model: { ...model, probabilityUp: bold } })), [
    "log_loss no worse than climatology",
  ]);
  const broken = honest.volatilityBps.slice();
  broken[7] = NaN; // off the horizon's grid: QLIKE's level does not see it, the gains do
  const verdict = judged({ model: { ...honest, volatilityBps: broken } });
  assertEquals(failures(verdict)[0], "complete", "one row without a number is enough");
  assertEquals(
    verdict.checks[0]!.reason,
    "scores are missing: qlike_gain_climatology, qlike_gain_ewma, qlike_gain_har",
  );
});
