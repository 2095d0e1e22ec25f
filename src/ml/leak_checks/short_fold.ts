import { type Horizon, MINUTE_MS } from "../../core/mod.ts";
import type { ExperimentSettings } from "../experiment/settings.ts";
import { FEWEST_LABELS, type Fold } from "../labels/mod.ts";

/** Training rows of a fold that is fitted for a check. */
const ROWS = 30_000;
/** Labels that do not overlap, where the fold has them: with fewer a family learns no direction that could be asked for. */
const LABELS = Math.ceil(1.2 * FEWEST_LABELS);
/** Passes over them, and trees. */
const MOST_EPOCHS = 3, MOST_TREES = 40;

/** The same recipe, cheap enough to be fitted a few times beside a run: the checks ask where it reads, not how well it fits. */
export function leakCheckSettings(settings: ExperimentSettings): ExperimentSettings {
  const { mlp, sequence, gbdt } = settings;
  const few = <T extends { readonly epochs: number }>(network: T): T => ({
    ...network,
    epochs: Math.min(network.epochs, MOST_EPOCHS),
    ...("members" in network ? { members: 1 } : {}),
  });
  return {
    ...settings,
    mlp: few(mlp),
    sequence: few(sequence),
    gbdt: { ...gbdt, trees: Math.min(gbdt.trees, MOST_TREES) },
  };
}

/** A fold of the middle with the newest of its training minutes alone, but enough to learn from: what a check fits. */
export function shortFold(folds: readonly Fold[], horizonMinutes: Horizon): Fold {
  const fold = folds[Math.floor(folds.length / 2)];
  if (fold === undefined) throw new RangeError("Cannot check a run without folds");
  const { startMs: firstMs, endMs } = fold.train, labels = (endMs - firstMs) / (horizonMinutes * MINUTE_MS);
  const minutes = labels < FEWEST_LABELS ? ROWS : Math.max(ROWS, LABELS * horizonMinutes);
  const startMs = Math.max(firstMs, endMs - minutes * MINUTE_MS);
  return { ...fold, train: { ...fold.train, startMs }, trainingSpan: { ...fold.trainingSpan, startMs } };
}
