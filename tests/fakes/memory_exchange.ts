import {
  type CandleColumns,
  type CandlePage,
  type CandleQuery,
  type Clock,
  DomainError,
  type Exchange,
  type ExchangeInfo,
  INTERVAL_MS,
  type RequestTally,
  type SeriesId,
  type Warning,
} from "../../src/core/mod.ts";
import { within } from "./archive_files.ts";

/** An exchange in memory: candles by symbol, its own clock, and a failure where one is set. */
export class MemoryExchange implements Exchange {
  readonly id = "binance";
  readonly source = "rest";
  readonly paging = { pageCandles: 1000, pageWeight: 2, inFlight: 8 };
  readonly warnings: Warning[] = [];
  /** Spans that were asked for. */
  readonly asked: CandleQuery[] = [];
  /** Thrown by every call while it is set. */
  failure: DomainError | undefined;
  /** How far its clock is ahead of the local one. */
  skewMs = 0;
  #count = 0;
  readonly #markets: Readonly<Record<string, CandleColumns>>;
  readonly #clock: Clock;
  readonly #marginMs: number;

  constructor(markets: Readonly<Record<string, CandleColumns>>, clock: Clock, marginMs = 2_000) {
    this.#markets = markets;
    this.#clock = clock;
    this.#marginMs = marginMs;
  }

  serverNowMs(): number {
    return this.#clock.nowMs() + this.skewMs;
  }

  get tally(): RequestTally {
    return { count: this.#count, weight: this.#count * 2, retries: 0 };
  }

  info(symbols: readonly string[]): Promise<ExchangeInfo> {
    return this.#answer(() => {
      for (const symbol of symbols) this.#market(symbol);
      return { serverTimeMs: this.serverNowMs(), weightPerMinute: 6000, symbols };
    });
  }

  async *candles(query: CandleQuery): AsyncGenerator<CandlePage> {
    const stepMs = INTERVAL_MS[query.interval];
    for (let startMs = query.range.startMs; startMs < query.range.endMs; startMs += 1000 * stepMs) {
      const range = { startMs, endMs: Math.min(startMs + 1000 * stepMs, query.range.endMs) };
      yield await this.#answer(() => {
        this.asked.push({ ...query, range });
        const closedEndMs = this.serverNowMs() - this.#marginMs - stepMs + 1;
        const closed = { startMs: range.startMs, endMs: Math.min(range.endMs, Math.max(range.startMs, closedEndMs)) };
        return { range, columns: within(this.#market(query.symbol), closed) };
      });
    }
  }

  firstOpenTime(series: SeriesId): Promise<number | undefined> {
    return this.#answer(() => this.#market(series.symbol).openTimeMs[0]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #market(symbol: string): CandleColumns {
    const market = this.#markets[symbol.replace("/", "")];
    if (market === undefined) throw new DomainError("symbol-unknown", `Cannot find symbol '${symbol}'`);
    return market;
  }

  #answer<T>(work: () => T): Promise<T> {
    this.#count++;
    return new Promise((resolve) => {
      if (this.failure !== undefined) throw this.failure;
      resolve(work());
    });
  }
}
