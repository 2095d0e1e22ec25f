import {
  type CallOptions,
  type CandleStream,
  type Clock,
  DomainError,
  type Random,
  type SeriesId,
  type StreamedCandle,
  type StreamNotice,
} from "../../core/mod.ts";
import { symbolId } from "../archive/archive_layout.ts";
import { backoffMs } from "../http/http_failure.ts";
import { EventQueue } from "./event_queue.ts";

/** What a {@linkcode BinanceCandleStream} works with. */
export interface BinanceStreamOptions {
  /** `wss://` origins, tried in turn. */
  readonly origins: readonly string[];
  /** A connection without a message for so long counts as dead; a traded pair sends one every two seconds. */
  readonly staleMs: number;
  /** Time source. */
  readonly clock: Clock;
  /** Dice of the pauses between connections. */
  readonly random: Random;
}

/** The code of an orderly end. */
const NORMAL_CLOSURE = 1000;

/**
 * Binance's kline streams over one WebSocket (Binance Spot API docs, web-socket-streams.md: combined streams, Kline
 * payload). The exchange ends each connection after 24 hours; it and every other end lead to the next host after a pause.
 */
export class BinanceCandleStream implements CandleStream {
  readonly #options: BinanceStreamOptions;

  /** See {@linkcode BinanceStreamOptions}. */
  constructor(options: BinanceStreamOptions) {
    this.#options = options;
  }

  /** See {@linkcode CandleStream.notices}. */
  async *notices(series: readonly SeriesId[], options: CallOptions = {}): AsyncGenerator<StreamNotice> {
    const { origins, clock, random } = this.#options;
    const { signal } = options;
    let failures = 0;
    for (let turn = 0; signal?.aborted !== true; turn++) {
      const origin = origins[turn % origins.length]!, { host } = new URL(origin);
      try {
        for await (const notice of this.#connection(origin, series, signal)) {
          failures = 0;
          yield notice;
        }
      } catch (error) {
        if (error instanceof DomainError) throw error;
        yield { kind: "down", host, reason: (error as Error).message };
        try {
          await clock.sleep(backoffMs(++failures, random.uniform()), options);
        } catch {
          return; // stopped while waiting
        }
      }
    }
  }

  /** One connection to its end: returns where the signal was aborted, throws why it ended otherwise. */
  async *#connection(
    origin: string,
    series: readonly SeriesId[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StreamNotice> {
    const { staleMs, clock } = this.#options;
    const byStream = new Map(series.map((one) => [streamName(one), one]));
    const socket = openSocket(`${origin}/stream?streams=${[...byStream.keys()].join("/")}`);
    const queue = new EventQueue<StreamNotice>();
    let heardAtMs = clock.monotonicMs();
    const watchdog = setInterval(() => {
      if (clock.monotonicMs() - heardAtMs > staleMs) queue.fail(new Error(`no message for ${staleMs / 1000} s`));
    }, Math.max(10, staleMs / 4));
    const onAbort = () => queue.close();
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.onopen = () => queue.push({ kind: "up", host: new URL(origin).host });
    socket.onmessage = ({ data }) => {
      heardAtMs = clock.monotonicMs();
      const candle = typeof data === "string" ? readClosedCandle(data, byStream) : undefined;
      if (candle !== undefined) queue.push({ kind: "closed", candle });
    };
    socket.onerror = (event) => {
      queue.fail(new Error((event as ErrorEvent).message || "the connection failed"));
    };
    socket.onclose = ({ code, reason }) => queue.fail(new Error(`closed with ${code}${reason && `: ${reason}`}`));
    try {
      yield* queue;
    } finally {
      clearInterval(watchdog);
      signal?.removeEventListener("abort", onAbort);
      socket.onopen =
        socket.onmessage =
        socket.onerror =
        socket.onclose =
          null;
      if (socket.readyState === WebSocket.OPEN) socket.close(NORMAL_CLOSURE);
      // Closing before the handshake is over is an error event that nobody should hear of.
      else if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close(NORMAL_CLOSURE);
    }
  }
}

function openSocket(url: string): WebSocket {
  try {
    return new WebSocket(url);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    const { hostname, port, protocol } = new URL(url);
    const host = `${hostname}:${port || (protocol === "wss:" ? 443 : 80)}`;
    throw new DomainError("permission-denied", `Cannot listen to '${host}' as it is not granted`, {
      hint: `Grant it: task ingest NET=${host} -- --follow`,
      cause: error,
    });
  }
}

/** `btcusdt@kline_1m`. */
function streamName({ symbol, interval }: SeriesId): string {
  return `${symbolId(symbol).toLowerCase()}@kline_${interval}`;
}

/** The closed candle of a message; undefined for a forming one, and for what is no kline of the series. */
export function readClosedCandle(text: string, byStream: ReadonlyMap<string, SeriesId>): StreamedCandle | undefined {
  let message: { readonly stream?: unknown; readonly data?: { readonly E?: unknown; readonly k?: unknown } };
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  const series = byStream.get(String(message?.stream));
  const kline = message?.data?.k as Readonly<Record<string, unknown>> | undefined;
  if (series === undefined || typeof kline !== "object" || kline === null || kline["x"] !== true) return undefined;
  const candle = {
    series,
    openTimeMs: Number(kline["t"]),
    close: Number(kline["c"]),
    volume: Number(kline["v"]),
    tradeCount: Number(kline["n"]),
    eventTimeMs: Number(message.data!.E),
  };
  const numbers = [candle.openTimeMs, candle.close, candle.volume, candle.tradeCount, candle.eventTimeMs];
  return numbers.every(Number.isFinite) && Number.isSafeInteger(candle.openTimeMs) ? candle : undefined;
}
