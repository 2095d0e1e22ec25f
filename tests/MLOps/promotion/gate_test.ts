import { CLEAN_LEAK_CHECKS } from "../../core/clean_leak_checks.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type EvaluationEvidence,
  type Incumbent,
  type IncumbentComparison,
  type Incumbents,
  judgeRun,
} from "../../../src/MLOps/promotion/mod.ts";
import { evaluationOf, GOOD_METRICS, LIMITS, NO_INCUMBENTS, runWith } from "./evidence.ts";

const DATASET = "ab".repeat(32);

function judge(
  run = runWith(),
  incumbents: Partial<Incumbents> = {},
  horizonMinutes = 15,
  evaluation = evaluationOf(run),
) {
  const evidence = { horizonMinutes, modelFiles: 9, modelDataset: DATASET, evaluation };
  return judgeRun(run, { ...evidence, incumbents: { ...NO_INCUMBENTS, ...incumbents } }, LIMITS);
}

function failing(...args: Parameters<typeof judge>): string[] {
  return judge(...args).filter(({ passed }) => !passed).map(({ name }) => name);
}

Deno.test("judgeRun() passes good evidence and shows figure, interval and limit", { permissions: "none" }, () => {
  const checks = judge();
  assertEquals(checks.map(({ name, passed }) => [name, passed]), [
    ["evaluation_complete", true],
    ["leak_checks", true],
    ["model_files", true],
    ["refit_spread", true],
    ["qlike_vs_climatology", true],
    ["qlike_vs_ewma", true],
    ["blocks", true],
    ["qlike_vs_har_x", true],
    ["log_loss_vs_contrarian", true], // the stronger of the two simple directions
    ["pinball_vs_har_x", true],
    ["coverage_90", true],
    ["incumbent", true],
    ["best_version", true],
  ]);
  assertEquals(checks.find(({ name }) => name === "qlike_vs_har_x"), {
    name: "qlike_vs_har_x",
    passed: true,
    value: 0.01,
    interval: [-0.005, 0.02],
    limit: -0.01,
    rule: "lower bound > -0.01",
    note: null,
    forceable: true,
  });
  assertEquals(checks.filter(({ forceable }) => !forceable).map(({ name }) => name), [
    "evaluation_complete",
    "leak_checks",
    "model_files",
    "refit_spread",
  ]);
});

Deno.test("judgeRun() refuses each kind of weak evidence by its own check", { permissions: "none" }, () => {
  const metrics = (changes: Readonly<Record<string, number | undefined>>) => failing(runWith({ metrics: changes }));
  assertEquals(metrics({ qlike_gain_climatology_low: 0 }), ["qlike_vs_climatology"]);
  assertEquals(metrics({ qlike_gain_ewma_low: -1e-9 }), ["qlike_vs_ewma"]);
  assertEquals(metrics({ qlike_gain_har_x_low: -0.01 }), ["qlike_vs_har_x"]);
  assertEquals(metrics({ log_loss_gain_contrarian_low: -0.0005 }), ["log_loss_vs_contrarian"]);
  assertEquals(metrics({ pinball_gain_har_x_low: -0.041 }), ["pinball_vs_har_x"]);
  assertEquals(metrics({ coverage_90_low: 0.951, coverage_90_high: 0.97 }), ["coverage_90"]);
  assertEquals(metrics({ coverage_90_low: 0.7, coverage_90_high: 0.849 }), ["coverage_90"]);
  assertEquals(metrics({ coverage_90_low: 0.7, coverage_90_high: 0.85 }), []);
  const evaluated = (changes: Partial<EvaluationEvidence>) =>
    failing(runWith(), {}, 15, evaluationOf(runWith(), changes));
  assertEquals(evaluated({ blocks: 20 }), []);
  assertEquals(evaluated({ blocks: 19 }), ["blocks"]);
  assertEquals(evaluated({ blocks: null }), ["blocks"]);
});

