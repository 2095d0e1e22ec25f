import type { CandleQuery, CandleRevision, CandleSource, SeriesId } from "../../core/mod.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { IN_RANGE, queryValues } from "./candle_table.ts";
import { appendRows, millis, seriesValues, text } from "./rows.ts";

/** A difference before it is known who offered it, and when. */
export type Difference = Omit<CandleRevision, "newSource" | "seenAtMs">;

/** Records differences; one that stayed without effect is recorded once, however often it is found again. */
export async function appendRevisions(
  session: DuckDbSession,
  series: SeriesId,
  newSource: CandleSource,
  differences: readonly Difference[],
  nowMs: number,
): Promise<void> {
  let startMs = Infinity, endMs = -Infinity;
  for (const { openTimeMs } of differences) {
    startMs = Math.min(startMs, openTimeMs);
    endMs = Math.max(endMs, openTimeMs + 1);
  }
  const known = new Set<string>();
  for (const revision of await readRevisions(session, { ...series, range: { startMs, endMs } })) {
    if (!revision.applied && revision.newSource === newSource) known.add(keyOf(revision));
  }
  await appendRows(
    session,
    "candle_revisions",
    differences.filter((difference) => difference.applied || !known.has(keyOf(difference))).map((difference) => [
      ...seriesValues(series),
      session.timestamp(difference.openTimeMs),
      difference.column,
      difference.oldValue,
      difference.newValue,
      difference.oldSource,
      newSource,
      session.timestamp(nowMs),
      difference.applied,
    ]),
  );
}

/** Recorded differences of a query, by open time, column and when they were seen. */
export async function readRevisions(session: DuckDbSession, query: CandleQuery): Promise<CandleRevision[]> {
  const rows = await session.rows(
    `SELECT * FROM candle_revisions WHERE ${IN_RANGE} ORDER BY open_time, column_name, seen_at, new_source`,
    queryValues(session, query),
  );
  const value = (cell: unknown) => cell === null ? null : Number(cell);
  return rows.map((row) => ({
    openTimeMs: millis(row, "open_time"),
    column: text(row, "column_name"),
    oldValue: value(row["old_value"]),
    newValue: value(row["new_value"]),
    oldSource: text(row, "old_source") as CandleSource,
    newSource: text(row, "new_source") as CandleSource,
    applied: row["applied"] === true,
    seenAtMs: millis(row, "seen_at"),
  }));
}

function keyOf({ openTimeMs, column, oldValue, newValue }: Difference): string {
  return `${openTimeMs}/${column}/${oldValue}/${newValue}`;
}
