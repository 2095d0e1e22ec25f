import type { FeatureRanges, ModelFamily, TimeRange } from "../../core/mod.ts";

/** Smallest mean squared return that a logarithm is taken of: (.1 bps)². */
export const RV_FLOOR_BPS2 = 0.01;

/**
 * How raw features become the inputs of a network or a line: transform, subtract mean, divide by scale, put 0 where missing, clip;
 * then one 0/1 flag for each nullable feature. Statistics come from the training rows alone.
 */
export interface ScalerSpec {
  /** Per feature; `log` is ln(max(x, .01)), for realised variances. */
  readonly transforms: readonly ("identity" | "log")[];
  readonly means: readonly number[];
  readonly scales: readonly number[];
  /** Scaled values are kept within ± this. */
  readonly clip: number;
  /** Places of the features that have a flag. @default those that are nullable */
  readonly flagged?: readonly number[];
}

/** How a row becomes the logit of `probabilityUp`, before calibration. */
export type DirectionHead =
  | { readonly kind: "constant"; readonly logit: number }
  | ({ readonly kind: "sign" } & SignCells)
  /** The line between the cells and a logistic line. */
  | ({ readonly kind: "line"; readonly line: LogisticLine } & SignCells)
  /** The plain logit + shrink · the networks'; all of it where there is no shrink, as in models of earlier versions. */
  | ({ readonly kind: "sign-network"; readonly shrink?: number } & PlainDirection)
  /** The plain logit + shrink · the trees' score. */
  | ({ readonly kind: "sign-trees"; readonly shrink: number } & PlainDirection)
  /** The cell's logit + shrink · (intercept + Σ weight · scaled input), of models of earlier versions. */
  | (
    & { readonly kind: "sign-linear"; readonly shrink: number; readonly intercept: number; readonly weights: Weights }
    & SignCells
  );

/** One weight for each input of the scaler, flags last. */
type Weights = readonly number[];

/** What learners add to: the cells, or where there is a line (1 − share) · the cell's logit + share · the line's. */
export type PlainDirection = SignCells & { readonly line?: LogisticLine };

/** A logit of intercept + Σ weight · scaled input, and how much of it counts beside the cells. */
export interface LogisticLine {
  /** From 0 (the cells) to 1 (the line). */
  readonly share: number;
  readonly intercept: number;
  readonly weights: Weights;
}

/** One logit for each sign of the last move; a missing move counts as none. */
export interface SignCells {
  readonly feature: string;
  readonly logits: { readonly down: number; readonly none: number; readonly up: number };
}

/** The logit of a move's cell; a missing move is none. */
export function cellLogit({ logits }: SignCells, move: number): number {
  return move > 0 ? logits.up : move < 0 ? logits.down : logits.none;
}

/** Features that the levels of a HAR line are read by. */
export const CLOCK_FEATURES = { hour: "hour_of_day", weekday: "day_of_week" } as const;

/** A log-HAR line: ln σ² = intercept + Σ coefficient · ln max(rv, .01) + the levels of its hour and weekday. */
export interface HarLine {
  /** Features of mean squared returns, short to long; a missing one takes the value of the next shorter. */
  readonly features: readonly string[];
  /** Stands in for the first where that is missing; exists on every scored row. */
  readonly fallback: string;
  readonly intercept: number;
  readonly coefficients: readonly number[];
  /** Added by hour of the UTC day, from 0; the first is 0. @default none */
  readonly hourLevels?: readonly number[];
  /** Added by day of the UTC week, from Monday; the first is 0. @default none */
  readonly weekdayLevels?: readonly number[];
}

