/**
 * Causal features of minute candles.
 *
 * @module
 */
export { defaultFeatureEngine, REALIZED_VARIANCE_MINUTES, windowFeatureEngine } from "./base.ts";
export { featureEngines, featureSetOf, storedFeatureSet } from "./family_sets.ts";
export { isFaultFlag } from "./calendar_indicators.ts";
export { FeatureSet } from "./feature_set.ts";
export { flagshipFeatureSet } from "./flagship.ts";
export type { DecisionRows, Indicator } from "./indicator.ts";
export { IncrementalFeatures, type IncrementalOptions } from "./incremental_features.ts";
export { type GridField, type LogSums, MinuteGrid, type MinuteGridOptions } from "./minute_grid.ts";
export type { Fill } from "./derived_series.ts";
export type { Growing, MinuteSeries } from "./minute_series.ts";
export { WINDOW_MINUTES, windowOf } from "./window.ts";
export { BlockSums, type WindowSums, type WindowTotals } from "./block_sums.ts";
export { BlockExtremes, type WindowExtremes } from "./block_extremes.ts";
