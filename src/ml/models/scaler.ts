import type { FeatureMatrix } from "../../core/mod.ts";
import { RV_FLOOR_BPS2, type ScalerSpec } from "./forecast_spec.ts";

/** Scaled values are kept within ± this many standard deviations. */
const CLIP = 5;

/** Scale of a feature that never moved: what it does later was not learnt from, so it stays 0 for the model. */
const SILENT = 1e38;

/** Fits means and scales on the given rows alone; realised variances (`rv_…`) are taken as logarithms. */
export function fitScaler(features: FeatureMatrix, rows: Int32Array): ScalerSpec {
  const transforms = features.names.map((name) => name.startsWith("rv_") ? "log" as const : "identity" as const);
  const means: number[] = [], scales: number[] = [];
  features.columns.forEach((column, j) => {
    let count = 0, sum = 0;
    const isLog = transforms[j] === "log", valueOf = (row: number) => isLog ? logOf(column[row]!) : column[row]!;
    for (const row of rows) {
      const value = valueOf(row);
      if (Number.isNaN(value)) continue;
      count++;
      sum += value;
    }
    const mean = count === 0 ? 0 : sum / count;
    let squares = 0;
    for (const row of rows) {
      const value = valueOf(row);
      if (!Number.isNaN(value)) squares += (value - mean) ** 2;
    }
    const scale = count === 0 ? 0 : Math.sqrt(squares / count);
    // Rounded to float32, as the ONNX graph holds them so.
    means.push(Math.fround(mean));
    scales.push(Math.fround(scale > 1e-6 ? scale : SILENT));
  });
  return { transforms, means, scales, clip: CLIP };
}

/** The scaler with flags of those nullable features alone that are missing in some of the rows: others say nothing. */
export function withSeenFlags(
  scaler: ScalerSpec,
  { features, nullable }: { readonly features: FeatureMatrix; readonly nullable: readonly boolean[] },
  rows: Int32Array,
): ScalerSpec {
  const isSeen = (column: Float32Array) => rows.some((row) => Number.isNaN(column[row]!));
  return { ...scaler, flagged: features.columns.flatMap((column, j) => nullable[j] && isSeen(column) ? [j] : []) };
}

/** Places of the features that have a flag, in the order of their flags. */
export function flaggedFeatures({ flagged }: ScalerSpec, nullable: readonly boolean[]): readonly number[] {
  return flagged ?? nullable.flatMap((may, j) => may ? [j] : []);
}

/** Rows whose inputs fit a second-level cache. */
export const SCALED_ROWS = 256;

/** Turns raw rows into network inputs: scaled features, then a flag for each nullable one. */
export class Scaler {
  /** Inputs of a row. */
  readonly width: number;
  readonly #spec: ScalerSpec;
  /** Places of the features that have a flag, in the order of their flags. */
  readonly flagged: readonly number[];

  /** Binds the fitted statistics to the features that may be missing. */
  constructor(spec: ScalerSpec, nullable: readonly boolean[]) {
    this.#spec = spec;
    this.flagged = flaggedFeatures(spec, nullable);
    this.width = nullable.length + this.flagged.length;
  }

  /** Number of flags at the end of a row. */
  get flags(): number {
    return this.flagged.length;
  }

  /** Writes the inputs of one row to `out` at `offset`; `valueAt` gives raw features, NaN where missing. */
  write(valueAt: (feature: number) => number, out: Float32Array | Float64Array, offset: number): void {
    const { transforms, means, scales, clip } = this.#spec;
    const count = means.length;
    for (let j = 0; j < count; j++) {
      const value = valueAt(j);
      out[offset + j] = clipped(((transforms[j] === "log" ? logOf(value) : value) - means[j]!) / scales[j]!, clip);
    }
    for (let f = 0; f < this.flagged.length; f++) {
      out[offset + count + f] = Number.isNaN(valueAt(this.flagged[f]!)) ? 1 : 0;
    }
  }

  /**
   * Writes the inputs of rows of feature columns to `out`, the first at `offset` and each `stride` after the one before, to
   * the bit as {@linkcode write}; column by column, as there are more of them than a processor reads ahead in.
   */
  writeRows(
    columns: readonly Float32Array[],
    rows: Int32Array,
    out: Float32Array | Float64Array,
    offset = 0,
    stride = this.width,
  ): void {
    for (let first = 0; first < rows.length; first += SCALED_ROWS) {
      this.#writeBlock(columns, rows.subarray(first, first + SCALED_ROWS), out, offset + first * stride, stride);
    }
  }

  #writeBlock(
    columns: readonly Float32Array[],
    rows: Int32Array,
    out: Float32Array | Float64Array,
    offset: number,
    stride: number,
  ): void {
    const { transforms, means, scales, clip } = this.#spec, count = means.length;
    for (let j = 0; j < count; j++) {
      const write = transforms[j] === "log" ? writeLogs : writeValues;
      write(columns[j]!, rows, { mean: means[j]!, scale: scales[j]!, clip }, out, offset + j, stride);
    }
    for (let f = 0; f < this.flagged.length; f++) {
      const column = columns[this.flagged[f]!]!;
      for (let i = 0, at = offset + count + f; i < rows.length; i++, at += stride) {
        out[at] = Number.isNaN(column[rows[i]!]!) ? 1 : 0;
      }
    }
  }
}

/** A column's scale. */
interface Scale {
  readonly mean: number;
  readonly scale: number;
  readonly clip: number;
}

/** Writes a column's scaled values, `stride` apart. A loop of its own, so that V8 compiles it after a few columns. */
function writeValues(
  column: Float32Array,
  rows: Int32Array,
  { mean, scale, clip }: Scale,
  out: Float32Array | Float64Array,
  offset: number,
  stride: number,
): void {
  for (let i = 0, at = offset; i < rows.length; i++, at += stride) {
    out[at] = clipped((column[rows[i]!]! - mean) / scale, clip);
  }
}

/** The same of logarithms: one loop for both, which asks anew for each value, takes a fifth longer. */
function writeLogs(
  column: Float32Array,
  rows: Int32Array,
  { mean, scale, clip }: Scale,
  out: Float32Array | Float64Array,
  offset: number,
  stride: number,
): void {
  for (let i = 0, at = offset; i < rows.length; i++, at += stride) {
    out[at] = clipped((logOf(column[rows[i]!]!) - mean) / scale, clip);
  }
}

/** Kept within ± `clip`, 0 where missing; nearly all values are told by the one comparison. */
function clipped(value: number, clip: number): number {
  if (Math.abs(value) <= clip) return value;
  return value > clip ? clip : value < -clip ? -clip : 0;
}

function logOf(value: number): number {
  // Math.max passes NaN on, which the caller wants.
  return Math.log(Math.max(value, RV_FLOOR_BPS2));
}
