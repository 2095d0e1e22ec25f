import { INTERVAL_MS, type Outcomes, type SeriesId } from "../../core/mod.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { IN_RANGE, queryValues } from "./candle_table.ts";
import { number } from "./rows.ts";

/**
 * A decision's candles are those from the one before it to the end of its horizon: so many, or one is missing. One that is
 * asked for twice is looked up once: it would have twice as many.
 */
const SQL = `
  WITH asked AS (
    SELECT DISTINCT unnest(string_split(?, ','))::BIGINT AS decision
  ), wanted AS (
    SELECT decision, decision - 1 + unnest(range(?::BIGINT + 1)) AS place FROM asked
  ), stored AS (
    SELECT epoch_ms(open_time) // ? AS place, "close" FROM candles WHERE ${IN_RANGE}
  ), steps AS (
    SELECT decision, place, "close", ln("close" / lag("close") OVER (PARTITION BY decision ORDER BY place)) AS step
    FROM wanted JOIN stored USING (place)
  )
  SELECT decision, 1e4 * ln(arg_max("close", place) / arg_min("close", place)) AS move, 1e8 * sum(step * step) AS variance
  FROM steps GROUP BY decision HAVING count(*) = ? + 1`;

/** Outcomes of decision times; see the port. */
export async function queryOutcomes(
  session: DuckDbSession,
  series: SeriesId,
  decisionTimeMs: Float64Array,
  horizonCandles: number,
): Promise<Outcomes> {
  const length = INTERVAL_MS[series.interval], decisions = Array.from(decisionTimeMs, (ms) => ms / length);
  const returnBps = new Float64Array(decisions.length).fill(NaN);
  const realizedVarianceBps2 = new Float64Array(decisions.length).fill(NaN);
  if (decisions.length === 0) return { returnBps, realizedVarianceBps2 };
  const range = {
    startMs: decisionTimeMs.reduce((least, ms) => Math.min(least, ms), Infinity) - length,
    endMs: decisionTimeMs.reduce((most, ms) => Math.max(most, ms), -Infinity) + horizonCandles * length,
  };
  const candles = queryValues(session, { ...series, range });
  const values = [decisions.join(","), horizonCandles, length, ...candles, horizonCandles];
  const foundOf = new Map((await session.rows(SQL, values)).map((found) => [number(found, "decision"), found]));
  decisions.forEach((decision, row) => {
    const found = foundOf.get(decision);
    if (found === undefined) return;
    returnBps[row] = number(found, "move");
    realizedVarianceBps2[row] = number(found, "variance");
  });
  return { returnBps, realizedVarianceBps2 };
}
