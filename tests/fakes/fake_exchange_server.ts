import {
  type CandleColumns,
  INTERVAL_MS,
  isInterval,
  lowerBound,
  MINUTE_MS,
  type TimeRange,
} from "../../src/core/mod.ts";
import { klineCells } from "./candles.ts";

/** A request that the server saw. */
export interface SeenRequest {
  /** `klines`, `exchangeInfo`, …, or the archive path. */
  readonly endpoint: string;
  readonly parameters: URLSearchParams;
  /** The exchange's clock. */
  readonly atMs: number;
  readonly status: number;
  readonly weight: number;
}

/** What to do to a request in place of answering it. */
export type Fault =
  | { readonly status: number; readonly retryAfter?: number; readonly body?: string }
  /** Half an answer, then the connection ends. */
  | "cut"
  /** No answer until the client gives up. */
  | "hang"
  /** 200, and a page of a captive portal. */
  | "html";

/** How a {@linkcode FakeExchangeServer} behaves. */
export interface FakeExchangeOptions {
  /** What the exchange knows: minute candles by id (`BTCUSDT`), others by id and interval (`BTCUSDT/1h`). */
  readonly markets: Readonly<Record<string, CandleColumns>>;
  /** The exchange's clock. @default Date.now */
  readonly now?: () => number;
  /** @default 6000 */
  readonly weightPerMinute?: number;
  /** How long an answer takes. @default 0 */
  readonly latencyMs?: number;
  /** Rows per answer at most. @default 1000 */
  readonly maxRows?: number;
  /** Consulted for each request; undefined answers it. */
  readonly fault?: (endpoint: string, count: number) => Fault | undefined;
  /** Archive files by path below `/data/`. */
  readonly archive?: ReadonlyMap<string, Uint8Array | string>;
  /** Spans without trades; elsewhere there is a trade every second. */
  readonly silent?: readonly TimeRange[];
  /** What the WebSocket says of a closed candle in place of the message; undefined says nothing of it. @default the message */
  readonly streamed?: (message: string, openTimeMs: number) => string | undefined;
  /** Leaves out `/time` and `/aggTrades`, as the plainest server would. @default false */
  readonly plain?: boolean;
}

const WEIGHTS: Readonly<Record<string, number>> = { klines: 2, exchangeInfo: 20, time: 1, aggTrades: 4 };

/**
 * Binance's REST and archive on the loopback, honest about what hurts: it counts weight by its own clock's minute,
 * answers 429 with Retry-After when that is spent and 418 to whoever goes on, gives a forming candle last, and does to
 * requests what `fault` says. It speaks as `data/README.md` section 4 describes.
 */
