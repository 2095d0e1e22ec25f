import { type Dataset, rowsOfFold } from "../dataset.ts";
import type { Baseline } from "../evaluation/baselines.ts";
import { type TestRows, testRowsOf } from "../evaluation/test_rows.ts";
import { everyNthMinute, type Fold } from "../labels/mod.ts";
import { harDiurnalDesign, harXDesign } from "../models/variance_line.ts";
import { type BaselineForecasts, baselineForecasts } from "./baseline_forecasts.ts";
import { lineForecasts } from "./variance_forecasts.ts";

/** What the baselines say of one fold's test rows. */
export interface FoldForecasts {
  readonly fold: Fold;
  readonly test: TestRows;
  readonly baselines: Readonly<Record<Baseline, BaselineForecasts>>;
}

/**
 * Fits every baseline on a fold's training span and asks it about the fold's test rows. Pure in its arguments, so that
 * folds can be jobs of their own.
 *
 * @param options.everyMinutes training rows are those of every so many minutes: neighbours tell little that is new.
 */
export function foldBaselines(
  dataset: Dataset,
  fold: Fold,
  { everyMinutes = 3 }: { readonly everyMinutes?: number } = {},
): FoldForecasts {
  const { features: { decisionTimeMs } } = dataset, rows = rowsOfFold(dataset, fold);
  const split = { ...rows, trainingSpan: everyNthMinute(rows.trainingSpan, decisionTimeMs, { minutes: everyMinutes }) };
  const { horizonMinutes } = dataset.labels;
  return {
    fold,
    test: testRowsOf(dataset, split.test),
    baselines: {
      ...baselineForecasts(dataset, split, { train: fold.trainingSpan, validation: null }),
      har_diurnal: lineForecasts(dataset, split, harDiurnalDesign(horizonMinutes)),
      har_x: lineForecasts(dataset, split, harXDesign(horizonMinutes)),
    },
  };
}
