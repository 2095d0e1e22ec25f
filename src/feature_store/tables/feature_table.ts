import {
  allocateFeatures,
  type AllocateOptions,
  type CandleQuery,
  DAY_MS,
  DomainError,
  type FeatureDay,
  type FeatureMatrix,
  type FeatureSetRecord,
  INTERVAL_MS,
  lowerBound,
  type SeriesId,
  type TimeRange,
  type WriteFeaturesOptions,
} from "../../core/mod.ts";
import { chunksOf } from "./chunks.ts";
import {
  ChunkAppender,
  getFloats,
  getTimestamps,
  rawVector,
  setFloats,
  setTimestamps,
  VECTOR_ROWS,
} from "./columns.ts";
import { type DuckDbSession, quoteIdentifier } from "../duckdb_session.ts";
import { appendRows, millis, number, OF_SERIES, seriesValues, text } from "./rows.ts";
import { FEATURE_KEYS } from "./table_columns.ts";

const KEY_COLUMNS = FEATURE_KEYS.length;

type FeatureResult = Awaited<ReturnType<Awaited<ReturnType<DuckDbSession["connect"]>>["stream"]>>;

/** Writes rows of a feature set inside the transaction at hand; see the port. */
export async function writeFeatures(
  session: DuckDbSession,
  series: SeriesId,
  set: FeatureSetRecord,
  matrix: FeatureMatrix,
  options: WriteFeaturesOptions = {},
): Promise<void> {
  const table = tableName(set.name);
  await prepareTable(session, set, matrix.names);
  if (options.replace !== undefined) {
    const { startMs, endMs } = options.replace;
    await session.run(
      `DELETE FROM ${quoteIdentifier(table)} WHERE ${OF_SERIES} AND decision_time >= ? AND decision_time < ?`,
      [...seriesValues(series), session.timestamp(startMs), session.timestamp(endMs)],
    );
  }
  if (matrix.length > 0) {
    const { VARCHAR, TIMESTAMP, FLOAT } = session.api;
    const types = [VARCHAR, VARCHAR, VARCHAR, TIMESTAMP, ...matrix.names.map(() => FLOAT)];
    using appender = await ChunkAppender.create(session, table, types, {
      0: series.exchange,
      1: series.symbol,
      2: series.interval,
    });
    appender.append(matrix.length, (chunk, start, count) => {
      const times = rawVector<BigInt64Array>(chunk, 3);
      setTimestamps(times.items, matrix.decisionTimeMs, start, count);
      times.flush();
      matrix.columns.forEach((values, k) => setFloats(rawVector(chunk, KEY_COLUMNS + k), values, start, count));
    });
  }
  await writeDays(session, series, set.name, options.days ?? []);
}

/** Decision times `[first, last + interval)` of the set, where its digest is the one asked for. */
export async function featureSpan(
  session: DuckDbSession,
  name: string,
  digest: string,
  series: SeriesId,
): Promise<TimeRange | undefined> {
  if (!(await hasSet(session, name, digest))) return undefined;
  const [row] = await session.rows(
    `SELECT min(decision_time) AS first, max(decision_time) AS last
     FROM ${quoteIdentifier(tableName(name))} WHERE ${OF_SERIES}`,
    seriesValues(series),
  );
  if (row!["first"] === null) return undefined;
  return { startMs: millis(row!, "first"), endMs: millis(row!, "last") + INTERVAL_MS[series.interval] };
}

/** Ledger of days of a set, ascending. */
export async function featureDays(
  session: DuckDbSession,
  name: string,
  digest: string,
  series: SeriesId,
): Promise<FeatureDay[]> {
  if (!(await hasSet(session, name, digest))) return [];
  const rows = await session.rows(
    `SELECT "day"::VARCHAR AS day_text, rows, end_time, sha256 FROM feature_days
     WHERE name = ? AND ${OF_SERIES} ORDER BY "day"`,
    [name, ...seriesValues(series)],
  );
  return rows.map((row) => ({
    day: text(row, "day_text"),
    rows: number(row, "rows"),
    endMs: millis(row, "end_time"),
    sha256: text(row, "sha256"),
  }));
}

/** Rows of a set whose decision time lies in the range, ascending; see the port. */
export async function loadFeatures(
  session: DuckDbSession,
  name: string,
  query: CandleQuery,
  options: AllocateOptions = {},
): Promise<FeatureMatrix> {
  const table = tableName(name);
  const names = (await columnsOf(session, table)).slice(KEY_COLUMNS);
  if (names.length === 0) {
    throw new DomainError("not-found", `Cannot load features as the store has no set '${name}'`, {
      hint: "Materialise it with: task ingest",
    });
  }
  const from = `${quoteIdentifier(table)} WHERE ${OF_SERIES} AND decision_time >= ? AND decision_time < ?`;
  const { startMs, endMs } = query.range;
  const values = [...seriesValues(query), session.timestamp(startMs), session.timestamp(endMs)];
  const [found] = await session.rows(`SELECT count(*) AS n FROM ${from}`, values);
  const matrix = allocateFeatures(number(found!, "n"), names, options);
  const connection = await session.connect();
  try {
    const stream = (sql: string) => session.guard(() => connection.stream(sql, values));
    await readTimes(session, await stream(`SELECT decision_time FROM ${from} ORDER BY decision_time`), matrix);
    // In the order of the table and not sorted by DuckDB: wide rows would be in memory twice.
    const columns = names.map(quoteIdentifier).join(", ");
    await readRows(session, await stream(`SELECT decision_time, ${columns} FROM ${from}`), matrix);
  } finally {
    connection.closeSync();
  }
  return matrix;
}

