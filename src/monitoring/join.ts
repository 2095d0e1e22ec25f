import { MINUTE_MS, type SeriesId } from "../core/mod.ts";
import type { MonitorDeps } from "./ports.ts";
import { forecastColumns, type LoggedForecast } from "./read_log.ts";
import type { ScoredRows } from "./scored_rows.ts";

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

  /** Takes a forecast; false where its decision time was forecast before, by this version. */
  add(forecast: LoggedForecast): boolean {
    const { exchange, symbol, name, version, horizonMinutes, decisionTimeMs } = forecast;
    const key = JSON.stringify([exchange, symbol, name, version, horizonMinutes]);
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, group = { first: forecast, byTime: new Map() });
    const known = group.byTime.get(decisionTimeMs);
    if (known === undefined || forecast.atMs < known.atMs) group.byTime.set(decisionTimeMs, forecast);
    return known === undefined;
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
export interface JoinedGroup extends Omit<ScoredRows, "baselines"> {
  /** Forecasts that the version learnt nothing of, whatever is known of their outcome. */
  readonly live: readonly LoggedForecast[];
  /** Labels of decision times up to here have closed, epoch milliseconds; −Infinity where there are no candles. */
  readonly closedUntilMs: number;
  /** Decision times whose label has not closed yet. */
  readonly pending: number;
  /** Decision times around which minutes are missing for good. */
  readonly unjoinable: number;
  /** Decision times that the version learnt from: they are never scored with it. */
  readonly learnt: number;
}

/** Joins a group with the store. A label closes once the store holds candles up to its end. */
export async function joinGroup(
  { forecasts, horizonMinutes, series }: ForecastGroup,
  learntUntilMs: number,
  { store, scoring }: Pick<MonitorDeps, "store" | "scoring">,
): Promise<JoinedGroup> {
  const live = forecasts.filter(({ decisionTimeMs }) => decisionTimeMs >= learntUntilMs);
  const span = await store?.span(series);
  const closedUntilMs = span === undefined ? -Infinity : span.endMs - horizonMinutes * MINUTE_MS;
  const closed = live.filter(({ decisionTimeMs }) => decisionTimeMs <= closedUntilMs);
  const counts = { live, closedUntilMs, pending: live.length - closed.length, learnt: forecasts.length - live.length };
  if (store === undefined || closed.length === 0) return { ...columnsOf([], horizonMinutes), ...counts, unjoinable: 0 };
  const times = Float64Array.from(closed, ({ decisionTimeMs }) => decisionTimeMs);
  const candles = await store.loadCandles({
    ...series,
    range: {
      startMs: times[0]! - scoring.contextMinutes * MINUTE_MS,
      endMs: times.at(-1)! + horizonMinutes * MINUTE_MS,
    },
  });
  const labels = scoring.outcomes(candles, times, horizonMinutes);
  const known = [...closed.keys()].filter((i) =>
    !Number.isNaN(labels.returnBps[i]!) && !Number.isNaN(labels.realizedVarianceBps2[i]!)
  );
  const rows = columnsOf(known.map((i) => closed[i]!), horizonMinutes);
  known.forEach((i, row) => {
    rows.outcomes.returnBps[row] = labels.returnBps[i]!;
    rows.outcomes.realizedVarianceBps2[row] = labels.realizedVarianceBps2[i]!;
  });
  return { ...rows, ...counts, unjoinable: closed.length - known.length };
}

function columnsOf(rows: readonly LoggedForecast[], horizonMinutes: number): Omit<ScoredRows, "baselines"> {
  return {
    forecasts: forecastColumns(rows),
    outcomes: {
      length: rows.length,
      horizonMinutes,
      decisionTimeMs: Float64Array.from(rows, ({ decisionTimeMs }) => decisionTimeMs),
      returnBps: new Float32Array(rows.length),
      realizedVarianceBps2: new Float32Array(rows.length),
    },
  };
}