/** How a row becomes ln σ², σ² the forecast mean of realised variance in bps². */
export type VolatilityHead =
  | { readonly kind: "constant"; readonly logVariance: number }
  | ({ readonly kind: "har" } & HarLine)
  /** HAR + level + shrink · bound · correction, the network's correction being in (−1, 1). */
  | ({ readonly kind: "har-network" } & Correction & HarLine)
  /** HAR + level + shrink · correction, the trees' score kept within ± bound. */
  | ({ readonly kind: "har-trees" } & Correction & HarLine)
  /** HAR + level + shrink · correction, Σ weight · scaled input kept within ± bound. */
  | ({ readonly kind: "har-linear"; readonly weights: Weights } & Correction & HarLine);

/** How much of what is learnt is added to a HAR line. */
export interface Correction {
  /** Largest learnt |ln σ² − HAR|. */
  readonly bound: number;
  /** From 0: it is the HAR line. */
  readonly shrink: number;
  /** Keeps σ² the mean beside the correction. @default 0, as in models of earlier versions */
  readonly level?: number;
}

/** How σ becomes quantiles. */
export type QuantileHead =
  /** σ × these, ascending. */
  | { readonly kind: "standardized"; readonly values: readonly number[] }
  /** σ × (centre ± running sums of the network's non-negative increments). */
  | { readonly kind: "network" };

/** The three heads of a forecast. */
export interface HeadsSpec {
  readonly direction: DirectionHead;
  readonly volatility: VolatilityHead;
  readonly quantiles: QuantileHead;
}

/** Frozen calibration, fitted on the purged validation tail. */
export interface CalibrationSpec {
  /** logit' = intercept + slope · logit. */
  readonly logit: { readonly slope: number; readonly intercept: number };
  /** Multiplies σ, a factor a quantile level; the nine values are sorted after it. */
  readonly quantileMultipliers: readonly number[];
}

/** Calibration that changes nothing. */
export const NO_CALIBRATION: CalibrationSpec = {
  logit: { slope: 1, intercept: 0 },
  quantileMultipliers: [1, 1, 1, 1, 1, 1, 1, 1, 1],
};

/** Spans of decision times that a model learnt from; half-open. */
export interface TrainingRanges {
  /** Rows that weights, lines and scalers were fitted on. */
  readonly train: TimeRange;
  /** Rows of early stopping and calibration, or null where nothing was chosen on any. */
  readonly validation: TimeRange | null;
}

/** Shape of a feature in the training rows, for drift: counts between equal-count edges. */
export interface ReferenceHistogram {
  readonly feature: string;
  /** Inner edges, ascending: bin i holds `edges[i − 1] ≤ x < edges[i]`. */
  readonly edges: readonly number[];
  /** One more than edges. */
  readonly counts: readonly number[];
  readonly missing: number;
  /** Least value of all training rows; absent where there was none, and in models logged before it was kept. */
  readonly min?: number;
  /** Greatest value, likewise. */
  readonly max?: number;
}

/** Everything but networks and trees that decides a forecast; the head of `forecast.json`. */
export interface ForecastSpec {
  readonly family: ModelFamily;
  readonly horizonMinutes: number;
  readonly featureNames: readonly string[];
  readonly featureSetDigest: string;
  readonly quantileLevels: readonly number[];
  /** Per feature, whether NaN (JSON null) is allowed. */
  readonly nullable: readonly boolean[];
  /** Null where no network or line needs it. */
  readonly scaler: ScalerSpec | null;
  readonly heads: HeadsSpec;
  readonly calibration: CalibrationSpec;
  readonly trainingRanges: TrainingRanges;
  readonly referenceHistograms: readonly ReferenceHistogram[];
}

/** Ranges of a spec's features in its training rows, in the order of a row. */
export function featureRanges(spec: Pick<ForecastSpec, "featureNames" | "referenceHistograms">): FeatureRanges {
  const shapes = new Map(spec.referenceHistograms.map((shape) => [shape.feature, shape]));
  const ends = (end: "min" | "max") => Float32Array.from(spec.featureNames, (name) => shapes.get(name)?.[end] ?? NaN);
  return { min: ends("min"), max: ends("max") };
}
