import { DomainError, MINUTE_MS, parseDuration, parseInstant, type TimeRange, toIso } from "../../core/mod.ts";

/** Decision times that are asked for: what can be told of them without the store. */
export type ReplayRequest =
  | { readonly startMs: number; readonly endMs: number | undefined }
  | { readonly backMs: number; readonly endMs: number | undefined };

/** What of a request can be replayed. */
export interface ReplayableRange {
  /** Decision times `[startMs, endMs)`, whole minutes. */
  readonly range: TimeRange;
  /** What was asked for, where the store has only a part of it. */
  readonly cutFrom?: TimeRange;
}

/**
 * Reads `START/END`, `START/`, `P7D/END` or `P7D` into whole minutes. Decision times lie in `[START, END)`, and a duration
 * counts back from the end: N minutes are N decisions.
 *
 * @throws {DomainError} `usage` for what is no range.
 */
export function parseReplayRange(text: string): ReplayRequest {
  const [start = "", end = "", ...more] = text.split("/");
  if (start === "" || more.length > 0) throw noRange(text);
  const endMs = end === "" ? undefined : wholeMinute(parseInstant(end, "--replay"));
  const backMs = parseDuration(start);
  if (backMs !== undefined) return { backMs, endMs };
  const startMs = wholeMinute(parseInstant(start, "--replay"));
  if (endMs !== undefined && startMs >= endMs) throw noRange(text);
  return { startMs, endMs };
}

/**
 * The part of a request that the store has candles for. An end that is left out is that of the newest candle.
 *
 * @param known the candles that the store has: open time of the first, end of the last.
 * @throws {DomainError} `not-found` where the store has no candle in it.
 */
export function replayableRange(request: ReplayRequest, known: TimeRange): ReplayableRange {
  const endMs = request.endMs ?? known.endMs;
  const startMs = "backMs" in request ? endMs - request.backMs : request.startMs;
  // A decision is made as its candle closes: none at the start of the first, one at the end of the newest.
  const first = known.startMs + MINUTE_MS, end = known.endMs + MINUTE_MS;
  const range = { startMs: Math.max(startMs, first), endMs: Math.min(endMs, end) };
  if (range.startMs >= range.endMs) {
    const asked = startMs < endMs ? `${toIso(startMs)} to ${toIso(endMs)}` : `from ${toIso(startMs)} on`;
    throw new DomainError(
      "not-found",
      `Cannot replay ${asked} as the store has candles from ${toIso(known.startMs)} to ${toIso(known.endMs)}`,
      { hint: "Choose a range within it, or bring the candles in with: task ingest -- --since DATE" },
    );
  }
  const isCut = startMs < known.startMs || endMs > end;
  return { range, ...(isCut ? { cutFrom: { startMs, endMs } } : {}) };
}

function wholeMinute(ms: number): number {
  return Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
}

function noRange(text: string): DomainError {
  return new DomainError("usage", `Cannot read --replay as it is no range: current value is '${text}'`, {
    hint: "Write START/END such as 2024-01-01/2024-01-31, or P7D for the newest seven days",
  });
}
