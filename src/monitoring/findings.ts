import type { Warning } from "../core/mod.ts";
import type { MonitorAlert } from "./alerts.ts";
import type { DaySkill } from "./day_skill.ts";
import type { FeatureDrift } from "./drift/measure_drift.ts";
import type { EstimatedSkill } from "./estimated_skill.ts";
import type { LogReading } from "./read_log.ts";

/** Scores of some forecasts. */
export interface Skill {
  /** Registered model. */
  readonly name: string;
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Forecasts whose outcome is known. */
  readonly scored: number;
  /** First scored decision time, ISO 8601 UTC; null where there is none. */
  readonly from: string | null;
  /** Last scored decision time. */
  readonly to: string | null;
  /** Number of full days. */
  readonly fullDays: number;
  /** Scores beside baselines on the same rows; empty where nothing is scored. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** How a version has done so far. */
export interface VersionSkill extends Skill {
  /** Version. */
  readonly version: string;
  /** Run that made it; may be empty. */
  readonly runId: string;
  /** Whose candles: `BTC/USDT`. */
  readonly symbol: string;
  /** Aliases that point to it now. */
  readonly aliases: readonly string[];
  /** Decision times forecast. */
  readonly forecasts: number;
  /** Forecasts whose label has not closed. */
  readonly pending: number;
  /** Forecasts around which minutes are missing for good. */
  readonly unjoinable: number;
  /** Forecasts of decision times that it learnt from; they are not scored. */
  readonly learnt: number;
  /** `insufficient` until there are five full days. */
  readonly verdict: "insufficient" | "sound" | "alert";
  /** What its probabilities promise, of forecasts without an outcome too; null where there is none. */
  readonly estimated: EstimatedSkill | null;
  /** The same of the scored rows alone, to hold against what came. */
  readonly estimatedOfScored: EstimatedSkill | null;
  /** Scores day by day. */
  readonly days: readonly DaySkill[];
}

/** How an alias has done: each decision time by the version that held it then. */
export interface AliasSkill extends Skill {
  /** Alias. */
  readonly alias: string;
  /** Versions that are scored under it, oldest first. */
  readonly versions: readonly string[];
}

/** What monitoring found. */
export interface MonitorFindings {
  /** Forecasts whose outcome is known, over all versions. */
  readonly scored: number;
  /** Forecasts whose label has not closed. */
  readonly pending: number;
  /** Forecasts around which minutes are missing for good. */
  readonly unjoinable: number;
  /** By `<name>/<version>`. */
  readonly skill: Readonly<Record<string, VersionSkill>>;
  /** By `<name>@<alias>`. */
  readonly aliases: Readonly<Record<string, AliasSkill>>;
  /** What was compared with the training rows. */
  readonly drift: readonly FeatureDrift[];
  /** What should be looked at. */
  readonly alerts: readonly MonitorAlert[];
  /** What else the log held. */
  readonly log: LogReading;
  /** What could not be told, and why. */
  readonly warnings: readonly Warning[];
}
