import { AsyncLocalStorage } from "node:async_hooks";
import { fetchWhole, type HttpFailure } from "../http/http_failure.ts";

/** What is used of ccxt's Binance: the implicit calls, which build the address and read the JSON. */
export interface BinanceClient {
  publicGetKlines(parameters: Readonly<Record<string, string | number>>): Promise<unknown>;
  publicGetExchangeInfo(parameters: Readonly<Record<string, string | number>>): Promise<unknown>;
  publicGetTime(): Promise<unknown>;
  publicGetAggTrades(parameters: Readonly<Record<string, string | number>>): Promise<unknown>;
}

/** What is used of any exchange's unified calls. */
export interface UnifiedClient {
  readonly id: string;
  readonly has: Readonly<Record<string, unknown>>;
  readonly timeframes: Readonly<Record<string, unknown>> | undefined;
  loadMarkets(): Promise<Readonly<Record<string, unknown>>>;
  fetchTime(): Promise<number | undefined>;
  fetchOHLCV(symbol: string, timeframe: string, since: number, limit: number): Promise<unknown>;
}

/** What one call of a client brings along; ccxt has no parameter for it. */
export interface RequestScope {
  /** Aborts the request. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the answer's headers, failed or not. ccxt's own `last_response_headers` is shared by requests in flight. */
  readonly onHeaders?: (headers: Headers) => void;
}

const SCOPE = new AsyncLocalStorage<RequestScope>();

/** Runs a client's call with its scope. */
export function inScope<T>(scope: RequestScope, call: () => Promise<T>): Promise<T> {
  return SCOPE.run(scope, call);
}

/** How requests of a client go out. */
export interface ClientOptions {
  readonly timeoutMs: number;
}

/** An answer larger than this is none of ours: a page of candles is 150 kB, a list of markets some MB. */
const MAX_BYTES = 64 * 1024 * 1024;

/** ccxt by the few things set on it; its own types name hundreds of exchanges. */
interface CcxtExchange {
  urls: Record<string, unknown>;
  fetchImplementation: typeof fetch;
}
type CcxtClass = new (settings: Readonly<Record<string, unknown>>) => CcxtExchange;

/**
 * ccxt's Binance, spot alone, asking `origin`. Its requests go through {@linkcode fetchWhole}, so that a failure is
 * known by its status (ccxt turns 429 and others into classes by text), and are not paced by ccxt.
 */
export async function createBinanceClient(origin: string, options: ClientOptions): Promise<BinanceClient> {
  const client = await create("binance", options, { options: { fetchMarkets: { types: ["spot"] } } });
  client.urls["api"] = { ...client.urls["api"] as Record<string, string>, public: `${origin}/api/v3` };
  return client as unknown as BinanceClient;
}

/** Any exchange that ccxt knows, paced by ccxt; undefined where it knows none of that name. */
export async function createUnifiedClient(id: string, options: ClientOptions): Promise<UnifiedClient | undefined> {
  const { default: ccxt } = await import("ccxt");
  if (!(ccxt.exchanges as readonly string[]).includes(id)) return undefined;
  return await create(id, options, { enableRateLimit: true }) as unknown as UnifiedClient;
}

/** What an error of ccxt's is about, by its class; undefined where it is none of ccxt's. */
export async function ccxtErrorKind(error: unknown): Promise<"symbol" | "network" | "other" | undefined> {
  const { default: ccxt } = await import("ccxt");
  if (error instanceof ccxt.BadSymbol) return "symbol";
  if (error instanceof ccxt.NetworkError) return "network";
  return error instanceof ccxt.BaseError ? "other" : undefined;
}

/** Names of all exchanges that ccxt knows. */
export async function exchangeNames(): Promise<readonly string[]> {
  const { default: ccxt } = await import("ccxt");
  return ccxt.exchanges;
}

async function create(
  id: string,
  options: ClientOptions,
  settings: Readonly<Record<string, unknown>>,
): Promise<CcxtExchange> {
  const { default: ccxt } = await import("ccxt");
  const Exchange = (ccxt as unknown as Record<string, CcxtClass>)[id]!;
  // ccxt's timer is a second line behind ours, which knows the body too.
  const client = new Exchange({ enableRateLimit: false, timeout: options.timeoutMs * 2, ...settings });
  client.fetchImplementation = async (input, init) => {
    const { bytes, headers, status } = await fetchWhole(String(input), {
      timeoutMs: options.timeoutMs,
      maxBytes: MAX_BYTES,
      headers: { Accept: "application/json", "Accept-Encoding": "gzip", ...plainHeaders(init?.headers) },
      ...SCOPE.getStore(),
    });
    return new Response(bytes, { status, headers: withoutEncoding(headers) });
  };
  return client;
}

function plainHeaders(headers: HeadersInit | undefined): Record<string, string> {
  return headers === undefined ? {} : Object.fromEntries(new Headers(headers));
}

/** The bytes at hand are decoded already. */
function withoutEncoding(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete("content-encoding");
  copy.delete("content-length");
  return copy;
}

/** An error code of Binance in a failed answer's body, such as -1121. */
export function binanceCode(failure: HttpFailure): number | undefined {
  try {
    const { code } = JSON.parse(failure.body) as { readonly code?: unknown };
    return typeof code === "number" ? code : undefined;
  } catch {
    return undefined;
  }
}
