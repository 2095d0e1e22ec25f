import { type ModelFamily, QUANTILE_LEVELS } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { sortedQuantile } from "../evaluation/block_bootstrap.ts";
import {
  type DirectionHead,
  type ForecastSpec,
  type HarLine,
  NO_CALIBRATION,
  type SignCells,
  type TrainingRanges,
  type VolatilityHead,
} from "./forecast_spec.ts";
import { fitHar, harLogVariance } from "./har.ts";

/** Families that choose nothing on validation rows: each is also a baseline. */
export type PlainFamily = Extract<ModelFamily, "har" | "contrarian" | "climatology">;

/** Whether a family is one of them. */
export function isPlain(family: ModelFamily): family is PlainFamily {
  return family === "har" || family === "contrarian" || family === "climatology";
}

/**
 * Fits a plain family on the given rows alone (evaluation section 3), without histograms.
 *
 * @param har Line of `har` on the same rows, where it is there already.
 */
export function fitPlainModel(
  family: PlainFamily,
  dataset: Dataset,
  rows: Int32Array,
  trainingRanges: TrainingRanges,
  har?: HarLine,
): ForecastSpec {
  const { features, labels } = dataset;
  const volatility: VolatilityHead = family === "har"
    ? { kind: "har", ...(har ?? fitHar(features, labels, rows)) }
    : { kind: "constant", logVariance: Math.log(meanVariance(dataset, rows)) };
  const logVariance = volatility.kind === "har"
    ? harLogVariance(volatility, features, rows)
    : new Float64Array(rows.length).fill(volatility.logVariance);
  const direction: DirectionHead = family === "contrarian"
    ? { kind: "sign", ...fitSignCells(dataset, rows) }
    : { kind: "constant", logit: upLogit(labels.returnBps, rows) };
  return {
    family,
    ...describeInputs(dataset),
    scaler: null,
    heads: {
      direction,
      volatility,
      quantiles: { kind: "standardized", values: standardizedQuantiles(labels.returnBps, rows, logVariance) },
    },
    calibration: NO_CALIBRATION,
    trainingRanges,
    referenceHistograms: [],
  };
}

/** What every spec says of its inputs and output. */
export function describeInputs(
  { features, featureSetDigest, labels, nullable }: Dataset,
): Pick<ForecastSpec, "horizonMinutes" | "featureNames" | "featureSetDigest" | "quantileLevels" | "nullable"> {
  return {
    horizonMinutes: labels.horizonMinutes,
    featureNames: features.names,
    featureSetDigest,
    quantileLevels: QUANTILE_LEVELS,
    nullable,
  };
}

/** Log odds of up among the rows that moved, those of `isIn` alone, with half a row added to each side. */
function upLogit(returnBps: Float32Array, rows: Int32Array, isIn: (row: number) => boolean = () => true): number {
  let up = 0.5, down = 0.5;
  for (const row of rows) {
    if (!isIn(row)) continue;
    if (returnBps[row]! > 0) up++;
    else if (returnBps[row]! < 0) down++;
  }
  return Math.log(up / down);
}

/** Empirical quantiles of r/σ at the nine levels. */
export function standardizedQuantiles(
  returnBps: Float32Array,
  rows: Int32Array,
  logVariance: ArrayLike<number>,
): number[] {
  const ratios = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) ratios[i] = returnBps[rows[i]!]! * Math.exp(-logVariance[i]! / 2);
  ratios.sort();
  return QUANTILE_LEVELS.map((level) => sortedQuantile(ratios, level));
}

/** Mean realised variance in bps². */
function meanVariance({ labels }: Dataset, rows: Int32Array): number {
  let sum = 0;
  for (const row of rows) sum += labels.realizedVarianceBps2[row]!;
  return sum / rows.length;
}

/** Share of up given the sign of the last move over the same horizon; no move and a missing one are one cell. */
export function fitSignCells({ features, labels }: Dataset, rows: Int32Array): SignCells {
  const feature = `return_${labels.horizonMinutes}`;
  const moves = features.columns[features.names.indexOf(feature)]!;
  return {
    feature,
    logits: {
      down: upLogit(labels.returnBps, rows, (row) => moves[row]! < 0),
      none: upLogit(labels.returnBps, rows, (row) => !(moves[row]! < 0) && !(moves[row]! > 0)),
      up: upLogit(labels.returnBps, rows, (row) => moves[row]! > 0),
    },
  };
}
