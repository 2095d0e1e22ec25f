import {
  allocateCandles,
  type ArchiveFileRecord,
  CANDLE_FIELDS,
  type CandleColumns,
  type CandleQuery,
  concatCandles,
  DAY_MS,
  type FeatureReader,
  lowerBound,
  MINUTE_MS,
  rangesFromGrid,
  sliceCandles,
  toIsoDay,
} from "../../src/core/mod.ts";
import { unzipSync } from "fflate";

/** Root of the repository. */
export const ROOT = new URL("../../", import.meta.url);

/** The bundled sample in the archive's layout. */
export const SAMPLE_DIR = new URL("feature_store/sample/spot/daily/klines/BTCUSDT/1m/", ROOT);

/** Two years of the same files, where the machine has them. */
export const LARGE_DIR = new URL("../shared/data/spot/daily/klines/BTCUSDT/1m/", ROOT);

/** Candles of the daily zips of `[startMs, endMs)`, read the plain way. */
export async function readZips(directory: URL, startMs: number, endMs: number): Promise<CandleColumns> {
  const parts: CandleColumns[] = [];
  for (let day = startMs; day < endMs; day += DAY_MS) {
    const zip = unzipSync(await Deno.readFile(new URL(`BTCUSDT-1m-${toIsoDay(day)}.zip`, directory)));
    const lines = new TextDecoder().decode(Object.values(zip)[0]).trim().split("\n");
    const columns = allocateCandles(lines.length);
    lines.forEach((line, i) => {
      const cells = line.split(",");
      CANDLE_FIELDS.forEach((field, j) => columns[field][i] = Number(cells[j]));
    });
    parts.push(columns);
  }
  return concatCandles(parts);
}

/** A reader over columns in memory, with what the reports ask of a store. */
export function memoryReader(columns: CandleColumns, files: readonly ArchiveFileRecord[] = []): FeatureReader {
  const part = ({ range }: CandleQuery) =>
    sliceCandles(columns, lowerBound(columns.openTimeMs, range.startMs), lowerBound(columns.openTimeMs, range.endMs));
  const reader: Partial<FeatureReader> = {
    coverage: (_series, range) =>
      Promise.resolve(
        rangesFromGrid(columns.openTimeMs, MINUTE_MS).filter((each) =>
          range === undefined || (each.startMs < range.endMs && each.endMs > range.startMs)
        ),
      ),
    countCandles: (query) => Promise.resolve(part(query).length),
    loadCandles: (query) => Promise.resolve(part(query)),
    async *scan(query) {
      yield await Promise.resolve(part(query));
    },
    gaps: () => Promise.resolve([]),
    datasetDigest: () => Promise.resolve("ab".repeat(32)),
    archiveFiles: () => Promise.resolve(files),
    sourceCounts: (query) => Promise.resolve({ daily: part(query).length }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return reader as FeatureReader;
}
