import { LEAK_FIGURES, MINUTE_MS } from "../../core/mod.ts";
import { atMost, type LeakCheck } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";

/**
 * No label that a fold learns from ends after its first scored row, and none that it is fitted on after the first row that
 * it chooses on; a split that is called shuffled fails whatever its rows are.
 */
export async function checkSplit(run: LeakCheckRun): Promise<LeakCheck[]> {
  const { decisionTimeMs, labels: { scorable }, folds, rowsOf, settings, breathe } = run;
  const startOf = (rows: Int32Array) => rows.reduce((first, row) => Math.min(first, decisionTimeMs[row]!), Infinity);
  const labelMs = settings.horizonMinutes * MINUTE_MS;
  const late = (rows: Int32Array, boundMs: number) =>
    rows.reduce((count, row) => count + Number(decisionTimeMs[row]! + labelMs > boundMs), 0);
  let value = 0;
  for (const fold of folds) {
    const { train, validation, trainingSpan, test } = rowsOf({ decisionTimeMs, scorable }, fold);
    const scoredMs = startOf(test);
    value += late(trainingSpan, scoredMs) + late(validation, scoredMs) +
      late(train, Math.min(scoredMs, startOf(validation)));
    await breathe();
  }
  const { figure, limit } = LEAK_FIGURES.split;
  const isShuffled = settings.split.kind === "shuffled";
  return [atMost("split", {
    ...{ figure, limit },
    value: isShuffled ? Math.max(value, 1) : value,
    seen: isShuffled
      ? "'evaluation.split.kind' is shuffled: each scored row stands among training rows whose labels overlap its own"
      : `In ${folds.length} folds ${value} rows have a label that reaches into rows they are later held to`,
    lookFor: "shuffled rows, or a purge that is missing or too short for the horizon",
  })];
}
