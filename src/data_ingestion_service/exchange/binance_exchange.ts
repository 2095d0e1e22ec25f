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
  isEmptyRange,
  lowerBound,
  type Random,
  type RequestTally,
  type RestPaging,
  type SeriesId,
  sliceCandles,
  type TimeRange,
  type TradeMark,
  type Warning,
} from "../../core/mod.ts";
import { symbolId } from "../archive/archive_layout.ts";
import { HostList } from "../http/host_list.ts";
import { HttpFailure } from "../http/http_failure.ts";
import { WeightPacer } from "../http/weight_pacer.ts";
import { mapOrdered } from "../ordered_pool.ts";
import { type BinanceClient, binanceCode, createBinanceClient, inScope } from "./ccxt_client.ts";
import { parseKlineRows } from "./kline_rows.ts";

/** Options of {@linkcode BinanceExchange}. */
export interface BinanceExchangeOptions {
  /** REST origins in order of preference. */
  readonly origins: readonly string[];
  /** Candles per request, at most 1000. */
  readonly pageRows: number;
  /** Requests at once. */
  readonly inFlight: number;
  /** How long one request may take. */
  readonly timeoutMs: number;
  /** Tries of one request, over all hosts. */
  readonly attempts: number;
  /** Share of the allowed weight to use. */
  readonly weightShare: number;
  /** How long past its close a candle counts as closed. */
  readonly closedMarginMs: number;
  /** Time source. */
  readonly clock: Clock;
  /** Dice of the backoff. */
  readonly random: Random;
  /** Told why nothing happens for a while. */
  readonly onWait?: (message: string) => void;
}

/** Request weights of Binance's spot API. */
const WEIGHT = { klines: 2, exchangeInfo: 20, time: 1, aggTrades: 4 } as const;
/** How long a measurement of the exchange's clock is gone by. */
const MEASURE_EVERY_MS = 10 * 60_000;
/** Weight a minute where the exchange does not say its limit: the lowest that Binance has had. */
const CAUTIOUS_WEIGHT = 1_200;
const UNKNOWN_SYMBOL = -1121;
const UNKNOWN_INTERVAL = -1120;

/** Binance's spot market over REST, with all eleven columns of its klines, through ccxt's implicit calls. */
export class BinanceExchange implements Exchange {
  readonly id = "binance";
  readonly source = "rest";
  readonly #options: BinanceExchangeOptions;
  readonly #hosts: HostList;
  readonly #pacer: WeightPacer;
  readonly #clients = new Map<string, Promise<BinanceClient>>();
  readonly #closing = new AbortController();
  #count = 0;
  #weight = 0;
  /** When the exchange's clock was last measured. */
  #measuredAtMs: number | undefined;
  readonly #ownWarnings: Warning[] = [];
  #measuring: Promise<void> | undefined;

  /** See {@linkcode BinanceExchangeOptions}. */
  constructor(options: BinanceExchangeOptions) {
    this.#options = options;
    this.#hosts = new HostList(options);
    this.#pacer = new WeightPacer({ clock: options.clock, share: options.weightShare, onWait: options.onWait });
  }

  /** See {@linkcode Exchange.serverNowMs}. */
  serverNowMs(): number {
    return this.#pacer.serverNowMs();
  }

  /** See {@linkcode Exchange.paging}. */
  get paging(): RestPaging {
    const { pageRows, inFlight } = this.#options;
    return { pageCandles: pageRows, pageWeight: WEIGHT.klines, inFlight };
  }

