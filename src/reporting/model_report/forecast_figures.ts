import { DAY_MS, lowerBound, QUANTILE_LEVELS, type TimeRange } from "../../core/mod.ts";
import type { ForecastSeries, ForecastTable } from "./forecast_table.ts";

/** A point of a calibration diagram. */
export interface CalibrationBin {
  readonly count: number;
  /** Mean of what was forecast. */
  readonly forecast: number;
  /** Mean of what happened. */
  readonly observed: number;
  /** 95 % interval of the share (Wilson); both NaN for means of other things. */
  readonly low: number;
  readonly high: number;
}

/** Rows with finite values in both, cut into bins of equal count by the forecast. */
function equalCountBins(forecast: Float64Array, outcome: Float64Array, bins: number): Uint32Array[] {
  const rows: number[] = [];
  for (let i = 0; i < forecast.length; i++) {
    if (Number.isFinite(forecast[i]!) && Number.isFinite(outcome[i]!)) rows.push(i);
  }
  const order = Uint32Array.from(rows).sort((a, b) => forecast[a]! - forecast[b]! || a - b);
  const used = Math.min(bins, order.length);
  return Array.from(
    { length: used },
    (_, k) => order.subarray(Math.floor(k * order.length / used), Math.floor((k + 1) * order.length / used)),
  );
}

/** How often the price rose where a rise was forecast with about this probability; ties are left out. */
export function directionCalibration({ model, up }: ForecastTable, bins = 20): CalibrationBin[] {
  const { probabilityUp } = model;
  if (probabilityUp === undefined) return [];
  return equalCountBins(probabilityUp, up, bins).map((rows) => {
    const observed = meanOf(rows, (i) => up[i]!);
    return {
      count: rows.length,
      forecast: meanOf(rows, (i) => probabilityUp[i]!),
      observed,
      ...wilson(observed, rows.length),
    };
  });
}

/** Realised beside forecast volatility, as roots of mean variances, in bins of equal count by the forecast. */
export function volatilityCalibration({ model, realizedVarianceBps2 }: ForecastTable, bins = 20): CalibrationBin[] {
  const { volatilityBps } = model;
  if (volatilityBps === undefined) return [];
  return equalCountBins(volatilityBps, realizedVarianceBps2, bins).map((rows) => ({
    count: rows.length,
    forecast: Math.sqrt(meanOf(rows, (i) => volatilityBps[i]! ** 2)),
    observed: Math.sqrt(meanOf(rows, (i) => realizedVarianceBps2[i]!)),
    low: NaN,
    high: NaN,
  }));
}

/** Share of returns at or below each of the nine quantiles; a return on a quantile counts half. */
export function quantileShares({ quantilesBps }: ForecastSeries, returnBps: Float64Array): number[] | undefined {
  return quantilesBps?.map((quantiles) => {
    let below = 0;
    for (let i = 0; i < quantiles.length; i++) {
      below += returnBps[i]! < quantiles[i]! ? 1 : returnBps[i] === quantiles[i] ? 0.5 : 0;
    }
    return below / quantiles.length;
  });
}

/** Central intervals: nominal coverage and the indices of their levels. */
export const INTERVALS = [
  { nominal: 0.5, low: 3, high: 5 },
  { nominal: 0.8, low: 2, high: 6 },
  { nominal: 0.9, low: 1, high: 7 },
  { nominal: 0.98, low: 0, high: 8 },
] as const;

/** Share of returns inside each central interval, bounds included, and the mean width in basis points. */
export function intervalCoverage(
  { quantilesBps }: ForecastSeries,
  returnBps: Float64Array,
): { readonly nominal: number; readonly covered: number; readonly widthBps: number }[] {
  if (quantilesBps === undefined) return [];
  return INTERVALS.map(({ nominal, low, high }) => {
    const from = quantilesBps[low]!, to = quantilesBps[high]!;
    let covered = 0, width = 0;
    for (let i = 0; i < returnBps.length; i++) {
      if (returnBps[i]! >= from[i]! && returnBps[i]! <= to[i]!) covered++;
      width += to[i]! - from[i]!;
    }
    return { nominal, covered: covered / returnBps.length, widthBps: width / returnBps.length };
  });
}

