import {
  type AllocateOptions,
  type ArchiveFileRecord,
  type CandleBatch,
  type CandleColumns,
  type CandleQuery,
  type CandleRevision,
  type CandleSource,
  type CandleWins,
  type Clock,
  DAY_MS,
  type DayDigest,
  type FeatureDay,
  type FeatureMatrix,
  type FeatureSetRecord,
  type FeatureStore,
  type Gap,
  type IngestRunRecord,
  type Interval,
  INTERVAL_MS,
  type Outcomes,
  type SeriesId,
  type SourceSpan,
  type TimeRange,
  type WriteFeaturesOptions,
  type WriteSummary,
} from "../core/mod.ts";
import { countCandles, loadCandles, readSourceSpans, scanCandles, storedDayDigests } from "./tables/candle_table.ts";
import { writeCandles } from "./tables/candle_writer.ts";
import { readRevisions } from "./tables/revision_table.ts";
import { coverageOf } from "./tables/coverage.ts";
import { queryOutcomes } from "./tables/outcome_query.ts";
import { digestDataset, digestDays } from "./day_digest.ts";
import { featureDays, featureSpan, loadFeatures, writeFeatures } from "./tables/feature_table.ts";
import {
  countSources,
  readArchiveFiles,
  readGaps,
  readIngestRuns,
  replaceGaps,
  writeArchiveFiles,
  writeIngestRun,
} from "./tables/ledger_tables.ts";
import { millis, OF_SERIES, seriesValues, text } from "./tables/rows.ts";
import { StoreHandle } from "./files/store_handle.ts";
import type { StoreMode } from "./files/store_path.ts";

/** Options of {@linkcode DuckDbFeatureStore.open}. */
export interface OpenStoreOptions {
  /** `read` shares the file with other readers, `write` has it alone. */
  readonly mode: StoreMode;
  /** Time source. */
  readonly clock: Clock;
  /** Name shown to whoever finds the store busy. @default "bitcoin-ml" */
  readonly command?: string;
  /** How long to wait for whoever holds the store. @default 2000 */
  readonly waitMs?: number;
  /** DuckDB's memory limit. @default "1GB" */
  readonly memoryLimit?: string;
  /** DuckDB's threads. @default 2 */
  readonly threads?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

const SCAN_ROWS = 65_536;

const NEVER: CandleWins = () => false;

/** The feature store in a DuckDB file; see the port for what each method promises. */
export class DuckDbFeatureStore implements FeatureStore {
  readonly #handle: StoreHandle;
  #open = true;

  private constructor(handle: StoreHandle) {
    this.#handle = handle;
  }

  /**
   * Opens the store at `path`, or an empty one in memory for `:memory:`. A writer creates the file and brings its
   * schema up to date. Stores of one process on one file share the instance.
   *
   * @throws {DomainError} `store-busy`, `store-damaged`, `not-found`, `permission-denied`, `input-invalid`.
   */
  static async open(path: string, options: OpenStoreOptions): Promise<DuckDbFeatureStore> {
    const handle = await StoreHandle.open(path, {
      mode: options.mode,
      clock: options.clock,
      command: options.command ?? "bitcoin-ml",
      waitMs: options.waitMs ?? 2_000,
      memoryLimit: options.memoryLimit ?? "1GB",
      threads: options.threads ?? 2,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return new DuckDbFeatureStore(handle);
  }

  series(): Promise<readonly SeriesId[]> {
    return this.#handle.exclusive(async (session) => {
      const rows = await session.rows(`SELECT DISTINCT exchange, symbol, "interval" FROM day_digests ORDER BY ALL`);
      return rows.map((row) => ({
        exchange: text(row, "exchange"),
        symbol: text(row, "symbol"),
        interval: text(row, "interval") as Interval,
      }));
    });
  }