  /** See {@linkcode Exchange.tally}. */
  get tally(): RequestTally {
    return { count: this.#count, weight: this.#weight, retries: this.#hosts.retries };
  }

  /** See {@linkcode Exchange.warnings}. */
  get warnings(): readonly Warning[] {
    return [...this.#ownWarnings, ...this.#hosts.warnings];
  }

  /** See {@linkcode Exchange.info}. */
  async info(symbols: readonly string[], options: CallOptions = {}): Promise<ExchangeInfo> {
    try {
      return await this.#fullInfo(symbols, options);
    } catch (error) {
      if (!isDomainError(error, "exchange-unavailable")) throw error;
      // What is closed is the exchange's to say, also where it does not tell its limits.
      const serverTimeMs = await this.#serverTime(options).catch(() => undefined);
      if (serverTimeMs === undefined) throw error;
      this.#measured(serverTimeMs, CAUTIOUS_WEIGHT);
      this.#ownWarnings.push({
        code: "limits-unknown",
        message: `${error.message}; a limit of ${CAUTIOUS_WEIGHT} a minute is taken`,
      });
      return { serverTimeMs, weightPerMinute: CAUTIOUS_WEIGHT, symbols };
    }
  }

  #measured(serverTimeMs: number, weightPerMinute?: number): void {
    this.#pacer.configure(weightPerMinute, serverTimeMs);
    this.#measuredAtMs = this.#options.clock.monotonicMs();
  }

  async #fullInfo(symbols: readonly string[], options: CallOptions): Promise<ExchangeInfo> {
    let info: ExchangeInfo | undefined;
    for (const symbol of symbols) {
      const answer = await this.#ask(
        "exchangeInfo",
        symbol,
        (client) => client.publicGetExchangeInfo({ symbol: symbolId(symbol) }),
        options,
      );
      const one = readExchangeInfo(answer);
      if (!one.symbols.some((name) => symbolId(name) === symbolId(symbol))) throw unknownSymbol(symbol);
      info = { ...one, symbols: [...info?.symbols ?? [], symbol] };
    }
    if (info === undefined) {
      info = readExchangeInfo(
        await this.#ask("exchangeInfo", "", (client) => client.publicGetExchangeInfo({}), options),
      );
    }
    this.#pacer.configure(info.weightPerMinute, info.serverTimeMs);
    // Its own call where there is one: an exchangeInfo may come out of a cache.
    const serverTimeMs = await this.#serverTime(options) ?? info.serverTimeMs;
    this.#measured(serverTimeMs, info.weightPerMinute);
    return { ...info, serverTimeMs };
  }

  /** See {@linkcode Exchange.candles}. */
  async *candles(query: CandleQuery, options: CallOptions = {}): AsyncGenerator<CandlePage> {
    const stepMs = INTERVAL_MS[query.interval];
    const windows: TimeRange[] = [];
    const pageMs = this.#options.pageRows * stepMs;
    for (let startMs = query.range.startMs; startMs < query.range.endMs; startMs += pageMs) {
      windows.push({ startMs, endMs: Math.min(startMs + pageMs, query.range.endMs) });
    }
    yield* mapOrdered(windows, this.#options.inFlight, (range) => this.#page(query, range, options));
  }

  /** See {@linkcode Exchange.firstOpenTime}. */
  async firstOpenTime(series: SeriesId, options: CallOptions = {}): Promise<number | undefined> {
    const columns = await this.#klines(series, { startTime: 0, limit: 1 }, options);
    return columns.openTimeMs[0];
  }

  /** See {@linkcode Exchange.tradesAround}. */
  async tradesAround(
    query: CandleQuery,
    options: CallOptions = {},
  ): Promise<{ readonly before: TradeMark; readonly after: TradeMark } | undefined> {
    const after = await this.#trade(query.symbol, { startTime: query.range.endMs, limit: 1 }, options);
    if (after === undefined || after.id < 1) return undefined;
    const before = await this.#trade(query.symbol, { fromId: after.id - 1, limit: 1 }, options);
    return before === undefined ? undefined : { before, after };
  }

  /** Aborts what is under way. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DomainError("interrupted", "The exchange client was closed"));
    return Promise.resolve();
  }

  /** What is closed is the exchange's to say. Clocks drift, and machines sleep: a long run asks again what time it is. */
  async #measureAgain(symbol: string, options: CallOptions): Promise<void> {
    const { clock } = this.#options;
    const measuredAtMs = this.#measuredAtMs;
    if (this.#measuring === undefined && measuredAtMs === undefined) {
      this.#measuring = this.info([symbol], options).then(() => undefined).finally(() => this.#measuring = undefined);
    } else if (this.#measuring === undefined && clock.monotonicMs() - measuredAtMs! > MEASURE_EVERY_MS) {
      this.#measuredAtMs = clock.monotonicMs();
      this.#measuring = this.#serverTime(options).then((serverTimeMs) => {
        if (serverTimeMs !== undefined) this.#measured(serverTimeMs);
      }).finally(() => this.#measuring = undefined);
    }
    await this.#measuring;
  }

  /** A window's candles. An answer that is none costs the minutes of its page, not the whole run. */
  async #page(query: CandleQuery, range: TimeRange, options: CallOptions): Promise<CandlePage> {
    try {
      return { range, columns: await this.#window(query, range, options) };
    } catch (error) {
      if (!isDomainError(error) || error.code !== "invariant-violated") throw error;
      return { range, columns: allocateCandles(0), problem: error };
    }
  }

  /** A window's candles; where fewer came than fit, the rest of the window is asked for until nothing more comes. */
  async #window(query: CandleQuery, range: TimeRange, options: CallOptions): Promise<CandleColumns> {
    await this.#measureAgain(query.symbol, options);
    const stepMs = INTERVAL_MS[query.interval];
    const parts: CandleColumns[] = [];
    let rest = range;
    while (!isEmptyRange(rest)) {
      const part = await this.#klines(query, {
        startTime: rest.startMs,
        endTime: rest.endMs - 1,
        limit: Math.min(this.#options.pageRows, Math.ceil((rest.endMs - rest.startMs) / stepMs)),
      }, options);
      if (part.length === 0) break;
      const lastMs = part.openTimeMs[part.length - 1]!;
      parts.push(part);
      if (lastMs < rest.startMs) break; // not what was asked for: the checks of the page say so
      rest = { startMs: lastMs + stepMs, endMs: Math.max(rest.endMs, lastMs + stepMs) };
    }
    return this.#closedOnly(concatCandles(parts), stepMs);
  }

  /** Without candles that the exchange's clock does not call closed. */
  #closedOnly(columns: CandleColumns, stepMs: number): CandleColumns {
    const endMs = this.#pacer.serverNowMs() - this.#options.closedMarginMs;
    // By the grid: a close time may lie early, as in an outage.
    return sliceCandles(columns, 0, lowerBound(columns.openTimeMs, endMs - stepMs + 1));
  }

  async #klines(
    series: SeriesId,
    parameters: Readonly<Record<string, number>>,
    options: CallOptions,
  ): Promise<CandleColumns> {
    const request = { symbol: symbolId(series.symbol), interval: series.interval, ...parameters };
    const answer = await this.#ask("klines", series.symbol, (client) => client.publicGetKlines(request), options);
    return parseKlineRows(answer, this.id);
  }

  async #trade(
    symbol: string,
    parameters: Readonly<Record<string, number>>,
    options: CallOptions,
  ): Promise<TradeMark | undefined> {
    const answer = await this.#ask(
      "aggTrades",
      symbol,
      (client) => client.publicGetAggTrades({ symbol: symbolId(symbol), ...parameters }),
      options,
    );
    const [row] = Array.isArray(answer) ? answer as { readonly a?: unknown; readonly T?: unknown }[] : [];
    const id = Number(row?.a), timeMs = Number(row?.T);
    return Number.isSafeInteger(id) && Number.isSafeInteger(timeMs) ? { id, timeMs } : undefined;
  }

  async #serverTime(options: CallOptions): Promise<number | undefined> {
    try {
      const answer = await this.#ask("time", "", (client) => client.publicGetTime(), options);
      const time = Number((answer as { readonly serverTime?: unknown } | undefined)?.serverTime);
      return Number.isSafeInteger(time) && time > 0 ? time : undefined;
    } catch (error) {
      if (error instanceof DomainError && error.code === "exchange-refused") return undefined;
      throw error;
    }
  }

  #client(origin: string): Promise<BinanceClient> {
    let client = this.#clients.get(origin);
    if (client === undefined) {
      client = createBinanceClient(origin, { timeoutMs: this.#options.timeoutMs });
      this.#clients.set(origin, client);
    }
    return client;
  }

  #signal({ signal }: CallOptions): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }

  async #ask(
    endpoint: keyof typeof WEIGHT,
    symbol: string,
    call: (client: BinanceClient) => Promise<unknown>,
    options: CallOptions,
  ): Promise<unknown> {
    const weight = WEIGHT[endpoint];
    try {
      return await this.#hosts.request((origin) =>
        this.#pacer.run(weight, async (observe) => {
          this.#count++;
          this.#weight += weight;
          const client = await this.#client(origin);
          const answer = await inScope({
            signal: this.#signal(options),
            onHeaders: (headers) => observe(usedWeight(headers)),
          }, () => call(client));
          // A page of a captive portal or a proxy is no answer of the exchange.
          if (typeof answer !== "object" || answer === null) {
            throw new HttpFailure(`GET ${origin}/api/v3/${endpoint}`, { status: 0, cause: new Error("it is no JSON") });
          }
          return answer;
        }, options), options);
    } catch (error) {
      throw error instanceof HttpFailure ? nameFailure(error, symbol) : error;
    }
  }
}

