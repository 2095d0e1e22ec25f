import type { CandleColumns, FeatureMatrix } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { MinuteGrid } from "../features/mod.ts";
import type { Labels } from "../labels/mod.ts";

/** A dataset whose columns all lie in shared memory: sent to a Worker, it is seen there and not copied. */
export interface SharedDataset {
  /** What the grid of minutes is made of where a model asks for it. */
  readonly candles: CandleColumns;
  readonly features: FeatureMatrix;
  readonly labels: Labels;
  readonly featureSetDigest: string;
  readonly nullable: readonly boolean[];
}

/** Copies a dataset into shared memory, column by column; what lies there already stays where it is. */
export function shareDataset(
  { features, labels, featureSetDigest, nullable }: Dataset,
  candles: CandleColumns,
): SharedDataset {
  return {
    candles: Object.fromEntries(
      Object.entries(candles).map(([name, values]) => [name, typeof values === "number" ? values : shared(values)]),
    ) as unknown as CandleColumns,
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

/** The same of features alone. */
export function shareFeatures({ length, decisionTimeMs, names, columns }: FeatureMatrix): FeatureMatrix {
  return { length, decisionTimeMs: shared(decisionTimeMs), names, columns: columns.map(shared) };
}

/** The dataset over the shared columns; its grid is laid out when first asked for. */
export function datasetOf({ candles, ...rest }: SharedDataset): Dataset {
  let grid: MinuteGrid | undefined;
  return {
    ...rest,
    get grid() {
      return grid ??= new MinuteGrid(candles);
    },
  };
}

type Column = Float32Array | Float64Array | Int32Array | Uint8Array;

function shared<C extends Column>(column: C): C {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const kind = column.constructor as new (buffer: SharedArrayBuffer) => C;
  const copy = new kind(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}
