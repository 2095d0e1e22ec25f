import { DomainError } from "../../core/mod.ts";
import type { DuckDbSession } from "../duckdb_session.ts";

const SERIES = `exchange VARCHAR NOT NULL, symbol VARCHAR NOT NULL, "interval" VARCHAR NOT NULL`;

/**
 * Sums of values with up to eight decimals, exact and in the same bits on every run: a plain `sum` depends on how
 * threads split the rows, and DuckDB's cast of a DECIMAL to DOUBLE is not always the nearest one, that of text is.
 */
const exactSum = (column: string) => `sum(${column}::DECIMAL(38,8))::VARCHAR::DOUBLE`;

const RESAMPLED = [["5m", 5, "5 minutes"], ["15m", 15, "15 minutes"], ["1h", 60, "1 hour"], ["4h", 240, "4 hours"], [
  "1d",
  1440,
  "1 day",
]] as const;

const resampledView = (name: string, minutes: number, width: string) => `
CREATE OR REPLACE VIEW candles_${name} AS
SELECT exchange, symbol, '${name}' AS "interval", time_bucket(INTERVAL '${width}', open_time) AS open_time,
       arg_min(open, open_time) AS open, max(high) AS high, min(low) AS low, arg_max(close, open_time) AS close,
       ${exactSum("volume")} AS volume, max(close_time) AS close_time, ${exactSum("quote_volume")} AS quote_volume,
       sum(trade_count)::BIGINT AS trade_count, ${exactSum("taker_buy_base_volume")} AS taker_buy_base_volume,
       ${exactSum("taker_buy_quote_volume")} AS taker_buy_quote_volume,
       count(*)::INTEGER AS minutes, count(*) = ${minutes} AS complete
FROM candles WHERE "interval" = '1m'
GROUP BY exchange, symbol, time_bucket(INTERVAL '${width}', open_time)`;

