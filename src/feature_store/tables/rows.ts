import type { DuckDBValue } from "@duckdb/node-api";
import type { SeriesId } from "../../core/mod.ts";
import type { DuckDbSession, SqlRow } from "../duckdb_session.ts";

/** `WHERE` terms that pick a series; bind {@linkcode seriesValues}. */
export const OF_SERIES = `exchange = ? AND symbol = ? AND "interval" = ?`;

/** Values of {@linkcode OF_SERIES}. */
export function seriesValues(series: SeriesId): string[] {
  return [series.exchange, series.symbol, series.interval];
}

/** Appends rows cell by cell: for ledgers, not for candles. A cell fits its column's type; null is NULL. */
export async function appendRows(
  session: DuckDbSession,
  table: string,
  rows: readonly (readonly DuckDBValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const appender = await session.guard(() => session.connection.createAppender(table));
  try {
    const types = rows[0]!.map((_, column) => appender.columnType(column));
    for (const row of rows) {
      row.forEach((value, column) =>
        value === null ? appender.appendNull() : appender.appendValue(value, types[column])
      );
      appender.endRow();
    }
  } finally {
    appender.closeSync();
  }
}

/** Text of a column that is never NULL. */
export function text(row: SqlRow, column: string): string {
  return String(row[column]);
}

/** Number of a column that is never NULL; a BIGINT is narrowed. */
export function number(row: SqlRow, column: string): number {
  return Number(row[column]);
}

/** Epoch milliseconds of a TIMESTAMP that is never NULL. */
export function millis(row: SqlRow, column: string): number {
  return Number((row[column] as { readonly micros: bigint }).micros / 1000n);
}

/** `{[key]: read(row)}`, or nothing where the column is NULL: for optional properties. */
export function optional<K extends string, V>(
  row: SqlRow,
  column: string,
  key: K,
  read: (row: SqlRow, column: string) => V,
): { readonly [P in K]?: V } {
  return row[column] === null ? {} : { [key]: read(row, column) } as { [P in K]: V };
}