export class FakeExchangeServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #options: FakeExchangeOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();
  readonly #counts = new Map<string, number>();
  readonly #weights = new Map<number, number>();
  #bannedUntilMs = -Infinity;
  #limitedUntilMs = -Infinity;
  readonly #sockets = new Set<WebSocket>();
  /** Connections to the stream so far. */
  connections = 0;

  /** Starts on a free port. */
  constructor(options: FakeExchangeOptions) {
    this.#options = options;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, signal: this.#stop.signal, onError: () => new Response(null) },
      (request) => this.#serve(request),
    );
  }

  /** Address without a path. */
  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Weight counted in each minute of the exchange's clock, answered or refused. */
  get weights(): ReadonlyMap<number, number> {
    return this.#weights;
  }

  /** How often an endpoint was asked. */
  countOf(endpoint: string): number {
    return this.requests.filter((request) => request.endpoint === endpoint).length;
  }

  /** Address of the stream. */
  get streamOrigin(): string {
    return this.origin.replace("http:", "ws:");
  }

  /** Ends every connection to the stream. */
  cutStreams(): void {
    for (const socket of this.#sockets) socket.close(1011, "cut");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutStreams();
    this.#stop.abort();
    await this.#server.finished;
  }

  async #serve(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (request.headers.get("upgrade") === "websocket") return this.#stream(request, url);
    const endpoint = url.pathname.startsWith("/data/")
      ? url.pathname.slice("/data/".length)
      : url.pathname.replace("/api/v3/", "");
    const { latencyMs = 0, fault } = this.#options;
    const count = (this.#counts.get(endpoint) ?? 0) + 1;
    this.#counts.set(endpoint, count);
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    const isApi = url.pathname.startsWith("/api/v3/");
    const weight = isApi ? WEIGHTS[endpoint] ?? 1 : 0;
    const response = await this.#answer(endpoint, url.searchParams, isApi, weight, fault?.(endpoint, count));
    this.requests.push({
      endpoint,
      parameters: url.searchParams,
      atMs: this.#now(),
      status: response.status,
      weight,
    });
    return response;
  }

  /** Combined kline streams: a message for each candle, once it is over by the exchange's clock. */
  #stream(request: Request, url: URL): Response {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const names = (url.searchParams.get("streams") ?? "").split("/");
    let toldMs = this.#now();
    const timer = setInterval(() => {
      const now = this.#now();
      for (const name of names) {
        const candles = this.#options.markets[name.split("@")[0]!.toUpperCase()];
        if (candles === undefined || socket.readyState !== WebSocket.OPEN) continue;
        for (let i = lowerBound(candles.openTimeMs, toldMs - MINUTE_MS); i < candles.length; i++) {
          const endMs = candles.openTimeMs[i]! + MINUTE_MS;
          if (endMs > now) break;
          if (endMs <= toldMs) continue;
          const message = klineMessage(candles, i, name, now);
          const said = this.#options.streamed === undefined
            ? message
            : this.#options.streamed(message, candles.openTimeMs[i]!);
          if (said !== undefined) socket.send(said);
        }
      }
      toldMs = now;
    }, 5);
    socket.onopen = () => {
      this.connections++;
      this.#sockets.add(socket);
    };
    socket.onclose = socket.onerror = () => {
      clearInterval(timer);
      this.#sockets.delete(socket);
    };
    return response;
  }

  async #answer(
    endpoint: string,
    parameters: URLSearchParams,
    isApi: boolean,
    weight: number,
    fault: Fault | undefined,
  ): Promise<Response> {
    if (fault === "hang") await new Promise<never>(() => {}); // until the client closes
    if (fault === "html") {
      return new Response("<html>Sign in to the hotel</html>", { headers: { "content-type": "text/html" } });
    }
    if (fault === "cut") return cutShort();
    if (fault !== undefined && typeof fault === "object") {
      const headers: Record<string, string> = fault.retryAfter === undefined
        ? {}
        : { "Retry-After": `${fault.retryAfter}` };
      return new Response(fault.body ?? errorBody(0, "fault"), { status: fault.status, headers });
    }
    if (!isApi) return this.#file(endpoint);
    const refusal = this.#charge(weight);
    const response = refusal ?? this.#call(endpoint, parameters);
    response.headers.set("x-mbx-used-weight-1m", String(this.#weights.get(this.#minute())));
    return response;
  }

  #charge(weight: number): Response | undefined {
    const { weightPerMinute = 6000 } = this.#options;
    const now = this.#now(), minute = this.#minute();
    const used = (this.#weights.get(minute) ?? 0) + weight;
    this.#weights.set(minute, used);
    const secondsLeft = (until: number) => ({ "Retry-After": String(Math.max(1, Math.ceil((until - now) / 1000))) });
    if (now < this.#bannedUntilMs || (now < this.#limitedUntilMs && used > weightPerMinute + 100)) {
      this.#bannedUntilMs = Math.max(this.#bannedUntilMs, now + 120_000);
      const body = errorBody(-1003, `Way too much request weight used; IP banned until ${this.#bannedUntilMs}.`);
      return new Response(body, { status: 418, headers: secondsLeft(this.#bannedUntilMs) });
    }
    if (used > weightPerMinute) {
      this.#limitedUntilMs = (minute + 1) * MINUTE_MS;
      const body = errorBody(
        -1003,
        `Too much request weight used; current limit is ${weightPerMinute} request weight per 1 MINUTE.`,
      );
      return new Response(body, { status: 429, headers: secondsLeft(this.#limitedUntilMs) });
    }
    return undefined;
  }

  #call(endpoint: string, parameters: URLSearchParams): Response {
    if (endpoint === "klines") return this.#klines(parameters);
    if (endpoint === "exchangeInfo") return this.#exchangeInfo(parameters);
    if (endpoint === "time" && this.#options.plain !== true) return json({ serverTime: this.#now() });
    if (endpoint === "aggTrades" && this.#options.plain !== true) return this.#trades(parameters);
    return new Response(errorBody(-1000, "Not found"), { status: 404 });
  }

  #klines(parameters: URLSearchParams): Response {
    const symbol = parameters.get("symbol") ?? "", interval = parameters.get("interval") ?? "";
    const { markets } = this.#options;
    if (markets[symbol] === undefined) return badRequest(-1121, "Invalid symbol.");
    const candles = interval === "1m" ? markets[symbol] : markets[`${symbol}/${interval}`];
    if (!isInterval(interval) || candles === undefined) return badRequest(-1120, "Invalid interval.");
    const { maxRows = 1000 } = this.#options;
    const limit = Math.min(Number(parameters.get("limit") ?? 500), maxRows);
    const startTime = parameters.get("startTime"), endTime = parameters.get("endTime");
    const now = this.#now();
    const last = lowerBound(candles.openTimeMs, now + 1);
    const to = Math.min(last, endTime === null ? last : lowerBound(candles.openTimeMs, Number(endTime) + 1));
    const from = startTime === null ? Math.max(0, to - limit) : lowerBound(candles.openTimeMs, Number(startTime));
    const rows = [];
    for (let i = from; i < Math.min(to, from + limit); i++) {
      const cells = klineCells(candles, i);
      // The forming candle: what came so far, with the close time that it will have.
      if (candles.openTimeMs[i]! + INTERVAL_MS[interval] > now) cells[5] = "0.00000001";
      rows.push(cells);
    }
    return json(rows);
  }

  #exchangeInfo(parameters: URLSearchParams): Response {
    const asked = parameters.get("symbol");
    const ids = asked === null ? Object.keys(this.#options.markets) : [asked];
    if (ids.some((id) => this.#options.markets[id] === undefined)) return badRequest(-1121, "Invalid symbol.");
    const { weightPerMinute = 6000 } = this.#options;
    return json({
      timezone: "UTC",
      serverTime: this.#now(),
      rateLimits: [
        { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: weightPerMinute },
        { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 50 },
      ],
      symbols: ids.map((id) => ({
        symbol: id,
        status: "TRADING",
        baseAsset: id.slice(0, -4),
        quoteAsset: id.slice(-4),
      })),
    });
  }

  /** Trade number n happens at the n-th second that is not silent. */
  #trades(parameters: URLSearchParams): Response {
    const { silent = [], markets } = this.#options;
    const first = markets[parameters.get("symbol") ?? ""]?.openTimeMs[0];
    if (first === undefined) return badRequest(-1121, "Invalid symbol.");
    const lost = silent.map(({ startMs, endMs }) => ({ startMs, seconds: (endMs - startMs) / 1000 }));
    const timeOf = (id: number) =>
      lost.reduce((ms, { startMs, seconds }) => ms >= startMs ? ms + seconds * 1000 : ms, first + id * 1000);
    const fromId = parameters.get("fromId"), startTime = parameters.get("startTime");
    let id = Number(fromId ?? 0);
    if (startTime !== null) {
      id = Math.max(0, Math.ceil((Number(startTime) - first) / 1000));
      while (id > 0 && timeOf(id - 1) >= Number(startTime)) id--;
    }
    return json([{ a: id, p: "1.0", q: "1.0", f: id, l: id, T: timeOf(id), m: true }]);
  }

  #file(path: string): Response {
    const content = this.#options.archive?.get(path);
    if (content === undefined) return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
    return new Response(typeof content === "string" ? content : new Uint8Array(content));
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }

  #minute(): number {
    return Math.floor(this.#now() / MINUTE_MS);
  }
}

/** A closed candle as the combined stream of Binance says it. */
export function klineMessage(candles: CandleColumns, i: number, stream: string, eventTimeMs: number): string {
  const cells = klineCells(candles, i);
  const symbol = stream.split("@")[0]!.toUpperCase();
  const k = {
    ...{ t: cells[0], T: cells[6], s: symbol, i: "1m", f: 1, L: 2, o: cells[1], c: cells[4], h: cells[2], l: cells[3] },
    ...{ v: cells[5], n: cells[8], x: true, q: cells[7], V: cells[9], Q: cells[10], B: "0" },
  };
  return JSON.stringify({ stream, data: { e: "kline", E: eventTimeMs, s: symbol, k } });
}

function cutShort(): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('[[1499040000000,"0.0163'));
    },
    pull(controller) {
      controller.error(new Error("cut"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/json", "content-length": "5000" } });
}

function json(value: unknown): Response {
  return Response.json(value, { headers: { "content-type": "application/json;charset=UTF-8" } });
}

function badRequest(code: number, msg: string): Response {
  return new Response(errorBody(code, msg), { status: 400, headers: { "content-type": "application/json" } });
}

function errorBody(code: number, msg: string): string {
  return JSON.stringify({ code, msg });
}
