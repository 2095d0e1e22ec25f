import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Ablation } from "../../src/ml/evaluation/ablation.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { evaluationMetrics } from "../../src/ml/evaluation/evaluation_metrics.ts";
import { encodeBaselines, encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import { encodeLeakChecks, type LeakCheck } from "../../src/ml/leak_checks/mod.ts";
import { drawCharts } from "../../src/reporting/charts/draw.ts";
import { createChartRenderer } from "../../src/reporting/charts/render.ts";
import { modelReport, type Report } from "../../src/reporting/mod.ts";
import { meanQlike } from "../../src/reporting/model_report/forecast_figures.ts";
import { readForecasts } from "../../src/reporting/model_report/forecast_table.ts";
import { sampleFolds } from "../ml/evaluation/sample_folds.ts";
import { NO_FIGURE, render, runWith } from "./model_run.ts";
import { readPdf } from "./pdf_text.ts";

const scored = sampleFolds({ days: 36, folds: 3, everyMinutes: 15 });
const evaluation = evaluate(scored, { blockDays: 1, resamples: 200, tried: { count: 5, sharpes: [0.1, 0.2] } });
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const check = (name: LeakCheck["name"], rest: Partial<LeakCheck> = {}): LeakCheck => ({
  ...{ name, figure: "what is counted", passed: true, value: 0.001, limit: 0.5, skipped: false, reason: "It was seen" },
  ...rest,
});
const gain = (loss: Ablation["parts"][number]["gains"][number]["loss"], mean: number) => ({
  ...{ loss, mean, low: mean - 0.001, high: mean + 0.001 },
});
const ablation: Ablation = {
  rows: 1234,
  whole: { qlike: 0.31, log_loss: 0.69, pinball: 3.6, coverage_90: 0.9 },
  parts: [{
    part: "correction",
    folds: 3,
    scores: { qlike: 0.37, log_loss: 0.69, pinball: 3.7, coverage_90: 0.91 },
    gains: [gain("qlike", 0.06), { loss: "log_loss", mean: 0, low: 0, high: 0 }, gain("pinball", 0.1)],
  }],
};
const ranking = Array.from({ length: 20 }, (_, i) => ({ feature: `feature_${i}`, value: 1 / (i + 1) }));
const FILES = new Map<string, Uint8Array>([
  ["evaluation/summary.json", json({ ...evaluation, verdict: { passed: true, checks: [] } })],
  [
    "evaluation/leak_checks.json",
    new TextEncoder().encode(encodeLeakChecks([
      check("labels"),
      check("rotation", { value: 0.7, passed: false, reason: "Look here" }),
      check("smell", { skipped: true, value: null, limit: null }),
    ])),
  ],
  ["evaluation/ablation.json", json(ablation)],
  ["importance.json", json({ permutation: { logLoss: ranking, qlike: ranking } })],
  ["evaluation/predictions.parquet", encodePredictions(scored)],
  ["evaluation/baselines.parquet", encodeBaselines(scored)],
]);
const PARAMS = { model: "mlp", horizon_minutes: "15", symbol: "BTC/USDT" };
const runOf = (files: ReadonlyMap<string, Uint8Array>) =>
  runWith({ metrics: evaluationMetrics(evaluation), params: PARAMS, tags: { verdict: "passed" }, files });

const sectionOf = ({ sections }: Report, id: string) => sections.find((section) => section.id === id);
function tableOf(report: Report, id: string, caption: string) {
  const table = sectionOf(report, id)!.blocks.find((block) =>
    block.kind === "table" && block.caption.includes(caption)
  );
  assert(table?.kind === "table", caption);
  return table;
}

Deno.test("a model report tells all that track keeps of an evaluation", async (t) => {
  const input = await runOf(FILES);
  const { html, pdf, json: report } = await render(input);
  const text = (await readPdf(pdf)).pages.join("\n");
  await t.step("a section each, in PDF and HTML", () => {
    assertEquals(report.sections.map(({ id }) => id), [
      ...["run", "scores", "forecasts", "periods", "money", "leaks", "parts", "trials", "record"],
    ]);
    for (const shown of [text, html.replace(/<style>.*?<\/style>/s, "")]) {
      assertEquals(NO_FIGURE.exec(shown)?.[0], undefined);
    }
    assert(!JSON.stringify(sectionOf(report, "run")).includes("Left out"));
  });
  await t.step("marks the best score and the baseline to beat", () => {
    const { columns, rows } = tableOf(report, "scores", "Scores on the rows");
    const qlike = rows.find(([name]) => name === "QLIKE (volatility)")!;
    const at = columns.findIndex(({ title }) => title === "har_x");
    assertEquals(columns.slice(2).map(({ title }) => title), [
      ...["mlp", "har_x", "har_diurnal", "har", "ewma", "contrarian", "climatology"],
    ]);
    assertEquals([qlike[2], qlike[at]], [
      `${evaluation.model["qlike"]!.toFixed(4)} *`,
      `${evaluation.baselines.har_x!["qlike"]!.toFixed(4)} <`,
    ]);
  });
  await t.step("scores each step, year, month and hour", () => {
    const steps = tableOf(report, "periods", "Scores by step").rows;
    assertEquals(steps.map(([index]) => index), evaluation.folds.map(({ index }) => String(index)));
    assertEquals(steps[0]![3], evaluation.folds[0]!.scores["qlike"]!.toFixed(4));
    assertEquals(tableOf(report, "periods", "hour of the day").rows.length, 24);
    const marks = tableOf(report, "periods", "Scores by month").rows[0]!.at(-2)!;
    const { low } = evaluation.months[0]!.gains.find(({ loss }) => loss === "qlike")!;
    assertEquals(marks.endsWith(" +"), low > 0);
    const july = tableOf(report, "periods", "Scores by month").rows[1]!;
    assert(july.slice(-2).every((cell) => cell.endsWith(" °")), "six days tell nothing");
  });
  await t.step("sets the frozen calibration beside the adaptive one", () => {
    const [frozen, adaptive] = tableOf(report, "forecasts", "adaptive conformal").rows;
    assertEquals([frozen!.at(-1), adaptive!.at(-1)], [
      evaluation.model["pinball"]!.toFixed(4),
      evaluation.adaptive["pinball"]!.toFixed(4),
    ]);
  });
  await t.step("tells prices, leaks, parts and everything tried", () => {
    assertEquals(
      tableOf(report, "money", "figures").rows[0]![1],
      evaluation.money.costCurve[0]!.sharpe.toFixed(2)
        .replace("-", "−"),
    );
    assertEquals(tableOf(report, "leaks", "Figures").rows.map((row) => row.slice(0, 5)), [
      ["labels", "what is counted", "0.00100", "0.500", "holds"],
      ["rotation", "what is counted", "0.700", "0.500", "does not hold"],
      ["smell", "what is counted", "–", "–", "not taken"],
    ]);
    assertStringIncludes(text, "1 of 2 figures do not hold");
    assertEquals(tableOf(report, "parts", "switched off").rows[1], [
      ...["without correction of σ", "0.3700", "0.69000", "3.7000", "91.0 %", "3"],
    ]);
    assertStringIncludes(text, "1 run of BTC/USDT at 15 minutes ever started");
  });
  await t.step("asks nothing of Vega-Lite that it finds odd", async () => {
    const warnings: string[] = [];
    await drawCharts(await modelReport(input), await createChartRenderer({ onWarning: (line) => warnings.push(line) }));
    assertEquals(warnings, []);
  });
});

Deno.test("a model report leaves out what a run does not keep, or keeps in another shape, and says so", async () => {
  for (const bytes of [undefined, json({ folds: 3 }), new TextEncoder().encode("no json")]) {
    const names = ["summary", "leak_checks", "ablation"].map((name) => `evaluation/${name}.json`);
    const files = new Map(
      bytes === undefined ? [] : [...names, "importance.json"].map((path) => [path, bytes] as const),
    );
    const { json: report } = await render(await runOf(files));
    assertEquals(report.sections.map(({ id }) => id), ["run", "scores", "trials", "record"]);
    const said = JSON.stringify(sectionOf(report, "run"));
    for (const path of [...names, "importance.json"]) assertStringIncludes(said, path);
    assert(!said.includes("sweep.json"), "only a sweep's parent has trials");
  }
});

Deno.test("a model report lists every run of its symbol and horizon, and what each was told otherwise", async () => {
  const input = await runOf(FILES), { tracker, runId } = input;
  const other = async (startTime: number, params: Readonly<Record<string, string>>) => {
    const { info } = await tracker.createRun({ experimentId: "0", startTime });
    const all = Object.entries({ ...PARAMS, train_rows: "9", ...params }).map(([key, value]) => ({ key, value }));
    await tracker.logBatch(info.runId, {
      params: all,
      metrics: [{ key: "qlike", value: 0.41, timestamp: 1, step: 0 }],
    });
    return info.runId;
  };
  const failed = await other(1, { seed: "2" }), gone = await other(2, { model: "gbdt" });
  await other(3, { horizon_minutes: "60" });
  await tracker.updateRun(failed, { status: "FAILED" });
  await tracker.deleteRun(gone);
  tracker.countTrials = () => Promise.resolve(4);
  const report = await modelReport(input), { rows, note } = tableOf(report, "trials", "Every run");
  assertEquals(rows.map(([run, , status, differs, qlike]) => [run, status, differs, qlike]), [
    ["this run", "finished", "", evaluation.model["qlike"]!.toFixed(4)],
    [gone.slice(0, 8), "running, deleted", "model gbdt", "0.4100"],
    [failed.slice(0, 8), "failed", "seed 2", "0.4100"],
  ]);
  assertEquals([rows.length, note], [3, "1 run more was deleted for good."]);
  assertEquals((report.data as { tried: { runs: { runId: string }[] } }).tried.runs[0]!.runId, runId);
});

Deno.test("a model report says why there is no deflated Sharpe ratio", async () => {
  const deflated = async (tried: Parameters<typeof evaluate>[1]["tried"] | undefined) => {
    const summary = evaluate(scored, { blockDays: 1, resamples: 20, ...(tried === undefined ? {} : { tried }) });
    const report = await modelReport(await runOf(new Map([["evaluation/summary.json", json(summary)]])));
    const facts = sectionOf(report, "money")!.blocks.find((block) => block.kind === "facts")!;
    assert(facts.kind === "facts");
    return facts.items.find(({ label }) => label === "The same, deflated")!.value;
  };
  assertEquals(await deflated(undefined), "not known, as nobody counted the runs before it");
  assertEquals(
    await deflated({ count: 1, sharpes: [] }),
    "not known, as it is the first run of its symbol and horizon",
  );
  assertEquals(
    await deflated({ count: 3, sharpes: [] }),
    "not known, as the Sharpe ratio of only one of 3 runs is known",
  );
  assertStringIncludes(await deflated({ count: 3, sharpes: [0.1] }), "above what the best of 3 runs shows by luck");
});

Deno.test("a model report of a sweep's parent lists its trials, the best marked", async () => {
  const trial = (number: number, loss: number | null) => ({
    ...{
      number,
      status: loss === null ? "failed" : "finished",
      loss,
      assignment: { "mlp.rowStride": number, seed: 1 },
    },
    scores: loss === null ? null : { logLoss: 0.69, qlike: loss, pinball: 3.7 },
    difference: number === 3 || loss === null ? null : { mean: 0.01, low: -0.01, high: 0.03 },
  });
  const sweep = { objective: "qlike", trialsEver: 4, best: 3, trials: [trial(3, 0.3), trial(1, 0.31), trial(2, null)] };
  const { json: report } = await render(await runOf(new Map([["sweep.json", json(sweep)]])));
  const { columns, rows } = tableOf(report, "trials", "Trials of the sweep by qlike");
  assertEquals(columns.slice(0, 3).map(({ title }) => title), ["Trial", "rowStride", "seed"]);
  assertEquals(rows.map((row) => [row[0], row[1], row[3], row.at(-1)]), [
    ["3 best", "3", "0.3000", "finished"],
    ["1", "1", "0.3100", "finished"],
    ["2", "2", "–", "failed"],
  ]);
});

Deno.test("meanQlike() of a span is the mean of its rows", async () => {
  const table = await readForecasts(encodePredictions(scored), encodeBaselines(scored));
  const [first] = evaluation.folds;
  const model = meanQlike(table, table.model, first!.test);
  assert(Math.abs(model - first!.scores["qlike"]!) < 1e-6, `${model} and ${first!.scores["qlike"]}`);
  assert(Number.isNaN(meanQlike(table, table.model, { startMs: 0, endMs: 1 })), "of no row");
});
