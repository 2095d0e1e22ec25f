import {
  CANDLE_FIELDS,
  type CandleBatch,
  type CandleColumns,
  type CandleSource,
  type CandleWins,
  DAY_MS,
  type DayDigest,
  lowerBound,
  type SeriesId,
  type TimeRange,
  toIsoDay,
  type WriteSummary,
} from "../../core/mod.ts";
import { absentTimes, compareCandles, pickCandles } from "../compare_candles.ts";
import { digestDays } from "../day_digest.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { IN_RANGE, loadCandles, queryValues, storedDayDigests } from "./candle_table.ts";
import { appendCandles, CANDLE_COLUMNS, type ChunkAppender, createCandleAppender } from "./columns.ts";
import { appendRevisions, type Difference } from "./revision_table.ts";
import { appendRows, number, OF_SERIES, seriesValues, text } from "./rows.ts";

/** What {@linkcode writeCandles} goes by. */
export interface WriteCandlesOptions {
  readonly wins: CandleWins;
  /** When a difference is first seen. */
  readonly nowMs: number;
}

/** Writes batches inside the transaction at hand and keeps `day_digests` true; the caller commits. */
export async function writeCandles(
  session: DuckDbSession,
  series: SeriesId,
  batches: readonly CandleBatch[],
  options: WriteCandlesOptions,
): Promise<WriteSummary> {
  const filled = batches.filter(({ columns, covers }) => columns.length > 0 || covers !== undefined);
  if (filled.length === 0) return { added: 0, revised: 0, kept: 0 };
  const span = spanOf(filled);
  const known = new Set((await storedDayDigests(session, series, span)).map(({ day }) => day));
  const writer = new BatchWriter(session, series, known, options);
  try {
    for (const batch of filled) await writer.write(batch);
  } finally {
    writer.closeAppender();
  }
  await writer.writeDigests();
  return writer.summary;
}

class BatchWriter {
  readonly summary = { added: 0, revised: 0, kept: 0 };
  readonly #session: DuckDbSession;
  readonly #series: SeriesId;
  readonly #known: ReadonlySet<string>;
  readonly #options: WriteCandlesOptions;
  /** Days written to, with their digest where the batch at hand was the whole day. */
  readonly #days = new Map<string, DayDigest | undefined>();
  #appender: { readonly source: CandleSource; readonly appender: ChunkAppender } | undefined;

  constructor(session: DuckDbSession, series: SeriesId, known: ReadonlySet<string>, options: WriteCandlesOptions) {
    this.#session = session;
    this.#series = series;
    this.#known = known;
    this.#options = options;
  }

