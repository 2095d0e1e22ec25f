/** Resources of successive halving, in epochs. */
export interface HalvingOptions {
  /** Epochs that every trial gets. */
  readonly minEpochs: number;
  /** Epochs that the last get. */
  readonly maxEpochs: number;
  /** Of each rung, one in this many goes on. */
  readonly factor: number;
}

/** One rung: how many trials are on it, and how far they are trained. */
export interface Rung {
  readonly trials: number;
  readonly epochs: number;
}

/**
 * Rungs of successive halving (Jamieson & Talwalkar 2016): each has a `factor`-th of the trials before it and `factor`
 * times the epochs, until one trial is left or the most epochs are reached; the last rung gets the most epochs.
 *
 * @throws {RangeError} for fewer than one trial, epochs that do not ascend, a factor below 2.
 */
export function rungsOf(trials: number, { minEpochs, maxEpochs, factor }: HalvingOptions): Rung[] {
  if (!(trials >= 1)) throw new RangeError(`There must be a trial: current value is ${trials}`);
  if (!(minEpochs >= 1 && maxEpochs >= minEpochs)) {
    throw new RangeError(`minEpochs must lie in 1..maxEpochs: current values are ${minEpochs} and ${maxEpochs}`);
  }
  if (!(factor >= 2)) throw new RangeError(`factor must be 2 or more: current value is ${factor}`);
  const rungs: Rung[] = [];
  for (let left = trials, epochs = minEpochs;; left = Math.max(1, Math.floor(left / factor)), epochs *= factor) {
    const isLast = left === 1 || epochs >= maxEpochs;
    rungs.push({ trials: left, epochs: isLast ? maxEpochs : Math.round(epochs) });
    if (isLast) return rungs;
  }
}

/**
 * Which trials go on: those of the least loss, ties to the earlier one; what failed or has no loss never does.
 *
 * @param losses one a trial of the rung; NaN or undefined where it failed.
 * @returns their numbers, ascending.
 */
export function survivors(losses: readonly (number | undefined)[], count: number): number[] {
  return losses.map((loss, trial) => ({ loss: loss ?? NaN, trial }))
    .filter(({ loss }) => !Number.isNaN(loss))
    .sort((a, b) => a.loss - b.loss || a.trial - b.trial)
    .slice(0, count)
    .map(({ trial }) => trial)
    .sort((a, b) => a - b);
}
