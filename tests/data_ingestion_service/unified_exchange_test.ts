import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError, MINUTE_MS, MISSING_COUNT, seededRandom } from "../../src/core/mod.ts";
import { createUnifiedClient, type UnifiedClient } from "../../src/data_ingestion_service/exchange/ccxt_client.ts";
import { openUnifiedExchange, UnifiedExchange } from "../../src/data_ingestion_service/exchange/unified_exchange.ts";
import { CONTRACT_NOW, contractCandles, testExchange } from "../contracts/exchange_contract.ts";
import { BTC } from "../fakes/archive_files.ts";
import { FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";

const CANDLES = contractCandles();
const SERIES = { ...BTC, exchange: "binanceus" };
const OPTIONS = { pageRows: 1000, attempts: 3, closedMarginMs: 2_000, random: seededRandom(1) };

/** ccxt's own client of an exchange that speaks as Binance does, sent to the loopback. */
async function realClient(server: FakeExchangeServer): Promise<UnifiedClient> {
  const client = (await createUnifiedClient("binanceus", { timeoutMs: 5_000 }))!;
  const patched = client as unknown as {
    urls: { api: Record<string, string> };
    options: Record<string, unknown>;
    has: Record<string, unknown>;
    enableRateLimit: boolean;
  };
  patched.urls.api = { ...patched.urls.api, public: `${server.origin}/api/v3`, private: `${server.origin}/api/v3` };
  patched.options["fetchMarkets"] = { types: ["spot"] };
  patched.options["fetchCurrencies"] = false;
  patched.enableRateLimit = false;
  return client;
}

testExchange("UnifiedExchange over ccxt", SERIES, async (nowMs) => {
  const clock = new SimulatedClock(nowMs);
  const server = new FakeExchangeServer({ markets: { BTCUSDT: CANDLES }, now: () => clock.nowMs() });
  const exchange = new UnifiedExchange(await realClient(server), { ...OPTIONS, clock });
  return Object.assign(exchange, { [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() });
});

/** A client with exactly what is used of one. */
function stub(answer: (since: number, limit: number) => unknown): UnifiedClient {
  return {
    id: "somewhere",
    has: { fetchTime: false },
    timeframes: { "1m": "1", "1h": "60" },
    loadMarkets: () => Promise.resolve({ "BTC/USDT": {} }),
    fetchTime: () => Promise.reject(new Error("it has no such call")),
    fetchOHLCV: (_symbol, _timeframe, since, limit) => Promise.resolve(answer(since, limit)),
  };
}

const RANGE = {
  startMs: CONTRACT_NOW - CONTRACT_NOW % MINUTE_MS - 20 * MINUTE_MS,
  endMs: CONTRACT_NOW - CONTRACT_NOW % MINUTE_MS,
};
const QUERY = { ...BTC, exchange: "somewhere", range: RANGE };

Deno.test("UnifiedExchange stores what it is not told as unknown, and says so", async () => {
  const exchange = new UnifiedExchange(stub((since) => [[since, 2, 3, 1, 2.5, 7]]), {
    ...OPTIONS,
    clock: new SimulatedClock(CONTRACT_NOW),
  });
  const [page] = await Array.fromAsync(exchange.candles(QUERY));
  const { columns } = page!;
  assertEquals([columns.length, columns.close[0], columns.closeTimeMs[0]], [20, 2.5, RANGE.startMs + MINUTE_MS - 1]);
  assertEquals(columns.tradeCount[0], MISSING_COUNT);
  assert(Number.isNaN(columns.quoteVolume[0]) && Number.isNaN(columns.takerBuyBaseVolume[0]));
  assertEquals(exchange.warnings.map(({ code }) => code), ["columns-missing"]);
  assertEquals(exchange.source, "exchange");
});

Deno.test("UnifiedExchange ends where an exchange repeats itself or answers past the range", async () => {
  const clock = new SimulatedClock(CONTRACT_NOW);
  const early = new UnifiedExchange(stub(() => [[RANGE.startMs, 2, 3, 1, 2.5, 7]]), { ...OPTIONS, clock });
  assertEquals((await Array.fromAsync(early.candles(QUERY)))[0]!.columns.length, 1);
  const late = new UnifiedExchange(stub(() => [[RANGE.endMs, 2, 3, 1, 2.5, 7]]), { ...OPTIONS, clock });
  assertEquals((await Array.fromAsync(late.candles(QUERY)))[0]!.columns.length, 0);
});

Deno.test("UnifiedExchange gives a page without candles where rows are none, and refuses intervals that are not given", async () => {
  const clock = new SimulatedClock(CONTRACT_NOW);
  for (const answer of [undefined, {}, [[1, 2]], [["x", 1, 1, 1, 1, 1]], [[RANGE.startMs, 1, null, 1, 1, 1]]]) {
    const exchange = new UnifiedExchange(stub(() => answer), { ...OPTIONS, clock });
    const pages = await Array.fromAsync(exchange.candles(QUERY));
    assertEquals(pages.map(({ columns, problem }) => [columns.length, problem?.code]), [[0, "invariant-violated"]]);
  }
  const exchange = new UnifiedExchange(stub(() => []), { ...OPTIONS, clock });
  const error = await assertRejects(() => Array.fromAsync(exchange.candles({ ...QUERY, interval: "5m" })), DomainError);
  assertEquals([error.code, error.hint], ["usage", "It has 1m, 1h"]);
});

Deno.test("openUnifiedExchange() names the nearest exchange", async () => {
  const options = { ...OPTIONS, timeoutMs: 1_000, clock: new SimulatedClock(CONTRACT_NOW) };
  const error = await assertRejects(() => openUnifiedExchange("krakn", options), DomainError);
  assertEquals([error.code, error.hint], ["usage", "Did you mean 'kraken'?"]);
});
