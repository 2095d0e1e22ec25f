import type { DuckDbSession } from "../duckdb_session.ts";
import { text } from "./rows.ts";

const SERIES = ["exchange VARCHAR", "symbol VARCHAR", "interval VARCHAR"] as const;

/** Columns of the store's tables as the migrations leave them, in order: what is appended and read goes by these. */
export const TABLE_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  candles: [
    ...[...SERIES, "open_time TIMESTAMP", "open DOUBLE", "high DOUBLE", "low DOUBLE", "close DOUBLE", "volume DOUBLE"],
    ...["close_time TIMESTAMP", "quote_volume DOUBLE", "trade_count INTEGER", "taker_buy_base_volume DOUBLE"],
    ...["taker_buy_quote_volume DOUBLE", "source VARCHAR"],
  ],
  archive_files: [
    ...[...SERIES, "location VARCHAR", "kind VARCHAR", "expected_sha256 VARCHAR", "actual_sha256 VARCHAR"],
    ...["verdict VARCHAR", "bytes BIGINT", "rows INTEGER", "first_open_time TIMESTAMP", "last_open_time TIMESTAMP"],
    ...["time_unit VARCHAR", "has_header BOOLEAN", "fetched_at TIMESTAMP"],
  ],
  gaps: [
    ...[...SERIES, "start_time TIMESTAMP", "end_time TIMESTAMP", "minutes INTEGER", "cause VARCHAR"],
    ...["evidence VARCHAR", "first_seen_at TIMESTAMP", "closed_at TIMESTAMP"],
  ],
  candle_revisions: [
    ...[...SERIES, "open_time TIMESTAMP", "column_name VARCHAR", "old_value DOUBLE", "new_value DOUBLE"],
    ...["old_source VARCHAR", "new_source VARCHAR", "seen_at TIMESTAMP", "applied BOOLEAN"],
  ],
  day_digests: [...SERIES, "day DATE", "rows INTEGER", "sha256 VARCHAR"],
  feature_sets: ["name VARCHAR", "digest VARCHAR", "definition JSON", "code_version VARCHAR"],
  feature_days: ["name VARCHAR", ...SERIES, "day DATE", "rows INTEGER", "end_time TIMESTAMP", "sha256 VARCHAR"],
  ingest_runs: [
    ...["id VARCHAR", "started_at TIMESTAMP", "ended_at TIMESTAMP", "status VARCHAR", "settings JSON"],
    ...["rows_added BIGINT", "rows_revised BIGINT", "dataset_digest VARCHAR"],
  ],
};

/** First columns of each `features_…`; all others are floats. */
export const FEATURE_KEYS: readonly string[] = [...SERIES, "decision_time TIMESTAMP"];

/**
 * Checks that the tables have the columns that this program appends to and reads: other hands may have changed them, and
 * rows of another type would be read as other numbers.
 *
 * @throws {DomainError} `store-damaged`, naming the table and what is wrong with it.
 */
export async function requireTables(session: DuckDbSession): Promise<void> {
  const rows = await session.rows(
    `SELECT table_name, string_agg(column_name || ' ' || data_type, chr(10) ORDER BY column_index) AS columns_text
     FROM duckdb_columns() WHERE table_oid IN (SELECT table_oid FROM duckdb_tables()) GROUP BY table_name`,
  );
  const found = new Map(rows.map((row) => [text(row, "table_name"), text(row, "columns_text").split("\n")]));
  for (const [table, expected] of Object.entries(TABLE_COLUMNS)) {
    const columns = found.get(table);
    if (columns === undefined) throw session.damaged(`table '${table}' is gone`);
    requireColumns(session, table, { columns, expected });
  }
  for (const [table, columns] of found) {
    if (!table.startsWith("features_")) continue;
    const floats = columns.slice(FEATURE_KEYS.length).map((column) => column.replace(/ \S+$/, " FLOAT"));
    requireColumns(session, table, { columns, expected: [...FEATURE_KEYS, ...floats] });
  }
}

function requireColumns(
  session: DuckDbSession,
  table: string,
  { columns, expected }: { readonly columns: readonly string[]; readonly expected: readonly string[] },
): void {
  const at = expected.findIndex((column, i) => column !== columns[i]);
  if (at < 0 && columns.length === expected.length) return;
  const place = at < 0 ? expected.length : at;
  const wanted = expected[place] === undefined ? "should end" : `should be '${expected[place]}'`;
  const seen = columns[place] === undefined ? "it ends" : `it is '${columns[place]}'`;
  throw session.damaged(`column ${place + 1} of table '${table}' ${wanted}, and ${seen}`);
}
