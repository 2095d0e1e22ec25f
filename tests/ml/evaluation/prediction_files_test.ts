import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { zstdDecompressSync } from "node:zlib";
import { DAY_MS, DomainError, MINUTE_MS, QUANTILE_KEYS } from "../../../src/core/mod.ts";
import { adaptiveQuantiles } from "../../../src/ml/evaluation/adaptive_quantiles.ts";
import { evaluate } from "../../../src/ml/evaluation/evaluate.ts";
import { evaluationMetrics } from "../../../src/ml/evaluation/evaluation_metrics.ts";
import { encodeBaselines, encodePredictions } from "../../../src/ml/evaluation/prediction_files.ts";
import { readBaselines, readPredictions, scoredFoldsOf } from "../../../src/ml/evaluation/read_prediction_files.ts";
import { sampleFolds, START } from "./sample_folds.ts";

const scored = sampleFolds({ days: 3, folds: 3 });
const { test, model, baselines } = scored;

async function readParquet(bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({
    file: bytes.buffer,
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
}

Deno.test("the files hold the columns of the protocol, with fold and last training decision row by row", async () => {
  const rows = await readParquet(encodePredictions(scored)), others = await readParquet(encodeBaselines(scored));
  assertEquals([rows.length, others.length], [test.length, test.length]);
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
    "adaptive_quantile_bps_0.05",
    "adaptive_quantile_bps_0.95",
  ]);
  const row = rows[1447]!, time = (name: string) => (row[name] as Date).getTime();
  assertEquals(time("decision_time"), START + 1447 * MINUTE_MS);
  assertEquals([row["fold"], time("train_start")], [3, START + DAY_MS - 60 * DAY_MS]);
  // Fifteen minutes before the fold's first row: its label ends where that row decides.
  assertEquals(time("train_end"), START + DAY_MS - 15 * MINUTE_MS);
  assertEquals(row["adaptive_quantile_bps_0.95"], adaptiveQuantiles(test, model.quantilesBps)[1447 * 9 + 7]);
  assertEquals(rows.map((own) => own["outcome_up"]).slice(99, 102).includes(null), true);
  for (const name of ["contrarian_volatility_bps", "har_probability_up"]) assert(!(`baseline_${name}` in others[0]!));
  for (const name of ["har_diurnal_volatility_bps", "har_x_quantile_bps_0.01"]) {
    assert(`baseline_${name}` in others[0]!);
  }
});

Deno.test("scores can be computed again from the two files without this program", async () => {
  const metrics = evaluationMetrics(evaluate(scored, { blockDays: 1, resamples: 100 }));
  const rows = await readParquet(encodePredictions(scored)), others = await readParquet(encodeBaselines(scored));
  const number = (row: Record<string, unknown>, name: string) => row[name] as number;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const qlike = (row: Record<string, unknown>, volatility: number) => {
    const ratio = Math.max(number(row, "outcome_realized_variance_bps2"), 0.15) / volatility ** 2;
    return ratio - Math.log(ratio) - 1;
  };
  const moved = rows.filter((row) => row["outcome_up"] !== null);
  const chance = (row: Record<string, unknown>) =>
    row["outcome_up"] === 1 ? number(row, "probability_up") : 1 - number(row, "probability_up");
  assertAlmostEquals(mean(moved.map((row) => -Math.log(chance(row)))), metrics["log_loss"]!, 1e-6);
  const gain = rows.map((row, i) =>
    qlike(row, number(others[i]!, "baseline_har_x_volatility_bps")) - qlike(row, number(row, "volatility_bps"))
  );
  assertAlmostEquals(mean(gain), metrics["qlike_gain_har_x"]!, 1e-6);
  const covered = mean(rows.map((row) => {
    const move = number(row, "outcome_return_bps");
    return move >= number(row, "quantile_bps_0.05") && move <= number(row, "quantile_bps_0.95") ? 1 : 0;
  }));
  assertAlmostEquals(covered, metrics["coverage_90"]!, 1e-9);
});

