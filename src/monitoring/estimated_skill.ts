import type { OutcomeRows } from "./ports.ts";

/** Log-loss and accuracy that calibrated probabilities promise, known before any outcome. */
export interface EstimatedSkill {
  /** Forecasts that it is estimated from, those without an outcome included. */
  readonly rows: number;
  /** Expected log-loss of direction. */
  readonly logLoss: number;
  /** Expected accuracy of direction. */
  readonly accuracy: number;
  /** In which the scores of these rows lie 95 times of 100, if probabilities are calibrated; null before five full days. */
  readonly bounds: {
    readonly logLoss: readonly [low: number, high: number];
    readonly accuracy: readonly [low: number, high: number];
  } | null;
}

/** Probabilities are kept this far from 0 and 1, as log-loss does. */
const EDGE = 1e-7;
const Z95 = 1.96;

/**
 * Confidence-based performance estimation (CBPE, of NannyML; Białek et al. 2024, "Estimating model performance under
 * covariate shift without labels"): a probability p that is calibrated is right on its likelier side with max(p, 1 − p),
 * and costs its entropy. It finds what a shift of the inputs does to skill, not a change of what they mean, and is no better
 * than the calibration.
 *
 * Labels of decisions nearer than the horizon overlap: of k minutes, n rows count for n / k in the bounds.
 */
export function estimateSkill(
  probabilityUp: ArrayLike<number>,
  { horizonMinutes, bounds }: Pick<OutcomeRows, "horizonMinutes"> & { readonly bounds: boolean },
): EstimatedSkill | undefined {
  const rows = probabilityUp.length;
  if (rows === 0) return undefined;
  let accuracy = 0, logLoss = 0, accuracyVariance = 0, lossVariance = 0;
  for (let row = 0; row < rows; row++) {
    const p = Math.min(1 - EDGE, Math.max(EDGE, probabilityUp[row]!)), q = 1 - p;
    accuracy += Math.max(p, q);
    logLoss -= p * Math.log(p) + q * Math.log(q);
    accuracyVariance += p * q;
    lossVariance += p * q * Math.log(p / q) ** 2;
  }
  const around = (mean: number, variance: number, least: number, most: number) => {
    const half = Z95 * Math.sqrt(Math.min(1, horizonMinutes / rows) * variance / rows);
    return [Math.max(least, mean - half), Math.min(most, mean + half)] as const;
  };
  accuracy /= rows;
  logLoss /= rows;
  return {
    rows,
    logLoss,
    accuracy,
    bounds: !bounds ? null : {
      logLoss: around(logLoss, lossVariance, 0, Infinity),
      accuracy: around(accuracy, accuracyVariance, 0, 1),
    },
  };
}
