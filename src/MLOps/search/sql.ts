import type { SqlValue } from "../sqlite/database.ts";
import type { Clause } from "./clause.ts";

/** A piece of SQL with the values it binds, in order. */
export interface SqlPart {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/**
 * A clause's comparison of one SQL expression with its value. LIKE is case-sensitive by the connection's pragma; ILIKE
 * lowers both sides, ASCII letters only, as MLflow does on SQLite.
 */
export function compare(expression: string, { comparator, value }: Clause): SqlPart {
  switch (comparator) {
    case "IS NULL":
    case "IS NOT NULL":
      return { sql: `${expression} ${comparator}`, values: [] };
    case "IN":
    case "NOT IN":
      return among(expression, value as readonly string[], comparator);
    case "ILIKE":
      return { sql: `lower(${expression}) LIKE lower(?)`, values: [value as SqlValue] };
    default:
      return { sql: `${expression} ${comparator} ?`, values: [value as SqlValue] };
  }
}

/** Most values bound one by one: SQLite binds no more than 32,766 in a statement. */
const MAX_BOUND = 500;

/** Whether an SQL expression is among `values`, or is not, however many they are. */
export function among(expression: string, values: readonly SqlValue[], comparator: "IN" | "NOT IN" = "IN"): SqlPart {
  if (values.length <= MAX_BOUND) {
    return { sql: `${expression} ${comparator} (${placeholders(values.length)})`, values };
  }
  return {
    sql: `${expression} ${comparator} (SELECT value FROM json_each(?))`,
    // Ids of 18 digits are BigInts, which JSON.stringify() refuses; SQLite reads them from JSON in full.
    values: [`[${values.map((value) => typeof value === "bigint" ? value : JSON.stringify(value)).join()}]`],
  };
}

/** `?, ?, …`, `count` of them. */
export function placeholders(count: number): string {
  return Array(count).fill("?").join(", ");
}

/** Parts joined by AND; true where there are none. */
export function allOf(parts: readonly SqlPart[]): SqlPart {
  if (parts.length === 0) return { sql: "1", values: [] };
  return { sql: parts.map(({ sql }) => `(${sql})`).join(" AND "), values: parts.flatMap(({ values }) => values) };
}
