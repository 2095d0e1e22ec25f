import type { FeatureEngine } from "../../core/mod.ts";
import { FeatureSet } from "./feature_set.ts";
import type { Indicator } from "./indicator.ts";
import {
  lagReturn,
  rangePosition,
  realizedVariance,
  takerImbalance,
  timeWave,
  tradeCountZ,
  volumeZ,
} from "./indicators.ts";
import { windowIndicators } from "./window.ts";

/** Spans in minutes of the mean squared returns that HAR models of all horizons use. */
export const REALIZED_VARIANCE_MINUTES = [1, 5, 15, 60, 240, 1440, 7200, 10_080, 31_680] as const;

let base: FeatureSet | undefined, window: FeatureSet | undefined;

/** The feature set `base`; built once. */
export function defaultFeatureEngine(): FeatureEngine {
  return base ??= new FeatureSet("base", baseIndicators());
}

/** The feature set `window`: `base`, then the last hour minute by minute, for networks that read sequences; built once. */
export function windowFeatureEngine(): FeatureSet {
  return window ??= new FeatureSet("window", [...baseIndicators(), ...windowIndicators()]);
}

function baseIndicators(): Indicator[] {
  return [
    ...[1, 5, 15, 60, 240, 1440].map(lagReturn),
    ...REALIZED_VARIANCE_MINUTES.map(realizedVariance),
    ...[5, 60].map(takerImbalance),
    ...[5, 60].map(volumeZ),
    ...[5, 60].map(tradeCountZ),
    ...[60, 1440].map(rangePosition),
    timeWave("day", "sin"),
    timeWave("day", "cos"),
    timeWave("week", "sin"),
    timeWave("week", "cos"),
  ];
}