  async write(batch: CandleBatch): Promise<void> {
    const { columns, source } = batch;
    requireAscending(columns);
    const digests = digestDays(columns);
    if (batch.covers !== undefined || digests.some(({ day }) => this.#known.has(day) || this.#days.has(day))) {
      await this.#merge(batch);
      return;
    }
    // No stored row can share a day with these, so none can share a minute.
    appendCandles(await this.#appenderFor(source), columns);
    this.summary.added += columns.length;
    for (const digest of digests) this.#days.set(digest.day, digest);
  }

  closeAppender(): void {
    this.#appender?.appender[Symbol.dispose]();
    this.#appender = undefined;
  }

  async writeDigests(): Promise<void> {
    const digests: DayDigest[] = [];
    for (const [day, digest] of this.#days) {
      if (digest !== undefined) digests.push(digest);
      else {
        const startMs = Date.parse(day);
        const range = { startMs, endMs: startMs + DAY_MS };
        digests.push(...digestDays(await loadCandles(this.#session, { ...this.#series, range })));
      }
    }
    const days = digests.filter(({ day }) => this.#known.has(day)).map(({ day }) => day);
    if (days.length > 0) {
      await this.#session.run(
        `DELETE FROM day_digests WHERE ${OF_SERIES} AND "day" IN (${days.map(() => "?::DATE").join(", ")})`,
        [...seriesValues(this.#series), ...days],
      );
    }
    const { DuckDBDateValue } = this.#session.api;
    await appendRows(
      this.#session,
      "day_digests",
      digests.map(({ day, rows, sha256 }) => [
        ...seriesValues(this.#series),
        new DuckDBDateValue(Date.parse(day) / DAY_MS),
        rows,
        sha256,
      ]),
    );
  }

  /** Beside stored rows: adds what is new, and settles and records what differs. */
  async #merge(batch: CandleBatch): Promise<void> {
    const { columns, source } = batch;
    this.closeAppender(); // rows of this transaction become visible
    const stored = await loadCandles(this.#session, { ...this.#series, range: spanOf([batch]) });
    const { fresh, changed } = compareCandles(stored, columns);
    const absent = batch.covers === undefined ? [] : absentTimes(stored, columns, batch.covers);
    if (fresh.length > 0) appendCandles(await this.#appenderFor(source), fresh);
    this.#touch(fresh);
    this.summary.added += fresh.length;
    if (changed.length + absent.length === 0) return;
    this.closeAppender();
    const sources = await this.#sourcesAt([...changed.openTimeMs, ...absent]);
    const isReplaced = (ms: number) => this.#options.wins(sources.get(ms)!, source);
    const differences = [
      ...valueDifferences(stored, changed, (ms) => ({ oldSource: sources.get(ms)!, applied: isReplaced(ms) })),
      ...absent.map((openTimeMs): Difference => ({
        openTimeMs,
        column: "open_time",
        oldValue: openTimeMs,
        newValue: null,
        oldSource: sources.get(openTimeMs)!,
        applied: false,
      })),
    ];
    await appendRevisions(this.#session, this.#series, source, differences, this.#options.nowMs);
    const rows = Array.from(changed.openTimeMs, (_, row) => row);
    const replaced = pickCandles(changed, rows.filter((row) => isReplaced(changed.openTimeMs[row]!)));
    if (replaced.length > 0) await this.#overwrite(replaced, source);
    this.#touch(replaced);
    this.summary.revised += replaced.length;
    this.summary.kept += changed.length - replaced.length + absent.length;
  }

  #touch({ openTimeMs }: CandleColumns): void {
    for (const ms of openTimeMs) this.#days.set(toIsoDay(ms), undefined);
  }

  async #sourcesAt(times: readonly number[]): Promise<Map<number, CandleSource>> {
    const range = { startMs: Math.min(...times), endMs: Math.max(...times) + 1 };
    const rows = await this.#session.rows(
      `SELECT epoch_ms(open_time) AS ms, source FROM candles WHERE ${IN_RANGE}`,
      queryValues(this.#session, { ...this.#series, range }),
    );
    return new Map(rows.map((row) => [number(row, "ms"), text(row, "source") as CandleSource]));
  }

  async #overwrite(changed: CandleColumns, source: CandleSource): Promise<void> {
    await this.#session.run("CREATE OR REPLACE TEMP TABLE revised_candles AS FROM candles LIMIT 0");
    {
      using appender = await createCandleAppender(this.#session, "revised_candles", this.#series, source);
      appendCandles(appender, changed);
    }
    const columns = [...Object.values(CANDLE_COLUMNS), "source"].filter((name) => name !== "open_time");
    await this.#session.run(
      `UPDATE candles SET ${columns.map((name) => `${name} = r.${name}`).join(", ")} FROM revised_candles r
       WHERE candles.exchange = r.exchange AND candles.symbol = r.symbol AND candles."interval" = r."interval"
         AND candles.open_time = r.open_time`,
    );
    await this.#session.run("DROP TABLE revised_candles");
  }

  async #appenderFor(source: CandleSource): Promise<ChunkAppender> {
    if (this.#appender?.source !== source) {
      this.closeAppender();
      const appender = await createCandleAppender(this.#session, "candles", this.#series, source);
      this.#appender = { source, appender };
    }
    return this.#appender!.appender;
  }
}

function* valueDifferences(
  stored: CandleColumns,
  changed: CandleColumns,
  settled: (openTimeMs: number) => Pick<Difference, "oldSource" | "applied">,
): Generator<Difference> {
  const known = (value: number) => Number.isNaN(value) ? null : value;
  for (let row = 0; row < changed.length; row++) {
    const openTimeMs = changed.openTimeMs[row]!;
    const at = lowerBound(stored.openTimeMs, openTimeMs);
    for (const field of CANDLE_FIELDS) {
      const before = stored[field][at]!, after = changed[field][row]!;
      if (Object.is(before, after)) continue;
      yield {
        openTimeMs,
        column: CANDLE_COLUMNS[field],
        oldValue: known(before),
        newValue: known(after),
        ...settled(openTimeMs),
      };
    }
  }
}

function spanOf(batches: readonly CandleBatch[]): TimeRange {
  let startMs = Infinity, endMs = -Infinity;
  for (const { columns, covers } of batches) {
    if (covers !== undefined) {
      startMs = Math.min(startMs, covers.startMs);
      endMs = Math.max(endMs, covers.endMs);
    }
    if (columns.length === 0) continue;
    startMs = Math.min(startMs, columns.openTimeMs[0]!);
    endMs = Math.max(endMs, columns.openTimeMs[columns.length - 1]! + 1);
  }
  return { startMs, endMs };
}

function requireAscending({ openTimeMs, length }: CandleColumns): void {
  for (let i = 1; i < length; i++) {
    if (!(openTimeMs[i]! > openTimeMs[i - 1]!)) {
      throw new RangeError(
        `Cannot write candles as their open times must ascend: row ${i} opens at ${openTimeMs[i]} after ${
          openTimeMs[i - 1]
        }`,
      );
    }
  }
}
