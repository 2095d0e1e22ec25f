/** What each loss of a row counts for in the joint loss of its batch: its weight over the rows that it is a mean of. */
export interface LossScale {
  readonly direction: number;
  readonly volatility: number;
  readonly quantiles: number;
}

/** Of losses without a gradient. */
export const NO_SCALE: LossScale = { direction: 0, volatility: 0, quantiles: 0 };

/** Losses summed over rows. */
export interface LossSums {
  /** Cross entropy of the rows that moved. */
  direction: number;
  /** QLIKE. */
  volatility: number;
  /** Pinball loss, its mean over the levels. */
  quantiles: number;
  /** Rows that moved. */
  moved: number;
}

/**
 * A network and its rows as the training loop sees them: weights in one array, the gradient of a part of a batch, losses
 * of rows. What kind of network it is, and what computes it, is the engine's own business.
 */
export interface GradientEngine {
  /** Weights in the engine's order, as the job's network has them. */
  readonly start: Float32Array;
  /** 1 for each weight that decays (kernels), 0 for each that does not (biases). */
  readonly decays: Uint8Array;
  /**
   * Writes the gradient of Σ scale · loss over these rows of the job to `gradient`, and returns the losses.
   */
  gradient(weights: Float32Array, rows: Int32Array, scale: LossScale, gradient: Float32Array): LossSums;
  /** Losses over these rows, without a gradient. */
  losses(weights: Float32Array, rows: Int32Array): LossSums;
  /** The weights as the network's tensors, in the order of `tensorsOf`. */
  tensors(weights: Float32Array): Float32Array[];
}
