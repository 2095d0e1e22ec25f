import {
  allocateFeatures,
  type AllocateOptions,
  type ArchiveFileRecord,
  type Candle,
  CANDLE_FIELDS,
  candleAt,
  type CandleBatch,
  type CandleColumns,
  type CandleQuery,
  type CandleRevision,
  candlesFromRows,
  type CandleSource,
  type CandleWins,
  type DayDigest,
  DomainError,
  type FeatureDay,
  type FeatureMatrix,
  type FeatureSetRecord,
  type FeatureStore,
  type Gap,
  type IngestRunRecord,
  intersectRanges,
  type Interval,
  INTERVAL_MS,
  isEmptyRange,
  mergeRanges,
  type Outcomes,
  rangesFromGrid,
  type SeriesId,
  sliceCandles,
  type SourceSpan,
  type TimeRange,
  type WriteFeaturesOptions,
  type WriteSummary,
} from "../../src/core/mod.ts";
import { digestDataset, digestDays } from "../../src/feature_store/day_digest.ts";
import { CANDLE_COLUMNS } from "../../src/feature_store/tables/columns.ts";
import { reconcileGaps } from "../../src/feature_store/gap_reconcile.ts";

interface StoredSeries {
  readonly id: SeriesId;
  readonly candles: Map<number, { readonly candle: Candle; readonly source: CandleSource }>;
  readonly files: Map<string, ArchiveFileRecord>;
  readonly revisions: CandleRevision[];
  gaps: Gap[];
}

interface StoredFeatures {
  readonly set: FeatureSetRecord;
  readonly names: readonly string[];
  readonly rows: Map<string, Map<number, readonly number[]>>;
  readonly days: Map<string, Map<string, FeatureDay>>;
}

/** A feature store of maps: the plainest thing that keeps the port's promises. */
export class MemoryFeatureStore implements FeatureStore {
  readonly #series = new Map<string, StoredSeries>();
  readonly #features = new Map<string, StoredFeatures>();
  readonly #runs = new Map<string, IngestRunRecord>();

  series(): Promise<readonly SeriesId[]> {
    const found = [...this.#series.values()].filter(({ candles }) => candles.size > 0).map(({ id }) => id);
    return Promise.resolve(found.sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1));
  }

  span(series: SeriesId): Promise<TimeRange | undefined> {
    const times = this.#times(series);
    if (times.length === 0) return Promise.resolve(undefined);
    return Promise.resolve({ startMs: times[0]!, endMs: times.at(-1)! + INTERVAL_MS[series.interval] });
  }

