import { type LogReading, readForecasts } from "./read_log.ts";

/** Which forecasts a log has at all. */
export interface LoggedSpan {
  /** Records of forecasts, a decision time by two instances twice. */
  readonly forecasts: number;
  /** First decision time, epoch milliseconds. */
  readonly firstMs: number;
  /** Last one. */
  readonly lastMs: number;
}

/** The span of all forecasts in the log, or undefined where there is none. Reads the whole log. */
export async function loggedSpan(directory: string): Promise<LoggedSpan | undefined> {
  const ignored: LogReading = { predictions: 0, lost: 0, unreadable: 0, repeated: 0, late: 0 };
  let forecasts = 0, firstMs = Infinity, lastMs = -Infinity;
  for await (const { decisionTimeMs } of readForecasts(directory, ignored)) {
    forecasts++;
    firstMs = Math.min(firstMs, decisionTimeMs);
    lastMs = Math.max(lastMs, decisionTimeMs);
  }
  return forecasts === 0 ? undefined : { forecasts, firstMs, lastMs };
}