/** Statements by version; a version that has been released is never changed, only followed by the next. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    // No key index: it costs ten times the load time. Uniqueness is kept by the writer and checked.
    `CREATE TABLE candles (${SERIES}, open_time TIMESTAMP NOT NULL, open DOUBLE NOT NULL, high DOUBLE NOT NULL,
       low DOUBLE NOT NULL, close DOUBLE NOT NULL, volume DOUBLE NOT NULL, close_time TIMESTAMP NOT NULL,
       quote_volume DOUBLE, trade_count INTEGER, taker_buy_base_volume DOUBLE, taker_buy_quote_volume DOUBLE,
       source VARCHAR NOT NULL)`,
    `CREATE TABLE archive_files (${SERIES}, location VARCHAR NOT NULL, kind VARCHAR NOT NULL, expected_sha256 VARCHAR,
       actual_sha256 VARCHAR, verdict VARCHAR NOT NULL, bytes BIGINT NOT NULL, rows INTEGER NOT NULL,
       first_open_time TIMESTAMP, last_open_time TIMESTAMP, time_unit VARCHAR, has_header BOOLEAN,
       fetched_at TIMESTAMP NOT NULL)`,
    `CREATE TABLE gaps (${SERIES}, start_time TIMESTAMP NOT NULL, end_time TIMESTAMP NOT NULL, minutes INTEGER NOT NULL,
       cause VARCHAR NOT NULL, evidence VARCHAR NOT NULL, first_seen_at TIMESTAMP NOT NULL, closed_at TIMESTAMP)`,
    `CREATE TABLE candle_revisions (${SERIES}, open_time TIMESTAMP NOT NULL, column_name VARCHAR NOT NULL,
       old_value DOUBLE, new_value DOUBLE, old_source VARCHAR NOT NULL, new_source VARCHAR NOT NULL,
       seen_at TIMESTAMP NOT NULL)`,
    `CREATE TABLE day_digests (${SERIES}, "day" DATE NOT NULL, rows INTEGER NOT NULL, sha256 VARCHAR NOT NULL)`,
    `CREATE TABLE feature_sets (name VARCHAR NOT NULL, digest VARCHAR NOT NULL, definition JSON NOT NULL,
       code_version VARCHAR NOT NULL)`,
    `CREATE TABLE feature_days (name VARCHAR NOT NULL, ${SERIES}, "day" DATE NOT NULL, rows INTEGER NOT NULL,
       end_time TIMESTAMP NOT NULL, sha256 VARCHAR NOT NULL)`,
    `CREATE TABLE ingest_runs (id VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, ended_at TIMESTAMP,
       status VARCHAR NOT NULL, settings JSON NOT NULL, rows_added BIGINT NOT NULL, rows_revised BIGINT NOT NULL,
       dataset_digest VARCHAR)`,
    ...RESAMPLED.map(([name, minutes, width]) => resampledView(name, minutes, width)),
    `CREATE VIEW data_quality AS
     SELECT exchange, symbol, "interval", open_time::DATE AS "day", count(*) AS rows, 1440 - count(*) AS missing,
            count(*) - count(DISTINCT open_time) AS duplicates,
            count(*) FILTER (volume = 0) AS zero_volume,
            count(*) FILTER (close_time <> open_time + INTERVAL 59999 milliseconds) AS odd_close_time,
            count(*) FILTER (high < greatest(open, close) OR low > least(open, close)) AS broken_range,
            count(*) FILTER (source = 'rest') AS from_rest
     FROM candles WHERE "interval" = '1m' GROUP BY ALL`,
  ],
  // A difference may also be settled in favour of what is stored. By a copy, as DuckDB 1.5 wants to change a setting for
  // ALTER TABLE … ADD COLUMN, and settings are locked.
  [
    `CREATE TEMP TABLE revisions_before AS FROM candle_revisions`,
    `DROP TABLE candle_revisions`,
    `CREATE TABLE candle_revisions (${SERIES}, open_time TIMESTAMP NOT NULL, column_name VARCHAR NOT NULL,
       old_value DOUBLE, new_value DOUBLE, old_source VARCHAR NOT NULL, new_source VARCHAR NOT NULL,
       seen_at TIMESTAMP NOT NULL, applied BOOLEAN NOT NULL)`,
    `INSERT INTO candle_revisions SELECT *, true FROM revisions_before`,
    `DROP TABLE revisions_before`,
  ],
];

/**
 * Brings the schema up to date.
 *
 * @throws {DomainError} `input-invalid` where a newer version of the program wrote the store.
 */
export async function migrate(session: DuckDbSession, nowMs: number): Promise<void> {
  await session.run(
    "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL, applied_at TIMESTAMP NOT NULL)",
  );
  const applied = await schemaVersion(session);
  for (let version = applied; version < MIGRATIONS.length; version++) {
    await session.transaction(async () => {
      for (const statement of MIGRATIONS[version]!) await session.run(statement);
      await session.run("INSERT INTO schema_migrations VALUES (?, ?)", [version + 1, session.timestamp(nowMs)]);
    });
  }
}

/**
 * Checks that a store opened for reading has the schema that this program reads.
 *
 * @throws {DomainError} `input-invalid` where it is older or newer.
 */
export async function checkSchema(session: DuckDbSession): Promise<void> {
  const tables = await session.rows(
    "SELECT 1 AS one FROM information_schema.tables WHERE table_name = 'schema_migrations'",
  );
  const version = tables.length === 0 ? 0 : await schemaVersion(session);
  if (version === MIGRATIONS.length) return;
  throw new DomainError(
    "input-invalid",
    `Cannot read the feature store as its schema is version ${version}, not ${MIGRATIONS.length}`,
    { hint: "Bring it up to date with: task ingest" },
  );
}

async function schemaVersion(session: DuckDbSession): Promise<number> {
  const [row] = await session.rows("SELECT coalesce(max(version), 0) AS version FROM schema_migrations");
  const version = Number(row!["version"]);
  if (version > MIGRATIONS.length) {
    throw new DomainError(
      "input-invalid",
      `Cannot use the feature store as a newer program wrote it: its schema is version ${version}, known is ${MIGRATIONS.length}`,
      { hint: "Update the program, or move the store aside and ingest anew" },
    );
  }
  return version;
}
