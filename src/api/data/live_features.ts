import {
  type Candle,
  candleAt,
  type CandleColumns,
  type Clock,
  concatCandles,
  type FeatureReader,
  isDomainError,
  lowerBound,
  MINUTE_MS,
  type SeriesId,
  sliceCandles,
  type TimeRange,
} from "../../core/mod.ts";
import { type LiveEngine, LiveRows } from "./live_rows.ts";

/** What the service asks of an open store. */
export type FeedReader = Pick<FeatureReader, "span" | "loadCandles" | "countCandles">;

/** The store as the service sees it: closed but for moments, so that an ingest can write. */
export interface CandleFeed {
  /** Something that differs whenever the store may hold other candles; cheap, opens nothing. */
  version(): Promise<string>;
  /** Opens the store for the time of `use`. */
  read<T>(use: (store: FeedReader) => Promise<T>): Promise<T>;
}

/** The newest decision time and its features. */
export interface LiveRow {
  /** End of the newest closed candle, epoch milliseconds. */
  readonly decisionTimeMs: number;
  /** That candle. */
  readonly candle: Candle;
  /**
   * Raw features in the order of the feature set of this digest, NaN where missing; computed when first asked for.
   *
   * @throws {RangeError} on the digest of a set that is not computed here.
   */
  featuresOf(digest: string): Float32Array<ArrayBuffer>;
}

/** What a {@linkcode LiveFeatures} needs. */
export interface LiveFeaturesDeps {
  /** The store. */
  readonly feed: CandleFeed;
  /** Compute the features, as they did for training. */
  readonly engines: readonly LiveEngine[];
  /** Time. */
  readonly clock: Clock;
}

/** Settings of {@linkcode LiveFeatures}. */
export interface LiveFeaturesOptions {
  /** Whose candles. */
  readonly series: SeriesId;
  /** How often at most the store's file is looked at. */
  readonly checkMs: number;
  /** Told why the store gives no candles, once for each kind of reason, and with undefined once it does again. */
  readonly onState?: (reason: string | undefined) => void;
}

/** Hours are whole in the window, as features sum over UTC-aligned hours. */
const HOUR_MS = 3_600_000;
/** Newest minutes that every look reads again, as the exchange may revise them. */
const OVERLAP_MS = HOUR_MS;
/** How often the whole window is read again: until then a revision of an older candle goes unseen. */
const WHOLE_EVERY_MS = HOUR_MS;

/**
 * Features of the newest closed candle, computed anew only when the store has changed. The window kept in memory is
 * the engines' longest look-back, which determines a row to the bit; a look reads what is new and the last hour, and all of it
 * where older minutes came or went, and once an hour.
 */
export class LiveFeatures {
  readonly #deps: LiveFeaturesDeps;
  readonly #options: LiveFeaturesOptions;
  readonly #rows: ReadonlyMap<string, LiveRows>;
  #row: LiveRow | undefined;
  #window: CandleColumns | undefined;
  #wholeAtMs = -Infinity;
  /** Open time from which on the window holds all that the store had. */
  #windowStartMs = Infinity;
  #reason: string;
  /** What {@linkcode LiveFeatures.reason} became when the store was last read. */
  #settled = "";
  #told = "";
  #version: string | undefined;
  #checkedAtMs = -Infinity;
  #running: Promise<void> | undefined;

  /** Nothing is read before the first {@linkcode refresh}. */
  constructor(deps: LiveFeaturesDeps, options: LiveFeaturesOptions) {
    this.#deps = deps;
    this.#rows = new Map(deps.engines.map((engine) => [engine.digest, new LiveRows(engine)]));
    this.#options = options;
    this.#reason = "The feature store has not been read yet";
  }

  /** The newest row, or undefined while there is none. */
  get row(): LiveRow | undefined {
    return this.#row;
  }

  /** Candles of the newest look-back, ascending, which end with the row's. */
  get candles(): CandleColumns | undefined {
    return this.#window;
  }

  /** Why there is no row, or why the store could not be read just now; undefined where all is well. */
  get reason(): string | undefined {
    return this.#reason === "" ? undefined : this.#reason;
  }

