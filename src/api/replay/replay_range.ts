import { DomainError, MINUTE_MS, parseDuration, parseInstant, type TimeRange, toIso } from "../../core/mod.ts";

/**
 * Reads `START/END`, `START/`, `P7D/END` or `P7D` into whole minutes; a duration counts back from the end, which is the
 * newest candle's where it is left out. Decision times lie in `[START, END)`.
 *
 * @param known the candles that the store has: open time of the first, end of the last.
 * @throws {DomainError} `usage` for what is no range, `not-found` where the store has no candle in it.
 */
export function parseReplayRange(text: string, known: TimeRange): TimeRange {
  const [start = "", end = "", ...more] = text.split("/");
  if (start === "" || more.length > 0) throw noRange(text);
  // The newest decision time is the end of the newest candle, which `END` excludes.
  const endMs = end === "" ? known.endMs + MINUTE_MS : wholeMinute(parseInstant(end, "--replay"));
  const backMs = parseDuration(start);
  const backFromMs = end === "" ? known.endMs : endMs;
  const startMs = wholeMinute(backMs === undefined ? parseInstant(start, "--replay") : backFromMs - backMs);
  if (startMs >= endMs) throw noRange(text);
  if (startMs > known.endMs || endMs <= known.startMs) {
    throw new DomainError(
      "not-found",
      `Cannot replay ${toIso(startMs)} to ${toIso(endMs)} as the store has candles from ${toIso(known.startMs)} to ${
        toIso(known.endMs)
      }`,
      { hint: "Choose a range within it, or bring the candles in with: task ingest -- --since DATE" },
    );
  }
  return { startMs: Math.max(startMs, known.startMs + MINUTE_MS), endMs: Math.min(endMs, known.endMs + MINUTE_MS) };
}

function wholeMinute(ms: number): number {
  return Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
}

function noRange(text: string): DomainError {
  return new DomainError("usage", `Cannot read --replay as it is no range: current value is '${text}'`, {
    hint: "Write START/END such as 2024-01-01/2024-01-31, or P7D for the newest seven days",
  });
}
