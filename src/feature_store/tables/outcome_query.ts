import { INTERVAL_MS, type Outcomes, type SeriesId } from "../../core/mod.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { number, OF_SERIES, seriesValues } from "./rows.ts";

/** A decision's candles are those from the one before it to the end of its horizon: so many, or one is missing. */
const SQL = `
  WITH asked AS (
    SELECT unnest(string_split(?, ','))::BIGINT AS decision
  ), stored AS (
    SELECT epoch_ms(open_time) // ? AS place, "close" FROM candles WHERE ${OF_SERIES}
  ), steps AS (
    SELECT decision, place, "close", ln("close" / lag("close") OVER (PARTITION BY decision ORDER BY place)) AS step
    FROM asked JOIN stored ON place BETWEEN decision - 1 AND decision + ? - 1
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
  const rowOf = new Map(decisions.map((decision, row) => [decision, row]));
  const values = [decisions.join(","), length, ...seriesValues(series), horizonCandles, horizonCandles];
  for (const found of await session.rows(SQL, values)) {
    const row = rowOf.get(number(found, "decision"))!;
    returnBps[row] = number(found, "move");
    realizedVarianceBps2[row] = number(found, "variance");
  }
  return { returnBps, realizedVarianceBps2 };
}
