import { MINUTE_MS, QUANTILE_LEVELS, seededRandom } from "../../src/core/mod.ts";
import { adaptiveQuantiles } from "../../src/ml/evaluation/adaptive_quantiles.ts";
import {
  calibrationLine,
  expectedCalibrationError,
  reliabilityBins,
} from "../../src/ml/evaluation/calibration_scores.ts";
import { quantileHistogram, squaredLogCorrelation } from "../../src/ml/evaluation/distribution_scores.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { foldAuc } from "../../src/ml/evaluation/fold_auc.ts";
import { dieboldMariano } from "../../src/ml/evaluation/inference/accuracy_tests.ts";
import { backtestOverfitting } from "../../src/ml/evaluation/inference/backtest_overfitting.ts";
import { dailySeries } from "../../src/ml/evaluation/inference/daily_series.ts";
import { modelConfidenceSet } from "../../src/ml/evaluation/inference/model_confidence_set.ts";
import { normalQuantile } from "../../src/ml/evaluation/inference/distributions.ts";
import { costCurve, dailyProfit } from "../../src/ml/evaluation/money.ts";
import { rowLosses } from "../../src/ml/evaluation/scores.ts";
import { type Forecasts, outcomesOf, type TestRows } from "../../src/ml/evaluation/test_rows.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";

const FOLDS = 19, FOLD_ROWS = 30 * 1440, ROWS = FOLDS * FOLD_ROWS - 20 * 1440;

interface Sample {
  readonly test: TestRows;
  readonly model: Required<Forecasts>;
}

function sample(): Sample {
  const random = seededRandom(1), z = QUANTILE_LEVELS.map(normalQuantile);
  const sigma = Float32Array.from({ length: ROWS }, () => 10 * Math.exp(0.5 * random.normal()));
  const returnBps = sigma.map((value) => value * random.normal());
  return {
    test: {
      length: ROWS,
      horizonMinutes: 15,
      decisionTimeMs: Float64Array.from(sigma, (_, row) => Date.UTC(2022, 5, 30) + row * MINUTE_MS),
      returnBps,
      realizedVarianceBps2: sigma.map((value) => value ** 2 * Math.exp(0.5 * random.normal())),
    },
    model: {
      probabilityUp: returnBps.map((move) => 0.5 + 0.02 * random.normal() + (move > 0 ? 0.001 : -0.001)),
      volatilityBps: sigma,
      quantilesBps: Float32Array.from({ length: 9 * ROWS }, (_, i) => sigma[Math.floor(i / 9)]! * z[i % 9]!),
    },
  };
}

/** Scores of evaluation section 5 that a model has for itself. */
function ownScores({ test, model }: Sample): unknown {
  const outcomes = outcomesOf(test), starts = Array.from({ length: FOLDS }, (_, fold) => fold * FOLD_ROWS);
  return [
    expectedCalibrationError(reliabilityBins(model.probabilityUp, outcomes)),
    calibrationLine(test, model.probabilityUp),
    foldAuc(model.probabilityUp, outcomes, starts),
    squaredLogCorrelation(test, model.volatilityBps),
    quantileHistogram(test, model.quantilesBps),
    costCurve(dailyProfit(test, model.probabilityUp)),
  ];
}

/** Tests on daily losses of ten models. */
function dailyTests({ test, model }: Sample): unknown {
  const { qlike } = rowLosses(test, model);
  const series = Array.from(
    { length: 10 },
    (_, i) => dailySeries(test.decisionTimeMs, (row) => qlike![row]! * (1 + 0.01 * i * Math.sin(row))),
  );
  return [
    series.map((own) => dieboldMariano(own.map((value, day) => value - series[0]![day]!))),
    modelConfidenceSet(new Map(series.map((own, i) => [String(i), own]))),
    backtestOverfitting(series),
  ];
}

/** Scores, intervals and tests of two years of minutes: 19 folds, 791 thousand rows. */
export const bench: Bench = {
  name: "scores",
  run() {
    const given = sample();
    const timed = (work: () => unknown) => {
      const startedMs = performance.now();
      work();
      return (performance.now() - startedMs) / 1000;
    };
    const figure = (name: string, limit: number, work: () => unknown): BenchResult => {
      const value = median([1, 2, 3].map(() => timed(work)));
      return { name: `scores.${name}`, unit: "s", value, target: `≤ ${limit}`, passed: value <= 2 * limit };
    };
    const baselines = { climatology: given.model, har: { volatilityBps: given.model.volatilityBps } };
    return Promise.resolve([
      figure(
        "evaluation_with_intervals",
        6,
        () => evaluate(given.test, { model: given.model, baselines }, { blockDays: 5 }),
      ),
      figure("own_scores", 2, () => ownScores(given)),
      figure("daily_tests_of_ten", 2, () => dailyTests(given)),
      figure("adaptive_quantiles", 1, () => adaptiveQuantiles(given.test, given.model.quantilesBps)),
    ]);
  },
};
