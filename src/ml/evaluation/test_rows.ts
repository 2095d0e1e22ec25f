import { QUANTILE_LEVELS } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";

/** What happened on the scored rows, in float32 as it is stored: the stored file gives every score again. */
export interface TestRows {
  readonly length: number;
  readonly horizonMinutes: number;
  readonly decisionTimeMs: Float64Array;
  readonly returnBps: Float32Array;
  readonly realizedVarianceBps2: Float32Array;
}

/** Forecasts of one model or baseline on the scored rows; an output that it does not have is absent. */
export interface Forecasts {
  readonly probabilityUp?: Float32Array;
  readonly volatilityBps?: Float32Array;
  /** Row-major `[N, 9]`. */
  readonly quantilesBps?: Float32Array;
}

/** Forecasts whose quantiles are made anew whenever they are asked for, of some rows where these will do. */
export interface RemadeForecasts extends Forecasts {
  /** Those of the rows from `start` to before `end`. */
  readonly quantilesWithin?: (start: number, end: number) => Float32Array;
}

/** Forecasts whose quantiles are σ × nine constants, as those of a line are: nine numbers in place of nine columns. */
export interface ScaledForecasts extends Pick<Forecasts, "probabilityUp"> {
  readonly volatilityBps: Float32Array;
  /** Quantiles of r/σ, ascending. */
  readonly standardizedQuantiles: readonly number[];
}

/** Row-major `[N, 9]`: σ of each row × the nine of its fold. */
export function scaledQuantiles(
  volatilityBps: Float32Array,
  standardizedOf: (row: number) => readonly number[],
): Float32Array {
  const levels = QUANTILE_LEVELS.length, quantilesBps = new Float32Array(volatilityBps.length * levels);
  for (let row = 0; row < volatilityBps.length; row++) {
    const sigma = volatilityBps[row]!, standardized = standardizedOf(row);
    for (let level = 0; level < levels; level++) quantilesBps[row * levels + level] = sigma * standardized[level]!;
  }
  return quantilesBps;
}

/** The scored rows of a dataset. */
export function testRowsOf({ features, labels }: Dataset, rows: Int32Array): TestRows {
  return {
    length: rows.length,
    horizonMinutes: labels.horizonMinutes,
    decisionTimeMs: Float64Array.from(rows, (row) => features.decisionTimeMs[row]!),
    returnBps: Float32Array.from(rows, (row) => labels.returnBps[row]!),
    realizedVarianceBps2: Float32Array.from(rows, (row) => labels.realizedVarianceBps2[row]!),
  };
}

/** 1 where the price rose, 0 where it fell, −1 at a tie. */
export function outcomesOf({ returnBps }: TestRows): Int8Array {
  // Typed arrays' `from` walks an iterator, which costs more than the values.
  const outcomes = new Int8Array(returnBps.length);
  for (let row = 0; row < returnBps.length; row++) {
    const move = returnBps[row]!;
    outcomes[row] = move > 0 ? 1 : move < 0 ? 0 : -1;
  }
  return outcomes;
}

/** ln σ² row by row. */
export function logVariances(volatilityBps: Float32Array): Float64Array {
  const logs = new Float64Array(volatilityBps.length);
  for (let row = 0; row < logs.length; row++) logs[row] = 2 * Math.log(volatilityBps[row]!);
  return logs;
}

/** Position of a level among the nine. @throws {RangeError} for another level. */
export function levelIndex(level: number): number {
  const at = (QUANTILE_LEVELS as readonly number[]).indexOf(level);
  if (at < 0) throw new RangeError(`Cannot find quantile level ${level} among ${QUANTILE_LEVELS.join(", ")}`);
  return at;
}
