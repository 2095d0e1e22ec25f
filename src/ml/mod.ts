/**
 * Features, labels, models, their training and their evaluation.
 *
 * @module
 */
export { defaultFeatureEngine, FeatureSet, REALIZED_VARIANCE_MINUTES } from "./features/mod.ts";
export { loadForecastModel } from "./models/load_forecast_model.ts";
