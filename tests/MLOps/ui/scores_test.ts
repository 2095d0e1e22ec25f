import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseGateReport } from "../../../src/MLOps/ui/gate_report.ts";
import { scores, scoreTable } from "../../../src/MLOps/ui/parts/scores.ts";

const metrics = (values: Readonly<Record<string, number>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value, timestamp: 1, step: 0 }));

const LOGGED = metrics({
  accuracy: 0.52,
  log_loss: 0.69,
  log_loss_low: 0.68,
  log_loss_high: 0.7,
  loss: 1,
  baseline_har_x_log_loss: 0.695,
  log_loss_gain_har_x: 0.005,
  log_loss_gain_har_x_low: 0.001,
  log_loss_gain_har_x_high: 0.009,
  baseline_climatology_log_loss: 0.6931,
  log_loss_gain_climatology: -0.0031,
  log_loss_gain_climatology_low: -0.004,
  log_loss_gain_climatology_high: 0.001,
  baseline_climatology_accuracy: 0.5,
  baseline_climatology_unknown: 3,
});

Deno.test("scoreTable() finds scores, intervals, baselines and gains by their names", () => {
  const table = scoreTable(LOGGED);
  assertEquals(table.families, ["har_x", "climatology"]);
  assertEquals(table.rows, [
    {
      key: "log_loss",
      value: 0.69,
      interval: [0.68, 0.7],
      baselines: [
        { value: 0.695, gain: { value: 0.005, interval: [0.001, 0.009] } },
        { value: 0.6931, gain: { value: -0.0031, interval: [-0.004, 0.001] } },
      ],
    },
    { key: "accuracy", value: 0.52, interval: undefined, baselines: [undefined, { value: 0.5, gain: undefined }] },
  ]);
});

Deno.test("scoreTable() puts the fullest baselines and the scores of the gate first, whatever their names", () => {
  const names = ["zebra", "climatology", "har", "har_x", "contrarian", "ewma", "har_diurnal", "ant"];
  const table = scoreTable(metrics(Object.fromEntries(
    ["width_90", "auc", "qlike", "coverage_90", "log_loss"].flatMap((score) => [
      [score, 1],
      ...names.map((name) => [`baseline_${name}_${score}`, 2]),
      ...(score === "auc" || score === "width_90" ? [] : [[`${score}_gain_har_x`, 0.1]]),
    ]),
  )));
  assertEquals(table.families, [
    ...["har_x", "har_diurnal", "har", "ewma", "contrarian", "climatology", "ant", "zebra"],
  ]);
  assertEquals(table.rows.map(({ key }) => key), ["qlike", "log_loss", "coverage_90", "auc", "width_90"]);
});

Deno.test("scoreTable() is empty for runs that log no baselines", () => {
  assertEquals(scoreTable(metrics({ loss: 1, accuracy: 0.5 })).rows, []);
});

Deno.test("scores() calls a gain better or worse only where its interval excludes zero", () => {
  const text = String(scores(scoreTable(LOGGED), (key) => `/m/${key}`));
  assertStringIncludes(text, "+0.005 better");
  assertStringIncludes(text, "[0.001, 0.009]");
  assertStringIncludes(text, "−0.0031 ");
  assert(!text.includes("worse"));
  const worse = metrics({ a: 1, baseline_b_a: 0, a_gain_b: -1, a_gain_b_low: -2, a_gain_b_high: -0.5 });
  assertStringIncludes(String(scores(scoreTable(worse), () => "/")), "−1 worse");
  const short = String(scores(scoreTable([...worse, ...metrics({ test_blocks: 19 })]), () => "/"));
  assertStringIncludes(short, "−1 too few days");
  assert(!short.includes("worse"));
});

Deno.test("parseGateReport() reads checks and leaves out what is none", () => {
  const report = parseGateReport({
    name: "m",
    checks: [
      { name: "blocks", passed: true, value: 45, interval: null, limit: 20, rule: "≥ 20", note: null },
      { name: "gain", passed: false, value: 0.1, interval: [0, 0.2], rule: "lower bound > 0", note: "x" },
      "no check",
      { name: 5, passed: "yes", value: "high", interval: [1] },
    ],
  });
  assertEquals(report?.checks, [
    { name: "blocks", passed: true, value: 45, interval: undefined, rule: "≥ 20", note: "" },
    { name: "gain", passed: false, value: 0.1, interval: [0, 0.2], rule: "lower bound > 0", note: "x" },
    { name: "", passed: false, value: undefined, interval: undefined, rule: "", note: "" },
  ]);
  for (const raw of [null, [], {}, { name: "m" }, { checks: [] }, "x"]) assertEquals(parseGateReport(raw), undefined);
});
