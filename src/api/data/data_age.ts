import { toIso } from "../../core/mod.ts";

/** How old the newest candles are (`data` of `/health`). */
export interface DataAge {
  /** End of the newest closed candle, ISO 8601 UTC; null where there is none. */
  readonly asOf: string | null;
  /** Whole seconds since then, never negative; null where there is none. */
  readonly ageSeconds: number | null;
  /** Whether that is older than configured, or there is nothing. */
  readonly stale: boolean;
}

/** Age at `nowMs` of data whose newest decision time is `decisionTimeMs`. */
export function dataAge(decisionTimeMs: number | undefined, nowMs: number, staleAfterSeconds: number): DataAge {
  if (decisionTimeMs === undefined) return { asOf: null, ageSeconds: null, stale: true };
  const ageSeconds = Math.max(0, Math.floor((nowMs - decisionTimeMs) / 1000));
  return { asOf: toIso(decisionTimeMs), ageSeconds, stale: ageSeconds > staleAfterSeconds };
}
