import { type ForecastColumns, QUANTILE_LEVELS } from "../../core/mod.ts";
import type { PredictionFile } from "./read_prediction_files.ts";
import { COMPARED_STEPS, type RefitEvidence } from "./refit_spread.ts";

const LEVELS = QUANTILE_LEVELS.length;

/** Both were written by one process, as float32; text and Parquet keep those whole. */
const TOLERANCE = 1e-6;

/**
 * Whether what the last steps' models said of the golden rows is of the models that made the predictions: the newest golden
 * row is one that the last step was scored on, so that its forecast stands in both files. Files of two runs have no such
 * row, unless both say the same of everything.
 *
 * @returns why they do not belong together; undefined where they do.
 */
export function refitStranger(
  { count, steps }: RefitEvidence,
  { folds, foldOf, forecasts }: Pick<PredictionFile, "folds" | "foldOf" | "forecasts">,
): string | undefined {
  const last = steps.at(-1);
  if (last === undefined) return "it has no step";
  const scored = folds.slice(-COMPARED_STEPS).map(({ index }) => index), told = steps.map(({ index }) => index);
  if (told.join() !== scored.join()) {
    return `its steps are ${told.join(", ")}, the last scored ones ${scored.join(", ")}`;
  }
  for (let row = foldOf.length - 1; row >= 0 && foldOf[row] === folds.length - 1; row--) {
    for (let golden = 0; golden < count; golden++) {
      if (saysTheSame(last.forecasts, golden, forecasts, row)) return undefined;
    }
  }
  return `none of its forecasts of step ${last.index} is among those that were scored`;
}

function saysTheSame(
  a: Pick<ForecastColumns, "probabilityUp" | "volatilityBps" | "quantilesBps">,
  i: number,
  b: PredictionFile["forecasts"],
  j: number,
): boolean {
  if (!isNear(a.probabilityUp[i]!, b.probabilityUp[j]!) || !isNear(a.volatilityBps[i]!, b.volatilityBps[j]!)) {
    return false;
  }
  return QUANTILE_LEVELS.every((_, level) =>
    isNear(a.quantilesBps[i * LEVELS + level]!, b.quantilesBps[j * LEVELS + level]!)
  );
}

/** A forecast that is no number was kept as none, and is judged elsewhere. */
function isNear(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b));
}
