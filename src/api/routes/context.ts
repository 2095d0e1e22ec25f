import { type Clock, DomainError } from "../../core/mod.ts";
import type { ServiceSettings } from "../settings.ts";
import type { Challenger } from "../challenger/challenger.ts";
import { type DataAge, dataAge } from "../data/data_age.ts";
import type { LiveFeatures } from "../data/live_features.ts";
import type { PredictionLog } from "../log/prediction_log.ts";
import type { KeyRing } from "../access/key_ring.ts";
import type { Deadlines } from "../http/deadlines.ts";
import type { PredictionTally } from "../metrics/prediction_tally.ts";
import type { ServiceMetrics } from "../metrics/service_metrics.ts";
import type { LoadedModel, ModelHost } from "../model/model_host.ts";
import type { RealisedSkill } from "../skill/realised_skill.ts";

/** What the routes share. */
export interface RouteContext {
  /** Settings. */
  readonly config: ServiceSettings;
  /** Time. */
  readonly clock: Clock;
  /** Holds the model. */
  readonly host: ModelHost;
  /** A second version that is tried; undefined where none is configured. */
  readonly challenger: Challenger | undefined;
  /** Holds the newest features. */
  readonly live: LiveFeatures;
  /** The prediction log, unless it is switched off. */
  readonly log: PredictionLog | undefined;
  /** Keys; undefined where none is ever asked for. */
  readonly keys: KeyRing | undefined;
  /** Ends bodies that come too slowly. */
  readonly deadlines: Deadlines;
  /** Ends the wait of a forecast for the store. */
  readonly looks: Deadlines;
  /** Ends the wait of an answer for the registry. */
  readonly answers: Deadlines;
  /** Metrics. */
  readonly metrics: ServiceMetrics;
  /** Counts what rows and forecasts look like. */
  readonly tally: PredictionTally;
  /** Scores forecasts whose labels have closed. */
  readonly skill: RealisedSkill;
  /** Version of the program. */
  readonly programVersion: string;
}

/** The model that answers this request to its end. @throws {DomainError} `model-not-loaded` with the reasons. */
export function requireModel(context: RouteContext): LoadedModel {
  const { current } = context.host;
  if (current !== undefined) return current;
  throw new DomainError("model-not-loaded", `Cannot answer as no model is loaded: ${context.host.reasons.join("; ")}`);
}

/** That the newest candle is older than `limitSeconds`, and why no newer one is read, where that is known. */
export function describeAge({ live }: RouteContext, ageSeconds: number, limitSeconds: number): string {
  const age = `the newest closed candle ended ${ageSeconds} s ago, more than ${limitSeconds} s`;
  return live.reason === undefined ? age : `${age}: ${live.reason}`;
}

/** Age of the newest candles now. */
export function currentAge(context: RouteContext): DataAge {
  return dataAge(context.live.row?.decisionTimeMs, context.clock.nowMs(), context.config.data.staleAfterSeconds);
}
