/** What is minimised; see {@linkcode GbdtModel} for what a score then means. */
export type GbdtLoss =
  /** ½ (y − score)². */
  | { readonly kind: "squared" }
  /** Cross entropy of labels 0 and 1. */
  | { readonly kind: "logistic" }
  /** Pinball loss of the quantile at `level`, in (0, 1). */
  | { readonly kind: "quantile"; readonly level: number };

/**
 * A binary tree as columns, one entry a node, the root first. The children of a node are neighbours: `left` and
 * `left + 1`, both after it.
 */
export interface Tree {
  /** Feature compared, −1 in a leaf. */
  readonly feature: Int32Array;
  /** A row goes left where `x ≤ threshold`; +Infinity where every present value goes left. */
  readonly threshold: Float32Array;
  /** First child. */
  readonly left: Int32Array;
  /** 1 where a missing value (NaN) goes left. */
  readonly missingLeft: Uint8Array;
  /** What the split takes off twice the loss (Chen & Guestrin 2016, eq. 7 without the half), 0 in a leaf. */
  readonly gain: Float64Array;
  /** Added to the score in a leaf (learning rate included), 0 elsewhere. */
  readonly value: Float64Array;
  /** Training rows that came through. */
  readonly rows: Int32Array;
}

/**
 * Gradient boosted trees: score = base score + Σ leaf values. The score is the forecast mean (squared), the log odds
 * of 1 (logistic) or the quantile.
 */
export interface GbdtModel {
  readonly loss: GbdtLoss;
  readonly featureNames: readonly string[];
  readonly baseScore: number;
  readonly trees: readonly Tree[];
}

/**
 * The model with base score and leaf values as float32, all that ONNX's tree operator holds: what is served there and
 * here then adds up the same numbers.
 */
export function withFloat32Leaves(model: GbdtModel): GbdtModel {
  return {
    ...model,
    baseScore: Math.fround(model.baseScore),
    trees: model.trees.map((tree) => ({ ...tree, value: tree.value.map(Math.fround) })),
  };
}
