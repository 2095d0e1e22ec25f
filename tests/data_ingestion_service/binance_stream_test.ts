import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { DomainError, MINUTE_MS, seededRandom, type SeriesId, type StreamNotice } from "../../src/core/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { BinanceCandleStream, readClosedCandle } from "../../src/data_ingestion_service/stream/binance_stream.ts";
import { BTC } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { type FakeExchangeOptions, FakeExchangeServer, klineMessage } from "../fakes/fake_exchange_server.ts";

const START = Date.UTC(2024, 0, 10);
const CANDLES = walkCandles({ startMs: START, endMs: START + 600 * MINUTE_MS });
const ETH: SeriesId = { ...BTC, symbol: "ETH/USDT" };

/** An exchange whose minutes take 50 ms. */
function quickExchange(options: Partial<FakeExchangeOptions> = {}) {
  const startedAt = performance.now();
  return new FakeExchangeServer({
    markets: { BTCUSDT: CANDLES, ETHUSDT: CANDLES },
    now: () => START + MINUTE_MS * (performance.now() - startedAt) / 50,
    ...options,
  });
}

function streamOf(origins: readonly string[], staleMs = 2_000): BinanceCandleStream {
  return new BinanceCandleStream({ origins, staleMs, clock: SYSTEM_CLOCK, random: seededRandom(1) });
}

/** Notices until `enough`, each as a word. */
async function listen(
  stream: BinanceCandleStream,
  enough: (notices: readonly StreamNotice[]) => boolean,
  series: readonly SeriesId[] = [BTC],
): Promise<StreamNotice[]> {
  const stop = new AbortController();
  const notices: StreamNotice[] = [];
  for await (const notice of stream.notices(series, { signal: stop.signal })) {
    notices.push(notice);
    if (enough(notices)) stop.abort();
  }
  return notices;
}

const closedIn = (notices: readonly StreamNotice[]) =>
  notices.flatMap((notice) => notice.kind === "closed" ? [notice.candle] : []);

Deno.test("BinanceCandleStream tells of each closed candle of each series, with its numbers", async () => {
  await using server = quickExchange();
  const notices = await listen(streamOf([server.streamOrigin]), (all) => closedIn(all).length >= 8, [BTC, ETH]);
  assertEquals(notices[0], { kind: "up", host: new URL(server.origin).host });
  const candles = closedIn(notices);
  for (const series of [BTC, ETH]) {
    const own = candles.filter((candle) => candle.series.symbol === series.symbol);
    assert(own.length >= 3);
    own.forEach((candle, i) => {
      const at = (candle.openTimeMs - START) / MINUTE_MS;
      assertEquals(candle.openTimeMs, own[0]!.openTimeMs + i * MINUTE_MS);
      assertEquals([candle.close, candle.volume, candle.tradeCount], [
        ...[CANDLES.close[at], CANDLES.volume[at], CANDLES.tradeCount[at]],
      ]);
      assert(candle.eventTimeMs >= candle.openTimeMs + MINUTE_MS);
    });
  }
});

Deno.test("BinanceCandleStream connects again after a cut, and goes to the next host", async () => {
  await using first = quickExchange();
  await using second = quickExchange();
  let cut = false;
  const notices = await listen(streamOf([first.streamOrigin, second.streamOrigin]), (all) => {
    if (!cut && closedIn(all).length >= 2) {
      cut = true;
      first.cutStreams();
    }
    return all.filter(({ kind }) => kind === "up").length >= 2 && closedIn(all).length >= 4;
  });
  const words = notices.flatMap((notice) => notice.kind === "closed" ? [] : [`${notice.kind} ${notice.host}`]);
  const hosts = [first, second].map(({ origin }) => new URL(origin).host);
  assertEquals(words, [`up ${hosts[0]}`, `down ${hosts[0]}`, `up ${hosts[1]}`]);
  const down = notices.find(({ kind }) => kind === "down") as { reason: string };
  assertStringIncludes(down.reason, "1011");
});

Deno.test("BinanceCandleStream gives up a connection on which nothing comes", async () => {
  await using server = quickExchange({ streamed: () => undefined });
  const notices = await listen(streamOf([server.streamOrigin], 200), (all) => all.some(({ kind }) => kind === "down"));
  const down = notices.find(({ kind }) => kind === "down") as { reason: string };
  assertEquals(down.reason, "no message for 0.2 s");
});

Deno.test("BinanceCandleStream says that nobody answers, and tries on", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const downs = (all: readonly StreamNotice[]) => all.filter(({ kind }) => kind === "down").length;
  const notices = await listen(streamOf([`ws://127.0.0.1:${port}`]), (all) => downs(all) >= 2);
  assertEquals(notices.map(({ kind }) => kind), ["down", "down"]);
});

Deno.test("BinanceCandleStream passes over what is no closed kline of the series", async () => {
  const garbage = ["", "[]", "null", "{", `{"stream":"btcusdt@kline_1m"}`, `{"stream":"x","data":{"k":{"x":true}}}`];
  let said = 0;
  await using server = quickExchange({
    streamed: (message) => ++said % 2 === 0 ? message : garbage[(said >> 1) % garbage.length],
  });
  const notices = await listen(streamOf([server.streamOrigin]), (all) => closedIn(all).length >= 6);
  assert(closedIn(notices).every(({ close }) => close > 0));
  const byStream = new Map([["btcusdt@kline_1m", BTC]]);
  const message = klineMessage(CANDLES, 0, "btcusdt@kline_1m", START + MINUTE_MS);
  assertEquals(readClosedCandle(message, byStream)?.openTimeMs, START);
  assertEquals(readClosedCandle(message.replace('"x":true', '"x":false'), byStream), undefined);
  assertEquals(readClosedCandle(message.replace(/"c":"[\d.]+"/, '"c":"NaN"'), byStream), undefined);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    assertEquals(readClosedCandle(text, byStream), undefined);
  }));
});

Deno.test({
  name: "BinanceCandleStream without the grant says which one",
  permissions: { net: false },
  async fn() {
    const notices = streamOf(["wss://data-stream.binance.vision:443"]).notices([BTC]);
    const error = await assertRejects(() => Array.fromAsync(notices), DomainError);
    assertEquals([error.code, error.hint], [
      "permission-denied",
      "Grant it: task ingest NET=data-stream.binance.vision:443 -- --follow",
    ]);
  },
});
