import { DomainError } from "./errors.ts";
import { DAY_MS, MINUTE_MS } from "./interval.ts";

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(?:Z|\+00:00)?)?$/;
const DURATION = /^P(?:(\d+)W|(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?)?)$/;

/** ISO 8601 UTC with `Z`, without milliseconds where they are zero: `2024-01-31T12:00:00Z`. */
export function toIso(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** `YYYY-MM-DD` of the UTC day that holds `ms`. */
export function toIsoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Start of the UTC day that holds `ms`. */
export function startOfDay(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

/**
 * Reads `2024-01-31`, `2024-01-31T12:00Z` or `2024-01-31T12:00:30.5Z` (UTC) into epoch milliseconds.
 *
 * @throws {DomainError} `usage` where the text is no such date or names a day that does not exist.
 */
export function parseInstant(text: string, option = "date"): number {
  const match = INSTANT.exec(text);
  if (match !== null) {
    const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "0"] = match;
    const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, "0")}Z`;
    const ms = Date.parse(iso);
    // Date.parse rolls 2024-02-30 over to March; a day that moved did not exist.
    if (Number.isFinite(ms) && new Date(ms).toISOString() === iso) return ms;
  }
  throw new DomainError("usage", `Cannot read ${option} as it is no date that exists: current value is '${text}'`, {
    hint: "Write a UTC date such as 2024-01-31 or 2024-01-31T12:00Z, or a duration back from now such as P90D",
  });
}

/**
 * Reads an ISO duration of weeks, days, hours and minutes (`P90D`, `P1DT12H`, `PT30M`) into milliseconds.
 *
 * @returns undefined where the text is no such duration.
 */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null || text === "P") return undefined;
  const [, weeks = "0", days = "0", hours = "0", minutes = "0"] = match;
  const ms = Number(weeks) * 7 * DAY_MS + Number(days) * DAY_MS + Number(hours) * 60 * MINUTE_MS +
    Number(minutes) * MINUTE_MS;
  return ms > 0 ? ms : undefined;
}

/** Reads a date, or a duration back from `nowMs`, into epoch milliseconds; errors as {@linkcode parseInstant}. */
export function parseInstantOrDuration(text: string, nowMs: number, option = "date"): number {
  const duration = parseDuration(text);
  return duration === undefined ? parseInstant(text, option) : nowMs - duration;
}