async function readTimes(session: DuckDbSession, result: FeatureResult, matrix: FeatureMatrix): Promise<void> {
  let offset = 0;
  for await (const chunk of chunksOf(session, result, matrix.length)) {
    getTimestamps(rawVector<BigInt64Array>(chunk, 0).items, chunk.rowCount, matrix.decisionTimeMs, offset);
    offset += chunk.rowCount;
  }
}

/** Puts each row of a result where its decision time stands in the matrix. */
async function readRows(session: DuckDbSession, result: FeatureResult, matrix: FeatureMatrix): Promise<void> {
  const { decisionTimeMs, columns } = matrix;
  const times = new Float64Array(VECTOR_ROWS), values = new Float32Array(VECTOR_ROWS);
  for await (const chunk of chunksOf(session, result, matrix.length)) {
    const count = chunk.rowCount;
    getTimestamps(rawVector<BigInt64Array>(chunk, 0).items, count, times, 0);
    const rows = Int32Array.from(times.subarray(0, count), (ms) => lowerBound(decisionTimeMs, ms));
    const isRun = rows.every((row, i) => row === rows[0]! + i);
    columns.forEach((into, k) => {
      const vector = rawVector<Float32Array>(chunk, 1 + k);
      if (isRun) return getFloats(vector, count, into, rows[0]!);
      getFloats(vector, count, values, 0);
      for (let i = 0; i < count; i++) into[rows[i]!] = values[i]!;
    });
  }
}

function tableName(name: string): string {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(name)) {
    throw new RangeError(
      `Cannot use a feature set as its name must be snake_case of at most 41 characters: current value is '${name}'`,
    );
  }
  return `features_${name}`;
}

async function hasSet(session: DuckDbSession, name: string, digest: string): Promise<boolean> {
  tableName(name);
  const rows = await session.rows("SELECT 1 AS one FROM feature_sets WHERE name = ? AND digest = ?", [name, digest]);
  return rows.length > 0;
}

async function columnsOf(session: DuckDbSession, table: string): Promise<string[]> {
  const rows = await session.rows(
    "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position",
    [table],
  );
  return rows.map((row) => text(row, "column_name"));
}

async function prepareTable(session: DuckDbSession, set: FeatureSetRecord, names: readonly string[]): Promise<void> {
  if (await hasSet(session, set.name, set.digest)) return await requireNames(session, set.name, names);
  const table = quoteIdentifier(tableName(set.name));
  await session.run(`DROP TABLE IF EXISTS ${table}`);
  await session.run("DELETE FROM feature_sets WHERE name = ?", [set.name]);
  await session.run("DELETE FROM feature_days WHERE name = ?", [set.name]);
  const columns = names.map((name) => `${quoteIdentifier(name)} FLOAT`).join(", ");
  await session.run(
    `CREATE TABLE ${table} (exchange VARCHAR NOT NULL, symbol VARCHAR NOT NULL, "interval" VARCHAR NOT NULL,
       decision_time TIMESTAMP NOT NULL, ${columns})`,
  );
  await session.run("INSERT INTO feature_sets VALUES (?, ?, ?, ?)", [
    set.name,
    set.digest,
    set.definition,
    set.codeVersion,
  ]);
}

async function requireNames(session: DuckDbSession, name: string, names: readonly string[]): Promise<void> {
  const table = tableName(name), stored = (await columnsOf(session, table)).slice(KEY_COLUMNS);
  if (stored.join() !== names.join()) throw session.damaged(`table '${table}' has other columns than its set`);
}

async function writeDays(
  session: DuckDbSession,
  series: SeriesId,
  name: string,
  days: readonly FeatureDay[],
): Promise<void> {
  if (days.length === 0) return;
  await session.run(
    `DELETE FROM feature_days WHERE name = ? AND ${OF_SERIES} AND "day" IN (${days.map(() => "?::DATE").join(", ")})`,
    [name, ...seriesValues(series), ...days.map(({ day }) => day)],
  );
  const { DuckDBDateValue } = session.api;
  await appendRows(
    session,
    "feature_days",
    days.map(({ day, rows, endMs, sha256 }) => [
      name,
      ...seriesValues(series),
      new DuckDBDateValue(Date.parse(day) / DAY_MS),
      rows,
      session.timestamp(endMs),
      sha256,
    ]),
  );
}
