/** Resources of successive halving: epochs, days of training, or whatever a sweep spends on its trials. */
export interface HalvingOptions {
  /** What every trial gets. */
  readonly minBudget: number;
  /** What the last get. */
  readonly maxBudget: number;
  /** Of each rung, one in this many goes on. */
  readonly factor: number;
}

/** One rung: how many trials are on it, and what each of them gets. */
export interface Rung {
  readonly trials: number;
  readonly budget: number;
}

/**
 * Rungs of successive halving (Jamieson & Talwalkar 2016): each has a `factor`-th of the trials before it and `factor`
 * times the budget, until one trial is left or the greatest budget is reached, which the last rung gets.
 *
 * @throws {RangeError} for fewer than one trial, budgets that do not ascend, a factor below 2.
 */
export function rungsOf(trials: number, { minBudget, maxBudget, factor }: HalvingOptions): Rung[] {
  if (!(trials >= 1)) throw new RangeError(`There must be a trial: current value is ${trials}`);
  if (!(minBudget >= 1 && maxBudget >= minBudget)) {
    throw new RangeError(`minBudget must lie in 1..maxBudget: current values are ${minBudget} and ${maxBudget}`);
  }
  if (!(factor >= 2)) throw new RangeError(`factor must be 2 or more: current value is ${factor}`);
  const rungs: Rung[] = [];
  for (let left = trials, budget = minBudget;; left = Math.max(1, Math.floor(left / factor)), budget *= factor) {
    const isLast = left === 1 || budget >= maxBudget;
    rungs.push({ trials: left, budget: isLast ? maxBudget : Math.round(budget) });
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
