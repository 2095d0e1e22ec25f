/** Candle lengths that the store knows; names as Binance writes them. */
export type Interval = "1m" | "5m" | "15m" | "1h" | "4h" | "1d";

/** Length of each interval in milliseconds. */
export const INTERVAL_MS: Readonly<Record<Interval, number>> = {
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "4h": 14_400_000,
  "1d": 86_400_000,
};

/** Milliseconds in a minute. */
export const MINUTE_MS = 60_000;
/** Milliseconds in a UTC day. */
export const DAY_MS = 86_400_000;

/** Whether `text` names an interval. */
export function isInterval(text: string): text is Interval {
  return Object.hasOwn(INTERVAL_MS, text);
}
