import {
  allocateCandles,
  type CallOptions,
  type CandleColumns,
  type CandlePage,
  type CandleQuery,
  type Clock,
  concatCandles,
  DomainError,
  type Exchange,
  type ExchangeInfo,
  INTERVAL_MS,
  isDomainError,
  lowerBound,
  nearestWord,
  type Random,
  type RequestTally,
  type RestPaging,
  type SeriesId,
  sliceCandles,
  type TimeRange,
  type Warning,
} from "../../core/mod.ts";
import { HostList } from "../http/host_list.ts";
import { HttpFailure } from "../http/http_failure.ts";
import { ccxtErrorKind, createUnifiedClient, exchangeNames, inScope, type UnifiedClient } from "./ccxt_client.ts";
import { parseUnifiedRows } from "./kline_rows.ts";

/** Options of {@linkcode UnifiedExchange}. */
export interface UnifiedExchangeOptions {
  /** Candles per request. */
  readonly pageRows: number;
  /** Tries of one request. */
  readonly attempts: number;
  /** How long past its close a candle counts as closed. */
  readonly closedMarginMs: number;
  /** Time source. */
  readonly clock: Clock;
  /** Dice of the backoff. */
  readonly random: Random;
}

/**
 * Any exchange of ccxt's through its unified calls, which give six of the eleven columns: quote volume, trade count
 * and takers' volumes are unknown. Paced by ccxt, one request at a time.
 */
export class UnifiedExchange implements Exchange {
  readonly id: string;
  readonly source = "exchange";
  readonly warnings: Warning[];
  readonly #client: UnifiedClient;
  readonly #options: UnifiedExchangeOptions;
  readonly #hosts: HostList;
  #offsetMs: number;
  #count = 0;

  /** Wraps a client; see {@linkcode openUnifiedExchange}. */
  constructor(client: UnifiedClient, options: UnifiedExchangeOptions) {
    this.id = client.id;
    this.#client = client;
    this.#options = options;
    this.#hosts = new HostList({ ...options, origins: [`https://${client.id}.invalid`] });
    this.#offsetMs = options.clock.nowMs() - options.clock.monotonicMs();
    this.warnings = [{
      code: "columns-missing",
      message: `${client.id} gives open, high, low, close and volume alone: quote volume, trade count and takers' ` +
        "volumes are stored as unknown",
    }];
  }

  /** See {@linkcode Exchange.serverNowMs}. */
  serverNowMs(): number {
    return this.#options.clock.monotonicMs() + this.#offsetMs;
  }

