import { type CandleColumns, DAY_MS, type ForecastModel, MINUTE_MS } from "../../src/core/mod.ts";
import { PredictionLog } from "../../src/api/mod.ts";
import { featureEngines } from "../../src/ml/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** Options of {@linkcode logForecasts}. */
export interface LogForecastsOptions {
  /** @default bitcoin-model */
  readonly name?: string;
  /** @default 1 */
  readonly version?: string;
  /** @default empty */
  readonly runId?: string;
  /** Decision times forecast: those from here on. */
  readonly fromMs: number;
  /** Folder of this instance. */
  readonly instance?: string;
  /** Multiplies σ and the quantiles, to make a model bad. @default 1 */
  readonly scale?: number;
}

/** Logs a forecast for every candle from a time on, as a service would have that saw the candles come in. */
export async function logForecasts(
  directory: string,
  model: ForecastModel,
  candles: CandleColumns,
  options: LogForecastsOptions,
): Promise<number> {
  const { fromMs, name = "bitcoin-model", version = "1", runId = "", scale = 1 } = options;
  const engine = featureEngines().find(({ digest }) => digest === model.info.featureSetDigest)!;
  const matrix = engine.compute(candles, { fromMs });
  const clock = new ManualClock(fromMs);
  await using log = await PredictionLog.open({
    directory,
    key: new Uint8Array(32),
    clock,
    flushMs: 100,
    maxFileBytes: 1e9,
    instance: options.instance ?? `one-${version}`,
  });
  const served = { name, version, alias: "production", runId, horizonMinutes: model.info.horizonMinutes };
  let logged = 0;
  for (let i = 0; i < matrix.length; i++) {
    // A day's records go into a day's file.
    if (i > 0 && i % 1440 === 0) {
      await log.flush();
      await clock.advance(DAY_MS);
    }
    const features = Float32Array.from(matrix.columns, (column) => column[i]!);
    if (features.some((value, j) => Number.isNaN(value) && !model.info.nullable[j])) continue;
    const outputs = model.predict(features, 1);
    log.append({
      kind: "forecast",
      atMs: matrix.decisionTimeMs[i]! + 2000,
      requestId: null,
      model: served,
      featureSetDigest: model.info.featureSetDigest,
      series: { exchange: "binance", symbol: "BTC/USDT" },
      decisionTimeMs: matrix.decisionTimeMs[i]!,
      features,
      outputs: {
        ...outputs,
        volatilityBps: outputs.volatilityBps.map((value) => value * scale),
        quantilesBps: outputs.quantilesBps.map((value) => value * scale),
      },
    });
    logged++;
    if (i % 2000 === 0) await log.flush();
  }
  return logged;
}

/** End of the last candle. */
export function endOf(candles: CandleColumns): number {
  return candles.openTimeMs[candles.length - 1]! + MINUTE_MS;
}