/** The weight used in the exchange's minute, NaN where it is not said. Headers are read without regard to case. */
function usedWeight(headers: Headers): number {
  return Number(headers.get("x-mbx-used-weight-1m") ?? headers.get("x-mbx-used-weight") ?? NaN);
}

function readExchangeInfo(answer: unknown): ExchangeInfo {
  const { serverTime, rateLimits, symbols } = answer as {
    readonly serverTime?: unknown;
    readonly rateLimits?: unknown;
    readonly symbols?: unknown;
  };
  const serverTimeMs = Number(serverTime);
  if (!Number.isSafeInteger(serverTimeMs) || !Array.isArray(symbols)) {
    throw new DomainError("exchange-unavailable", "Cannot read the exchange's answer to exchangeInfo", {
      hint: "The host is not Binance, or its API has changed",
    });
  }
  const limits = (Array.isArray(rateLimits) ? rateLimits : []) as Readonly<Record<string, unknown>>[];
  const weight = limits.find((each) => each["rateLimitType"] === "REQUEST_WEIGHT" && each["interval"] === "MINUTE");
  const perMinute = Number(weight?.["limit"]) / Number(weight?.["intervalNum"] ?? 1);
  return {
    serverTimeMs,
    ...(Number.isFinite(perMinute) && perMinute > 0 ? { weightPerMinute: perMinute } : {}),
    symbols: (symbols as Readonly<Record<string, unknown>>[]).map((each) =>
      `${each["baseAsset"]}/${each["quoteAsset"]}`
    ),
  };
}

function nameFailure(failure: HttpFailure, symbol: string): DomainError {
  const code = binanceCode(failure);
  if (code === UNKNOWN_SYMBOL) return unknownSymbol(symbol, failure);
  if (code === UNKNOWN_INTERVAL) {
    return new DomainError("usage", "Cannot ask Binance for candles of this interval", { cause: failure });
  }
  return new DomainError("exchange-refused", `${failure.message}: ${failure.body.slice(0, 200)}`, { cause: failure });
}

function unknownSymbol(symbol: string, cause?: unknown): DomainError {
  return new DomainError("symbol-unknown", `Cannot find symbol '${symbol}' on binance`, {
    hint: "Name a spot pair as BASE/QUOTE, such as BTC/USDT or ETH/USDT",
    cause,
  });
}
