import {
  allocateCandles,
  CANDLE_FIELDS,
  type CandleColumns,
  LEAK_FIGURES,
  lowerBound,
  MINUTE_MS,
  seededRandom,
  sliceCandles,
} from "../../core/mod.ts";
import { contentDigest } from "../content_digest.ts";
import { type Dataset, foldSpan, rowsOfDataset, withParts } from "../dataset.ts";
import { MinuteGrid } from "../features/mod.ts";
import type { Fold } from "../labels/mod.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { atMost, type LeakCheck } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";

/**
 * A fold is fitted twice: as it is, and with all candles changed from the end of its last training label on. What it has
 * learnt must be equal to the bit: it cannot have read a candle that its training span does not hold.
 */
export async function checkMutation(run: LeakCheckRun): Promise<LeakCheck[]> {
  const { fitFold, rowsOf, breathe } = run, { fold, dataset: own } = await run.shortFold();
  const fit = async (of: Dataset) => {
    await breathe();
    return partsOf((await fitFold(of, rowsOf(rowsOfDataset(of), fold))).model);
  };
  const original = await fit(own);
  const mutated = await fit(mutatedDataset(run, own, fold));
  const { figure, limit } = LEAK_FIGURES.mutation;
  const differing = Object.keys(original).filter((part) => original[part] !== mutated[part]);
  return [atMost("mutation", {
    ...{ figure, limit },
    value: differing.length,
    seen: `Fitted with other candles after its training span, ${
      differing.length === 0 ? "a fold's model is the same to the bit" : `a fold's ${differing.join(", ")} differ`
    }`,
    lookFor: "statistics, a calibration or a choice that rows outside of the training span had a part in",
  })];
}

/** What a model has learnt, part by part, as digests. */
function partsOf({ spec, parts }: SpecForecastModel): Record<string, string> {
  const { scaler, heads, calibration, referenceHistograms, ...rest } = spec;
  const named = { scaler, heads, calibration, "reference histograms": referenceHistograms, ...parts, rest };
  return Object.fromEntries(Object.entries(named).map(([name, part]) => [name, contentDigest(part)]));
}

/** The fold's rows as they would be had everything after its last training label gone otherwise. */
function mutatedDataset({ candles, engine, labelsOf, settings }: LeakCheckRun, dataset: Dataset, fold: Fold): Dataset {
  const { startMs, endMs } = foldSpan(fold), { openTimeMs } = candles;
  const { horizonMinutes, seed } = settings;
  const lastLabelEndMs = fold.trainingSpan.endMs + (horizonMinutes - 1) * MINUTE_MS;
  const from = lowerBound(openTimeMs, startMs - (engine.lookbackMinutes + 1) * MINUTE_MS);
  const own = sliceCandles(candles, from, lowerBound(openTimeMs, endMs + (horizonMinutes - 1) * MINUTE_MS));
  const changed = mutateCandles(own, lastLabelEndMs, seed);
  const features = engine.compute(changed, { fromMs: startMs, shared: true });
  const labels = labelsOf(new MinuteGrid(changed), features.decisionTimeMs, { horizonMinutes });
  return withParts(dataset, { candles: changed, features, labels });
}

/** Share of the minutes that are taken out, and the step of the walk that prices are moved along. */
const MISSING_SHARE = 0.01, STEP = 0.002;

/** Candles as they are before `fromMs`, and from there on a market of their own: prices, volumes, and which minutes exist. */
export function mutateCandles(candles: CandleColumns, fromMs: number, seed: number): CandleColumns {
  const random = seededRandom(seed), all = allocateCandles(candles.length);
  let kept = 0, level = 0;
  for (let i = 0; i < candles.length; i++) {
    const isLater = candles.openTimeMs[i]! >= fromMs;
    if (isLater && random.uniform() < MISSING_SHARE) continue;
    for (const field of CANDLE_FIELDS) all[field][kept] = candles[field][i]!;
    if (isLater) {
      level += STEP * random.normal();
      const price = Math.exp(level), volume = Math.exp(random.normal());
      for (const field of ["open", "high", "low", "close"] as const) all[field][kept]! *= price;
      for (const field of ["volume", "takerBuyBaseVolume"] as const) all[field][kept]! *= volume;
      for (const field of ["quoteVolume", "takerBuyQuoteVolume"] as const) all[field][kept]! *= price * volume;
    }
    kept++;
  }
  return sliceCandles(all, 0, kept);
}
