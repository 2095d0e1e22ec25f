import {
  type CallOptions,
  DomainError,
  INTERVAL_MS,
  isDomainError,
  type TimeRange,
  toIso,
  type Warning,
} from "../../core/mod.ts";
import type { IngestRequest, PlanDeps } from "../ingest_types.ts";
import { listedSpan } from "./plan.ts";

/** What time it is where the candles come from. */
export interface ExchangeNow {
  /** The exchange's clock; the local one where no exchange is asked. */
  readonly nowMs: number;
  /** End of the last candle that counts as closed, on the grid. */
  readonly closedEndMs: number;
  /** Request weight allowed a minute, where the exchange says it. */
  readonly weightPerMinute?: number;
  /** How long it took to ask; 0 where nobody was asked. */
  readonly roundTripMs: number;
  readonly warnings: readonly Warning[];
}

/**
 * Asks the exchange for its clock, and whether it knows the symbol. With an archive beside it, an exchange that does
 * not answer is a warning: closed days can still be had.
 *
 * @throws {DomainError} `symbol-unknown`; and where REST is the only source, why it does not answer.
 */
export async function askNow(request: IngestRequest, deps: PlanDeps, options: CallOptions): Promise<ExchangeNow> {
  const { exchange, clock, settings } = deps;
  const closed = (nowMs: number) => {
    const stepMs = INTERVAL_MS[request.series.interval];
    return Math.floor((nowMs - settings.closedMarginMs) / stepMs) * stepMs;
  };
  const localMs = clock.nowMs();
  if (exchange === undefined) return { nowMs: localMs, closedEndMs: closed(localMs), roundTripMs: 0, warnings: [] };
  try {
    const { serverTimeMs, weightPerMinute } = await exchange.info([request.series.symbol], options);
    const answeredMs = clock.nowMs();
    const offMs = serverTimeMs - answeredMs;
    return {
      nowMs: serverTimeMs,
      closedEndMs: closed(serverTimeMs),
      ...(weightPerMinute === undefined ? {} : { weightPerMinute }),
      roundTripMs: answeredMs - localMs,
      warnings: Math.abs(offMs) <= settings.clockWarnMs + (answeredMs - localMs) ? [] : [{
        code: "clock-differs",
        message: `The local clock is ${Math.abs(offMs / 1000).toFixed(1)} s ${
          offMs > 0 ? "behind" : "ahead of"
        } the exchange's, which is the one used`,
      }],
    };
  } catch (error) {
    if (deps.archive === undefined || !isDomainError(error)) throw error;
    if (error.code === "symbol-unknown" || error.code === "interrupted") throw error;
    return {
      nowMs: localMs,
      closedEndMs: closed(localMs),
      roundTripMs: 0,
      warnings: [{
        code: "exchange-not-reached",
        message: `${error.message}; closed days come from the archive, the local clock says what is closed`,
      }],
    };
  }
}

/**
 * The range of a run, on the grid: as asked, clipped to what is closed; by default the mirror's span, or from the
 * configured start to the exchange's now.
 *
 * @throws {DomainError} `usage` where it is empty; `not-found` where a mirror has no file of the series.
 */
export async function resolveRange(request: IngestRequest, deps: PlanDeps, now: ExchangeNow): Promise<TimeRange> {
  const { archive, settings, clock } = deps;
  const stepMs = INTERVAL_MS[request.series.interval];
  const ago = (ms: number | undefined) => ms === undefined ? undefined : now.nowMs - ms;
  let startMs = request.sinceMs ?? ago(request.sinceAgoMs), endMs = request.untilMs ?? ago(request.untilAgoMs);
  if (archive?.kind === "mirror") {
    const files = await archive.list(request.series) ?? [];
    const span = listedSpan(files);
    if (span === undefined && (startMs === undefined || endMs === undefined)) {
      throw new DomainError(
        "not-found",
        `Cannot ingest from '${archive.name}' as it has no archive of ${request.series.symbol} at ${request.series.interval}`,
        { hint: "It must hold files such as spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-31.zip" },
      );
    }
    startMs ??= span!.startMs;
    endMs ??= span!.endMs;
  }
  startMs ??= settings.defaultSinceMs(now.nowMs);
  // The archive alone has whole days only, and none of today.
  const wholeDays = request.source === "archive" && archive?.kind === "http";
  endMs ??= wholeDays ? Math.floor(clock.nowMs() / 86_400_000) * 86_400_000 : now.closedEndMs;
  const range = {
    startMs: Math.ceil(startMs / stepMs) * stepMs,
    endMs: Math.min(Math.floor(endMs / stepMs) * stepMs, now.closedEndMs),
  };
  if (range.endMs <= range.startMs) {
    throw new DomainError(
      "usage",
      `Cannot ingest as the range is empty: from ${toIso(startMs)} to ${toIso(Math.min(endMs, now.closedEndMs))}`,
      { hint: "--since must lie before --until, and before the exchange's now" },
    );
  }
  return range;
}
