import { type CandleColumns, MINUTE_MS } from "../../../src/core/mod.ts";

/** Feature values of one decision time straight from the definitions, slow and without shared code: the oracle. */
export function naiveFeatures(candles: CandleColumns, decisionTimeMs: number): Record<string, number> {
  const byMinute = new Map<number, number>();
  for (let i = 0; i < candles.length; i++) byMinute.set(candles.openTimeMs[i]! / MINUTE_MS, i);
  const now = decisionTimeMs / MINUTE_MS;
  const minutesBack = (minutes: number) => Array.from({ length: minutes }, (_, back) => now - minutes + back);
  const need = (minutes: number) => minutes <= 60 ? minutes : minutes / 2;
  const returns = (minutes: number) =>
    minutesBack(minutes).flatMap((minute) => {
      const a = byMinute.get(minute - 1), b = byMinute.get(minute);
      return a === undefined || b === undefined ? [] : [1e4 * Math.log(candles.close[b]! / candles.close[a]!)];
    });
  const rows = (minutes: number) => minutesBack(minutes).flatMap((minute) => byMinute.get(minute) ?? []);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const mean = (values: readonly number[]) => sum(values) / values.length;
  const out: Record<string, number> = {};
  for (const minutes of [1, 5, 15, 60, 240, 1440]) {
    const r = returns(minutes);
    out[`return_${minutes}`] = r.length < need(minutes) ? NaN : sum(r);
  }
  for (const minutes of [1, 5, 15, 60, 240, 1440, 7200, 10080, 31680]) {
    const r = returns(minutes);
    out[`rv_${minutes}`] = r.length < need(minutes) ? NaN : mean(r.map((value) => value * value));
  }
  for (const minutes of [5, 60]) {
    const at = rows(minutes);
    const volume = sum(at.map((i) => candles.volume[i]!));
    const bought = sum(at.map((i) => candles.takerBuyBaseVolume[i]!));
    out[`taker_imbalance_${minutes}`] = at.length < minutes ? NaN : volume > 0 ? (2 * bought - volume) / volume : 0;
    const values = [["volume_z", candles.volume], ["trade_count_z", candles.tradeCount]] as const;
    for (const [name, column] of values) {
      const day = rows(1440).map((i) => Math.log(1 + column[i]!));
      const centre = mean(day), spread = Math.sqrt(mean(day.map((value) => (value - centre) ** 2)));
      const recent = mean(at.map((i) => Math.log(1 + column[i]!)));
      const missing = at.length < minutes || day.length < 720;
      out[`${name}_${minutes}`] = missing ? NaN : spread < 1e-5 ? 0 : (recent - centre) / spread;
    }
  }
  for (const minutes of [60, 1440]) {
    const at = rows(minutes);
    const low = Math.min(...at.map((i) => candles.low[i]!)), high = Math.max(...at.map((i) => candles.high[i]!));
    const close = candles.close[byMinute.get(now - 1)!]!;
    out[`range_position_${minutes}`] = at.length < need(minutes)
      ? NaN
      : high > low
      ? (close - low) / (high - low)
      : 0.5;
  }
  const day = decisionTimeMs % 86_400_000 / 86_400_000;
  const date = new Date(decisionTimeMs);
  const week = ((date.getUTCDay() + 6) % 7 + day) / 7;
  out["day_sin"] = Math.sin(2 * Math.PI * day);
  out["day_cos"] = Math.cos(2 * Math.PI * day);
  out["week_sin"] = Math.sin(2 * Math.PI * week);
  out["week_cos"] = Math.cos(2 * Math.PI * week);
  const hour = returns(60), hourAt = rows(60);
  const scale = Math.sqrt(mean(hour.map((value) => value * value)));
  const logMean = mean(hourAt.map((i) => Math.log(1 + candles.volume[i]!)));
  for (let lag = 0; lag < 60; lag++) {
    const at = byMinute.get(now - 1 - lag), volume = candles.volume[at!]!;
    out[`relative_return@${lag}`] = hour.length < 60 ? NaN : scale > 0 ? hour[59 - lag]! / scale : 0;
    out[`log_range@${lag}`] = Math.log(1 + 1e4 * Math.log(candles.high[at!]! / candles.low[at!]!));
    out[`taker_imbalance@${lag}`] = volume === 0 ? 0 : (2 * candles.takerBuyBaseVolume[at!]! - volume) / volume;
    out[`relative_log_volume@${lag}`] = hourAt.length < 60 ? NaN : Math.log(1 + volume) - logMean;
  }
  return out;
}
