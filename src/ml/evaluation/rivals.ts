import type { Baseline } from "./baselines.ts";
import { PAIRED_LOSSES, type PairedGain, type PairedLoss } from "./paired_gains.ts";
import { rowLosses } from "./scores.ts";
import type { ScoredFolds } from "./scored_folds.ts";
import type { Forecasts, TestRows } from "./test_rows.ts";

/** The baseline that is best on all rows, by loss. */
export type BestBaselines = Readonly<Partial<Record<PairedLoss, Baseline>>>;

/** Losses of the best baselines, row by row. */
export type Rivals = ReadonlyMap<PairedLoss, { readonly baseline: Baseline; readonly losses: Float64Array }>;

/** The baselines over which the model gains least. */
export function bestBaselines(gains: readonly PairedGain[]): BestBaselines {
  const best = new Map<PairedLoss, PairedGain>();
  for (const gain of gains) {
    const other = best.get(gain.loss);
    if (other === undefined || gain.gain.mean < other.gain.mean) best.set(gain.loss, gain);
  }
  return Object.fromEntries([...best].map(([loss, { baseline }]) => [loss, baseline]));
}

/** Losses of the best baselines, computed again: those of all baselines at once would be too much to keep. */
export function rivalsOf({ test, baselines }: ScoredFolds<Baseline>, best: BestBaselines): Rivals {
  const rivals = new Map<PairedLoss, { readonly baseline: Baseline; readonly losses: Float64Array }>();
  for (const [name, baseline] of Object.entries(best)) {
    const loss = name as PairedLoss, losses = lossesOf(test, baselines[baseline], loss);
    if (losses !== undefined) rivals.set(loss, { baseline, losses });
  }
  return rivals;
}

/** One loss alone: an output that it does not need is not read, as the quantiles of a line are made when they are. */
function lossesOf(test: TestRows, forecasts: Forecasts, loss: PairedLoss): Float64Array | undefined {
  const output = loss === "qlike" ? "volatilityBps" : loss === "pinball" ? "quantilesBps" : "probabilityUp";
  return rowLosses(test, { [output]: forecasts[output] })[PAIRED_LOSSES[loss]];
}
