import type { SeriesId } from "../core/mod.ts";
import type { CandleRules } from "./candle_checks.ts";
import type { IngestSettings } from "./ingest_types.ts";

/** What every row of a series is held against, but for the range, which is that of its file or page. */
export function candleRules({ interval, symbol }: SeriesId, settings: IngestSettings): Omit<CandleRules, "range"> {
  return {
    interval,
    priceTolerance: settings.priceTolerance,
    closeTimeExceptions: settings.closeTimeExceptions.get(symbol) ?? new Map<number, number>(),
    admitted: settings.admitted.get(`${symbol} ${interval}`) ?? new Set<number>(),
  };
}
