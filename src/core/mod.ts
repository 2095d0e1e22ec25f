/**
 * Words, ports and errors that every part shares. No I/O, no dependencies.
 *
 * @module
 */
export * from "./errors.ts";
export * from "./tracking_error.ts";
export * from "./interval.ts";
export * from "./time_range.ts";
export * from "./iso_time.ts";
export * from "./candle.ts";
export * from "./forecast.ts";
export * from "./ml_model.ts";
export * from "./prediction_log.ts";
export * from "./nearest.ts";
export * from "./in_turns.ts";
export * from "./lacking_grant.ts";
export * from "./quoted.ts";
export * from "./called_as.ts";
export * from "./file_identity.ts";
export * from "./access_keys.ts";
export * from "./baselines.ts";
export * from "./gate/gate_check.ts";
export * from "./gate/check_text.ts";
export * from "./gate/leak_figures.ts";
export * from "./gate/refit_check.ts";
export * from "./gate/judge_evaluation.ts";
export * from "./gate/score_notes.ts";
export * from "./ports/clock.ts";
export * from "./ports/progress.ts";
export * from "./ports/holdout_record.ts";
export * from "./ports/random.ts";
export * from "./ports/exchange.ts";
export * from "./ports/candle_stream.ts";
export * from "./ports/feature_engine.ts";
export * from "./ports/feature_store.ts";
export * from "./ports/forecast_model.ts";
export * from "./ports/tracker.ts";
export * from "./all_pages.ts";
export * from "./trials.ts";
export * from "./ports/model_registry.ts";
