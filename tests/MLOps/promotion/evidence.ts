import type { Metric, Run } from "../../../src/core/mod.ts";
import { CLEAN_LEAK_CHECKS } from "../../core/clean_leak_checks.ts";
import type { EvaluationEvidence, GateLimits, Incumbents } from "../../../src/MLOps/promotion/mod.ts";

/** Limits as in config/model.json. */
export const LIMITS: GateLimits = {
  primary: "qlike",
  margins: { qlike: 0.01, logLoss: 0.0005, pinballShare: 0.01 },
  coverage90: [0.85, 0.95],
  minimumBlocks: 20,
};

/** Metrics of a run that passes every check. */
export const GOOD_METRICS: Readonly<Record<string, number>> = {
  qlike: 0.5,
  log_loss: 0.692,
  auc: 0.53,
  pinball: 4.1,
  coverage_90: 0.9,
  coverage_90_low: 0.88,
  coverage_90_high: 0.92,
  test_rows: 60_000,
  verdict_passed: 1,
  baseline_climatology_qlike: 0.9,
  baseline_climatology_log_loss: 0.6933,
  baseline_contrarian_log_loss: 0.6925,
  baseline_ewma_qlike: 0.63,
  baseline_har_x_qlike: 0.51,
  baseline_har_x_pinball: 4,
  qlike_gain_climatology: 0.4,
  qlike_gain_climatology_low: 0.3,
  qlike_gain_climatology_high: 0.5,
  qlike_gain_ewma: 0.13,
  qlike_gain_ewma_low: 0.09,
  qlike_gain_ewma_high: 0.17,
  qlike_gain_har_x: 0.01,
  qlike_gain_har_x_low: -0.005,
  qlike_gain_har_x_high: 0.02,
  log_loss_gain_contrarian: 0.0005,
  log_loss_gain_contrarian_low: 0.0001,
  log_loss_gain_contrarian_high: 0.0009,
  log_loss_gain_climatology: 0.001,
  log_loss_gain_climatology_low: 0.0005,
  log_loss_gain_climatology_high: 0.0015,
  pinball_gain_har_x: -0.01,
  pinball_gain_har_x_low: -0.03,
  pinball_gain_har_x_high: 0.01,
};

/** Parameters of a run of 45 test days in blocks of one. */
export const GOOD_PARAMS: Readonly<Record<string, string>> = {
  horizon_minutes: "15",
  symbol: "BTC/USDT",
  exchange: "binance",
  since: "2023-03-03T00:00:00Z",
  until: "2023-05-02T00:00:00Z",
  test_start: "2023-03-18T00:00:00Z",
  test_end: "2023-05-02T00:00:00Z",
  block_days: "1",
};

/** Nothing held the alias. */
export const NO_INCUMBENTS: Incumbents = { holder: { kind: "none" }, best: { kind: "none" } };

/** Tag without which a run says nothing of its data. */
export const GOOD_TAGS: Readonly<Record<string, string>> = { "dataset.sha256": "ab".repeat(32), evidence: "quick" };

/** Key and value pairs of a record. */
export function pairsOf(record: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

/** Metrics of a record. */
export function metricsOf(record: Readonly<Record<string, number>>): Metric[] {
  return Object.entries(record).map(([key, value]) => ({ key, value, timestamp: 1, step: 0 }));
}

/** What the run's predictions give: the scores that it logged, and its blocks of days. */
export function evaluationOf(run: Run, changes: Partial<EvaluationEvidence> = {}): EvaluationEvidence {
  return {
    metrics: Object.fromEntries(run.metrics.map(({ key, value }) => [key, value])),
    blocks: 45,
    missing: [],
    leakChecks: CLEAN_LEAK_CHECKS,
    refit: { steps: 3, outputs: [{ name: "volatility", distance: 0.02, spread: 0.05 }] },
    ...changes,
  };
}

/** A finished run with these things logged; what is set to undefined is left out. */
export function runWith(changes: {
  readonly metrics?: Readonly<Record<string, number | undefined>>;
  readonly params?: Readonly<Record<string, string | undefined>>;
  readonly tags?: Readonly<Record<string, string | undefined>>;
} = {}): Run {
  const merged = <T>(good: Readonly<Record<string, T>>, change: Readonly<Record<string, T | undefined>> = {}) =>
    Object.fromEntries(Object.entries({ ...good, ...change }).filter(([, value]) => value !== undefined)) as Record<
      string,
      T
    >;
  return {
    info: {
      runId: "0".repeat(32),
      runName: "run",
      experimentId: "1",
      userId: "",
      status: "FINISHED",
      startTime: 1,
      artifactUri: "memory:/x",
      lifecycleStage: "active",
    },
    metrics: metricsOf(merged(GOOD_METRICS, changes.metrics)),
    params: pairsOf(merged(GOOD_PARAMS, changes.params)),
    tags: pairsOf(merged(GOOD_TAGS, changes.tags)),
    datasetInputs: [],
    modelInputs: [],
    modelOutputs: [],
  };
}