  /** See {@linkcode Exchange.paging}; one page after the other, as ccxt paces them. */
  get paging(): RestPaging {
    return { pageCandles: this.#options.pageRows, pageWeight: 0, inFlight: 1 };
  }

  /** See {@linkcode Exchange.tally}; these exchanges have no weight that is the same for all. */
  get tally(): RequestTally {
    return { count: this.#count, weight: this.#count, retries: this.#hosts.retries };
  }

  /** See {@linkcode Exchange.info}. */
  async info(symbols: readonly string[], options: CallOptions = {}): Promise<ExchangeInfo> {
    const markets = await this.#ask((client) => client.loadMarkets(), options);
    for (const symbol of symbols) {
      if (Object.hasOwn(markets, symbol)) continue;
      const meant = nearestWord(symbol, Object.keys(markets));
      throw new DomainError("symbol-unknown", `Cannot find symbol '${symbol}' on ${this.id}`, {
        ...(meant === undefined ? {} : { hint: `Did you mean '${meant}'?` }),
      });
    }
    const { clock } = this.#options;
    const told = this.#client.has["fetchTime"] === true
      ? await this.#ask((client) => client.fetchTime(), options)
      : undefined;
    const serverTimeMs = told ?? clock.nowMs();
    this.#offsetMs = serverTimeMs - clock.monotonicMs();
    return { serverTimeMs, symbols };
  }

  /** See {@linkcode Exchange.candles}. */
  async *candles(query: CandleQuery, options: CallOptions = {}): AsyncGenerator<CandlePage> {
    const stepMs = INTERVAL_MS[query.interval];
    this.#requireTimeframe(query);
    const pageMs = this.#options.pageRows * stepMs;
    for (let startMs = query.range.startMs; startMs < query.range.endMs; startMs += pageMs) {
      const range = { startMs, endMs: Math.min(startMs + pageMs, query.range.endMs) };
      let page: CandlePage;
      try {
        page = { range, columns: await this.#window(query, range, options) };
      } catch (error) {
        if (!isDomainError(error) || error.code !== "invariant-violated") throw error;
        page = { range, columns: allocateCandles(0), problem: error };
      }
      yield page;
    }
  }

  /** Not known: unified calls differ too much in what they do with a time before the first candle. */
  firstOpenTime(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Nothing is held open between calls. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** A window's closed candles; where fewer came than fit, the rest is asked for until nothing more comes. */
  async #window(query: CandleQuery, range: TimeRange, options: CallOptions): Promise<CandleColumns> {
    const stepMs = INTERVAL_MS[query.interval];
    const parts: CandleColumns[] = [];
    for (let fromMs = range.startMs; fromMs < range.endMs;) {
      const rows = await this.#rows(query, fromMs, Math.ceil((range.endMs - fromMs) / stepMs), options);
      const start = lowerBound(rows.openTimeMs, fromMs), end = lowerBound(rows.openTimeMs, range.endMs);
      if (start >= end) break;
      parts.push(sliceCandles(rows, start, end));
      fromMs = rows.openTimeMs[end - 1]! + stepMs;
      if (end < rows.length) break;
    }
    const columns = concatCandles(parts);
    const closedEndMs = this.serverNowMs() - this.#options.closedMarginMs;
    return sliceCandles(columns, 0, lowerBound(columns.openTimeMs, closedEndMs - stepMs + 1));
  }

  async #rows(query: CandleQuery, sinceMs: number, limit: number, options: CallOptions) {
    const answer = await this.#ask(
      (client) => client.fetchOHLCV(query.symbol, query.interval, sinceMs, limit),
      options,
    );
    return parseUnifiedRows(answer, INTERVAL_MS[query.interval], this.id);
  }

  #requireTimeframe({ interval }: SeriesId): void {
    const { timeframes } = this.#client;
    if (timeframes === undefined || Object.hasOwn(timeframes, interval)) return;
    throw new DomainError("usage", `Cannot ask ${this.id} for candles of ${interval}`, {
      hint: `It has ${Object.keys(timeframes).join(", ")}`,
    });
  }

  async #ask<T>(call: (client: UnifiedClient) => Promise<T>, options: CallOptions): Promise<T> {
    try {
      return await this.#hosts.request(async () => {
        this.#count++;
        try {
          return await inScope({ signal: options.signal }, () => call(this.#client));
        } catch (error) {
          if (await ccxtErrorKind(error) !== "network") throw error;
          throw new HttpFailure(`A request to ${this.id}`, { status: 0, cause: error });
        }
      }, options);
    } catch (error) {
      if (error instanceof HttpFailure) {
        throw new DomainError("exchange-refused", `${error.message}: ${error.body.slice(0, 200)}`, { cause: error });
      }
      const kind = await ccxtErrorKind(error);
      if (kind === undefined) throw error;
      const code = kind === "symbol" ? "symbol-unknown" : "exchange-refused";
      throw new DomainError(code, `Cannot ask ${this.id}: ${(error as Error).message.slice(0, 200)}`, { cause: error });
    }
  }
}

/**
 * Opens an exchange by ccxt's name.
 *
 * @throws {DomainError} `usage` naming the nearest exchange where there is none of that name.
 */
export async function openUnifiedExchange(
  id: string,
  options: UnifiedExchangeOptions & { readonly timeoutMs: number },
): Promise<UnifiedExchange> {
  const client = await createUnifiedClient(id, options);
  if (client !== undefined) return new UnifiedExchange(client, options);
  const meant = nearestWord(id, await exchangeNames());
  throw new DomainError("usage", `Cannot find an exchange named '${id}'`, {
    hint: meant === undefined ? "Names are those of ccxt, such as binance, kraken, okx" : `Did you mean '${meant}'?`,
  });
}
