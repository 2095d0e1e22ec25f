import { DAY_MS, isDomainError } from "../../core/mod.ts";
import { fitLogistic } from "../linear/logistic.ts";
import { outcomesOf, type TestRows } from "./test_rows.ts";

/** A group of rows with about the same forecast probability. */
export interface ReliabilityBin {
  readonly rows: number;
  readonly meanProbability: number;
  /** Share of rows that went up. */
  readonly upShare: number;
}

/**
 * Rows in bins of equal count by forecast, lowest first; equal forecasts share the bin of their middle rank, so that the
 * order of rows says nothing and bins may be empty. Ties of the price are left out. O(n log n).
 *
 * @param bins number of bins; evaluation section 5 takes 20.
 */
export function reliabilityBins(probabilityUp: Float32Array, outcomes: Int8Array, bins = 20): ReliabilityBin[] {
  const keys = sortedKeys(probabilityUp, outcomes), count = keys.length;
  const bits = new Uint32Array(1), probability = new Float32Array(bits.buffer);
  const rows = new Float64Array(bins), sums = new Float64Array(bins), ups = new Float64Array(bins);
  for (let start = 0; start < count;) {
    bits[0] = keys[start]! >>> 1;
    let end = start, up = 0;
    while (end < count && keys[end]! >>> 1 === bits[0]) up += keys[end++]! & 1;
    const bin = Math.floor(bins * (start + end) / 2 / count);
    rows[bin]! += end - start;
    sums[bin]! += probability[0]! * (end - start);
    ups[bin]! += up;
    start = end;
  }
  return Array.from(rows, (own, bin) => ({ rows: own, meanProbability: sums[bin]! / own, upShare: ups[bin]! / own }));
}

/** Mean distance of share from forecast over bins, weighted by their rows (Naeini, Cooper & Hauskrecht 2015). */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  let rows = 0, sum = 0;
  for (const bin of bins) {
    if (bin.rows === 0) continue;
    rows += bin.rows;
    sum += bin.rows * Math.abs(bin.meanProbability - bin.upShare);
  }
  return sum / rows;
}

/** What the logit of a forecast should have been: intercept + slope · logit. */
export interface CalibrationLine {
  /** 1 where forecasts are as bold as they should be; below, they are too bold. */
  readonly slope: number;
  /** 0 where they lean to neither side. */
  readonly intercept: number;
  /** Errors of both where rows of a UTC day may depend on each other. */
  readonly standardErrors: { readonly slope: number; readonly intercept: number };
}

/** Forecasts are kept this far from 0 and 1, as log-loss does. */
const EDGE = 1e-7;

/**
 * Logistic line of outcome on the logit of the forecast (Cox 1958), ties of the price left out. Undefined where no line can
 * be told: a constant forecast, one outcome alone, or outcomes that the forecast parts without error.
 */
export function calibrationLine(test: TestRows, probabilityUp: Float32Array): CalibrationLine | undefined {
  const outcomes = outcomesOf(test), inputs = new Float64Array(1);
  const logits = Float64Array.from(probabilityUp, (value) => {
    const p = Math.min(1 - EDGE, Math.max(EDGE, value));
    return Math.log(p / (1 - p));
  });
  try {
    const { intercept, coefficients, standardErrors, unidentified } = fitLogistic({
      rows: Int32Array.from(outcomes.keys()).filter((row) => outcomes[row]! >= 0),
      names: ["logit"],
      inputsOf(row) {
        inputs[0] = logits[row]!;
        return inputs;
      },
      targetOf: (row) => outcomes[row]!,
      clusterOf: (row) => Math.floor(test.decisionTimeMs[row]! / DAY_MS),
    });
    if (unidentified.length > 0) return undefined;
    return {
      slope: coefficients[0]!,
      intercept,
      standardErrors: { slope: standardErrors.coefficients[0]!, intercept: standardErrors.intercept },
    };
  } catch (error) {
    if (isDomainError(error, "input-invalid")) return undefined;
    throw error;
  }
}

/** Bits of the forecast, which order as it does from 0 on, with the outcome as the lowest bit; ascending. */
function sortedKeys(probabilityUp: Float32Array, outcomes: Int8Array): Uint32Array {
  const bits = new Uint32Array(probabilityUp.buffer, probabilityUp.byteOffset, probabilityUp.length);
  const keys = new Uint32Array(bits.length);
  let count = 0;
  for (let row = 0; row < bits.length; row++) {
    if (outcomes[row]! >= 0) keys[count++] = bits[row]! << 1 | outcomes[row]!;
  }
  return keys.subarray(0, count).sort();
}
