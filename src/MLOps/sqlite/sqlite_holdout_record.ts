import { type HoldoutOpening, type HoldoutRecord, type OpenHoldoutOptions, requireUnopened } from "../../core/mod.ts";
import { appendOnly, hasTable } from "./append_only.ts";
import { Database, type DatabaseOptions, sqlitePath } from "./database.ts";

/** Beside MLflow's tables, which know and ask nothing of it; rows are only added. */
const TABLE = "sandbox_holdout_openings";

const STATEMENTS = [
  `CREATE TABLE ${TABLE} (opening_id INTEGER PRIMARY KEY, exchange VARCHAR(256) NOT NULL, symbol VARCHAR(256) NOT NULL,
    start_ms BIGINT NOT NULL, end_ms BIGINT NOT NULL, opened_at_ms BIGINT NOT NULL, run_uuid VARCHAR(32),
    user_id VARCHAR(256) NOT NULL, reason VARCHAR(8000))`,
  ...appendOnly(TABLE),
];

interface Row {
  readonly exchange: string;
  readonly symbol: string;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly opened_at_ms: number;
  readonly run_uuid: string | null;
  readonly user_id: string;
  readonly reason: string | null;
}

/** Openings of the holdout in a file of the form that runs are tracked in. */
export class SqliteHoldoutRecord implements HoldoutRecord {
  readonly #db: Database;

  private constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Opens `sqlite:///path`, or creates it as a tracker would.
   *
   * @throws {TrackingError} as `SqliteTracker.open`.
   */
  static async open(uri: string, options: DatabaseOptions = {}): Promise<SqliteHoldoutRecord> {
    return new SqliteHoldoutRecord(await Database.open(sqlitePath(uri), options));
  }

  openings(of: Pick<HoldoutOpening, "exchange" | "symbol">): Promise<readonly HoldoutOpening[]> {
    return this.#db.read(() => this.#openingsOf(of));
  }

  open(opening: HoldoutOpening, options: OpenHoldoutOptions = {}): Promise<void> {
    // In one transaction, so that two processes cannot both be the first.
    return this.#db.write(() => {
      requireUnopened(opening, this.#openingsOf(opening), options);
      if (!hasTable(this.#db, TABLE)) { for (const statement of STATEMENTS) this.#db.run(statement); }
      const { exchange, symbol, range, openedAtMs, runId, userId, reason } = opening;
      this.#db.run(
        `INSERT INTO ${TABLE} (exchange, symbol, start_ms, end_ms, opened_at_ms, run_uuid, user_id, reason)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[exchange, symbol, range.startMs, range.endMs, openedAtMs, runId, userId, reason],
      );
    });
  }

  #openingsOf({ exchange, symbol }: Pick<HoldoutOpening, "exchange" | "symbol">): HoldoutOpening[] {
    if (!hasTable(this.#db, TABLE)) return [];
    const sql = `SELECT * FROM ${TABLE} WHERE exchange = ? AND symbol = ? ORDER BY opening_id`;
    return this.#db.all<Row>(sql, exchange, symbol).map((row) => ({
      exchange: row.exchange,
      symbol: row.symbol,
      range: { startMs: row.start_ms, endMs: row.end_ms },
      openedAtMs: row.opened_at_ms,
      runId: row.run_uuid,
      userId: row.user_id,
      reason: row.reason,
    }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#db[Symbol.dispose]();
    return Promise.resolve();
  }
}
