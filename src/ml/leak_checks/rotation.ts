import { DAY_MS, MINUTE_MS, seededRandom } from "../../core/mod.ts";
import { type Dataset, foldDataset, rowsOfDataset, withParts } from "../dataset.ts";
import { areaUnderCurve } from "../evaluation/auc.ts";
import type { Labels } from "../labels/mod.ts";
import { forecastRows } from "../window_dataset.ts";
import { DirectionLine } from "./direction_line.ts";
import { atMost, type LeakCheck, skipped } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";
import { shortFold } from "./short_fold.ts";

/** Rotations, the least rows of one, and the least distance from .5 that counts. */
const ROTATIONS = 32, LEAST_ROWS = 7 * DAY_MS / MINUTE_MS, LEAST_DISTANCE = 0.002;
/** Standard errors that a clean figure keeps within. */
const ERRORS = 4;

const FIGURES = {
  line: "distance of mean AUC from .5 on rotated labels",
  family: "distance of the family's AUC from .5 on rotated labels",
} as const;

/**
 * With labels rolled by a week or more, and turned round on every other day by chance, there is nothing to learn: what still
 * forecasts them has a way from label to feature. The linear head is fitted on every fold for each of many rotations; the
 * run's own family once, on one fold, and its AUC is held to those of the same forecasts against the other rotations.
 *
 * Rolled alone, labels keep what they owe to the hour of the day, which is to be learnt at any offset; a 95 % block interval
 * misses .5 once in twenty clean runs, so that it cannot be the limit of the family's.
 */
export async function checkRotation(run: LeakCheckRun): Promise<LeakCheck[]> {
  const { settings } = run;
  const rotations = rotationsOf(run.dataset, settings.seed);
  if (rotations.length === 0) {
    return Object.values(FIGURES).map((figure) =>
      skipped("rotation", figure, "15 days of rows are needed to roll labels")
    );
  }
  return [await rotatedLines(run, rotations), await rotatedFamily(run, rotations)];
}

/** Other labels for every row. */
interface Rotation {
  /** Rows from which a label is taken to where it is put. */
  readonly offset: number;
  /** 1 or −1 by UTC day, from the first row's on. */
  readonly signs: Int8Array;
}

/** Rotations whose offsets are one from each equal part of what is a week or more from either end. */
function rotationsOf({ features: { decisionTimeMs }, labels: { length } }: Dataset, seed: number): readonly Rotation[] {
  const room = length - 2 * LEAST_ROWS, random = seededRandom(seed);
  if (room < ROTATIONS) return [];
  const days = dayOf(decisionTimeMs, length - 1) + 1;
  return Array.from({ length: ROTATIONS }, (_, i) => ({
    offset: LEAST_ROWS + Math.floor((i + random.uniform()) * room / ROTATIONS),
    signs: Int8Array.from({ length: days }, () => random.uniform() < 0.5 ? 1 : -1),
  }));
}

function dayOf(decisionTimeMs: Float64Array, row: number): number {
  return Math.floor(decisionTimeMs[row]! / DAY_MS) - Math.floor(decisionTimeMs[0]! / DAY_MS);
}

/** The return that a rotation puts beside a row, in bps. */
function rotatedReturn({ features, labels }: Dataset, row: number, { offset, signs }: Rotation): number {
  return signs[dayOf(features.decisionTimeMs, row)]! * labels.returnBps[(row + offset) % labels.length]!;
}

/** 1 up, 0 down, −1 where there is no move or none is known. */
function rotatedOutcomes(dataset: Dataset, rows: Int32Array, rotation: Rotation): Int8Array {
  return Int8Array.from(rows, (row) => {
    const move = rotatedReturn(dataset, row, rotation);
    return move > 0 ? 1 : move < 0 ? 0 : -1;
  });
}

