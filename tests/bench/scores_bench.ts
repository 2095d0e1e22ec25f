import { DAY_MS, MINUTE_MS, QUANTILE_LEVELS, seededRandom } from "../../src/core/mod.ts";
import { adaptiveQuantiles } from "../../src/ml/evaluation/adaptive_quantiles.ts";
import {
  calibrationLine,
  expectedCalibrationError,
  reliabilityBins,
} from "../../src/ml/evaluation/calibration_scores.ts";
import { quantileHistogram, squaredLogCorrelation } from "../../src/ml/evaluation/distribution_scores.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { encodeBaselines, encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import { groupAreas } from "../../src/ml/evaluation/group_areas.ts";
import type { Baseline } from "../../src/ml/evaluation/baselines.ts";
import type { ScoredFolds } from "../../src/ml/evaluation/scored_folds.ts";
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

function foldsOf(test: TestRows): Pick<ScoredFolds, "folds" | "foldOf"> {
  const foldOf = Int32Array.from(test.decisionTimeMs, (_, row) => Math.floor(row / FOLD_ROWS));
  const folds = Array.from({ length: FOLDS }, (_, index) => {
    const startMs = test.decisionTimeMs[index * FOLD_ROWS]!;
    return { index, train: { startMs: startMs - 180 * DAY_MS, endMs: startMs - 14 * MINUTE_MS } };
  });
  return { folds, foldOf };
}

/** A model and all baselines: the forecasts are equal but for σ, as what they say costs nothing. */
function scoredFolds({ test, model }: Sample): ScoredFolds<Baseline> {
  const line = (factor: number): Forecasts => ({
    volatilityBps: model.volatilityBps.map((sigma) => sigma * factor),
    quantilesBps: model.quantilesBps.map((quantile) => quantile * factor),
  });
  return {
    ...foldsOf(test),
    test,
    model,
    baselines: {
      climatology: model,
      contrarian: { probabilityUp: model.probabilityUp },
      ewma: line(1.3),
      har: line(1.2),
      har_diurnal: line(1.1),
      har_x: line(1.05),
    },
  };
}

/** Scores of evaluation section 5 that a model has for itself. */
function ownScores({ test, model }: Sample): unknown {
  const outcomes = outcomesOf(test), { folds, foldOf } = foldsOf(test);
  return [
    expectedCalibrationError(reliabilityBins(model.probabilityUp, outcomes)),
    calibrationLine(test, model.probabilityUp),
    groupAreas(model.probabilityUp, outcomes, { names: folds.map(({ index }) => String(index)), groupOf: foldOf }),
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
    const scored = scoredFolds(given);
    return Promise.resolve([
      figure("evaluation_of_seven", 8, () => evaluate(scored, { blockDays: 5 })),
      figure("prediction_files", 8, () => [encodePredictions(scored), encodeBaselines(scored)]),
      figure("own_scores", 2, () => ownScores(given)),
      figure("daily_tests_of_ten", 2, () => dailyTests(given)),
      figure("adaptive_quantiles", 1, () => adaptiveQuantiles(given.test, given.model.quantilesBps)),
    ]);
  },
};
