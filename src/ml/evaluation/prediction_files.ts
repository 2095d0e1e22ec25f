import { zstdCompressSync } from "node:zlib";
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { MINUTE_MS, QUANTILE_KEYS, QUANTILE_LEVELS } from "../../core/mod.ts";
import { adaptiveQuantiles } from "./adaptive_quantiles.ts";
import { type Baseline, BASELINES } from "./baselines.ts";
import type { FoldConstants, ScoredFold, ScoredFolds } from "./scored_folds.ts";
import { levelIndex, type RemadeForecasts, type TestRows } from "./test_rows.ts";

/** Bounds of the 90 % interval after adaptive conformal inference: `adaptive_quantile_bps_0.05`. */
export const ADAPTIVE_LEVELS = [0.05, 0.95] as const;

const ROW_GROUP = 131_072;

/** A column of a file, made for a span of rows when they are written: a whole file is never held twice. */
interface FileColumn {
  readonly element: SchemaElement;
  /** Values of the rows from `start` to before `end`. */
  readonly values: (start: number, end: number) => ColumnSource["data"];
  readonly encoding?: "PLAIN";
}

/**
 * `evaluation/predictions.parquet`: forecasts and outcomes, one row a scored minute (evaluation section 5). Every
 * score of a run can be recomputed from it and from the baselines' file. `train_end` is the last decision time that the
 * row's model may have learnt from.
 */
export function encodePredictions(
  { folds, foldOf, test, model }: Pick<ScoredFolds, "folds" | "foldOf" | "test" | "model">,
): Uint8Array<ArrayBuffer> {
  const fold = (row: number) => folds[foldOf[row]!]!;
  const adaptive = adaptiveQuantiles(test, model.quantilesBps);
  return encode(test.length, [
    times("decision_time", (row) => test.decisionTimeMs[row]!),
    integers("horizon_minutes", () => test.horizonMinutes),
    integers("fold", (row) => fold(row).index),
    times("train_start", (row) => fold(row).train.startMs),
    times("train_end", (row) => fold(row).train.endMs - MINUTE_MS),
    ...forecastColumns("", model),
    floats("outcome_return_bps", test.returnBps),
    { element: { name: "outcome_up", type: "INT32", repetition_type: "OPTIONAL" }, values: upOrNull(test) },
    floats("outcome_realized_variance_bps2", test.realizedVarianceBps2),
    ...ADAPTIVE_LEVELS.map((level) =>
      everyNth(`adaptive_quantile_bps_${level}`, adaptive, QUANTILE_LEVELS.length, levelIndex(level))
    ),
  ]);
}

/** Metadata of `evaluation/baselines.parquet` by which a later run takes its forecasts as they were fitted. */
export const FOLDS_KEY = "bitcoin_ml.folds";

/**
 * `evaluation/baselines.parquet`: what the baselines forecast for the same rows, `baseline_<name>_<output>`. Its metadata
 * have the rows and the constants of each fold, where they are known.
 */
export function encodeBaselines(
  { test, baselines, folds = [], foldOf, standardizedQuantiles }: {
    readonly test: TestRows;
    readonly baselines: Readonly<Partial<Record<Baseline, RemadeForecasts>>>;
    readonly folds?: readonly ScoredFold[];
    readonly foldOf?: Int32Array;
    readonly standardizedQuantiles?: FoldConstants<Baseline>;
  },
): Uint8Array<ArrayBuffer> {
  const columns = [
    times("decision_time", (row) => test.decisionTimeMs[row]!),
    ...BASELINES.flatMap((name) => forecastColumns(`baseline_${name}_`, baselines[name] ?? {})),
  ];
  if (foldOf === undefined || standardizedQuantiles === undefined) return encode(test.length, columns);
  const rows = folds.map(() => 0);
  for (const place of foldOf) rows[place]!++;
  const described = folds.map(({ index }, place) => ({
    index,
    rows: rows[place],
    standardizedQuantiles: Object.fromEntries(
      Object.entries(standardizedQuantiles).map(([name, nines]) => [name, nines[place]]),
    ),
  }));
  return encode(test.length, columns, [{ key: FOLDS_KEY, value: JSON.stringify(described) }]);
}

