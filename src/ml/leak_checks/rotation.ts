import { DAY_MS, LEAK_FIGURES, lowerBound, MINUTE_MS, seededRandom } from "../../core/mod.ts";
import { rowsOfDataset, withParts } from "../dataset.ts";
import { areaUnderCurve } from "../evaluation/auc.ts";
import type { Labels } from "../labels/mod.ts";
import { forecastRows } from "../window_dataset.ts";
import { DirectionLine } from "./direction_line.ts";
import { atMost, type LeakCheck, skipped } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";

/** Rotations, and the least rows of one. */
const ROTATIONS = 32, LEAST_ROWS = 7 * DAY_MS / MINUTE_MS;
/** Standard errors that a clean figure keeps within. */
const ERRORS = 4;
/** Why nothing is rotated. */
const TOO_SHORT = "15 days of rows are needed to roll labels";

const { rotatedLine: LINE, rotatedFamily: FAMILY } = LEAK_FIGURES;

/** Other labels for every row. */
interface Rotation {
  /** Rows from which a label is taken to where it is put. */
  readonly offset: number;
  /** 1 or −1 by UTC day, from the first row's on. */
  readonly signs: Int8Array;
}

/** The rows that are rotated: all of the run's, by their numbers. */
type RotatedRows = Pick<LeakCheckRun, "decisionTimeMs" | "labels">;

/** Rotations whose offsets are one from each equal part of what is a week or more from either end. */
function rotationsOf({ decisionTimeMs, labels: { length }, settings }: LeakCheckRun): readonly Rotation[] {
  const room = length - 2 * LEAST_ROWS, random = seededRandom(settings.seed);
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
function rotatedReturn({ decisionTimeMs, labels }: RotatedRows, row: number, { offset, signs }: Rotation): number {
  return signs[dayOf(decisionTimeMs, row)]! * labels.returnBps[(row + offset) % labels.length]!;
}

/** 1 up, 0 down, −1 where there is no move or none is known. */
function rotatedOutcomes(run: RotatedRows, rows: Int32Array, rotation: Rotation): Int8Array {
  return Int8Array.from(rows, (row) => {
    const move = rotatedReturn(run, row, rotation);
    return move > 0 ? 1 : move < 0 ? 0 : -1;
  });
}

/**
 * With labels rolled by a week or more, and turned round on every other day by chance, there is nothing to learn: what still
 * forecasts them has a way from label to feature. The linear head is fitted on every fold for each of many rotations; the
 * run's own family once, on one fold, and its AUC is held to those of the same forecasts against the other rotations.
 *
 * Rolled alone, labels keep what they owe to the hour of the day, which is to be learnt at any offset; a 95 % block interval
 * misses .5 once in twenty clean runs, so that it cannot be the limit of the family's.
 */
export async function checkRotatedLines(run: LeakCheckRun): Promise<LeakCheck[]> {
  const rotations = rotationsOf(run);
  if (rotations.length === 0) return [skipped("rotation", LINE.figure, TOO_SHORT)];
  const { dataset, rows, folds } = await run.lineRows();
  const sums = new Float64Array(rotations.length), counts = new Float64Array(rotations.length);
  for (const fold of folds) {
    const line = new DirectionLine(dataset, fold);
    const train = fold.train.map((place) => rows[place]!), test = fold.test.map((place) => rows[place]!);
    rotations.forEach((rotation, i) => {
      const target = Float64Array.from(train, (row) => Math.sign(rotatedReturn(run, row, rotation)) || 0);
      const outcomes = rotatedOutcomes(run, test, rotation);
      const area = areaUnderCurve({ scores: line.scores(line.fit(target)), outcomes });
      if (Number.isNaN(area)) return;
      sums[i]! += area;
      counts[i]! += 1;
    });
    await run.breathe();
  }
  const { mean, spread } = spreadOf(sums.map((sum, i) => sum / counts[i]!));
  const what =
    "With labels rolled by a week or more, and turned round on days by chance, the linear head has an AUC of";
  const of = `the mean of ${rotations.length} rotations over ${folds.length} folds`;
  return [atMost("rotation", {
    figure: LINE.figure,
    value: Math.abs(mean - 0.5),
    limit: Math.max(LINE.limit[0], ERRORS * spread / Math.sqrt(rotations.length)),
    seen: `${what} ${mean.toFixed(4)}, ${of}, which differ by ${spread.toFixed(4)}`,
    lookFor: "a feature, or a choice of rows, that labels have a part in",
  })];
}

/** The same of the run's family. */
export async function checkRotatedFamily(run: LeakCheckRun): Promise<LeakCheck[]> {
  const [own, ...others] = rotationsOf(run), { decisionTimeMs, rowsOf, fitFold, breathe } = run;
  if (own === undefined) return [skipped("rotation", FAMILY.figure, TOO_SHORT)];
  const { fold, dataset } = await run.shortFold();
  const numbers = rowNumbers(decisionTimeMs, dataset.features.decisionTimeMs);
  const rolled = withParts(dataset, { labels: rotatedLabels(run, numbers, own) });
  const split = rowsOf(rowsOfDataset(rolled), fold);
  await breathe();
  const { model } = await fitFold(rolled, split);
  const { probabilityUp } = await forecastRows(model, rolled, split.test, breathe);
  if (probabilityUp.every((p) => p === probabilityUp[0])) {
    return [skipped("rotation", FAMILY.figure, "the family says the same of every row")];
  }
  const rows = split.test.map((row) => numbers[row]!);
  const areaAt = (rotation: Rotation) =>
    areaUnderCurve({ scores: probabilityUp, outcomes: rotatedOutcomes(run, rows, rotation) });
  const area = areaAt(own), { spread } = spreadOf(Float64Array.from(others, areaAt));
  const what = `Fitted on labels rolled by ${
    Math.round(own.offset * MINUTE_MS / DAY_MS)
  } days the family has an AUC of`;
  const elsewhere = `against labels it was not fitted on, AUCs of its forecasts differ by ${spread.toFixed(4)}`;
  return [atMost("rotation", {
    figure: FAMILY.figure,
    value: Math.abs(area - 0.5),
    limit: Math.max(FAMILY.limit[0], ERRORS * spread),
    seen: `${what} ${area.toFixed(4)} on one fold; ${elsewhere}`,
    lookFor: "test rows that the fit has a part of",
  })];
}

/** Which of the run's rows these decision times are. */
function rowNumbers(all: Float64Array, decisionTimeMs: Float64Array): Int32Array {
  return Int32Array.from(decisionTimeMs, (ms) => lowerBound(all, ms));
}

/** The labels that a rotation puts beside some of the run's rows. */
function rotatedLabels(run: RotatedRows, rows: Int32Array, rotation: Rotation): Labels {
  const { length, horizonMinutes, realizedVarianceBps2, scorable } = run.labels;
  const from = (row: number) => (row + rotation.offset) % length;
  return {
    length: rows.length,
    horizonMinutes,
    returnBps: Float32Array.from(rows, (row) => rotatedReturn(run, row, rotation)),
    realizedVarianceBps2: Float32Array.from(rows, (row) => realizedVarianceBps2[from(row)]!),
    // A row needs its own closes and a label that it is given.
    scorable: Uint8Array.from(rows, (row) => scorable[row]! & scorable[from(row)]!),
  };
}

function spreadOf(values: Float64Array): { readonly mean: number; readonly spread: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (values.length - 1)) };
}
