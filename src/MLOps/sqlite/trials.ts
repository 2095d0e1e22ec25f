import type { KeyValue, TrialsOf } from "../../core/mod.ts";
import { appendOnly, hasTable } from "./append_only.ts";
import type { Database } from "./database.ts";

/**
 * A table of our own beside MLflow's, which knows and asks nothing of it: every run ever started with a symbol and a
 * horizon. Rows are only added, and refer to no other table, so that `mlflow gc` takes none away.
 */
const TABLE = "sandbox_trials";

/** Parameters that make a run a trial. */
const SYMBOL = "symbol", HORIZON = "horizon_minutes";

/** Runs that have both parameters, with their values. */
const TRIALS_OF_PARAMS = `SELECT s.run_uuid AS run_uuid, s.value AS symbol, h.value AS horizon_minutes
  FROM params s JOIN params h ON h.run_uuid = s.run_uuid AND h."key" = '${HORIZON}' WHERE s."key" = '${SYMBOL}'`;

const STATEMENTS = [
  `CREATE TABLE ${TABLE} (run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, symbol VARCHAR(8000) NOT NULL,
    horizon_minutes VARCHAR(8000) NOT NULL)`,
  ...appendOnly(TABLE),
  `INSERT INTO ${TABLE} ${TRIALS_OF_PARAMS}`,
];

/** Keeps that a run is a trial once it has both parameters; the table is made for the first one, of all that are there. */
export function recordTrial(db: Database, runId: string, params: readonly KeyValue[]): void {
  if (!params.some(({ key }) => key === SYMBOL || key === HORIZON)) return;
  if (!hasTable(db, TABLE)) { for (const statement of STATEMENTS) db.run(statement); }
  db.run(`INSERT OR IGNORE INTO ${TABLE} ${TRIALS_OF_PARAMS} AND s.run_uuid = ?`, runId);
}

/** Trials of a symbol and horizon: those of the table, and those that another program has written to the file. */
export function countTrials(db: Database, { symbol, horizonMinutes }: TrialsOf): number {
  const tables = [`(${TRIALS_OF_PARAMS})`, ...(hasTable(db, TABLE) ? [TABLE] : [])];
  const union = tables.map((table) => `SELECT run_uuid FROM ${table} WHERE symbol = ?1 AND horizon_minutes = ?2`);
  return db.get<{ count: number }>(
    `SELECT COUNT(*) AS count FROM (${union.join(" UNION ")})`,
    symbol,
    String(horizonMinutes),
  )!.count;
}
