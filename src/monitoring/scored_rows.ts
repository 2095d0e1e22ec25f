import { type ForecastColumns, QUANTILE_LEVELS } from "../core/mod.ts";
import type { BaselineAnswers, Baselines, OutcomeRows } from "./ports.ts";

/** Forecasts whose outcome is known, with what baselines say of the same rows; ascending in time. */
export interface ScoredRows {
  /** Forecasts as columns. */
  readonly forecasts: ForecastColumns;
  /** Their outcomes, row by row. */
  readonly outcomes: OutcomeRows;
  /** Baselines, row by row. */
  readonly baselines: Baselines;
}

/** A row of one of several {@linkcode ScoredRows}. */
export interface RowOf {
  readonly of: ScoredRows;
  readonly row: number;
}

/** Rows `[from, to)`, as views. */
export function sliceRows({ forecasts, outcomes, baselines }: ScoredRows, from: number, to: number): ScoredRows {
  const part = (values: Float32Array, width = 1) => values.subarray(from * width, to * width);
  const length = to - from, width = QUANTILE_LEVELS.length;
  return {
    forecasts: {
      length,
      probabilityUp: part(forecasts.probabilityUp),
      volatilityBps: part(forecasts.volatilityBps),
      quantilesBps: part(forecasts.quantilesBps, width),
    },
    outcomes: {
      length,
      horizonMinutes: outcomes.horizonMinutes,
      decisionTimeMs: outcomes.decisionTimeMs.subarray(from, to),
      returnBps: part(outcomes.returnBps),
      realizedVarianceBps2: part(outcomes.realizedVarianceBps2),
    },
    baselines: mapBaselines(baselines, (values, columns) => part(values, columns)),
  };
}

/** Rows picked from one or several groups of one horizon; baselines that all of them have. At least one row. */
export function pickRows(picked: readonly RowOf[]): ScoredRows {
  const [first] = picked;
  if (first === undefined) throw new RangeError("Cannot pick no rows");
  const column = (of: (rows: ScoredRows) => Float32Array, width = 1) => {
    const values = new Float32Array(picked.length * width);
    picked.forEach(({ of: rows, row }, i) => {
      values.set(of(rows).subarray(row * width, (row + 1) * width), i * width);
    });
    return values;
  };
  const groups = [...new Set(picked.map(({ of }) => of))];
  const common = Object.fromEntries(
    Object.entries(first.of.baselines).filter(([name]) => groups.every(({ baselines }) => name in baselines)),
  );
  return {
    forecasts: {
      length: picked.length,
      probabilityUp: column(({ forecasts }) => forecasts.probabilityUp),
      volatilityBps: column(({ forecasts }) => forecasts.volatilityBps),
      quantilesBps: column(({ forecasts }) => forecasts.quantilesBps, QUANTILE_LEVELS.length),
    },
    outcomes: {
      length: picked.length,
      horizonMinutes: first.of.outcomes.horizonMinutes,
      decisionTimeMs: Float64Array.from(picked, ({ of, row }) => of.outcomes.decisionTimeMs[row]!),
      returnBps: column(({ outcomes }) => outcomes.returnBps),
      realizedVarianceBps2: column(({ outcomes }) => outcomes.realizedVarianceBps2),
    },
    baselines: mapBaselines(
      common,
      (_, width, name, output) => column(({ baselines }) => baselines[name]![output]!, width),
    ),
  };
}

function mapBaselines(
  baselines: Baselines,
  map: (values: Float32Array, width: number, name: string, output: keyof BaselineAnswers) => Float32Array,
): Baselines {
  return Object.fromEntries(
    Object.entries(baselines).map(([name, answers]) => [
      name,
      Object.fromEntries(
        (Object.keys(answers) as (keyof BaselineAnswers)[]).map((output) => [
          output,
          map(answers[output]!, output === "quantilesBps" ? QUANTILE_LEVELS.length : 1, name, output),
        ]),
      ),
    ]),
  );
}
