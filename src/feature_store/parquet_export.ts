import { basename, join, resolve } from "node:path";
import { type CallOptions, type CandleQuery, DomainError, type FeatureReader, quoted, toIsoDay } from "../core/mod.ts";
import { appendCandles, CANDLE_SELECT, createCandleAppender } from "./tables/columns.ts";
import { type DuckDbLimits, DuckDbSession } from "./duckdb_session.ts";

/** Options of {@linkcode exportParquet}. */
export interface ExportOptions extends CallOptions {
  /** Limits of the instance that writes. */
  readonly limits: DuckDbLimits;
}

/**
 * Writes the candles of a query to `<folder>/<exchange>-<SYMBOL>-<interval>-<first day>-<last day>.parquet` (zstd),
 * through an in-memory DuckDB of its own that may touch this folder alone. An existing file is replaced at the end.
 *
 * @returns the file's path.
 * @throws {DomainError} `permission-denied` where the folder may not be written.
 */
export async function exportParquet(
  reader: FeatureReader,
  query: CandleQuery,
  folder: string,
  options: ExportOptions,
): Promise<string> {
  const absolute = resolve(folder);
  // Native code is not held by Deno's permissions, so they are asked here.
  if (Deno.permissions.querySync({ name: "write", path: absolute }).state !== "granted") {
    throw new DomainError("permission-denied", `Cannot export to '${folder}' as write access is not granted`, {
      hint: `Grant it: task ingest WRITE=${quoted(folder)} -- --export ${quoted(`parquet:${folder}`)}`,
    });
  }
  await Deno.mkdir(absolute, { recursive: true });
  const real = await Deno.realPath(absolute);
  const { startMs, endMs } = query.range;
  const name = [
    query.exchange,
    query.symbol.replace("/", ""),
    query.interval,
    toIsoDay(startMs),
    toIsoDay(endMs - 1),
  ].join("-");
  const target = join(real, `${name}.parquet`);
  const draft = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    using session = await DuckDbSession.openForFolder(real, options.limits);
    await session.run(
      `CREATE TABLE candles (exchange VARCHAR, symbol VARCHAR, "interval" VARCHAR, open_time TIMESTAMP, open DOUBLE,
         high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, close_time TIMESTAMP, quote_volume DOUBLE,
         trade_count INTEGER, taker_buy_base_volume DOUBLE, taker_buy_quote_volume DOUBLE, source VARCHAR)`,
    );
    {
      using appender = await createCandleAppender(session, "candles", query, "exchange");
      for await (const batch of reader.scan(query)) {
        options.signal?.throwIfAborted();
        appendCandles(appender, batch);
      }
    }
    await session.run(
      `COPY (SELECT exchange, symbol, "interval", ${CANDLE_SELECT} FROM candles ORDER BY open_time)
       TO '${draft.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    await Deno.rename(draft, target);
  } catch (error) {
    await Deno.remove(draft).catch(() => undefined);
    throw error;
  }
  return join(folder, basename(target));
}
