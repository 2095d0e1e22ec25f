import { zstdDecompressSync } from "node:zlib";
import { parquetMetadata, parquetRead } from "hyparquet";
import { DomainError, MINUTE_MS, QUANTILE_KEYS, QUANTILE_LEVELS } from "../../core/mod.ts";
import { type Baseline, BASELINES } from "./evaluate.ts";
import type { Forecasts, TestRows } from "./test_rows.ts";

/** What `evaluation/predictions.parquet` holds: the scored rows and the model's forecasts for them. */
export interface PredictionFile {
  readonly test: TestRows;
  readonly forecasts: Required<Forecasts>;
}

const OUTPUTS = ["probability_up", "volatility_bps", ...QUANTILE_KEYS.map((key) => `quantile_bps_${key}`)];

/**
 * Reads `evaluation/predictions.parquet`.
 *
 * @throws {DomainError} `model-invalid` for a file that is none, lacks a column, has no row, or whose decision times are
 *   no ascending whole minutes.
 */
export async function readPredictions(file: Uint8Array): Promise<PredictionFile> {
  const outcomes = ["outcome_return_bps", "outcome_realized_variance_bps2"];
  const columns = await readColumns(file, ["decision_time", "horizon_minutes", ...OUTPUTS, ...outcomes]);
  const decisionTimeMs = columns.get("decision_time")!;
  if (decisionTimeMs.length === 0) throw unreadable("it has no row");
  checkTimes(decisionTimeMs);
  const float32 = (name: string) => Float32Array.from(columns.get(name)!);
  return {
    test: {
      length: decisionTimeMs.length,
      horizonMinutes: columns.get("horizon_minutes")![0]!,
      decisionTimeMs,
      returnBps: float32("outcome_return_bps"),
      realizedVarianceBps2: float32("outcome_realized_variance_bps2"),
    },
    forecasts: forecastsOf(columns, "") as Required<Forecasts>,
  };
}

/**
 * Reads `evaluation/baselines.parquet`; an output that a baseline does not claim is absent.
 *
 * @param test the rows it must belong to.
 * @throws {DomainError} `model-invalid` as {@linkcode readPredictions}, and where its rows are others than the test's.
 */
export async function readBaselines(file: Uint8Array, test: TestRows): Promise<Record<Baseline, Forecasts>> {
  const columns = await readColumns(file, ["decision_time"]);
  const times = columns.get("decision_time")!;
  if (times.length !== test.length || times.some((ms, row) => ms !== test.decisionTimeMs[row])) {
    throw unreadable("the baselines' rows are not those of the predictions");
  }
  return Object.fromEntries(
    BASELINES.map((name) => [name, forecastsOf(columns, `baseline_${name}_`)]),
  ) as Record<Baseline, Forecasts>;
}

function forecastsOf(columns: ReadonlyMap<string, Float64Array>, prefix: string): Forecasts {
  const probabilityUp = columns.get(`${prefix}probability_up`), volatilityBps = columns.get(`${prefix}volatility_bps`);
  const quantiles = QUANTILE_KEYS.map((key) => columns.get(`${prefix}quantile_bps_${key}`));
  return {
    ...(probabilityUp === undefined ? {} : { probabilityUp: Float32Array.from(probabilityUp) }),
    ...(volatilityBps === undefined ? {} : { volatilityBps: Float32Array.from(volatilityBps) }),
    ...(quantiles.includes(undefined) ? {} : { quantilesBps: rowMajor(quantiles as Float64Array[]) }),
  };
}

function rowMajor(columns: readonly Float64Array[]): Float32Array {
  const levels = QUANTILE_LEVELS.length;
  const values = new Float32Array(columns[0]!.length * levels);
  columns.forEach((column, level) => {
    for (let row = 0; row < column.length; row++) values[row * levels + level] = column[row]!;
  });
  return values;
}

/** Every numeric column of a file, which must have at least the needed ones. */
async function readColumns(file: Uint8Array, needed: readonly string[]): Promise<Map<string, Float64Array>> {
  const columns = new Map<string, Float64Array>();
  try {
    const buffer = file.slice().buffer;
    const metadata = parquetMetadata(buffer);
    const rows = Number(metadata.num_rows);
    for (const { name } of metadata.schema.slice(1)) columns.set(name, new Float64Array(rows));
    await parquetRead({
      file: buffer,
      metadata,
      compressors: { ZSTD: (bytes, length) => new Uint8Array(zstdDecompressSync(bytes, { maxOutputLength: length })) },
      onChunk({ columnName, columnData, rowStart }) {
        const target = columns.get(columnName)!;
        for (let i = 0; i < columnData.length; i++) target[rowStart + i] = Number(columnData[i] ?? NaN);
      },
    });
  } catch (error) {
    throw new DomainError("model-invalid", `Cannot read a run's predictions: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const absent = needed.filter((name) => !columns.has(name));
  if (absent.length > 0) throw unreadable(`it lacks ${absent.map((name) => `'${name}'`).join(", ")}`);
  return columns;
}

function checkTimes(times: Float64Array): void {
  const at = times.findIndex((ms, row) => !(ms % MINUTE_MS === 0) || (row > 0 && !(ms > times[row - 1]!)));
  if (at >= 0) throw unreadable(`the decision time of row ${at} is no later minute than the one before: ${times[at]}`);
}

function unreadable(reason: string): DomainError {
  return new DomainError("model-invalid", `Cannot read a run's predictions: ${reason}`, {
    hint: "Train it again with: task track",
  });
}
