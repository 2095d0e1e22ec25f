import {
  allocateForecasts,
  type CandleColumns,
  type ForecastColumns,
  MINUTE_MS,
  QUANTILE_LEVELS,
  type SeriesId,
} from "../core/mod.ts";
import type { MonitorDeps, OutcomeRows } from "./ports.ts";
import type { LoggedForecast } from "./read_log.ts";

/** Forecasts of one version about one series, one a decision time, ascending. */
export interface ForecastGroup {
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Run that made it; may be empty. */
  readonly runId: string;
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Whose candles. */
  readonly series: SeriesId;
  /** The forecasts. */
  readonly forecasts: readonly LoggedForecast[];
}

/** Gathers forecasts by version; a decision time that was forecast more than once counts by its first record. */
export class ForecastGroups {
  readonly #groups = new Map<
    string,
    { readonly first: LoggedForecast; readonly byTime: Map<number, LoggedForecast> }
  >();

  /** Takes a forecast. */
  add(forecast: LoggedForecast): void {
    const { exchange, symbol, name, version, horizonMinutes, decisionTimeMs } = forecast;
    const key = JSON.stringify([exchange, symbol, name, version, horizonMinutes]);
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, group = { first: forecast, byTime: new Map() });
    const known = group.byTime.get(decisionTimeMs);
    if (known === undefined || forecast.atMs < known.atMs) group.byTime.set(decisionTimeMs, forecast);
  }

  /** The groups, by name and version. */
  all(): ForecastGroup[] {
    return [...this.#groups.values()].map(({ first, byTime }) => ({
      name: first.name,
      version: first.version,
      runId: first.runId,
      horizonMinutes: first.horizonMinutes,
      series: { exchange: first.exchange, symbol: first.symbol, interval: "1m" as const },
      forecasts: [...byTime.values()].sort((a, b) => a.decisionTimeMs - b.decisionTimeMs),
    })).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : Number(a.version) - Number(b.version));
  }
}

/** Forecasts of a group with what happened after them. */
export interface JoinedGroup {
  /** Forecasts whose outcome is known, as columns. */
  readonly forecasts: ForecastColumns;
  /** Their outcomes, row by row. */
  readonly outcomes: OutcomeRows;
  /** Candles around them, with what the baselines want before. */
  readonly candles: CandleColumns | undefined;
  /** Labels of decision times up to here have closed, epoch milliseconds; −Infinity where there are no candles. */
  readonly closedUntilMs: number;
  /** Decision times whose label has not closed yet. */
  readonly pending: number;
  /** Decision times after which minutes are missing for good. */
  readonly unjoinable: number;
}

/** Joins a group with the store. A label closes once the store holds candles up to its end. */
export async function joinGroup(
  group: ForecastGroup,
  { store, scoring }: Pick<MonitorDeps, "store" | "scoring">,
): Promise<JoinedGroup> {
  const { forecasts, horizonMinutes, series } = group;
  const horizonMs = horizonMinutes * MINUTE_MS;
  const span = await store?.span(series);
  const closedUntilMs = span === undefined ? -Infinity : span.endMs - horizonMs;
  const closed = forecasts.filter(({ decisionTimeMs }) => decisionTimeMs <= closedUntilMs);
  const pending = forecasts.length - closed.length;
  if (store === undefined || closed.length === 0) {
    return { ...columnsOf([], horizonMinutes), candles: undefined, closedUntilMs, pending, unjoinable: 0 };
  }
  const candles = await store.loadCandles({
    ...series,
    range: {
      startMs: closed[0]!.decisionTimeMs - (scoring.contextMinutes + 1) * MINUTE_MS,
      endMs: closed.at(-1)!.decisionTimeMs + horizonMs,
    },
  });
  const times = Float64Array.from(closed, ({ decisionTimeMs }) => decisionTimeMs);
  const labels = scoring.outcomes(candles, times, horizonMinutes);
  const known = [...closed.keys()].filter((i) =>
    !Number.isNaN(labels.returnBps[i]!) && !Number.isNaN(labels.realizedVarianceBps2[i]!)
  );
  const rows = columnsOf(known.map((i) => closed[i]!), horizonMinutes);
  known.forEach((i, row) => {
    rows.outcomes.returnBps[row] = labels.returnBps[i]!;
    rows.outcomes.realizedVarianceBps2[row] = labels.realizedVarianceBps2[i]!;
  });
  return { ...rows, candles, closedUntilMs, pending, unjoinable: closed.length - known.length };
}

/** Rows `[from, to)` of a joined group. */
export function sliceJoined(
  joined: JoinedGroup,
  from: number,
  to: number,
): Pick<JoinedGroup, "forecasts" | "outcomes"> {
  const { forecasts, outcomes } = joined;
  const levels = QUANTILE_LEVELS.length;
  return {
    forecasts: {
      length: to - from,
      probabilityUp: forecasts.probabilityUp.subarray(from, to),
      volatilityBps: forecasts.volatilityBps.subarray(from, to),
      quantilesBps: forecasts.quantilesBps.subarray(from * levels, to * levels),
    },
    outcomes: {
      length: to - from,
      horizonMinutes: outcomes.horizonMinutes,
      decisionTimeMs: outcomes.decisionTimeMs.subarray(from, to),
      returnBps: outcomes.returnBps.subarray(from, to),
      realizedVarianceBps2: outcomes.realizedVarianceBps2.subarray(from, to),
    },
  };
}

function columnsOf(rows: readonly LoggedForecast[], horizonMinutes: number) {
  const forecasts = allocateForecasts(rows.length);
  rows.forEach((row, i) => {
    forecasts.probabilityUp[i] = row.probabilityUp;
    forecasts.volatilityBps[i] = row.volatilityBps;
    forecasts.quantilesBps.set(row.quantilesBps, i * QUANTILE_LEVELS.length);
  });
  const outcomes: OutcomeRows = {
    length: rows.length,
    horizonMinutes,
    decisionTimeMs: Float64Array.from(rows, ({ decisionTimeMs }) => decisionTimeMs),
    returnBps: new Float32Array(rows.length),
    realizedVarianceBps2: new Float32Array(rows.length),
  };
  return { forecasts, outcomes };
}