async function rotatedLines({ dataset, folds, rowsOf, breathe }: LeakCheckRun, rotations: readonly Rotation[]) {
  const sums = new Float64Array(rotations.length), counts = new Float64Array(rotations.length);
  for (const fold of folds) {
    const line = new DirectionLine(dataset, rowsOf(rowsOfDataset(dataset), fold));
    rotations.forEach((rotation, i) => {
      const target = Float64Array.from(
        line.trainRows,
        (row) => Math.sign(rotatedReturn(dataset, row, rotation)) || 0,
      );
      const outcomes = rotatedOutcomes(dataset, line.testRows, rotation);
      const area = areaUnderCurve({ scores: line.scores(line.fit(target)), outcomes });
      if (Number.isNaN(area)) return;
      sums[i]! += area;
      counts[i]! += 1;
    });
    await breathe();
  }
  const { mean, spread } = spreadOf(sums.map((sum, i) => sum / counts[i]!));
  const what =
    "With labels rolled by a week or more, and turned round on days by chance, the linear head has an AUC of";
  const of = `the mean of ${rotations.length} rotations over ${folds.length} folds`;
  return atMost("rotation", {
    figure: FIGURES.line,
    value: Math.abs(mean - 0.5),
    limit: Math.max(LEAST_DISTANCE, ERRORS * spread / Math.sqrt(rotations.length)),
    seen: `${what} ${mean.toFixed(4)}, ${of}, which differ by ${spread.toFixed(4)}`,
    lookFor: "a feature, or a choice of rows, that labels have a part in",
  });
}

async function rotatedFamily(run: LeakCheckRun, [own, ...others]: readonly Rotation[]): Promise<LeakCheck> {
  const { dataset, folds, rowsOf, fitFold, breathe } = run, fold = shortFold(folds);
  const rolled = foldDataset(withParts(dataset, { labels: rotatedLabels(dataset, own!) }), fold);
  const split = rowsOf(rowsOfDataset(rolled), fold);
  await breathe();
  const { model } = await fitFold(rolled, split);
  const { probabilityUp } = await forecastRows(model, rolled, split.test, breathe);
  if (probabilityUp.every((p) => p === probabilityUp[0])) {
    return skipped("rotation", FIGURES.family, "the family says the same of every row");
  }
  const first = dataset.features.decisionTimeMs.indexOf(rolled.features.decisionTimeMs[0]!);
  const rows = split.test.map((row) => first + row);
  const areaAt = (rotation: Rotation) =>
    areaUnderCurve({ scores: probabilityUp, outcomes: rotatedOutcomes(dataset, rows, rotation) });
  const area = areaAt(own!), { spread } = spreadOf(Float64Array.from(others, areaAt));
  const what = `Fitted on labels rolled by ${
    Math.round(own!.offset * MINUTE_MS / DAY_MS)
  } days the family has an AUC of`;
  const elsewhere = `against labels it was not fitted on, AUCs of its forecasts differ by ${spread.toFixed(4)}`;
  return atMost("rotation", {
    figure: FIGURES.family,
    value: Math.abs(area - 0.5),
    limit: Math.max(LEAST_DISTANCE, ERRORS * spread),
    seen: `${what} ${area.toFixed(4)} on one fold; ${elsewhere}`,
    lookFor: "test rows that the fit has a part of",
  });
}

function rotatedLabels(dataset: Dataset, rotation: Rotation): Labels {
  const { length, horizonMinutes, realizedVarianceBps2, scorable } = dataset.labels;
  const from = (row: number) => (row + rotation.offset) % length;
  return {
    length,
    horizonMinutes,
    returnBps: new Float32Array(length).map((_, row) => rotatedReturn(dataset, row, rotation)),
    realizedVarianceBps2: realizedVarianceBps2.map((_, row) => realizedVarianceBps2[from(row)]!),
    // A row needs its own closes and a label that it is given.
    scorable: scorable.map((is, row) => is & scorable[from(row)]!),
  };
}

function spreadOf(values: Float64Array): { readonly mean: number; readonly spread: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (values.length - 1)) };
}
