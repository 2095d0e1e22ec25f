import type { CandleColumns, FeatureMatrix } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";

/** A dataset whose columns all lie in shared memory: sent to a Worker, it is seen there and not copied. */
export type SharedDataset = Omit<Dataset, "grid">;

/** Copies a dataset into shared memory, column by column; what lies there already stays where it is. */
export function shareDataset({ candles, features, labels, featureSetDigest, nullable }: SharedDataset): SharedDataset {
  return {
    candles: shareCandles(candles),
    features: shareFeatures(features),
    labels: {
      length: labels.length,
      horizonMinutes: labels.horizonMinutes,
      returnBps: shared(labels.returnBps),
      realizedVarianceBps2: shared(labels.realizedVarianceBps2),
      scorable: shared(labels.scorable),
    },
    featureSetDigest,
    nullable,
  };
}

function shareFeatures({ length, decisionTimeMs, names, columns }: FeatureMatrix): FeatureMatrix {
  return { length, decisionTimeMs: shared(decisionTimeMs), names, columns: columns.map(shared) };
}

function shareCandles(candles: CandleColumns): CandleColumns {
  return Object.fromEntries(
    Object.entries(candles).map(([name, values]) => [name, typeof values === "number" ? values : shared(values)]),
  ) as unknown as CandleColumns;
}

type Column = Float32Array | Float64Array | Int32Array | Uint8Array;

function shared<C extends Column>(column: C): C {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const kind = column.constructor as new (buffer: SharedArrayBuffer) => C;
  const copy = new kind(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}
