import {
  type CallOptions,
  type CandleColumns,
  DAY_MS,
  type DayDigest,
  type FeatureDay,
  type FeatureEngine,
  type FeatureMatrix,
  type FeatureReader,
  type FeatureStore,
  intersectRanges,
  INTERVAL_MS,
  isEmptyRange,
  lowerBound,
  mergeRanges,
  MINUTE_MS,
  type Progress,
  type SeriesId,
  SILENT_PROGRESS,
  startOfDay,
  type TimeRange,
  totalMs,
} from "../core/mod.ts";

/** Options of {@linkcode materializeFeatures}. */
export interface MaterializeOptions extends CallOptions {
  /** Version of the program, stored beside the set. */
  readonly codeVersion: string;
  /** Told of each chunk. @default SILENT_PROGRESS */
  readonly progress?: Progress;
  /** Days per chunk: memory against the look-back laid out twice. @default 42, half a row group of DuckDB */
  readonly chunkDays?: number;
}

/** What {@linkcode materializeFeatures} did. */
export interface MaterializeSummary {
  /** Rows written. */
  readonly rows: number;
  /** Decision times that were computed. */
  readonly computed: readonly TimeRange[];
}

/**
 * Brings `features_<name>` up to date with the candles: computes the decision times of new days and of the tail that
 * was appended to the newest one, and again those that look back on a candle that was revised or came late. Each
 * chunk is one transaction with its days' digests, so a run that was cut short goes on where it stopped. Nothing new
 * costs a few milliseconds.
 */
export async function materializeFeatures(
  store: FeatureStore,
  series: SeriesId,
  engine: FeatureEngine,
  options: MaterializeOptions,
): Promise<MaterializeSummary> {
  const { codeVersion, progress = SILENT_PROGRESS, chunkDays = 42, signal } = options;
  const span = await store.span(series);
  if (span === undefined) return { rows: 0, computed: [] };
  const stepMs = INTERVAL_MS[series.interval];
  const days = await store.dayDigests({ ...series, range: wholeDays(span) });
  const stale = await staleDecisions(store, series, engine, { days, span });
  const chunks = stale.flatMap((range) => chunksOf(range, chunkDays * DAY_MS, stepMs));
  const total = totalMs(stale) / stepMs;
  const byDay = new Map(days.map((day) => [day.day, day]));
  const set = { name: engine.name, digest: engine.digest, definition: engine.definition, codeVersion };
  let rows = 0, done = 0;
  for (const chunk of chunks) {
    signal?.throwIfAborted();
    const opens = { startMs: chunk.startMs - stepMs, endMs: chunk.endMs - stepMs };
    const lookBack = { startMs: opens.startMs - engine.lookbackMinutes * MINUTE_MS, endMs: opens.endMs };
    const columns = await store.loadCandles({ ...series, range: lookBack });
    const matrix = engine.compute(columns, { fromMs: chunk.startMs });
    requireRange(matrix, chunk, engine.name);
    const finished = finishedDays(columns, opens, byDay, stepMs);
    await store.writeFeatures(series, set, matrix, { replace: chunk, days: finished });
    rows += matrix.length;
    done += (chunk.endMs - chunk.startMs) / stepMs;
    progress.update({ stage: "features", done, total, unit: "minutes", note: engine.name });
  }
  return { rows, computed: stale };
}

/** What decides which rows of a set are up to date. */
export type FeatureSetIdentity = Pick<FeatureEngine, "name" | "digest" | "lookbackMinutes">;

/** Decision times whose rows are not in the store, or were computed from other candles than those stored now. */
export async function staleFeatures(
  reader: FeatureReader,
  series: SeriesId,
  engine: FeatureSetIdentity,
): Promise<readonly TimeRange[]> {
  const span = await reader.span(series);
  if (span === undefined) return [];
  const days = await reader.dayDigests({ ...series, range: wholeDays(span) });
  return await staleDecisions(reader, series, engine, { days, span });
}

async function staleDecisions(
  store: FeatureReader,
  series: SeriesId,
  engine: FeatureSetIdentity,
  { days, span }: { readonly days: readonly DayDigest[]; readonly span: TimeRange },
): Promise<TimeRange[]> {
  const stepMs = INTERVAL_MS[series.interval];
  const spillMs = engine.lookbackMinutes * MINUTE_MS;
  const known = new Map((await store.featureDays(engine.name, engine.digest, series)).map((day) => [day.day, day]));
  const stale: TimeRange[] = [];
  for (const { day, sha256, rows } of days) {
    const before = known.get(day);
    if (before?.sha256 === sha256) continue;
    const dayMs = Date.parse(day);
    const fromMs = before !== undefined && rows > before.rows && await isPrefix(store, series, before)
      ? before.endMs
      : dayMs;
    // A candle is looked back on by the decision times after it.
    stale.push({ startMs: fromMs + stepMs, endMs: dayMs + DAY_MS + stepMs + spillMs });
  }
  const all = { startMs: span.startMs + stepMs, endMs: span.endMs + stepMs };
  return mergeRanges(stale.map((range) => intersectRanges(range, all)).filter((range) => !isEmptyRange(range)));
}

/** Whether the candles that the day's rows were computed from are still the first of the day. */
async function isPrefix(store: FeatureReader, series: SeriesId, before: FeatureDay): Promise<boolean> {
  const range = { startMs: Date.parse(before.day), endMs: before.endMs };
  const [digest] = await store.dayDigests({ ...series, range });
  return digest?.sha256 === before.sha256;
}

/** Parts that end where the decision times of a day end, so that a day's rows and its digest are written together. */
function chunksOf(range: TimeRange, lengthMs: number, stepMs: number): TimeRange[] {
  const chunks: TimeRange[] = [];
  for (let startMs = range.startMs; startMs < range.endMs;) {
    const endMs = Math.min(range.endMs, startOfDay(startMs - stepMs) + lengthMs + stepMs);
    chunks.push({ startMs, endMs });
    startMs = endMs;
  }
  return chunks;
}

/** Days whose last candles lie in the chunk, with the digest that their rows now rest on. */
function finishedDays(
  columns: CandleColumns,
  opens: TimeRange,
  byDay: ReadonlyMap<string, DayDigest>,
  stepMs: number,
): FeatureDay[] {
  const finished: FeatureDay[] = [];
  for (const { day, rows, sha256 } of byDay.values()) {
    const dayMs = Date.parse(day);
    if (dayMs + DAY_MS <= opens.startMs || dayMs >= opens.endMs) continue;
    const end = lowerBound(columns.openTimeMs, dayMs + DAY_MS);
    const lastOpenMs = columns.openTimeMs[end - 1];
    if (lastOpenMs === undefined || lastOpenMs < dayMs) continue;
    finished.push({ day, rows, sha256, endMs: lastOpenMs + stepMs });
  }
  return finished;
}

function wholeDays({ startMs, endMs }: TimeRange): TimeRange {
  return { startMs: startOfDay(startMs), endMs: startOfDay(endMs + DAY_MS - 1) };
}

function requireRange({ decisionTimeMs, length }: FeatureMatrix, { startMs, endMs }: TimeRange, name: string): void {
  if (length === 0 || (decisionTimeMs[0]! >= startMs && decisionTimeMs[length - 1]! < endMs)) return;
  throw new RangeError(
    `Cannot store features as set '${name}' gave decision times from ${decisionTimeMs[0]} to ${
      decisionTimeMs[length - 1]
    }, outside [${startMs}, ${endMs})`,
  );
}
