import type { Database } from "./database.ts";

/** Triggers that refuse to change or delete a row of a table of our own. */
export function appendOnly(table: string): string[] {
  return ["UPDATE", "DELETE"].map((change) =>
    `CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table}
    BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END`
  );
}

/** Whether a table is there: those of our own are made when first needed. */
export function hasTable(db: Database, table: string): boolean {
  return db.get("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table) !== undefined;
}
