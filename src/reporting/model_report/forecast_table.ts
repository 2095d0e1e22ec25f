import { zstdDecompressSync } from "node:zlib";
import { DomainError, QUANTILE_KEYS } from "../../core/mod.ts";

/** What one model or baseline forecast; an output that it does not have is undefined. */
export interface ForecastSeries {
  readonly probabilityUp: Float64Array | undefined;
  readonly volatilityBps: Float64Array | undefined;
  /** One column a level of `QUANTILE_LEVELS`, or undefined where a level lacks. */
  readonly quantilesBps: readonly Float64Array[] | undefined;
}

/** Forecasts and outcomes of the scored minutes of a run (evaluation section 5). */
export interface ForecastTable {
  readonly length: number;
  readonly decisionTimeMs: Float64Array;
  readonly horizonMinutes: number;
  readonly returnBps: Float64Array;
  /** 1, 0, or NaN at a tie. */
  readonly up: Float64Array;
  readonly realizedVarianceBps2: Float64Array;
  readonly model: ForecastSeries;
  /** By name, on the same rows; empty where the file is not there or is of other rows. */
  readonly baselines: ReadonlyMap<string, ForecastSeries>;
}

const BASELINE_COLUMN = /^baseline_(.+?)_(?:probability_up|volatility_bps|quantile_bps_.+)$/;

/**
 * Reads `evaluation/predictions.parquet` and, where given, `evaluation/baselines.parquet`.
 *
 * @throws {DomainError} `input-invalid` where the first cannot be read or lacks a column.
 */
export async function readForecasts(predictions: Uint8Array, baselines?: Uint8Array): Promise<ForecastTable> {
  const columns = await readColumns(predictions, "evaluation/predictions.parquet");
  const need = (name: string) => {
    const column = columns.get(name);
    if (column !== undefined) return column;
    throw new DomainError(
      "input-invalid",
      `Cannot read 'evaluation/predictions.parquet' as it has no column '${name}'`,
      { hint: "The file is of another program; report on a run of: task track" },
    );
  };
  const decisionTimeMs = need("decision_time");
  const others = baselines === undefined ? columns : await readColumns(baselines, "evaluation/baselines.parquet");
  const otherTimes = others.get("decision_time");
  const sameRows = otherTimes !== undefined && otherTimes.length === decisionTimeMs.length &&
    otherTimes.every((time, i) => time === decisionTimeMs[i]);
  const names = new Set([...others.keys()].flatMap((column) => BASELINE_COLUMN.exec(column)?.[1] ?? []));
  return {
    length: decisionTimeMs.length,
    decisionTimeMs,
    horizonMinutes: need("horizon_minutes")[0] ?? NaN,
    returnBps: need("outcome_return_bps"),
    up: need("outcome_up"),
    realizedVarianceBps2: need("outcome_realized_variance_bps2"),
    model: seriesOf(columns, ""),
    baselines: new Map(sameRows ? [...names].map((name) => [name, seriesOf(others, `baseline_${name}_`)]) : []),
  };
}

function seriesOf(columns: ReadonlyMap<string, Float64Array>, prefix: string): ForecastSeries {
  const quantiles = QUANTILE_KEYS.map((key) => columns.get(`${prefix}quantile_bps_${key}`));
  return {
    probabilityUp: columns.get(`${prefix}probability_up`),
    volatilityBps: columns.get(`${prefix}volatility_bps`),
    quantilesBps: quantiles.every((column) => column !== undefined) ? quantiles : undefined,
  };
}

/** Every column as numbers: dates as epoch milliseconds, null as NaN. */
async function readColumns(bytes: Uint8Array, path: string): Promise<Map<string, Float64Array>> {
  const { parquetMetadata, parquetRead } = await import("hyparquet");
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const columns = new Map<string, Float64Array>();
  const filled = new Map<string, number>();
  try {
    const metadata = parquetMetadata(file);
    const rows = Number(metadata.num_rows);
    await parquetRead({
      file,
      metadata,
      compressors: { ZSTD: (input) => new Uint8Array(zstdDecompressSync(input)) },
      onChunk({ columnName, columnData, rowStart }) {
        let column = columns.get(columnName);
        if (column === undefined) columns.set(columnName, column = new Float64Array(rows).fill(NaN));
        for (let i = 0; i < columnData.length; i++) {
          const value: unknown = columnData[i];
          column[rowStart + i] = value === null || value === undefined ? NaN : Number(value);
        }
        filled.set(columnName, (filled.get(columnName) ?? 0) + columnData.length);
      },
    });
    // The reader skips pages that it cannot make out.
    const short = [...filled].find(([, count]) => count !== rows)?.[0];
    if (short !== undefined) throw new Error(`column '${short}' has ${filled.get(short)} of ${rows} rows`);
  } catch (error) {
    throw new DomainError("input-invalid", `Cannot read '${path}' of the run: ${(error as Error).message}`, {
      hint: "The artifact is damaged; run `task track` again",
      cause: error,
    });
  }
  return columns;
}
