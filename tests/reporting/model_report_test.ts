import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DAY_MS, DomainError, isDomainError, MINUTE_MS, QUANTILE_LEVELS, seededRandom } from "../../src/core/mod.ts";
import { encodeBaselines, encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import { rowLosses, scoreForecasts } from "../../src/ml/evaluation/scores.ts";
import type { Forecasts, TestRows } from "../../src/ml/evaluation/test_rows.ts";
import { drawCharts } from "../../src/reporting/charts/draw.ts";
import { createChartRenderer } from "../../src/reporting/charts/render.ts";
import { modelReport, newestRunId, renderModelReport } from "../../src/reporting/mod.ts";
import {
  bandRatios,
  cumulativeGain,
  dailyVolatility,
  directionCalibration,
  intervalCoverage,
  quantileShares,
  volatilityCalibration,
} from "../../src/reporting/model_report/forecast_figures.ts";
import { readForecasts } from "../../src/reporting/model_report/forecast_table.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";
import { NO_FIGURE, NOW, render, runWith } from "./model_run.ts";
import { readPdf } from "./pdf_text.ts";

const ROWS = 6000, HORIZON = 15;
/** Standard normal quantiles at the nine levels. */
const Z = [-2.3263, -1.6449, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.6449, 2.3263];

/** Forecasts that are right by construction, and outcomes drawn from them. */
function sample() {
  const random = seededRandom(7);
  const test: TestRows = {
    length: ROWS,
    horizonMinutes: HORIZON,
    decisionTimeMs: Float64Array.from({ length: ROWS }, (_, i) => Date.UTC(2023, 3, 1) + i * MINUTE_MS),
    returnBps: new Float32Array(ROWS),
    realizedVarianceBps2: new Float32Array(ROWS),
  };
  const model = {
    probabilityUp: new Float32Array(ROWS),
    volatilityBps: new Float32Array(ROWS),
    quantilesBps: new Float32Array(ROWS * QUANTILE_LEVELS.length),
  };
  for (let i = 0; i < ROWS; i++) {
    const sigma = 5 + 20 * random.uniform(), p = 0.3 + 0.4 * random.uniform();
    const size = Math.abs(random.normal()) * sigma;
    test.returnBps[i] = i % 500 === 0 ? 0 : random.uniform() < p ? size : -size;
    test.realizedVarianceBps2[i] = sigma ** 2 * (0.5 + random.uniform());
    model.probabilityUp[i] = p;
    model.volatilityBps[i] = sigma;
    Z.forEach((z, k) => model.quantilesBps[i * Z.length + k] = z * sigma);
  }
  const flat: Forecasts = { volatilityBps: new Float32Array(ROWS).fill(16) };
  const contrarian: Forecasts = { probabilityUp: new Float32Array(ROWS).fill(0.5) };
  return { test, model, baselines: { climatology: flat, contrarian } };
}

function encoded() {
  const { test, model, baselines } = sample();
  return {
    predictions: encodePredictions({
      folds: [{ index: 0, train: { startMs: 0, endMs: DAY_MS } }],
      foldOf: new Int32Array(ROWS),
      test,
      model,
    }),
    baselines: encodeBaselines({ test, baselines }),
  };
}

const METRICS: Readonly<Record<string, number>> = {
  qlike: 0.5056,
  auc: 0.5343,
  auc_low: 0.52,
  auc_high: 0.54,
  log_loss: 0.692,
  pinball: 4.1,
  coverage_90: 0.907,
  coverage_90_low: 0.901,
  coverage_90_high: 0.913,
  test_rows: ROWS,
  best_epoch: 1,
  baseline_har_qlike: 0.5085,
  baseline_har_diurnal_qlike: 0.5065,
  baseline_contrarian_log_loss: 0.6925,
  qlike_gain_har: 0.003,
  qlike_gain_har_low: 0.001,
  qlike_gain_har_high: 0.005,
  log_loss_gain_contrarian: -0.0002,
  log_loss_gain_contrarian_low: -0.0009,
  log_loss_gain_contrarian_high: 0.0005,
};

Deno.test("renderModelReport() of a full run", async (t) => {
  const files = encoded();
  const checks = [{ name: "complete", passed: true, reason: "all scores are finite" }];
  const input = await runWith({
    metrics: METRICS,
    params: { model: "mlp", horizon_minutes: "15" },
    tags: { verdict: "passed", evidence: "quick" },
    epochs: 5,
    files: new Map([
      ["evaluation/predictions.parquet", files.predictions],
      ["evaluation/baselines.parquet", files.baselines],
      ["evaluation/summary.json", new TextEncoder().encode(JSON.stringify({ verdict: { passed: true, checks } }))],
    ]),
  });
  const { html, pdf, json } = await render(input);
  const text = (await readPdf(pdf)).pages.join("\n");

  await t.step("has verdict, scores, calibration, curves and record in PDF and HTML", () => {
    assertEquals(json.sections.map(({ id }) => id), ["run", "scores", "forecasts", "training", "record"]);
    for (const { title } of json.sections) {
      assertStringIncludes(text, title);
      assertStringIncludes(html, title);
    }
    assertEquals([json.verdict.tone, json.verdict.text], ["good", "Passed: the evidence meets every limit"]);
    assertStringIncludes(json.verdict.detail!, "quick run");
    for (const shown of [text, html.replace(/<style>.*?<\/style>/s, "")]) {
      assertEquals(NO_FIGURE.exec(shown)?.[0], undefined);
    }
  });
  await t.step("tells a baseline from another whose name it begins", () => {
    const [table] = json.sections[1]!.blocks.filter((block) => block.kind === "table");
    assertEquals(table!.columns.map(({ title }) => title), [
      "Score",
      "Better",
      "mlp",
      "har_diurnal",
      "har",
      "contrarian",
    ]);
    assertEquals(table!.rows[0], ["QLIKE (volatility)", "less", "0.5056 *", "0.5065", "0.5085", "–"]);
  });
  await t.step("reads a gain by its interval", () => {
    const gains = json.sections[1]!.blocks.filter((block) => block.kind === "table")[1]!;
    assertEquals(gains.rows.map((row) => row.at(-1)), ["better", "undecided"]);
  });
  await t.step("draws train and validation in one picture", () => {
    const [curves] = json.sections[3]!.blocks;
    assert(curves !== undefined && curves.kind === "charts");
    assertEquals(curves.charts.map(({ title }) => title), ["loss", "learning rate"]);
  });
  await t.step("calls the networks of an average by number", async () => {
    const { tracker, runId } = await runWith({ metrics: METRICS, epochs: 3 });
    const loss = [0, 1, 2].map((step) => ({ key: "member_2/step_loss", value: 1 / (step + 1), timestamp: NOW, step }));
    await tracker.logBatch(runId, { metrics: loss });
    const { sections } = await modelReport({ tracker, runId, nowMs: NOW });
    const [curves] = sections.find(({ id }) => id === "training")!.blocks;
    assert(curves !== undefined && curves.kind === "charts");
    assertEquals(curves.charts.map(({ title }) => title), [
      ...["loss, network 1", "learning rate, network 1", "step loss, network 2"],
    ]);
  });
  await t.step("says why a verdict is not passed in words", async () => {
    const reason = "qlike_vs_ewma failed: 0.0100 [-0.0100, 0.0300]; lower bound > 0";
    const failed = [{ name: "qlike_vs_ewma", passed: false, reason }, { name: "odd", passed: false, reason: "is odd" }];
    const summary = new TextEncoder().encode(JSON.stringify({ verdict: { checks: [...failed, ...checks] } }));
    const { verdict } = await modelReport(
      await runWith({ tags: { verdict: "failed" }, files: new Map([["evaluation/summary.json", summary]]) }),
    );
    assertEquals([verdict.text, verdict.detail], [
      "Not passed: 2 of 3 checks do not hold",
      "QLIKE against ewma: 0.0100 [-0.0100, 0.0300]; lower bound > 0; odd: is odd.",
    ]);
  });
  await t.step("gives equal bytes for equal input", async () => {
    const again = await render(input);
    assertEquals(again.pdf, pdf);
    assertEquals(again.html, html);
  });
  await t.step("asks nothing of Vega-Lite that it finds odd", async () => {
    const warnings: string[] = [];
    await drawCharts(await modelReport(input), await createChartRenderer({ onWarning: (line) => warnings.push(line) }));
    assertEquals(warnings, []);
  });
});

Deno.test("forecast figures equal the scores of training and plain loops", async () => {
  const { test, model, baselines } = sample();
  const files = encoded();
  const table = await readForecasts(files.predictions, files.baselines);
  assertEquals([table.length, table.horizonMinutes], [ROWS, HORIZON]);
  assertEquals([...table.baselines.keys()].sort(), ["climatology", "contrarian"]);
  assertEquals(table.decisionTimeMs, test.decisionTimeMs);

  const scores = scoreForecasts(test, model, rowLosses(test, model));
  for (const { nominal, covered, widthBps } of intervalCoverage(table.model, table.returnBps)) {
    const percent = Math.round(100 * nominal);
    assertAlmostEquals(covered, scores[`coverage_${percent}`]!, 1e-12);
    assertAlmostEquals(widthBps, scores[`width_${percent}`]!, 1e-6);
  }
  // The forecasts are right by construction: every diagram lies near its diagonal.
  const direction = directionCalibration(table);
  assertEquals(direction.reduce((sum, { count }) => sum + count, 0), ROWS - 12); // ties are left out
  assert(direction.filter(({ forecast, low, high }) => forecast >= low && forecast <= high).length >= 17);
  assertAlmostEquals(
    direction.reduce((sum, { count, observed }) => sum + count * observed, 0),
    test.returnBps.filter((move) => move > 0).length,
    1e-6,
  );
  for (const { forecast, observed } of volatilityCalibration(table)) assertAlmostEquals(observed / forecast, 1, 0.06);
  const shares = quantileShares(table.model, table.returnBps)!;
  shares.forEach((share, k) => assertAlmostEquals(share, QUANTILE_LEVELS[k]!, 0.025));
  const ratios = bandRatios(shares);
  assertEquals(ratios.map(({ name }) => name).slice(0, 3), ["0–1", "1–5", "5–10"]);
  assertAlmostEquals(
    ratios.reduce((sum, { ratio }, k) => sum + ratio * [1, 4, 5, 15, 25, 25, 15, 5, 4, 1][k]!, 0),
    100,
    1e-9,
  );

  const mine = rowLosses(test, model).qlike!, theirs = rowLosses(test, baselines.climatology).qlike!;
  const gain = cumulativeGain(table, table.baselines.get("climatology")!)!;
  assertEquals(gain.startMs.length, Math.ceil(ROWS / 1440));
  assertAlmostEquals(gain.gain.at(-1)!, theirs.reduce((sum, loss, i) => sum + loss - mine[i]!, 0) / HORIZON, 1e-3);
  assertEquals(cumulativeGain(table, table.baselines.get("contrarian")!), undefined);
  const daily = dailyVolatility(table)!;
  const firstDay = test.realizedVarianceBps2.subarray(0, 1440);
  assertAlmostEquals(daily.realized[0]!, Math.sqrt(firstDay.reduce((a, b) => a + b, 0) / 1440), 1e-6);
});

Deno.test("readForecasts() leaves out baselines of other rows and names what it cannot read", async () => {
  const { predictions } = encoded();
  const { test, baselines } = sample();
  const shifted = { ...test, decisionTimeMs: test.decisionTimeMs.map((ms) => ms + MINUTE_MS) };
  assertEquals((await readForecasts(predictions, encodeBaselines({ test: shifted, baselines }))).baselines.size, 0);
  const damaged = predictions.slice();
  damaged.fill(0xff, 4, damaged.length - 20_000);
  for (const bytes of [damaged, new Uint8Array(10), predictions.subarray(0, 1000)]) {
    const error = await assertRejects(() => readForecasts(bytes), DomainError, "evaluation/predictions.parquet");
    assertEquals(error.code, "input-invalid");
  }
  const error = await assertRejects(() => readForecasts(encoded().baselines), DomainError, "no column");
  assertStringIncludes(error.message, "horizon_minutes");
});

Deno.test("renderModelReport() tells a run of any program as far as it goes", async (t) => {
  await t.step("a run without anything", async () => {
    const { json, html } = await render(await runWith({ finish: false }));
    assertEquals(json.verdict, { tone: "bad", text: "The run is not finished: its status is RUNNING" });
    assertEquals(json.sections.map(({ id }) => id), ["run", "record"]);
    assertEquals(NO_FIGURE.exec(html.replace(/<style>.*?<\/style>/s, ""))?.[0], undefined);
  });
  await t.step("odd names and figures", async () => {
    const { json, html, pdf } = await render(
      await runWith({
        metrics: { "é/ü": 1, "m/x": NaN, big: Infinity, qlike: NaN, tiny: 1e-300 },
        tags: { odd: "<script>alert(1)</script>\"'&<b>\n漢漢", verdict: "failed", "verdict.reasons": "a; b" },
        params: { long: "x".repeat(3000) },
        epochs: 2,
        files: new Map([[
          "evaluation/summary.json",
          new TextEncoder().encode('{"verdict": {"checks": [1, null, {"name": 3}]}}'),
        ]]),
      }),
    );
    assertEquals(json.verdict.tone, "warning");
    assert(!html.includes("<script") && !html.includes("<b>\n"));
    assertStringIncludes(html, "&#60;script&#62;");
    assertStringIncludes((await readPdf(pdf)).pages.join("\n"), "??"); // characters that the font lacks
    assertEquals(NO_FIGURE.exec(html.replace(/<style>.*?<\/style>/s, ""))?.[0], undefined);
  });
});

Deno.test("renderModelReport() of an unknown run is not found and writes nothing", async () => {
  const { tracker } = await runWith();
  const outDir = await Deno.makeTempDir();
  try {
    const error = await assertRejects(() => renderModelReport({ tracker, runId: "0".repeat(32), outDir, nowMs: NOW }));
    assert(isDomainError(error, "not-found"));
    assertStringIncludes(error.hint!, "Leave the id out for the newest run");
    assertEquals(Array.from(Deno.readDirSync(outDir)), []);
  } finally {
    await Deno.remove(outDir, { recursive: true });
  }
});

Deno.test("modelReport() tells a damaged summary from one that is not kept", async () => {
  const damaged = new Map([["evaluation/summary.json", new TextEncoder().encode('{"verdict": {')]]);
  const texts = JSON.stringify(await modelReport(await runWith({ files: damaged })));
  assertStringIncludes(texts, "the file is damaged or of another program: scores by step");
  assertStringIncludes(texts, "Left out, as the run does not keep it: leak checks");
});

Deno.test("newestRunId() is of all experiments, leaves out the bin, and says where there is none", async () => {
  const tracker = new MemoryTracker({ nowMs: () => NOW });
  const none = await assertRejects(() => newestRunId(tracker), DomainError, "There is no run");
  assertEquals(none.code, "not-found");
  const other = await tracker.createExperiment("other");
  const start = async (experimentId: string, startTime: number) =>
    (await tracker.createRun({ experimentId, startTime })).info.runId;
  await start("0", 1000);
  const second = await start(other, 2000);
  const third = await start("0", 3000);
  assertEquals(await newestRunId(tracker), third);
  await tracker.deleteRun(third);
  assertEquals(await newestRunId(tracker), second);
});
