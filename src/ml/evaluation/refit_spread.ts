import { type ForecastColumns, type ForecastModel, QUANTILE_LEVELS, type RefitSpread } from "../../core/mod.ts";

/** Models of so many last steps are asked: older ones differ more than a refit may. */
export const COMPARED_STEPS = 3;

const LEVELS = QUANTILE_LEVELS.length;

/** What the last steps' models say of the rows that prove the logged model when it is loaded. */
export interface RefitEvidence {
  /** Raw feature rows, row-major; NaN where missing. */
  readonly rows: Float32Array;
  /** How many rows. */
  readonly count: number;
  /** Ascending in time; `index` is the step's place on the whole grid. */
  readonly steps: readonly { readonly index: number; readonly forecasts: ForecastColumns }[];
}

/** Asks the models of the last {@linkcode COMPARED_STEPS} steps about the logged model's golden rows. */
export function refitEvidence(
  rows: Float32Array,
  folds: readonly { readonly fold: { readonly index: number }; readonly fitted: ForecastModel }[],
): RefitEvidence {
  const last = folds.slice(-COMPARED_STEPS), count = rows.length / last[0]!.fitted.info.featureNames.length;
  const steps = last.map(({ fold: { index }, fitted }) => ({ index, forecasts: fitted.predict(rows, count) }));
  return { rows, count, steps };
}

/** How far a model lies from those of the steps, and those from one another. */
export function refitSpread(model: ForecastModel, { rows, count, steps }: RefitEvidence): RefitSpread {
  const served = comparable(model.predict(rows, count));
  const others = steps.map(({ forecasts }) => comparable(forecasts));
  return {
    steps: steps.length,
    outputs: (Object.keys(served) as (keyof typeof served)[]).map((name) => {
      const theirs = others.map((other) => other[name]);
      return {
        name,
        distance: least(theirs.map((other) => distance(served[name], other))),
        spread: Math.max(0, ...theirs.flatMap((own, i) => theirs.slice(0, i).map((other) => distance(own, other)))),
      };
    }),
  };
}

/** Forecasts on scales on which a difference means the same anywhere. */
function comparable({ probabilityUp, volatilityBps, quantilesBps }: ForecastColumns) {
  return {
    direction: Float64Array.from(probabilityUp, (p) => Math.log(p) - Math.log1p(-p)),
    volatility: Float64Array.from(volatilityBps, Math.log),
    quantiles: Float64Array.from(quantilesBps, (bps, at) => bps / volatilityBps[Math.floor(at / LEVELS)]!),
  };
}

/** The mean difference: of squares, the one row with all that may be missing left out would be most. */
function distance(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

function least(distances: readonly number[]): number {
  return distances.length === 0 ? NaN : Math.min(...distances);
}