Deno.test(
  "judgeRun() calls an evaluation with a hole incomplete, which no force passes over",
  { permissions: "none" },
  () => {
    for (const name of ["qlike", "auc", "coverage_90", "baseline_ewma_qlike", "baseline_har_x_pinball", "test_rows"]) {
      for (const hole of [undefined, NaN, Infinity]) {
        const run = runWith({ metrics: { [name]: hole } });
        const check = judge(run)[0]!;
        assertEquals([check.passed, check.forceable], [false, false], name);
        assert(check.note!.includes(name), check.note!);
      }
    }
    assertEquals(failing(runWith({ metrics: { test_rows: 0 } })), ["evaluation_complete"]);
    assertEquals(failing(runWith({ tags: { "dataset.sha256": undefined } })), ["evaluation_complete"]);
    assertEquals(failing(runWith({ tags: { "dataset.sha256": "abc" } })), ["evaluation_complete"]);
    const other = judge(runWith({ tags: { "dataset.sha256": "cd".repeat(32) } }))[0]!;
    assertEquals([other.passed, other.note], [false, "missing: the model's dataset, which is abababababab…"]);
  },
);

Deno.test(
  "judgeRun() goes by what was computed again, and needs the run to say it too",
  { permissions: "none" },
  () => {
    const boastful = runWith({ metrics: { qlike_gain_har_x_low: 0.5 } });
    const honest = evaluationOf(runWith({ metrics: { qlike_gain_har_x_low: -0.02 } }));
    assertEquals(failing(boastful, {}, 15, honest), ["qlike_vs_har_x"]);
    assertEquals(
      judge(runWith({ metrics: { qlike: undefined } }), {}, 15, evaluationOf(runWith()))[0]!.note,
      "missing: qlike",
    );
    const lost = evaluationOf(runWith(), { metrics: {}, blocks: null, missing: ["evaluation/predictions.parquet"] });
    const check = judge(runWith(), {}, 15, lost)[0]!;
    assertEquals([check.passed, check.forceable, check.note], [
      false,
      false,
      "missing: evaluation/predictions.parquet",
    ]);
  },
);

Deno.test("judgeRun() lets no leak through, and no firewall that did not run", { permissions: "none" }, () => {
  const checked = (leakChecks: EvaluationEvidence["leakChecks"]) =>
    judge(runWith(), {}, 15, evaluationOf(runWith(), { leakChecks }))[1]!;
  const found = (leakChecks: EvaluationEvidence["leakChecks"]) => {
    const { passed, note, forceable } = checked(leakChecks);
    return [passed, note, forceable];
  };
  const failing = (...names: readonly string[]) => {
    return CLEAN_LEAK_CHECKS.map((check) => ({ ...check, passed: !names.includes(check.name) }));
  };
  assertEquals(found(CLEAN_LEAK_CHECKS), [true, "13 checks", false]);
  assertEquals(found(failing("rotation", "smell")), [false, "found by: rotation, smell", false]);
  assertEquals(found(CLEAN_LEAK_CHECKS.slice(1)), [
    ...[false, "not to be relied on: truncation (features that differ) is missing", false],
  ]);
  assertEquals(found([]), [false, "none of its checks ran", false]);
  assertEquals(found(null), [false, "not run", false]);
});

Deno.test(
  "judgeRun() refuses a logged model that is not of the recipe that was scored",
  { permissions: "none" },
  () => {
    const refit = { steps: 3, outputs: [{ name: "volatility", distance: 0.5, spread: 0.125 }] };
    const check = judge(runWith(), {}, 15, evaluationOf(runWith(), { refit })).find(({ passed }) => !passed)!;
    assertEquals([check.name, check.value, check.limit, check.forceable], ["refit_spread", 4, 2, false]);
  },
);

