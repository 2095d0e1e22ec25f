import type { Clock } from "../../core/mod.ts";
import type { FeatureIdentity } from "../model/feature_match.ts";
import type { LoadedModel, SwapReport } from "../model/model_host.ts";
import type { ModelReference } from "../model/model_uri.ts";
import type { ModelSource } from "../model/resolve.ts";
import type { CallKind, CallOutcome } from "./challenger_calls.ts";
import type { LoadChallenger } from "./ports.ts";

/** Why a challenger is not asked any more. */
export const STOP_REASONS = ["errors", "skill"] as const;

/** One of {@linkcode STOP_REASONS}. */
export type StopReason = typeof STOP_REASONS[number];

/** A challenger that was stopped; it stays so until its alias names another version. */
export interface ChallengerStop {
  /** Version that was stopped. */
  readonly version: string;
  /** Why. */
  readonly reason: StopReason;
  /** The same with the figures. */
  readonly detail: string;
  /** When, ISO 8601 UTC. */
  readonly at: string;
}

/** What a challenger is at the moment. */
export type ChallengerState = "running" | "stopped" | "absent" | "refused" | "same-version" | "other-horizon";

/** A challenger as others see it. */
export interface ChallengerView {
  /** What it is now. */
  readonly state: ChallengerState;
  /** Why and when it was stopped, or undefined. */
  readonly stopped: ChallengerStop | undefined;
  /** Looks whether its alias names another version now, and takes it. */
  check(): Promise<void>;
}

/** What a `Challenger` needs. */
export interface ChallengerDeps {
  /** Where models come from. */
  readonly source: ModelSource;
  /** Proves and builds a model apart from this thread. */
  readonly load: LoadChallenger;
  /** Feature sets that are computed here. */
  readonly features: readonly FeatureIdentity[];
  /** Time. */
  readonly clock: Clock;
  /** The model that answers. */
  readonly champion: () => LoadedModel<unknown> | undefined;
}

/** Settings of a `Challenger`. */
export interface ChallengerOptions {
  /** Which model is tried. */
  readonly reference: ModelReference;
  /** Share of the requests that it answers. */
  readonly share: number;
  /** Most requests a second that it is asked beside. */
  readonly shadowPerSecond: number;
  /** How long an answer is waited for. */
  readonly timeoutMs: number;
  /** When failures stop it. */
  readonly stop: { readonly maxErrorShare: number; readonly minCalls: number };
  /** How its version is followed. */
  readonly host: { readonly maxRows: number; readonly pollMs: number; readonly retryRefusedMs: number };
  /** A call ended. */
  readonly onCall: (kind: CallKind, outcome: CallOutcome, seconds: number) => void;
  /** Its version changed, or could not. */
  readonly onSwap: (report: SwapReport) => void;
  /** It was stopped. */
  readonly onStop: (stop: ChallengerStop) => void;
}
