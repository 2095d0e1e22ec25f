import {
  type CandleColumns,
  concatCandles,
  DAY_MS,
  lowerBound,
  MINUTE_MS,
  type SeriesId,
  sliceCandles,
  type TimeRange,
} from "../../core/mod.ts";
import type { CandleFeed, FeedReader } from "../data/live_features.ts";

/** Candles read from the store at once. */
const CHUNK_MS = 14 * DAY_MS;
/** Further back than the look-back itself, as the service asks for whole hours. */
const SLACK_MS = 120 * MINUTE_MS;

/** Options of {@linkcode ReplayFeed}. */
export interface ReplayFeedOptions {
  /** Whose candles. */
  readonly series: SeriesId;
  /** Minutes before a decision time that are wanted. */
  readonly lookbackMinutes: number;
}

/**
 * The store as it was at a time of the past: candles that had not closed by then are not there. The real store is opened
 * for moments, a fortnight's candles at a time.
 */
export class ReplayFeed implements CandleFeed {
  readonly #store: CandleFeed;
  readonly #options: ReplayFeedOptions;
  #known: CandleColumns | undefined;
  #knownUntilMs = -Infinity;
  #nowMs = -Infinity;

  /** Shows nothing before {@linkcode reveal}. */
  constructor(store: CandleFeed, options: ReplayFeedOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** From now on the candles are there that closed by `nowMs`, which does not go back. */
  async reveal(nowMs: number): Promise<void> {
    if (nowMs > this.#knownUntilMs) {
      const lookbackMs = this.#options.lookbackMinutes * MINUTE_MS + SLACK_MS;
      const first = this.#known === undefined;
      const range = { startMs: first ? nowMs - lookbackMs : this.#knownUntilMs, endMs: nowMs + CHUNK_MS };
      const { series } = this.#options;
      const more = await this.#store.read((store) => store.loadCandles({ ...series, range }));
      const kept = first
        ? more
        : concatCandles([this.#within({ startMs: nowMs - lookbackMs, endMs: range.startMs }), more]);
      this.#known = kept;
      this.#knownUntilMs = range.endMs;
    }
    this.#nowMs = nowMs;
  }

  /** The newest candle that is there. */
  version(): Promise<string> {
    return Promise.resolve(String(this.#newest()));
  }

  /** Reads what is there. */
  read<T>(use: (store: FeedReader) => Promise<T>): Promise<T> {
    const reader: FeedReader = {
      span: () => {
        const newest = this.#newest();
        if (newest === undefined) return Promise.resolve(undefined);
        return Promise.resolve({ startMs: this.#known!.openTimeMs[0]!, endMs: newest + MINUTE_MS });
      },
      countCandles: ({ range }) => Promise.resolve(this.#visible(range).length),
      loadCandles: ({ range }) => Promise.resolve(this.#visible(range)),
    };
    return use(reader);
  }

  /** Candles of a range, those after the replayed time included; for what is reckoned afterwards. */
  #within({ startMs, endMs }: TimeRange): CandleColumns {
    const { openTimeMs } = this.#known!;
    return sliceCandles(this.#known!, lowerBound(openTimeMs, startMs), lowerBound(openTimeMs, endMs));
  }

  /** A candle closes a minute after it opens. */
  #visible({ startMs, endMs }: TimeRange): CandleColumns {
    return this.#within({ startMs, endMs: Math.min(endMs, this.#nowMs - MINUTE_MS + 1) });
  }

  #newest(): number | undefined {
    if (this.#known === undefined) return undefined;
    const at = lowerBound(this.#known.openTimeMs, this.#nowMs - MINUTE_MS + 1) - 1;
    return this.#known.openTimeMs[at];
  }
}