  /**
   * Looks at the store where the last look is `checkMs` ago. A store that cannot be read leaves the row as it is, with
   * the reason. Calls that overlap share one look.
   */
  refresh(): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    const now = this.#deps.clock.monotonicMs();
    if (now - this.#checkedAtMs < this.#options.checkMs) return Promise.resolve();
    this.#checkedAtMs = now;
    return this.#running = this.#refresh().finally(() => this.#running = undefined);
  }

  async #refresh(): Promise<void> {
    try {
      // Taken before reading: what is written meanwhile is seen at the next look.
      const version = await this.#deps.feed.version();
      // A look that failed in between left its reason: the store is back as it was.
      if (version === this.#version) return this.#setReason(this.#settled);
      const row = await this.#read();
      this.#version = version;
      if (row === undefined) {
        const { exchange, symbol, interval } = this.#options.series;
        this.#settled = `The feature store holds no candles of ${symbol} ${interval} from ${exchange}`;
      } else this.#settled = "";
      this.#row = row;
      this.#setReason(this.#settled);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#setReason(reason, isDomainError(error) ? error.code : "error");
    }
  }

  /** The text of one kind differs from look to look, by how long a store has been held say. */
  #setReason(reason: string, kind = reason): void {
    this.#reason = reason;
    if (kind === this.#told) return;
    this.#told = kind;
    this.#options.onState?.(this.reason);
  }

  async #read(): Promise<LiveRow | undefined> {
    const { feed } = this.#deps;
    const candles = await feed.read((store) => this.#readWindow(store));
    this.#window = candles;
    if (candles === undefined || candles.length === 0) return undefined;
    const candle = candleAt(candles, candles.length - 1);
    const decisionTimeMs = candle.openTimeMs + MINUTE_MS;
    return { decisionTimeMs, candle, featuresOf: this.#rowsOf(candles) };
  }

  /** The row of each engine after the candles, computed once. */
  #rowsOf(candles: CandleColumns): LiveRow["featuresOf"] {
    const rows = new Map<string, Float32Array<ArrayBuffer>>();
    return (digest) => {
      const live = this.#rows.get(digest), row = rows.get(digest) ?? live?.newest(candles);
      if (row === undefined) throw new RangeError(`Cannot compute features of set '${digest}': it is unknown here`);
      rows.set(digest, row);
      return row;
    };
  }

  async #readWindow(store: FeedReader): Promise<CandleColumns | undefined> {
    const { series } = this.#options;
    const span = await store.span(series);
    if (span === undefined) return undefined;
    const lookback = Math.max(...this.#deps.engines.map(({ lookbackMinutes }) => lookbackMinutes));
    const wanted = span.endMs - (lookback + 1) * MINUTE_MS;
    const startMs = Math.floor(wanted / HOUR_MS) * HOUR_MS;
    const kept = await this.#stillValid(store, { startMs, endMs: span.endMs });
    if (kept !== undefined) {
      const fromMs = kept.openTimeMs[kept.length - 1]! + MINUTE_MS;
      return concatCandles([
        kept,
        await store.loadCandles({ ...series, range: { startMs: fromMs, endMs: span.endMs } }),
      ]);
    }
    this.#wholeAtMs = this.#deps.clock.monotonicMs();
    this.#windowStartMs = startMs;
    return await store.loadCandles({ ...series, range: { startMs, endMs: span.endMs } });
  }

  /** The part of the window before the overlap, where the store still has as many candles there. */
  async #stillValid(store: FeedReader, range: TimeRange): Promise<CandleColumns | undefined> {
    const window = this.#window;
    if (window === undefined || this.#deps.clock.monotonicMs() - this.#wholeAtMs >= WHOLE_EVERY_MS) return undefined;
    const overlapMs = window.openTimeMs[window.length - 1]! + MINUTE_MS - OVERLAP_MS;
    const from = lowerBound(window.openTimeMs, range.startMs), to = lowerBound(window.openTimeMs, overlapMs);
    if (to <= from || range.endMs <= overlapMs || range.startMs < this.#windowStartMs) return undefined;
    const kept = sliceCandles(window, from, to);
    const endMs = kept.openTimeMs[kept.length - 1]! + MINUTE_MS;
    const count = await store.countCandles({
      ...this.#options.series,
      range: { startMs: range.startMs, endMs },
    });
    return count === kept.length ? kept : undefined;
  }
}
