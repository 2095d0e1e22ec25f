import { assert, assertEquals } from "@std/assert";
import type { GateLimits } from "../../../src/core/mod.ts";
import { evaluate } from "../../../src/ml/evaluation/evaluate.ts";
import type { Forecasts } from "../../../src/ml/evaluation/test_rows.ts";
import { judge } from "../../../src/ml/evaluation/verdict.ts";
import { CLEAN_LEAK_CHECKS } from "../../core/clean_leak_checks.ts";
import { sampleFolds } from "./sample_folds.ts";

const LIMITS: GateLimits = {
  primary: "qlike",
  margins: { qlike: 0.01, logLoss: 0.0005, pinballShare: 0.01 },
  coverage90: [0.85, 0.95],
  minimumBlocks: 20,
};

const scored = sampleFolds({ days: 30, folds: 3, everyMinutes: 5 }), { baselines } = scored;
const weak = baselines.climatology as Required<Forecasts>;
const honest = { ...scored.model, probabilityUp: weak.probabilityUp };

function judged(
  { model = honest, blockDays = 1, horizonMinutes = 15, limits = {} }: {
    readonly model?: Required<Forecasts>;
    readonly blockDays?: number;
    readonly horizonMinutes?: number;
    readonly limits?: Partial<GateLimits>;
  },
) {
  const rows = { ...scored, model, test: { ...scored.test, horizonMinutes } };
  return judge(evaluate(rows, { blockDays, resamples: 200 }), { ...LIMITS, ...limits }, {
    leakChecks: CLEAN_LEAK_CHECKS,
    refit: REFIT,
  });
}

function failures(changes: Parameters<typeof judged>[0]): string[] {
  return judged(changes).checks.filter(({ passed }) => !passed).map(({ name }) => name);
}

const REFIT = { steps: 3, outputs: [{ name: "volatility", distance: 0.02, spread: 0.05 }] };

Deno.test("judge() passes the better model, and names each way to fail", { permissions: "none" }, () => {
  assertEquals(failures({}), []);
  assertEquals(failures({ blockDays: 5 }), ["blocks"]);
  assertEquals(failures({ limits: { coverage90: [0.95, 0.99] } }), ["coverage_90"]);
  assertEquals(failures({ model: weak }), [
    "qlike_vs_climatology",
    "qlike_vs_ewma",
    "qlike_vs_har_x",
    "pinball_vs_har_x",
  ]);
  const bold = weak.probabilityUp.map((value) => value > 0.5 ? 0.6 : 0.4);
  assertEquals(failures({ model: { ...honest, probabilityUp: bold } }), ["log_loss_vs_climatology"]);
  assertEquals(failures({ model: { ...honest, quantilesBps: weak.quantilesBps } }), ["pinball_vs_har_x"]);
  assertEquals(failures({ model: { ...honest, quantilesBps: weak.quantilesBps }, limits: { primary: "pinball" } }), [
    "pinball_vs_climatology",
    "pinball_vs_ewma",
    "pinball_vs_har_x",
  ]);
});

Deno.test("judge() calls an evaluation with a row without a number incomplete, and says what is missing", {
  permissions: "none",
}, () => {
  const volatilityBps = honest.volatilityBps.slice();
  volatilityBps[7] = NaN; // off the horizon's grid: QLIKE's level does not see it, the gains do
  const { passed, checks: [first] } = judged({ model: { ...honest, volatilityBps } });
  assertEquals([passed, first!.name, first!.forceable], [false, "evaluation_complete", false]);
  assert(first!.reason.startsWith("evaluation_complete failed: missing: qlike_gain_climatology"), first!.reason);
});

Deno.test("judge() looks at HAR-X and coverage alone at a day's horizon", { permissions: "none" }, () => {
  const names = judged({ horizonMinutes: 1440 }).checks.map(({ name }) => name);
  assertEquals(names, [
    "evaluation_complete",
    "leak_checks",
    "refit_spread",
    "blocks",
    "qlike_vs_har_x",
    "coverage_90",
  ]);
});

Deno.test("judge() fails a run whose firewall found a leak", { permissions: "none" }, () => {
  const leakChecks = CLEAN_LEAK_CHECKS.map((check) => ({ ...check, passed: check.name !== "rotation" }));
  const { passed, checks } = judge(evaluate({ ...scored, model: honest }, { blockDays: 1, resamples: 50 }), LIMITS, {
    leakChecks,
    refit: REFIT,
  });
  assertEquals([passed, checks.filter((check) => !check.passed).map(({ note }) => note)], [false, [
    "found by: rotation",
  ]]);
});
