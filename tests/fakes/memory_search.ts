import type { Clause, OrderBy } from "../../src/MLOps/search/clause.ts";
import { decodeOffset, encodeOffset } from "../../src/MLOps/search/page_token.ts";
import type { KeyValue, Page } from "../../src/core/mod.ts";

/** Lowers ASCII letters alone, as SQLite's `lower` does. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** SQL's LIKE, character by character: `%` is any text, `_` any one character. */
export function isLike(text: string, pattern: string): boolean {
  const letters = [...text], signs = [...pattern];
  const match = (i: number, j: number): boolean => {
    if (j === signs.length) return i === letters.length;
    if (signs[j] === "%") return match(i, j + 1) || (i < letters.length && match(i + 1, j));
    return i < letters.length && (signs[j] === "_" || signs[j] === letters[i]) && match(i + 1, j + 1);
  };
  return match(0, 0);
}

/** Whether a value fulfils a clause; a missing one (undefined) fulfils IS NULL alone. */
export function fulfils(value: string | number | undefined, clause: Clause): boolean {
  if (clause.comparator === "IS NULL") return value === undefined;
  if (clause.comparator === "IS NOT NULL") return value !== undefined;
  if (value === undefined) return false;
  const wanted = clause.value!;
  switch (clause.comparator) {
    case "=":
      return value === wanted;
    case "!=":
      return value !== wanted;
    case "<":
      return value < wanted;
    case "<=":
      return value <= wanted;
    case ">":
      return value > wanted;
    case ">=":
      return value >= wanted;
    case "LIKE":
      return isLike(String(value), String(wanted));
    case "ILIKE":
      return isLike(lowerAscii(String(value)), lowerAscii(String(wanted)));
    case "IN":
      return (wanted as readonly string[]).includes(String(value));
    case "NOT IN":
      return !(wanted as readonly string[]).includes(String(value));
  }
}

/** The value of a key in a list of pairs. */
export function valueOf(pairs: readonly KeyValue[], key: string): string | undefined {
  return pairs.find((pair) => pair.key === key)?.value;
}

/** Sorts by the orders given: missing values last in both directions, NaN before them. */
export function sortBy<T>(
  items: readonly T[],
  orders: readonly OrderBy[],
  valueFor: (item: T, order: OrderBy) => string | number | undefined,
): T[] {
  const rank = (value: string | number | undefined) => value === undefined ? 2 : Number.isNaN(value) ? 1 : 0;
  return [...items].sort((a, b) => {
    for (const order of orders) {
      const left = valueFor(a, order), right = valueFor(b, order);
      if (rank(left) !== rank(right)) return rank(left) - rank(right);
      if (rank(left) > 0 || left === right) continue;
      return (left! < right! ? -1 : 1) * (order.ascending ? 1 : -1);
    }
    return 0;
  });
}

/** A page of a list, with MLflow's tokens. */
export function pageOf<T>(items: readonly T[], maxResults: number, pageToken: string | undefined): Page<T> {
  const offset = decodeOffset(pageToken);
  const page = items.slice(offset, offset + maxResults);
  return offset + maxResults < items.length
    ? { items: page, nextPageToken: encodeOffset(offset + maxResults) }
    : { items: page };
}

/** Pairs of a map, by key. */
export function pairs(map: ReadonlyMap<string, string>): KeyValue[] {
  return [...map].map(([key, value]) => ({ key, value })).sort((a, b) => a.key < b.key ? -1 : 1);
}
