/** Which model answered, as the prediction log and the service's answers name it. */
export interface ServedModel {
  /** Registered name. */
  readonly name: string;
  /** Version, a decimal number as text. */
  readonly version: string;
  /** Alias through which it was chosen; null where the URI names a version. */
  readonly alias: string | null;
  /** Run that made it; may be empty. */
  readonly runId: string;
  /** Minutes ahead that it forecasts. */
  readonly horizonMinutes: number;
}

/**
 * What a version was when it forecast, where it was not the one that answers: asked beside it (`shadow`), or tried on a
 * share of the requests (`canary`).
 */
export type PredictionRole = "shadow" | "canary";

/** What every record of the prediction log begins with. */
export interface PredictionRecordHead {
  /** Place in the chain of its instance, from 1, without holes. */
  readonly n: number;
  /** When the answer was given, ISO 8601 UTC. */
  readonly at: string;
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Run that made it. */
  readonly runId: string;
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Set on records of a challenger alone. */
  readonly role?: PredictionRole;
}

/** A forecast of the newest closed minute: joined with its outcome, once per (version, decision time). */
export interface ForecastRecord extends PredictionRecordHead {
  /** A forecast; one of a replay of the past, which is in a log of its own, says so. */
  readonly kind: "forecast" | "replay";
  /** Who asked: a request's id, or null for the service itself at a closed minute. */
  readonly requestId: string | null;
  /** Exchange of the candles, as in the store. */
  readonly exchange: string;
  /** Symbol of the candles, as in the store. */
  readonly symbol: string;
  /** Decision time, ISO 8601 UTC: the end of the newest candle used. */
  readonly decisionTime: string;
  /** P(return > 0 | return ≠ 0). */
  readonly probabilityUp: number;
  /** Root of the forecast mean of realised variance, basis points. */
  readonly volatilityBps: number;
  /** Return quantiles at the nine levels, basis points. */
  readonly quantilesBps: readonly number[];
  /** Digest of the feature set. */
  readonly featureSetDigest: string;
  /** Raw features in the model's order, little-endian float32, base64; NaN where missing. */
  readonly features: string;
}

/** An answer to rows that a client brought: feeds drift only, as nobody knows what happened after them. */
export interface PredictRecord extends PredictionRecordHead {
  /** An answer to given rows. */
  readonly kind: "predict";
  /** The request's id. */
  readonly requestId: string;
  /** Number of rows. */
  readonly rows: number;
  /** Row-major `[rows, 11]` little-endian float32, base64: probabilityUp, volatilityBps, the nine quantiles. */
  readonly outputs: string;
  /** sha256 of the rows' little-endian float32 features, 64 hex digits. */
  readonly featuresSha256: string;
}

/** Says that records could not be written, so that a hole is known as one. */
export interface LostRecord {
  /** Place in the chain. */
  readonly n: number;
  /** When the log could be written again, ISO 8601 UTC. */
  readonly at: string;
  /** Records were lost. */
  readonly kind: "lost";
  /** How many. */
  readonly records: number;
  /** Why, as the system said it. */
  readonly reason: string;
}

/**
 * A line of `mlruns/prediction_log/<instance>/<UTC date>-<n>.jsonl`. Lines are sealed in batches: the last line of a
 * batch ends with a member `chain`, HMAC-SHA-256 as 64 hex digits over the previous batch's `chain` followed by the batch's
 * own bytes, line ends between lines included, up to `,"chain"`. Before the first stands the HMAC-SHA-256 of 64 zeros
 * followed by the instance's name; in logs of older versions the zeros alone.
 */
export type PredictionRecord = ForecastRecord | PredictRecord | LostRecord;

/** Name of the member that seals a batch. */
export const CHAIN_FIELD = "chain";
/** What stands before an instance's name where its chain begins. */
export const CHAIN_START: string = "0".repeat(64);