function forecastColumns(prefix: string, forecasts: RemadeForecasts): FileColumn[] {
  const { probabilityUp, volatilityBps } = forecasts;
  return [
    ...(probabilityUp === undefined ? [] : [floats(`${prefix}probability_up`, probabilityUp)]),
    ...(volatilityBps === undefined ? [] : [floats(`${prefix}volatility_bps`, volatilityBps)]),
    ...quantileColumns(prefix, forecasts),
  ];
}

/** Quantiles that are made anew are made for the span of rows that is written. */
function quantileColumns(prefix: string, forecasts: RemadeForecasts): FileColumn[] {
  const width = QUANTILE_KEYS.length, names = QUANTILE_KEYS.map((key) => `${prefix}quantile_bps_${key}`);
  const { quantilesWithin } = forecasts;
  if (quantilesWithin === undefined) {
    const { quantilesBps } = forecasts;
    return quantilesBps === undefined ? [] : names.map((name, at) => everyNth(name, quantilesBps, width, at));
  }
  let made: { readonly start: number; readonly quantiles: Float32Array } = {
    start: -1,
    quantiles: new Float32Array(0),
  };
  return names.map((name, at) => ({
    ...everyNth(name, made.quantiles, width, at),
    values(start, end) {
      if (made.start !== start) made = { start, quantiles: quantilesWithin(start, end) };
      return everyNth(name, made.quantiles, width, at).values(0, end - start);
    },
  }));
}

function floats(name: string, data: Float32Array): FileColumn {
  return everyNth(name, data, 1, 0);
}

/** Column `at` of row-major values of this width. */
function everyNth(name: string, data: Float32Array, width: number, at: number): FileColumn {
  return {
    element: { name, type: "FLOAT", repetition_type: "REQUIRED" },
    values(start, end) {
      const values = new Float32Array(end - start);
      for (let row = start; row < end; row++) values[row - start] = data[row * width + at]!;
      return values;
    },
    encoding: "PLAIN",
  };
}

function integers(name: string, valueAt: (row: number) => number): FileColumn {
  return {
    element: { name, type: "INT32", repetition_type: "REQUIRED" },
    values: (start, end) => Int32Array.from({ length: end - start }, (_, i) => valueAt(start + i)),
  };
}

function times(name: string, msAt: (row: number) => number): FileColumn {
  return {
    element: { name, type: "INT64", converted_type: "TIMESTAMP_MILLIS", repetition_type: "REQUIRED" },
    values: (start, end) => BigInt64Array.from({ length: end - start }, (_, i) => BigInt(msAt(start + i))),
  };
}

function upOrNull({ returnBps }: TestRows): FileColumn["values"] {
  return (start, end) => Array.from(returnBps.subarray(start, end), (move) => move > 0 ? 1 : move < 0 ? 0 : null);
}

/** Hands each row group on, so that its buffer stays small. */
class ChunkWriter extends ByteWriter {
  readonly chunks: Uint8Array<ArrayBuffer>[] = [];

  flush(): void {
    this.chunks.push(new Uint8Array(this.getBytes()));
    this.index = 0;
  }
}

function encode(
  length: number,
  columns: readonly FileColumn[],
  kvMetadata: { readonly key: string; readonly value: string }[] = [],
): Uint8Array<ArrayBuffer> {
  const writer = new ChunkWriter();
  const file = new ParquetWriter({
    writer,
    schema: [{ name: "root", num_children: columns.length }, ...columns.map(({ element }) => element)],
    codec: "ZSTD",
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    createdBy: "bitcoin-ml",
    ...(kvMetadata.length === 0 ? {} : { kvMetadata }),
  });
  for (let start = 0; start < length; start += ROW_GROUP) {
    const end = Math.min(length, start + ROW_GROUP);
    file.write({
      columnData: columns.map(({ element: { name }, values, encoding }) => ({
        name,
        data: values(start, end),
        ...(encoding === undefined ? {} : { encoding }),
      })),
      rowGroupSize: ROW_GROUP,
    });
  }
  file.finish();
  writer.flush();
  return joined(writer.chunks);
}

/** One after the other; each is given up as it is copied, so that a file of a hundred megabytes is in memory once. */
function joined(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
    chunk.buffer.transfer(0);
  }
  return bytes;
}
