/**
 * What became of the forecasts that were given: outcomes, scores, drift, alerts.
 *
 * @module
 */
export {
  type DaySkill,
  FULL_DAY_ROWS,
  FULL_DAYS_NEEDED,
  type MonitorFindings,
  monitorForecasts,
  type MonitorOptions,
  type VersionSkill,
} from "./monitor.ts";
export { alertsOf, type MonitorAlert } from "./alerts.ts";
export { driftLimit, type FeatureDrift, populationStability } from "./drift.ts";
export { type ForecastGroup, type JoinedGroup, joinGroup } from "./join.ts";
export { liveMetrics } from "./live_metrics.ts";
export type { FeatureReference, FeatureReferences, MonitorDeps, OutcomeRows, Scoring } from "./ports.ts";
export { type LoggedForecast, type LogReading, readForecasts } from "./read_log.ts";
export { type KeptDay, mergeState, type MonitorState, readState, writeState } from "./state.ts";
