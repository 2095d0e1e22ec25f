import { zstdDecompressSync } from "node:zlib";
import { parquetRead } from "hyparquet";
import { DAY_MS, DomainError, QUANTILE_KEYS } from "../core/mod.ts";
import { bootstrapMean, DayBlocks } from "../ml/evaluation/block_bootstrap.ts";
import { logLoss, meanPinball, qlike, varianceFloor } from "../ml/evaluation/losses.ts";
import type { Estimate, IncumbentComparison } from "../MLOps/promotion/gate.ts";

/** Scored rows of a run's `evaluation/predictions.parquet`. */
interface Predictions {
  readonly decisionTimeMs: Float64Array;
  readonly columns: Readonly<Record<string, ArrayLike<number>>>;
}

const QUANTILES = QUANTILE_KEYS.map((key) => `quantile_bps_${key}`);
const COLUMNS = [
  "decision_time",
  "horizon_minutes",
  "probability_up",
  "volatility_bps",
  ...QUANTILES,
  "outcome_return_bps",
  "outcome_realized_variance_bps2",
];

/**
 * Two runs' predictions on the decision times that both scored, each outside of its own training, with block intervals
 * of the differences. Outcomes are the candidate's.
 *
 * @throws {DomainError} `model-invalid` for a file that is none, `input-invalid` for runs of other horizons.
 */
export async function comparePredictions(
  candidateFile: Uint8Array,
  incumbentFile: Uint8Array,
  options: { readonly blockDays: number; readonly resamples: number },
): Promise<IncumbentComparison> {
  const [ours, theirs] = await Promise.all([readPredictions(candidateFile), readPredictions(incumbentFile)]);
  const horizonMinutes = ours.columns["horizon_minutes"]![0] ?? NaN;
  if (ours.decisionTimeMs.length > 0 && theirs.columns["horizon_minutes"]![0] !== horizonMinutes) {
    throw new DomainError("input-invalid", "Cannot compare two runs as they forecast other horizons");
  }
  const pairs = joinRows(ours.decisionTimeMs, theirs.decisionTimeMs);
  const times = Float64Array.from(pairs.ours, (row) => ours.decisionTimeMs[row]!);
  const commonDays = new Set(Array.from(times, (ms) => Math.floor(ms / DAY_MS))).size;
  const blocks = new DayBlocks(times, { days: options.blockDays });
  const outcome = (name: string, pair: number) => ours.columns[`outcome_${name}`]![pairs.ours[pair]!]!;
  const floor = varianceFloor(horizonMinutes);
  const value = (side: Predictions, rows: Int32Array, name: string, pair: number) => side.columns[name]![rows[pair]!]!;
  const losses = {
    qlike: (side: Predictions, rows: Int32Array, pair: number) =>
      qlike(outcome("realized_variance_bps2", pair), value(side, rows, "volatility_bps", pair) ** 2, floor),
    logLoss(side: Predictions, rows: Int32Array, pair: number) {
      const move = outcome("return_bps", pair);
      return move === 0 ? NaN : logLoss(value(side, rows, "probability_up", pair), move > 0);
    },
    pinball: (side: Predictions, rows: Int32Array, pair: number) =>
      meanPinball(outcome("return_bps", pair), QUANTILES.map((name) => value(side, rows, name, pair))),
  };
  const gain = (loss: keyof typeof losses): Estimate => {
    const lossOf = losses[loss];
    const { mean, low, high } = bootstrapMean(
      blocks.totals((pair) => lossOf(theirs, pairs.theirs, pair) - lossOf(ours, pairs.ours, pair)),
      { resamples: options.resamples, seed: 1 },
    );
    return { mean, low, high };
  };
  let pinball = 0;
  for (let pair = 0; pair < times.length; pair++) pinball += losses.pinball(theirs, pairs.theirs, pair);
  return {
    commonDays,
    rows: times.length,
    gains: { qlike: gain("qlike"), logLoss: gain("logLoss"), pinball: gain("pinball") },
    incumbentPinball: pinball / times.length,
  };
}

/** Positions of the decision times that both ascending lists have. */
function joinRows(
  ours: Float64Array,
  theirs: Float64Array,
): { readonly ours: Int32Array; readonly theirs: Int32Array } {
  const left: number[] = [], right: number[] = [];
  for (let i = 0, j = 0; i < ours.length && j < theirs.length;) {
    if (ours[i]! < theirs[j]!) i++;
    else if (ours[i]! > theirs[j]!) j++;
    else {
      left.push(i++);
      right.push(j++);
    }
  }
  return { ours: Int32Array.from(left), theirs: Int32Array.from(right) };
}

async function readPredictions(file: Uint8Array): Promise<Predictions> {
  const parts: Record<string, number[]> = Object.fromEntries(COLUMNS.map((name) => [name, []]));
  try {
    await parquetRead({
      file: file.slice().buffer,
      columns: COLUMNS,
      compressors: { ZSTD: (bytes, length) => new Uint8Array(zstdDecompressSync(bytes, { maxOutputLength: length })) },
      onChunk({ columnName, columnData }) {
        const target = parts[columnName];
        if (target === undefined) return;
        for (let row = 0; row < columnData.length; row++) target.push(Number(columnData[row]));
      },
    });
  } catch (error) {
    throw new DomainError("model-invalid", `Cannot read a run's predictions: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const { decision_time: times, ...columns } = parts;
  return { decisionTimeMs: Float64Array.from(times!), columns };
}
