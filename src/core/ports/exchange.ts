import type { CandleColumns, CandleQuery, CandleSource, SeriesId } from "../candle.ts";
import type { DomainError, Warning } from "../errors.ts";
import type { TimeRange } from "../time_range.ts";
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

/** Closed candles of a span, asked for in one request. */
export interface CandlePage {
  /** Open times that the request covered; a minute of it without a candle is one the exchange does not have. */
  readonly range: TimeRange;
  /** Its candles, ascending; may be empty. */
  readonly columns: CandleColumns;
  /** Why the answer could not be read as candles (`invariant-violated`); there are no candles then. */
  readonly problem?: DomainError;
}

/** How candles are asked for, page by page. */
export interface RestPaging {
  /** Candles of a page. */
  readonly pageCandles: number;
  /** Request weight of a page; 0 where the exchange counts none. */
  readonly pageWeight: number;
  /** Pages asked for at once. */
  readonly inFlight: number;
}

/** A trade by its place in the exchange's numbering. */
export interface TradeMark {
  /** Aggregate trade id; neighbours differ by one. */
  readonly id: number;
  /** When it was made, epoch milliseconds. */
  readonly timeMs: number;
}

/** A source of closed candles over the network. */
export interface Exchange extends AsyncDisposable {
  /** Name as in {@linkcode SeriesId.exchange}. */
  readonly id: string;
  /** How the store labels its candles: `rest` for Binance with all columns, `exchange` for others. */
  readonly source: CandleSource & ("rest" | "exchange");
  /**
   * Limits, clock and the symbols among `symbols` that trade there.
   *
   * @throws {DomainError} `symbol-unknown` naming the one it does not know, `exchange-unavailable`, `region-blocked`,
   * `rate-limited`.
   */
  info(symbols: readonly string[], options?: CallOptions): Promise<ExchangeInfo>;
  /**
   * Closed candles of `query.range`, oldest first, a page at a time. A candle that the exchange's clock does not yet
   * call closed is left out.
   *
   * @throws {DomainError} `symbol-unknown`, `exchange-unavailable`, `region-blocked`, `rate-limited`.
   */
  candles(query: CandleQuery, options?: CallOptions): AsyncIterable<CandlePage>;
  /** Open time of the first candle that the exchange has of the series, or undefined where it has none. */
  firstOpenTime(series: SeriesId, options?: CallOptions): Promise<number | undefined>;
  /**
   * The first trade at or after the end of the range and the one numbered before it: whether the range had trades at
   * all. Undefined where there is no such trade; the method is missing where the exchange has no such call.
   */
  tradesAround?(
    query: CandleQuery,
    options?: CallOptions,
  ): Promise<{ readonly before: TradeMark; readonly after: TradeMark } | undefined>;
  /** The exchange's clock by its last measurement, epoch milliseconds; the local clock before the first. */
  serverNowMs(): number;
  /** How its candles come, for estimates. */
  readonly paging: RestPaging;
  /** What was asked so far. */
  readonly tally: RequestTally;
  /** What a user should know of how it went: a host that refused, a column that is not given. */
  readonly warnings: readonly Warning[];
}
