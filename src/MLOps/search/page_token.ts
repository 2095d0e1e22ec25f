import { invalid } from "../rules/entries.ts";

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
    if (JSON.stringify(found) !== JSON.stringify(wanted ?? null)) {
      throw invalid(
        `${key} in the page token does not match the requested ${key}. Expected: ${JSON.stringify(wanted)}. ` +
          `Found: ${JSON.stringify(found)}`,
      );
    }
  }
  const offset = value?.offset;
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) {
    throw invalid(`Invalid page token, parsed value=${JSON.stringify(value)}`);
  }
  return offset;
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
