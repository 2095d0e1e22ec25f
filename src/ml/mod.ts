/**
 * Features, labels, models, their training and their evaluation.
 *
 * @module
 */
export {
  defaultFeatureEngine,
  featureEngines,
  REALIZED_VARIANCE_MINUTES,
  windowFeatureEngine,
} from "./features/mod.ts";
export { computeLabels, type Labels, type Split } from "./labels/mod.ts";
export {
  BlockExtremes,
  BlockSums,
  type DecisionRows,
  FeatureSet,
  IncrementalFeatures,
  type IncrementalOptions,
  type Indicator,
  type LogSums,
  MinuteGrid,
  type MinuteSeries,
} from "./features/mod.ts";
export type {
  Fill,
  GridField,
  Growing,
  MinuteGridOptions,
  WindowExtremes,
  WindowSums,
  WindowTotals,
} from "./features/mod.ts";
export { loadForecastModel } from "./models/load_forecast_model.ts";
