import type { CandleColumns, FeatureMatrix } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { MinuteGrid } from "../features/mod.ts";
import type { Labels } from "../labels/mod.ts";

/** A dataset whose columns all lie in shared memory: sent to a Worker, it is seen there and not copied. */
export interface SharedDataset {
  /** What the grid of minutes is made of where a model asks for it. */
  readonly candles: Pick<CandleColumns, "length" | "openTimeMs" | "close">;
  readonly features: FeatureMatrix;
  readonly labels: Labels;
  readonly featureSetDigest: string;
  readonly nullable: readonly boolean[];
}

/** Copies a dataset into shared memory, column by column; what lies there already stays where it is. */
export function shareDataset(
  { features, labels, featureSetDigest, nullable }: Dataset,
  candles: Pick<CandleColumns, "length" | "openTimeMs" | "close">,
): SharedDataset {
  return {
    candles: { length: candles.length, openTimeMs: shared(candles.openTimeMs), close: shared(candles.close) },
    features: {
      length: features.length,
      decisionTimeMs: shared(features.decisionTimeMs),
      names: features.names,
      columns: features.columns.map(shared),
    },
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

/** The dataset over the shared columns; its grid is laid out when first asked for, and knows closes alone. */
export function datasetOf({ candles, ...rest }: SharedDataset): Dataset {
  let grid: MinuteGrid | undefined;
  return {
    ...rest,
    get grid() {
      return grid ??= new MinuteGrid(closesOnly(candles));
    },
  };
}

type Column = Float32Array | Float64Array | Uint8Array;

function shared<C extends Column>(column: C): C {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const kind = column.constructor as new (buffer: SharedArrayBuffer) => C;
  const copy = new kind(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}

/** Candles whose other columns are refused rather than missing: a missing one would pass for minutes without trades. */
function closesOnly({ length, openTimeMs, close }: SharedDataset["candles"]): CandleColumns {
  return new Proxy({ length, openTimeMs, close } as CandleColumns, {
    get(known, field) {
      if (Object.hasOwn(known, field)) return known[field as "close"];
      throw new RangeError(`Cannot read '${String(field)}' of shared candles, which are open times and closes alone`);
    },
  });
}