  countCandles(query: CandleQuery): Promise<number> {
    return Promise.resolve(this.#columns(query).length);
  }

  coverage(series: SeriesId, range?: TimeRange): Promise<readonly TimeRange[]> {
    const spans = rangesFromGrid(this.#times(series), INTERVAL_MS[series.interval]);
    return Promise.resolve(
      mergeRanges(range === undefined ? spans : spans.map((span) => intersectRanges(span, range))),
    );
  }

  loadCandles(query: CandleQuery): Promise<CandleColumns> {
    return Promise.resolve(this.#columns(query));
  }

  async *scan(query: CandleQuery): AsyncIterable<CandleColumns> {
    const columns = this.#columns(query);
    for (let start = 0; start < columns.length; start += 65_536) {
      yield await Promise.resolve(sliceCandles(columns, start, start + 65_536));
    }
  }

  outcomes(series: SeriesId, decisionTimeMs: Float64Array, horizonCandles: number): Promise<Outcomes> {
    const { candles } = this.#of(series), step = INTERVAL_MS[series.interval];
    const moves = Array.from(decisionTimeMs, (ms) =>
      Array.from({ length: horizonCandles }, (_, i) => {
        const close = (place: number) => candles.get(ms + place * step)?.candle.close ?? NaN;
        return 1e4 * Math.log(close(i) / close(i - 1));
      }));
    const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
    return Promise.resolve({
      returnBps: Float64Array.from(moves, total),
      realizedVarianceBps2: Float64Array.from(moves, (row) => total(row.map((move) => move * move))),
    });
  }

  gaps(series: SeriesId, range: TimeRange, options: { readonly closed?: boolean } = {}): Promise<readonly Gap[]> {
    const { gaps } = this.#of(series);
    return Promise.resolve(
      gaps.filter((gap) => !isEmptyRange(intersectRanges(gap, range)))
        .filter((gap) => options.closed === true || gap.closedAtMs === undefined)
        .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs),
    );
  }

  dayDigests(query: CandleQuery): Promise<readonly DayDigest[]> {
    return Promise.resolve(digestDays(this.#columns(query)));
  }

  datasetDigest(query: CandleQuery): Promise<string> {
    return Promise.resolve(digestDataset(digestDays(this.#columns(query))));
  }

  archiveFiles(series: SeriesId): Promise<readonly ArchiveFileRecord[]> {
    return Promise.resolve([...this.#of(series).files.values()].sort((a, b) => a.location < b.location ? -1 : 1));
  }

  sourceCounts(query: CandleQuery): Promise<Readonly<Partial<Record<CandleSource, number>>>> {
    const counts: Partial<Record<CandleSource, number>> = {};
    for (const [ms, { source }] of this.#of(query).candles) {
      if (ms >= query.range.startMs && ms < query.range.endMs) counts[source] = (counts[source] ?? 0) + 1;
    }
    return Promise.resolve(counts);
  }

  sourceSpans(query: CandleQuery): Promise<readonly SourceSpan[]> {
    const { candles } = this.#of(query);
    const spans: { startMs: number; endMs: number; source: CandleSource; rows: number }[] = [];
    for (const ms of this.#columns(query).openTimeMs) {
      const { source } = candles.get(ms)!, last = spans.at(-1), endMs = ms + INTERVAL_MS[query.interval];
      if (last?.source === source) {
        last.endMs = endMs;
        last.rows++;
      } else spans.push({ startMs: ms, endMs, source, rows: 1 });
    }
    return Promise.resolve(spans);
  }

  revisions(query: CandleQuery): Promise<readonly CandleRevision[]> {
    const { startMs, endMs } = query.range;
    const key = ({ openTimeMs, column }: CandleRevision) => `${openTimeMs}/${column}`;
    return Promise.resolve(
      this.#of(query).revisions.filter(({ openTimeMs }) => openTimeMs >= startMs && openTimeMs < endMs)
        .sort((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.seenAtMs - b.seenAtMs),
    );
  }

  ingestRuns(limit: number): Promise<readonly IngestRunRecord[]> {
    const runs = [...this.#runs.values()].sort((a, b) => b.startedAtMs - a.startedAtMs || (a.id < b.id ? 1 : -1));
    return Promise.resolve(runs.slice(0, limit));
  }

  featureSpan(name: string, digest: string, series: SeriesId): Promise<TimeRange | undefined> {
    const stored = this.#features.get(name);
    const times = [...stored?.rows.get(keyOf(series))?.keys() ?? []].sort((a, b) => a - b);
    if (stored?.set.digest !== digest || times.length === 0) return Promise.resolve(undefined);
    return Promise.resolve({ startMs: times[0]!, endMs: times.at(-1)! + INTERVAL_MS[series.interval] });
  }

  featureDays(name: string, digest: string, series: SeriesId): Promise<readonly FeatureDay[]> {
    const stored = this.#features.get(name);
    if (stored?.set.digest !== digest) return Promise.resolve([]);
    const days = [...stored.days.get(keyOf(series))?.values() ?? []];
    return Promise.resolve(days.sort((a, b) => a.day < b.day ? -1 : 1));
  }

  loadFeatures(name: string, query: CandleQuery, options: AllocateOptions = {}): Promise<FeatureMatrix> {
    const stored = this.#features.get(name);
    if (stored === undefined) return Promise.reject(new DomainError("not-found", `Cannot find feature set '${name}'`));
    const rows = [...stored.rows.get(keyOf(query)) ?? []]
      .filter(([ms]) => ms >= query.range.startMs && ms < query.range.endMs).sort(([a], [b]) => a - b);
    const matrix = allocateFeatures(rows.length, stored.names, options);
    rows.forEach(([ms, values], row) => {
      matrix.decisionTimeMs[row] = ms;
      matrix.columns.forEach((column, k) => column[row] = values[k]!);
    });
    return Promise.resolve(matrix);
  }

  writeCandles(
    series: SeriesId,
    batches: readonly CandleBatch[],
    options: { readonly wins?: CandleWins } = {},
  ): Promise<WriteSummary> {
    const stored = this.#of(series);
    const summary = { added: 0, revised: 0, kept: 0 };
    for (const { columns, source, file, covers } of batches) {
      for (let i = 0; i < columns.length; i++) {
        const candle = candleAt(columns, i);
        const before = stored.candles.get(candle.openTimeMs);
        if (before === undefined) summary.added++;
        else {
          const fields = CANDLE_FIELDS.filter((field) => !Object.is(before.candle[field], candle[field]));
          if (fields.length === 0) continue;
          const applied = options.wins?.(before.source, source) ?? false;
          for (const field of fields) {
            const values = { oldValue: before.candle[field], newValue: candle[field] };
            this.#revise(stored, candle.openTimeMs, { column: CANDLE_COLUMNS[field], ...values, applied }, source);
          }
          summary[applied ? "revised" : "kept"]++;
          if (!applied) continue;
        }
        stored.candles.set(candle.openTimeMs, { candle, source });
      }
      const offered = new Set(columns.openTimeMs);
      for (const ms of covers === undefined ? [] : this.#columns({ ...series, range: covers }).openTimeMs) {
        if (offered.has(ms)) continue;
        summary.kept++;
        this.#revise(stored, ms, { column: "open_time", oldValue: ms, newValue: null, applied: false }, source);
      }
      if (file !== undefined) stored.files.set(file.location, file);
    }
    return Promise.resolve(summary);
  }

  #revise(
    stored: StoredSeries,
    openTimeMs: number,
    difference: Pick<CandleRevision, "column" | "oldValue" | "newValue" | "applied">,
    newSource: CandleSource,
  ): void {
    const { column, applied } = difference;
    const known = (value: number | null) => value === null || Number.isNaN(value) ? null : value;
    const oldValue = known(difference.oldValue), newValue = known(difference.newValue);
    const isSame = (other: CandleRevision) =>
      !other.applied && other.openTimeMs === openTimeMs && other.column === column && other.oldValue === oldValue &&
      other.newValue === newValue && other.newSource === newSource;
    if (!applied && stored.revisions.some(isSame)) return;
    const oldSource = stored.candles.get(openTimeMs)!.source;
    stored.revisions.push({ openTimeMs, column, oldValue, newValue, oldSource, newSource, applied, seenAtMs: 0 });
  }

  recordFiles(series: SeriesId, files: readonly ArchiveFileRecord[]): Promise<void> {
    for (const file of files) this.#of(series).files.set(file.location, file);
    return Promise.resolve();
  }

  replaceGaps(series: SeriesId, range: TimeRange, gaps: readonly Gap[], seenAtMs: number): Promise<void> {
    const stored = this.#of(series);
    const open = stored.gaps.filter(({ closedAtMs }) => closedAtMs === undefined);
    const { remove, add } = reconcileGaps(open, range, gaps, seenAtMs);
    stored.gaps = [...stored.gaps.filter((gap) => !remove.includes(gap)), ...add];
    return Promise.resolve();
  }

  recordIngestRun(run: IngestRunRecord): Promise<void> {
    this.#runs.set(run.id, run);
    return Promise.resolve();
  }

  writeFeatures(
    series: SeriesId,
    set: FeatureSetRecord,
    matrix: FeatureMatrix,
    options: WriteFeaturesOptions = {},
  ): Promise<void> {
    let stored = this.#features.get(set.name);
    if (stored?.set.digest !== set.digest) {
      stored = { set, names: matrix.names, rows: new Map(), days: new Map() };
      this.#features.set(set.name, stored);
    }
    const rows = stored.rows.get(keyOf(series)) ?? new Map<number, readonly number[]>();
    stored.rows.set(keyOf(series), rows);
    if (options.replace !== undefined) {
      const { startMs, endMs } = options.replace;
      for (const ms of rows.keys()) if (ms >= startMs && ms < endMs) rows.delete(ms);
    }
    for (let i = 0; i < matrix.length; i++) {
      rows.set(matrix.decisionTimeMs[i]!, matrix.columns.map((column) => column[i]!));
    }
    const days = stored.days.get(keyOf(series)) ?? new Map<string, FeatureDay>();
    stored.days.set(keyOf(series), days);
    for (const day of options.days ?? []) days.set(day.day, day);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #of(series: SeriesId): StoredSeries {
    const key = keyOf(series);
    let stored = this.#series.get(key);
    if (stored === undefined) {
      const { exchange, symbol, interval } = series;
      stored = { id: { exchange, symbol, interval }, candles: new Map(), files: new Map(), revisions: [], gaps: [] };
      this.#series.set(key, stored);
    }
    return stored;
  }

  #times(series: SeriesId): number[] {
    return [...this.#of(series).candles.keys()].sort((a, b) => a - b);
  }

  #columns(query: CandleQuery): CandleColumns {
    const { candles } = this.#of(query);
    const times = this.#times(query).filter((ms) => ms >= query.range.startMs && ms < query.range.endMs);
    return candlesFromRows(times.map((ms) => candles.get(ms)!.candle));
  }
}

function keyOf({ exchange, symbol, interval }: { exchange: string; symbol: string; interval: Interval }): string {
  return `${exchange}\0${symbol}\0${interval}`;
}