Deno.test("judgeRun() judges no direction at a day's horizon", { permissions: "none" }, () => {
  const run = runWith({ metrics: { auc: undefined, log_loss: undefined, pinball_gain_har_x_low: -9 } });
  assertEquals(failing(run, {}, 1440), []);
  const worse = runWith({ metrics: { qlike_gain_ewma_low: -9, qlike_gain_climatology_low: -9 } });
  assertEquals(failing(worse, {}, 1440), [], "only HAR-X counts there");
  assertEquals(judge(run, {}, 1440).map(({ name }) => name), [
    "evaluation_complete",
    "leak_checks",
    "model_files",
    "refit_spread",
    "blocks",
    "qlike_vs_har_x",
    "coverage_90",
    "incumbent",
    "best_version",
  ]);
  assertEquals(failing(runWith({ metrics: { qlike_gain_har_x_low: -0.02 } }), {}, 1440), ["qlike_vs_har_x"]);
  assert(failing(run).includes("evaluation_complete"));
});

Deno.test("judgeRun() holds a run against what holds the alias", { permissions: "none" }, () => {
  const comparison = (changes: Partial<IncumbentComparison> = {}): Incumbent => ({
    kind: "compared",
    version: "3",
    comparison: {
      commonDays: 45,
      rows: 60_000,
      laterRows: 0,
      gains: {
        qlike: { mean: 0, low: -0.005, high: 0.005 },
        logLoss: { mean: 0, low: -0.0002, high: 0.0002 },
        pinball: { mean: 0, low: -0.02, high: 0.02 },
      },
      incumbentPinball: 4,
      ...changes,
    },
  });
  const beside = (holder: Incumbent, horizonMinutes = 15) => failing(runWith(), { holder }, horizonMinutes);
  assertEquals(beside(comparison()), []);
  const worse = { mean: -0.02, low: -0.03, high: -0.01 };
  const { gains } = (comparison() as Extract<Incumbent, { kind: "compared" }>).comparison;
  assertEquals(beside(comparison({ gains: { ...gains, qlike: worse } })), ["qlike_vs_incumbent"]);
  assertEquals(beside(comparison({ gains: { ...gains, logLoss: worse } })), ["log_loss_vs_incumbent"]);
  assertEquals(beside(comparison({ incumbentPinball: 1 })), ["pinball_vs_incumbent"]);
  assertEquals(beside(comparison({ commonDays: 29 })), ["incumbent_days"]);
  assertEquals(beside({ kind: "unknown", version: "3", reason: "no predictions" }), ["incumbent_days"]);
  assertEquals(beside({ kind: "same" }), []);
  assertEquals(beside(comparison({ gains: { ...gains, logLoss: worse } }), 1440), [], "no direction at a day");
  const best = comparison({ gains: { ...gains, qlike: worse } });
  assertEquals(failing(runWith(), { holder: comparison(), best }), ["qlike_vs_best_version"]);
  const note = (laterRows: number | null) =>
    judge(runWith(), { holder: comparison({ laterRows }) }).find(({ name }) => name === "incumbent_days")!.note;
  assertEquals([0, 900, null].map(note), [
    "45 with version 3",
    "45 with version 3, 900 rows of them by its model",
    "45 with version 3; task register looks at later ones too",
  ]);
});

Deno.test(
  "judgeRun() never passes a run for losing a metric or for a metric that turns NaN",
  { permissions: "none" },
  () => {
    const names = Object.keys(GOOD_METRICS);
    fc.assert(fc.property(
      fc.subarray(names, { minLength: 1 }),
      fc.constantFrom(undefined, NaN),
      fc.constantFrom(15, 1440),
      (lost, value, horizonMinutes) => {
        const weaker = runWith({ metrics: Object.fromEntries(lost.map((name) => [name, value])) });
        const before = new Map(judge(runWith(), {}, horizonMinutes).map(({ name, passed }) => [name, passed]));
        for (const check of judge(weaker, {}, horizonMinutes)) {
          if (check.passed) assert(before.get(check.name) ?? true, check.name);
        }
        const judged = horizonMinutes === 1440 ? /^(qlike$|qlike_gain_har_x|coverage_90)/ : /^(qlike|coverage_90)/;
        const needed = lost.some((name) => judged.test(name));
        if (needed) assert(failing(weaker, {}, horizonMinutes).length > 0, lost.join());
      },
    ));
  },
);
