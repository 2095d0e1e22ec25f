import { invalid } from "../rules/entries.ts";
import { pythonValue } from "../rules/text.ts";

/** An opaque token for the page that starts at `offset`; the bytes are MLflow's. */
export function encodeOffset(offset: number): string {
  return btoa(`{"offset": ${offset}}`);
}

/**
 * The offset that a page token stands for; 0 for none.
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE where no server of MLflow's kind made it.
 */
export function decodeOffset(token: string | undefined): number {
  if (token === undefined || token === "") return 0;
  const value = decodeToken(token);
  const offset = (value as { offset?: unknown } | null)?.offset;
  const number = typeof offset === "string" ? Number(offset) : offset;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 1) {
    throw invalid(`Invalid page token, parsed value=${JSON.stringify(value)}`);
  }
  return number;
}

/** A token that also holds the search it belongs to, so that it cannot be used with another. */
export function encodeSearchOffset(search: Readonly<Record<string, unknown>>, offset: number): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ ...search, offset }));
  return btoa(String.fromCharCode(...bytes));
}

/** The offset of a token made by {@linkcode encodeSearchOffset} for the same search. */
export function decodeSearchOffset(search: Readonly<Record<string, unknown>>, token: string | undefined): number {
  if (token === undefined || token === "") return 0;
  const value = decodeToken(token) as Record<string, unknown> | null;
  for (const [key, wanted] of Object.entries(search)) {
    const found = value?.[key] ?? null;
    if (JSON.stringify(found) === JSON.stringify(wanted ?? null)) continue;
    const [told, asked] = WORDS[key] ?? [`${key} in the page token does not`, key];
    throw invalid(
      `${told} match the requested ${asked}. Expected: ${shown(wanted)}. Found: ${shown(found)}`,
    );
  }
  const offset = value?.offset;
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) {
    throw invalid(`Invalid page token, parsed value=${JSON.stringify(value)}`);
  }
  return offset;
}

/** How MLflow calls the parts of a search. */
const WORDS: Readonly<Record<string, readonly [told: string, asked: string]>> = {
  experiment_ids: ["Experiment IDs in the page token do not", "experiment IDs"],
  filter_string: ["Filter string in the page token does not", "filter string"],
  order_by: ["Order by in the page token does not", "order by"],
};

function shown(value: unknown): string {
  return typeof value === "string" ? value : pythonValue(value);
}

function decodeToken(token: string): unknown {
  let bytes: Uint8Array;
  try {
    if (token.length % 4 !== 0) throw new TypeError("padding"); // Python insists on it, atob() does not
    bytes = Uint8Array.from(atob(token), (character) => character.charCodeAt(0));
  } catch {
    throw invalid("Invalid page token, could not base64-decode");
  }
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`Invalid page token, decoded value=${text}`);
  }
}