/** Share of returns in each of the ten bins that the levels bound, over the share that belongs there. */
export function bandRatios(shares: readonly number[]): { readonly name: string; readonly ratio: number }[] {
  const levels = [0, ...QUANTILE_LEVELS, 1], observed = [0, ...shares, 1];
  return levels.slice(1).map((level, k) => ({
    name: `${Math.round(100 * levels[k]!)}–${Math.round(100 * level)}`,
    ratio: (observed[k + 1]! - observed[k]!) / (level - levels[k]!),
  }));
}

/** QLIKE of a row: `RV/σ² − ln(RV/σ²) − 1`, RV at least `k·(0.1 bps)²` (evaluation section 5). */
export function qlike(realizedVariance: number, volatilityBps: number, horizonMinutes: number): number {
  const ratio = Math.max(realizedVariance, horizonMinutes * 0.01) / volatilityBps ** 2;
  return ratio - Math.log(ratio) - 1;
}

/** Mean QLIKE of a forecast over the rows of a half-open span of decision times. */
export function meanQlike(
  { decisionTimeMs, realizedVarianceBps2, horizonMinutes }: ForecastTable,
  { volatilityBps }: ForecastSeries,
  { startMs, endMs }: TimeRange,
): number {
  let sum = 0, rows = 0;
  for (let i = lowerBound(decisionTimeMs, startMs); i < decisionTimeMs.length && decisionTimeMs[i]! < endMs; i++) {
    sum += qlike(realizedVarianceBps2[i]!, volatilityBps?.[i] ?? NaN, horizonMinutes);
    rows++;
  }
  return sum / rows;
}

/** Sums by UTC day of a baseline's QLIKE less the model's, and what they add up to: upwards is better. */
export function cumulativeGain(
  table: ForecastTable,
  baseline: ForecastSeries,
): { readonly startMs: number[]; readonly gain: number[] } | undefined {
  const mine = table.model.volatilityBps, theirs = baseline.volatilityBps;
  if (mine === undefined || theirs === undefined) return undefined;
  const startMs: number[] = [], gain: number[] = [];
  let total = 0;
  for (let i = 0; i < table.length; i++) {
    const day = Math.floor(table.decisionTimeMs[i]! / DAY_MS) * DAY_MS;
    if (startMs.at(-1) !== day) {
      startMs.push(day);
      gain.push(total);
    }
    const variance = table.realizedVarianceBps2[i]!;
    // Each minute is in `horizon` overlapping forecasts; dividing gives the gain of forecasts that do not overlap.
    total += (qlike(variance, theirs[i]!, table.horizonMinutes) - qlike(variance, mine[i]!, table.horizonMinutes)) /
      table.horizonMinutes;
    gain[gain.length - 1] = total;
  }
  return { startMs, gain };
}

/** Forecast and realised volatility of each UTC day: roots of the mean variances of its rows. */
export function dailyVolatility(
  { model, decisionTimeMs, realizedVarianceBps2 }: ForecastTable,
): { readonly startMs: number[]; readonly forecast: number[]; readonly realized: number[] } | undefined {
  const { volatilityBps } = model;
  if (volatilityBps === undefined) return undefined;
  const startMs: number[] = [], forecast: number[] = [], realized: number[] = [], counts: number[] = [];
  for (let i = 0; i < decisionTimeMs.length; i++) {
    const day = Math.floor(decisionTimeMs[i]! / DAY_MS) * DAY_MS;
    if (startMs.at(-1) !== day) {
      startMs.push(day);
      forecast.push(0);
      realized.push(0);
      counts.push(0);
    }
    const k = startMs.length - 1;
    forecast[k]! += volatilityBps[i]! ** 2;
    realized[k]! += realizedVarianceBps2[i]!;
    counts[k]!++;
  }
  const root = (sums: readonly number[]) => sums.map((sum, k) => Math.sqrt(sum / counts[k]!));
  return { startMs, forecast: root(forecast), realized: root(realized) };
}

function meanOf(rows: Uint32Array, valueAt: (row: number) => number): number {
  let sum = 0;
  for (const row of rows) sum += valueAt(row);
  return sum / rows.length;
}

function wilson(share: number, count: number): { readonly low: number; readonly high: number } {
  const z = 1.96, z2 = z * z / count;
  const center = (share + z2 / 2) / (1 + z2);
  const half = z * Math.sqrt(share * (1 - share) / count + z2 / (4 * count)) / (1 + z2);
  return { low: center - half, high: center + half };
}
