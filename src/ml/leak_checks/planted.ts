import { LEAK_FIGURES, seededRandom } from "../../core/mod.ts";
import { type Dataset, rowsOfDataset, withParts } from "../dataset.ts";
import { forecastRows } from "../window_dataset.ts";
import { DirectionLine } from "./direction_line.ts";
import { above, type LeakCheck, skipped } from "./leak_check.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";
import { plainReturns } from "./plain_outcomes.ts";

/** Correlation of the planted feature with the sign of the move. */
const WEAK = 0.05;
/** With few rows the signal is as much stronger as takes it to this t: chance would hide a weak one. */
const EXPECTED_T = 8;
/** A family that has learnt much noise beside it keeps nothing of a weak signal, with good reason: this it must not miss. */
const PLAIN = 0.5;
/** Why nothing is planted. */
const NO_FEATURE = "no feature is always there";

const { plantedLine: LINE, plantedFamily: FAMILY } = LEAK_FIGURES;

/** Place of the feature that a signal is put into: one that is always there; −1 where none is. */
function plantedFeature({ names, nullable }: LeakCheckRun["engine"]): number {
  return names.findIndex((name, j) => isPlain(name) && !nullable[j]);
}

/** Not one that the plain lines read, whose forecasts would then know too little rather than more. */
function isPlain(name: string): boolean {
  return !/^(rv|return|hour|day)_/.test(name);
}

/**
 * A signal that is put into one feature is found on rows that were not fitted on: a pipeline that is blind to it would pass
 * every other check. What the feature knows comes from the candles, not from the labels, so that labels beside the wrong row
 * are found too. Here the linear head is asked.
 */
export async function checkPlantedLine(run: LeakCheckRun): Promise<LeakCheck[]> {
  const feature = plantedFeature(run.engine);
  if (feature < 0) return [skipped("planted", LINE.figure, NO_FEATURE)];
  const { dataset, folds } = await run.lineRows(), { returnBps } = dataset.labels, gains: number[] = [];
  const rows = folds.reduce((sum, { test }) => sum + test.length, 0);
  const correlation = Math.min(1, Math.max(WEAK, EXPECTED_T / Math.sqrt(rows)));
  const { planted, standardized } = plant(run, dataset, feature, correlation);
  for (const fold of folds) {
    const line = new DirectionLine(planted, fold);
    const coefficients = line.fit(Float64Array.from(fold.train, (row) => signOf(returnBps[row]!)));
    const weight = coefficients[1 + feature]!;
    for (const row of fold.test) gains.push(weight * standardized[row]! * signOf(returnBps[row]!));
    await run.breathe();
  }
  return [found(LINE, tOf(gains), `A feature of correlation ${correlation.toFixed(2)} with the sign of the move`)];
}

/** The same of the run's family. */
export async function checkPlantedFamily(run: LeakCheckRun): Promise<LeakCheck[]> {
  const feature = plantedFeature(run.engine), { rowsOf, fitFold, breathe } = run;
  if (feature < 0) return [skipped("planted", FAMILY.figure, NO_FEATURE)];
  const { fold, dataset } = await run.shortFold(), { planted } = plant(run, dataset, feature, PLAIN);
  const split = rowsOf(rowsOfDataset(planted), fold);
  await breathe();
  const { model } = await fitFold(planted, split);
  const { direction } = model.spec.heads;
  if (direction.kind === "constant" || direction.kind === "sign") {
    return [skipped("planted", FAMILY.figure, "the family's direction reads no feature but the last move")];
  }
  const without = withColumn(
    planted,
    feature,
    new Float32Array(planted.features.length).fill(meanOf(planted, feature)),
  );
  const knowing = await forecastRows(model, planted, split.test, breathe);
  const ignorant = await forecastRows(model, without, split.test, breathe);
  const gains = Array.from(split.test, (row, i) => {
    return (knowing.probabilityUp[i]! - ignorant.probabilityUp[i]!) * signOf(planted.labels.returnBps[row]!);
  });
  // Networks or trees that keep their start say the same whatever they read: no pipeline that can leak, nor one to be asked.
  const { networks, trees } = model.parts;
  if ((networks ?? trees) !== undefined && gains.every((gain) => gain === 0)) {
    return [skipped("planted", FAMILY.figure, "so short a training teaches the family no direction at all")];
  }
  return [found(FAMILY, tOf(gains), `A feature of correlation ${PLAIN} with the sign of the move`)];
}

function found({ figure, limit }: typeof LINE | typeof FAMILY, value: number, what: string): LeakCheck {
  return above("planted", {
    ...{ figure, value, limit },
    seen: `${what} is found with t = ${value.toFixed(1)}`,
    lookFor: "labels beside the wrong rows, inputs that do not reach the model, or a scaler that flattens them",
  });
}

/** The dataset with one feature in whose place there is noise that knows a little of the outcome. */
function plant({ candles, settings }: LeakCheckRun, dataset: Dataset, feature: number, correlation: number) {
  const { decisionTimeMs, columns } = dataset.features, random = seededRandom(settings.seed);
  const outcomes = plainReturns(candles, decisionTimeMs, settings.horizonMinutes),
    noise = Math.sqrt(1 - correlation ** 2);
  const standardized = Float32Array.from(outcomes, (move) => correlation * signOf(move) + noise * random.normal());
  const mean = meanOf(dataset, feature);
  const spread = Math.sqrt(
    columns[feature]!.reduce((sum, value) => sum + (value - mean || 0) ** 2, 0) / columns[feature]!.length,
  );
  const column = standardized.map((value) => mean + (spread || 1) * value);
  return { planted: withColumn(dataset, feature, column), standardized };
}

function withColumn(dataset: Dataset, feature: number, column: Float32Array): Dataset {
  const columns = dataset.features.columns.map((own, j) => j === feature ? column : own);
  return withParts(dataset, { features: { ...dataset.features, columns } });
}

function meanOf({ features }: Dataset, feature: number): number {
  const known = features.columns[feature]!.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}

/** 1, −1, or 0 where there is no move or none is known. */
function signOf(move: number): number {
  return Math.sign(move) || 0;
}

/** t of a mean; rows count as independent, as the noise in the planted feature is, whatever the outcomes are. */
function tOf(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 0 : sum / Math.sqrt(squares);
}
