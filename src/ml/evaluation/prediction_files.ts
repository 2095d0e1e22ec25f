import { zstdCompressSync } from "node:zlib";
import { QUANTILE_KEYS, QUANTILE_LEVELS, type TimeRange } from "../../core/mod.ts";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { type Baseline, BASELINES } from "./evaluate.ts";
import { type Forecasts, outcomesOf, type TestRows } from "./test_rows.ts";

/** Where the forecasts of a file come from. */
export interface PredictionFold {
  readonly fold: number;
  /** Decision times that the model was fitted on. */
  readonly train: TimeRange;
}

const ROW_GROUP = 131_072;

/**
 * `evaluation/predictions.parquet`: forecasts and outcomes, one row a scored minute (evaluation section 5). Every
 * score of a run can be recomputed from it and from the baselines' file.
 */
export function encodePredictions(
  test: TestRows,
  forecasts: Required<Forecasts>,
  { fold, train }: PredictionFold,
): Uint8Array<ArrayBuffer> {
  const { length } = test;
  const outcomes = outcomesOf(test);
  const constant = (name: string, value: number) => integers(name, new Int32Array(length).fill(value));
  return encode([
    times("decision_time", test.decisionTimeMs),
    constant("horizon_minutes", test.horizonMinutes),
    constant("fold", fold),
    times("train_start", new Float64Array(length).fill(train.startMs)),
    times("train_end", new Float64Array(length).fill(train.endMs)),
    ...forecastColumns("", forecasts),
    floats("outcome_return_bps", test.returnBps),
    {
      name: "outcome_up",
      type: "INT32",
      nullable: true,
      data: Array.from(outcomes, (outcome) => outcome < 0 ? null : outcome),
    },
    floats("outcome_realized_variance_bps2", test.realizedVarianceBps2),
  ]);
}

/** `evaluation/baselines.parquet`: what the baselines forecast for the same rows, `baseline_<name>_<output>`. */
export function encodeBaselines(
  test: TestRows,
  baselines: Readonly<Partial<Record<Baseline, Forecasts>>>,
): Uint8Array<ArrayBuffer> {
  const columns = BASELINES.flatMap((name) => forecastColumns(`baseline_${name}_`, baselines[name] ?? {}));
  return encode([times("decision_time", test.decisionTimeMs), ...columns]);
}

function forecastColumns(prefix: string, forecasts: Forecasts): ColumnSource[] {
  const { probabilityUp, volatilityBps, quantilesBps } = forecasts;
  const levels = QUANTILE_LEVELS.length;
  const level = (values: Float32Array, at: number) =>
    Float32Array.from({ length: values.length / levels }, (_, row) => values[row * levels + at]!);
  return [
    ...(probabilityUp === undefined ? [] : [floats(`${prefix}probability_up`, probabilityUp)]),
    ...(volatilityBps === undefined ? [] : [floats(`${prefix}volatility_bps`, volatilityBps)]),
    ...(quantilesBps === undefined
      ? []
      : QUANTILE_KEYS.map((key, at) => floats(`${prefix}quantile_bps_${key}`, level(quantilesBps, at)))),
  ];
}

function floats(name: string, data: Float32Array): ColumnSource {
  return { name, type: "FLOAT", nullable: false, data, encoding: "PLAIN" };
}

function integers(name: string, data: Int32Array): ColumnSource {
  return { name, type: "INT32", nullable: false, data };
}

function times(name: string, ms: Float64Array): ColumnSource {
  return { name, type: "TIMESTAMP", nullable: false, data: Array.from(ms, (value) => new Date(value)) };
}

function encode(columnData: ColumnSource[]): Uint8Array<ArrayBuffer> {
  const buffer = parquetWriteBuffer({
    columnData,
    codec: "ZSTD",
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    rowGroupSize: ROW_GROUP,
    createdBy: "bitcoin-ml",
  });
  return new Uint8Array(buffer);
}
