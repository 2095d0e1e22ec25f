import { dayOfWeek, hourOfDay, missingMinutes, zeroTradeShare } from "./calendar_indicators.ts";
import { FeatureSet } from "./feature_set.ts";
import type { Indicator } from "./indicator.ts";
import { lagReturn, rangePosition, realizedVariance, takerImbalance, timeWave } from "./indicators.ts";
import { laggedReturn, roundDistance, scaledReturn, vwapDistance } from "./move_indicators.ts";
import { emaDistance, relativeStrength } from "./smoothed_indicators.ts";
import { relativeTradeCount, relativeVolatility, relativeVolume, usualVolatilityAhead } from "./usual_level.ts";
import {
  absoluteVariation,
  bipowerVariation,
  downsideShare,
  garmanKlass,
  jumpShare,
  parkinson,
} from "./variation_indicators.ts";

let flagship: FeatureSet | undefined;

/** The feature set `flagship`; built once. */
export function flagshipFeatureSet(): FeatureSet {
  return flagship ??= new FeatureSet("flagship", flagshipIndicators());
}

/**
 * Its indicators in order: moves for the direction, variances for the volatility, and what both have to do with: order
 * flow, activity against its usual level, the place of the price, time, and faults of the data. The plain lines find
 * here what they read: `return_<horizon>`, `rv_<minutes>`, `hour_of_day`, `day_of_week`.
 */
export function flagshipIndicators(): Indicator[] {
  return [
    ...[1, 5, 15, 60, 1440].map(lagReturn),
    ...[1, 2, 3, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 2880, 10_080].map(scaledReturn),
    ...[1, 2, 3, 4, 5].map(laggedReturn),
    ...[1, 5, 15, 30, 60, 240, 1440, 7200, 10_080, 31_680].map(realizedVariance),
    ...[15, 60, 240, 1440].map(downsideShare),
    ...[15, 60, 1440].map(absoluteVariation),
    ...[15, 60, 1440].map(bipowerVariation),
    ...[60, 1440].map(jumpShare),
    ...[1, 5, 15, 60, 240, 1440].map(parkinson),
    ...[60, 1440].map(garmanKlass),
    ...[1, 5, 15, 60, 240, 1440].map(takerImbalance),
    ...[1, 5, 15, 60, 240].map(relativeVolume),
    ...[5, 15, 60].map(relativeTradeCount),
    ...[5, 15, 60].map(relativeVolatility),
    ...[1, 5, 15, 60].map(usualVolatilityAhead),
    ...[60, 240, 1440].map(vwapDistance),
    ...[60, 240, 1440, 10_080].map(rangePosition),
    ...[2, 3].map(roundDistance),
    relativeStrength(14),
    ...[15, 60].map(emaDistance),
    timeWave("day", "sin"),
    timeWave("day", "cos"),
    timeWave("week", "sin"),
    timeWave("week", "cos"),
    hourOfDay(),
    dayOfWeek(),
    missingMinutes(1440),
    ...[60, 1440].map(zeroTradeShare),
  ];
}
