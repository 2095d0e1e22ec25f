/** Probability of a logit. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** ln(1 + eˣ) without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Cross entropy of a label, 1 or 0, under a logit. */
export function crossEntropy(label: number, logit: number): number {
  return softplus(logit) - label * logit;
}