Deno.test("readPredictions() and readBaselines() give back what was written, whatever its folds and rows", async () => {
  const shapes = fc.record({
    folds: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer({ min: 1, max: 1000 }),
    everyMinutes: fc.constantFrom(1, 5, 60),
  });
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const given = sampleFolds({ days: shape.folds, ...shape });
      const read = await readPredictions(encodePredictions(given));
      const back = scoredFoldsOf(read, await readBaselines(encodeBaselines(given), read.test));
      assertEquals(back, given);
      const score = (rows: typeof given) => evaluationMetrics(evaluate(rows, { blockDays: 1, resamples: 50 }));
      assertEquals(score(back), score(given));
    }),
    { numRuns: 12 },
  );
});

Deno.test("readBaselines() reads files of four baselines, with nothing for those that they lack", async () => {
  const { climatology, contrarian, ewma, har } = baselines;
  const older = await readBaselines(encodeBaselines({ test, baselines: { climatology, contrarian, ewma, har } }), test);
  assertEquals(older, { climatology, contrarian, ewma, har, har_diurnal: {}, har_x: {} });
  const evaluation = evaluate({ ...scored, baselines: older }, { blockDays: 1, resamples: 50 });
  assertEquals(Object.keys(evaluation.baselines), ["climatology", "contrarian", "ewma", "har"]);
  assertEquals(evaluation.bestBaselines.qlike, "har");
});

Deno.test("readPredictions() and readBaselines() refuse what is no such file", async () => {
  const few = sampleFolds({ days: 1, folds: 2, everyMinutes: 360 }), { test } = few;
  const good = encodePredictions(few);
  const timed = (...minutes: number[]) =>
    encodePredictions({
      ...few,
      test: { ...test, decisionTimeMs: Float64Array.from(minutes, (minute) => START + minute * MINUTE_MS) },
    });
  const folds = (indexes: number[], endMs = few.folds[0]!.train.endMs) =>
    encodePredictions({ ...few, folds: indexes.map((index) => ({ index, train: { startMs: START, endMs } })) });
  const none = new Float32Array();
  const empty = {
    folds: few.folds,
    foldOf: new Int32Array(),
    test: { ...test, length: 0, decisionTimeMs: new Float64Array(), returnBps: none, realizedVarianceBps2: none },
    model: { probabilityUp: none, volatilityBps: none, quantilesBps: none },
  };
  const refusals: [Uint8Array, string][] = [
    [new Uint8Array(), "Cannot read"],
    [new TextEncoder().encode("PAR1 no parquet PAR1"), "Cannot read"],
    [good.slice(0, 900), "Cannot read"],
    [encodeBaselines({ test, baselines: {} }), "it lacks 'train_start', 'train_end', 'horizon_minutes'"],
    [timed(0, 720, 360, 1080), "the decision time of row 2 is no later minute"],
    [timed(0, 0, 1, 720), "the decision time of row 1"],
    [timed(0, 0.5, 1, 720), "the decision time of row 1"],
    [folds([3, 3]).slice(0, -9), "Cannot read"],
    [folds([3, 2]), "the fold of row 2 is 2 after 3"],
    [folds([2, 3], START - 13 * MINUTE_MS), "a training label of fold 2 ends after its first scored decision time"],
    [encodePredictions(empty), "it has no row"],
  ];
  for (const [bytes, message] of refusals) {
    const error = await assertRejects(() => readPredictions(bytes), DomainError, message);
    assertEquals(error.code, "model-invalid");
  }
  const later = { ...test, decisionTimeMs: test.decisionTimeMs.map((ms) => ms + MINUTE_MS) };
  await assertRejects(
    () => readBaselines(encodeBaselines({ test: later, baselines: {} }), test),
    DomainError,
    "rows are not those of the predictions",
  );
});
