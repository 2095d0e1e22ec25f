/**
 * What became of the forecasts that were given: outcomes, scores, drift, alerts.
 *
 * @module
 */
export { type AlertChanges, type AlertEvent, alertEvents, type OpenAlert } from "./alerting/alert_events.ts";
export { appendEvents } from "./alerting/alert_file.ts";
export { type Delivery, postEvents, type WebhookOptions } from "./alerting/webhook.ts";
export { type AlertCode, type AlertGrounds, alertsOf, type MonitorAlert } from "./alerts.ts";
export { type DaySkill, FULL_DAY_ROWS, FULL_DAYS_NEEDED } from "./day_skill.ts";
export type { FeatureDrift } from "./drift/measure_drift.ts";
export type { DriftKind } from "./drift/watched_columns.ts";
export { type EstimatedSkill, estimateSkill } from "./estimated_skill.ts";
export type { AliasSkill, MonitorFindings, Skill, VersionSkill } from "./findings.ts";
export { type ForecastGroup, type JoinedGroup, joinGroup } from "./join.ts";
export type { ScoredRows } from "./scored_rows.ts";
export { liveMetrics } from "./live_metrics.ts";
export { monitorForecasts, type MonitorOptions } from "./monitor.ts";
export type {
  AliasHolding,
  BaselineAnswers,
  Baselines,
  FeatureReference,
  KnownVersion,
  MonitorDeps,
  OutcomeRows,
  Scoring,
  TrainingRows,
  Yardstick,
  YardstickQuery,
} from "./ports.ts";
export { type LoggedSpan, loggedSpan } from "./logged_span.ts";
export {
  type LoggedForecast,
  type LoggedPredictions,
  type LogReading,
  readForecasts,
  type ReadOptions,
} from "./read_log.ts";
export { type KeptDay, mergeState, type MonitorState, readState, writeState } from "./state.ts";