  span(series: SeriesId): Promise<TimeRange | undefined> {
    return this.#handle.exclusive(async (session) => {
      const [row] = await session.rows(
        `SELECT min(open_time) AS first, max(open_time) AS last FROM candles WHERE ${OF_SERIES}`,
        seriesValues(series),
      );
      if (row!["first"] === null) return undefined;
      return { startMs: millis(row!, "first"), endMs: millis(row!, "last") + INTERVAL_MS[series.interval] };
    });
  }

  countCandles(query: CandleQuery): Promise<number> {
    return this.#handle.exclusive((session) => countCandles(session, query));
  }

  coverage(series: SeriesId, range?: TimeRange): Promise<readonly TimeRange[]> {
    return this.#handle.exclusive((session) => coverageOf(session, series, range));
  }

  loadCandles(query: CandleQuery, options: AllocateOptions = {}): Promise<CandleColumns> {
    return this.#handle.exclusive((session) => loadCandles(session, query, options));
  }

  scan(query: CandleQuery): AsyncIterable<CandleColumns> {
    return this.#handle.scan((session) => scanCandles(session, query, SCAN_ROWS));
  }

  outcomes(series: SeriesId, decisionTimeMs: Float64Array, horizonCandles: number): Promise<Outcomes> {
    return this.#handle.exclusive((session) => queryOutcomes(session, series, decisionTimeMs, horizonCandles));
  }

  gaps(series: SeriesId, range: TimeRange, options: { readonly closed?: boolean } = {}): Promise<readonly Gap[]> {
    return this.#handle.exclusive((session) => readGaps(session, series, range, options.closed ?? false));
  }

  dayDigests(query: CandleQuery): Promise<readonly DayDigest[]> {
    const { startMs, endMs } = query.range;
    return this.#handle.exclusive(async (session) => {
      const digests: DayDigest[] = [];
      for (const digest of await storedDayDigests(session, query, query.range)) {
        const dayMs = Date.parse(digest.day);
        if (dayMs >= startMs && dayMs + DAY_MS <= endMs) digests.push(digest);
        else {
          const range = { startMs: Math.max(dayMs, startMs), endMs: Math.min(dayMs + DAY_MS, endMs) };
          if (range.endMs > range.startMs) digests.push(...digestDays(await loadCandles(session, { ...query, range })));
        }
      }
      return digests;
    });
  }

  async datasetDigest(query: CandleQuery): Promise<string> {
    return digestDataset(await this.dayDigests(query));
  }

  archiveFiles(series: SeriesId): Promise<readonly ArchiveFileRecord[]> {
    return this.#handle.exclusive((session) => readArchiveFiles(session, series));
  }

  sourceCounts(query: CandleQuery): Promise<Readonly<Partial<Record<CandleSource, number>>>> {
    return this.#handle.exclusive((session) => countSources(session, query));
  }

  sourceSpans(query: CandleQuery): Promise<readonly SourceSpan[]> {
    return this.#handle.exclusive((session) => readSourceSpans(session, query));
  }

  revisions(query: CandleQuery): Promise<readonly CandleRevision[]> {
    return this.#handle.exclusive((session) => readRevisions(session, query));
  }

  ingestRuns(limit: number): Promise<readonly IngestRunRecord[]> {
    return this.#handle.exclusive((session) => readIngestRuns(session, limit));
  }

  featureSpan(name: string, digest: string, series: SeriesId): Promise<TimeRange | undefined> {
    return this.#handle.exclusive((session) => featureSpan(session, name, digest, series));
  }

  featureDays(name: string, digest: string, series: SeriesId): Promise<readonly FeatureDay[]> {
    return this.#handle.exclusive((session) => featureDays(session, name, digest, series));
  }

  loadFeatures(name: string, query: CandleQuery, options: AllocateOptions = {}): Promise<FeatureMatrix> {
    return this.#handle.exclusive((session) => loadFeatures(session, name, query, options));
  }

  writeCandles(
    series: SeriesId,
    batches: readonly CandleBatch[],
    options: { readonly wins?: CandleWins } = {},
  ): Promise<WriteSummary> {
    const nowMs = this.#handle.clock.nowMs();
    return this.#handle.write(async (session) => {
      const summary = await writeCandles(session, series, batches, { wins: options.wins ?? NEVER, nowMs });
      const files = batches.flatMap(({ file }) => file === undefined ? [] : [file]);
      if (files.length > 0) await writeArchiveFiles(session, series, files);
      return summary;
    });
  }

  recordFiles(series: SeriesId, files: readonly ArchiveFileRecord[]): Promise<void> {
    return this.#handle.write((session) => writeArchiveFiles(session, series, files));
  }

  replaceGaps(series: SeriesId, range: TimeRange, gaps: readonly Gap[], seenAtMs: number): Promise<void> {
    return this.#handle.write((session) => replaceGaps(session, series, range, gaps, seenAtMs));
  }

  recordIngestRun(run: IngestRunRecord): Promise<void> {
    return this.#handle.write((session) => writeIngestRun(session, run));
  }

  writeFeatures(
    series: SeriesId,
    set: FeatureSetRecord,
    matrix: FeatureMatrix,
    options: WriteFeaturesOptions = {},
  ): Promise<void> {
    return this.#handle.write((session) => writeFeatures(session, series, set, matrix, options));
  }

  /** Gives up this use; the last one of the process closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.release();
  }
}
