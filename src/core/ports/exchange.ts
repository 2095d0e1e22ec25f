import type { CandleColumns, CandleQuery } from "../candle.ts";
import type { CallOptions } from "./clock.ts";

/** What an exchange says of itself before the first page is asked for. */
export interface ExchangeInfo {
  /** The exchange's clock when it answered, epoch milliseconds. */
  readonly serverTimeMs: number;
  /** Request weight allowed in a clock minute, or undefined where the exchange does not say. */
  readonly weightPerMinute?: number;
  /** Unified symbols that trade there. */
  readonly symbols: readonly string[];
}

/** Running count of what was asked of the exchange. */
export interface RequestTally {
  /** Requests sent. */
  readonly count: number;
  /** Request weight used. */
  readonly weight: number;
  /** Requests sent again after a failure. */
  readonly retries: number;
}

/** A source of closed candles over the network. */
export interface Exchange extends AsyncDisposable {
  /** Name as in {@linkcode SeriesId.exchange}. */
  readonly id: string;
  /** Limits, symbols and clock. @throws {DomainError} `exchange-unavailable`, `region-blocked`, `rate-limited`. */
  info(options?: CallOptions): Promise<ExchangeInfo>;
  /**
   * Closed candles of `query.range`, oldest first, a page at a time. A page may be empty. A candle that the
   * exchange's clock does not yet call closed is left out.
   *
   * @throws {DomainError} `symbol-unknown`, `exchange-unavailable`, `region-blocked`, `rate-limited`.
   */
  candles(query: CandleQuery, options?: CallOptions): AsyncIterable<CandleColumns>;
  /** First and last aggregate trade id in the range, or undefined where there was no trade or no such call. */
  tradeIds?(
    query: CandleQuery,
    options?: CallOptions,
  ): Promise<{ readonly first: number; readonly last: number } | undefined>;
  /** What was asked so far. */
  readonly tally: RequestTally;
}
