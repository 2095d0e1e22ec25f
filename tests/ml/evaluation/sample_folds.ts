import { DAY_MS, MINUTE_MS, seededRandom } from "../../../src/core/mod.ts";
import type { Baseline } from "../../../src/ml/evaluation/baselines.ts";
import { joinFolds, type ScoredFolds } from "../../../src/ml/evaluation/scored_folds.ts";
import type { Forecasts, TestRows } from "../../../src/ml/evaluation/test_rows.ts";

/** First decision time. */
export const START = Date.UTC(2023, 5, 1);

const STANDARD = [-2.33, -1.64, -1.28, -0.67, 0, 0.67, 1.28, 1.64, 2.33];

/** Test rows in which volatility can be forecast and direction cannot; one row in a hundred is a tie. */
export function sampleRows(
  { days, everyMinutes = 1, seed = 2 }: {
    readonly days: number;
    readonly everyMinutes?: number;
    readonly seed?: number;
  },
): { readonly test: TestRows; readonly sigma: Float32Array } {
  const length = days * 1440 / everyMinutes, random = seededRandom(seed);
  const sigma = Float32Array.from({ length }, () => 10 * Math.exp(0.5 * random.normal()));
  return {
    sigma,
    test: {
      length,
      horizonMinutes: 15,
      decisionTimeMs: Float64Array.from({ length }, (_, i) => START + i * everyMinutes * MINUTE_MS),
      returnBps: Float32Array.from(sigma, (value, i) => i % 100 === 0 ? 0 : value * random.normal()),
      realizedVarianceBps2: Float32Array.from(sigma, (value) => value ** 2 * Math.exp(0.4 * random.normal() - 0.08)),
    },
  };
}

/** Forecasts that know this part of the logarithm of σ, with a direction of pure noise. */
export function knowingForecasts(sigma: Float32Array, knowledge: number, seed: number): Required<Forecasts> {
  const random = seededRandom(seed);
  const volatilityBps = sigma.map((value) =>
    Math.exp(Math.log(10) + knowledge * Math.log(value / 10) + 0.25 * (1 - knowledge) ** 2)
  );
  return {
    probabilityUp: Float32Array.from(sigma, () => 0.5 + 0.02 * random.normal()),
    volatilityBps,
    quantilesBps: Float32Array.from(
      { length: sigma.length * 9 },
      (_, i) => volatilityBps[Math.floor(i / 9)]! * STANDARD[i % 9]!,
    ),
  };
}

/** A model that knows all, and baselines that know less and less, in folds of equal length. */
export function sampleFolds(
  { days = 30, folds = 3, everyMinutes = 1, seed = 2 }: {
    readonly days?: number;
    readonly folds?: number;
    readonly everyMinutes?: number;
    readonly seed?: number;
  } = {},
): ScoredFolds<Baseline> {
  const { test, sigma } = sampleRows({ days, everyMinutes, seed });
  const line = (knowledge: number, own: number): Forecasts => {
    const { volatilityBps, quantilesBps } = knowingForecasts(sigma, knowledge, own);
    return { volatilityBps, quantilesBps };
  };
  const climatology = knowingForecasts(sigma, 0, 5);
  const all = {
    model: knowingForecasts(sigma, 1, 4),
    baselines: {
      climatology,
      contrarian: { probabilityUp: climatology.probabilityUp },
      ewma: line(0.3, 6),
      har: line(0.9, 7),
      har_diurnal: line(0.92, 8),
      har_x: line(0.95, 9),
    },
  };
  const rows = test.length / folds;
  return joinFolds(Array.from({ length: folds }, (_, i) => {
    const start = i * rows, end = start + rows;
    const startMs = START + start * everyMinutes * MINUTE_MS;
    return {
      fold: { index: i + 2, train: { startMs: startMs - 60 * DAY_MS, endMs: startMs - 14 * MINUTE_MS } },
      test: {
        ...test,
        length: rows,
        decisionTimeMs: test.decisionTimeMs.slice(start, end),
        returnBps: test.returnBps.slice(start, end),
        realizedVarianceBps2: test.realizedVarianceBps2.slice(start, end),
      },
      model: cut(all.model, start, end) as Required<Forecasts>,
      baselines: Object.fromEntries(
        Object.entries(all.baselines).map(([name, forecasts]) => [name, cut(forecasts, start, end)]),
      ) as Record<Baseline, Forecasts>,
    };
  }));
}

function cut({ probabilityUp, volatilityBps, quantilesBps }: Forecasts, start: number, end: number): Forecasts {
  return {
    ...(probabilityUp && { probabilityUp: probabilityUp.slice(start, end) }),
    ...(volatilityBps && { volatilityBps: volatilityBps.slice(start, end) }),
    ...(quantilesBps && { quantilesBps: quantilesBps.slice(9 * start, 9 * end) }),
  };
}
