import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError, MINUTE_MS, seededRandom } from "../../src/core/mod.ts";
import {
  BinanceExchange,
  type BinanceExchangeOptions,
} from "../../src/data_ingestion_service/exchange/binance_exchange.ts";
import { CONTRACT_HOLE, CONTRACT_NOW, contractCandles, testExchange } from "../contracts/exchange_contract.ts";
import { BTC, within } from "../fakes/archive_files.ts";
import { type FakeExchangeOptions, FakeExchangeServer } from "../fakes/fake_exchange_server.ts";
import { MemoryExchange } from "../fakes/memory_exchange.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";

const CANDLES = contractCandles();

/** A server and a client of it, on one simulated clock: backoff and minutes cost no time. */
function pair(
  server: Partial<FakeExchangeOptions> = {},
  client: Partial<BinanceExchangeOptions> = {},
  nowMs = CONTRACT_NOW,
) {
  const clock = new SimulatedClock(nowMs);
  const fake = new FakeExchangeServer({
    markets: { BTCUSDT: CANDLES },
    now: () => clock.nowMs(),
    silent: [CONTRACT_HOLE],
    ...server,
  });
  const exchange = new BinanceExchange({
    origins: [fake.origin],
    pageRows: 1000,
    inFlight: 4,
    timeoutMs: 5_000,
    attempts: 5,
    weightShare: 1,
    closedMarginMs: 2_000,
    clock,
    random: seededRandom(1),
    ...client,
  });
  return {
    clock,
    fake,
    exchange,
    async [Symbol.asyncDispose]() {
      await exchange[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}

const RANGE = { startMs: CANDLES.openTimeMs[0]!, endMs: CANDLES.openTimeMs[0]! + 3_000 * MINUTE_MS };
const QUERY = { ...BTC, range: RANGE };

async function countAll(exchange: BinanceExchange, clock: SimulatedClock): Promise<number> {
  const pages = await clock.run(Array.fromAsync(exchange.candles(QUERY)));
  return pages!.reduce((sum, { columns }) => sum + columns.length, 0);
}
const EXPECTED = within(CANDLES, RANGE).length;

testExchange("MemoryExchange", BTC, (nowMs) => {
  return Promise.resolve(new MemoryExchange({ BTCUSDT: CANDLES }, new SimulatedClock(nowMs)));
});
for (const plain of [false, true]) {
  testExchange(`BinanceExchange${plain ? " on a plain server" : ""}`, BTC, (nowMs) => {
    // The real time of the test goes by too little to matter; nothing here waits.
    const { fake, exchange } = pair({ plain }, {}, nowMs);
    const dispose = exchange[Symbol.asyncDispose].bind(exchange);
    return Promise.resolve(Object.assign(exchange, {
      async [Symbol.asyncDispose]() {
        await dispose();
        await fake[Symbol.asyncDispose]();
      },
    }));
  });
}

Deno.test("BinanceExchange gives every page but the one whose answer is no list of candles", async () => {
  const wrong = [
    `[["1704844800000","x"]]`,
    `[[1,"1","1","1","1","1",2,"1",1,"1","-1","0"]]`,
    `{"code":0}`,
    `[{"open":1}]`,
    `[["a"]]`,
    "[7]",
    "[null]",
  ];
  for (const body of wrong) {
    await using both = pair({
      fault: (endpoint, count) => endpoint === "klines" && count === 2 ? { status: 200, body } : undefined,
    }, { inFlight: 1 });
    const pages = await both.clock.run(Array.fromAsync(both.exchange.candles(QUERY)));
    const seen = pages!.map(({ columns, problem }) => [columns.length, problem?.code]);
    assertEquals(seen, [[1000, undefined], [0, "invariant-violated"], [960, undefined]], body);
    assertEquals(pages![1]!.range.startMs, RANGE.startMs + 1000 * MINUTE_MS);
  }
});

Deno.test("BinanceExchange asks again after a redirection, and does not follow it", async () => {
  await using both = pair({
    fault: (endpoint, count) => endpoint === "klines" && count < 3 ? { status: 302 } : undefined,
  }, { inFlight: 1 });
  assertEquals(await countAll(both.exchange, both.clock), EXPECTED);
  assertEquals(both.exchange.tally.retries, 2);
});

Deno.test("BinanceExchange gives all eleven columns to the last digit", async () => {
  await using both = pair();
  const pages = await both.clock.run(Array.fromAsync(both.exchange.candles(QUERY)));
  const expected = within(CANDLES, RANGE);
  let at = 0;
  for (const { columns } of pages!) {
    for (let i = 0; i < columns.length; i++, at++) {
      assertEquals(columns.quoteVolume[i], expected.quoteVolume[at]);
      assertEquals(columns.tradeCount[i], expected.tradeCount[at]);
      assertEquals(columns.takerBuyBaseVolume[i], expected.takerBuyBaseVolume[at]);
      assertEquals(columns.takerBuyQuoteVolume[i], expected.takerBuyQuoteVolume[at]);
      assertEquals(columns.closeTimeMs[i], expected.closeTimeMs[at]);
    }
  }
  assertEquals(at, expected.length);
});

Deno.test("BinanceExchange asks on where a server gives fewer rows than it may", async () => {
  await using both = pair({ maxRows: 300 });
  assertEquals(await countAll(both.exchange, both.clock), EXPECTED);
});

Deno.test("BinanceExchange goes on through faults, and counts the retries", async () => {
  await using both = pair({
    fault: (endpoint, count) => {
      if (endpoint !== "klines") return undefined;
      return ([undefined, { status: 500 }, "cut", "html", { status: 502, body: "<html>" }] as const)[count - 1];
    },
  });
  assertEquals(await countAll(both.exchange, both.clock), EXPECTED);
  assert(both.exchange.tally.retries >= 4, String(both.exchange.tally.retries));
  // Beside the pages, what is closed was asked for: exchangeInfo 20, time 1.
  assertEquals(both.exchange.tally.weight, 2 * (both.exchange.tally.count - 2) + 21);
});

Deno.test("BinanceExchange stores no forming candle where exchangeInfo fails and the local clock is ahead", async () => {
  const aheadMs = 30 * MINUTE_MS;
  const clock = new SimulatedClock(CONTRACT_NOW + aheadMs);
  await using both = pair({
    now: () => Math.floor(clock.nowMs() - aheadMs),
    fault: (endpoint) => endpoint === "exchangeInfo" ? { status: 503 } : undefined,
  }, { clock, attempts: 2 });
  const info = (await clock.run(both.exchange.info(["BTC/USDT"])))!;
  assert(Math.abs(info.serverTimeMs - (clock.nowMs() - aheadMs)) < 5_000);
  assertEquals([info.weightPerMinute, both.exchange.warnings.map(({ code }) => code)], [1_200, ["limits-unknown"]]);
  const range = { startMs: CONTRACT_NOW - 10 * MINUTE_MS, endMs: CONTRACT_NOW + aheadMs };
  const pages = (await clock.run(Array.fromAsync(both.exchange.candles({ ...BTC, range }))))!;
  const last = pages.at(-1)!.columns.openTimeMs.at(-1)!;
  assert(last + MINUTE_MS <= clock.nowMs() - aheadMs, new Date(last).toISOString());
});

Deno.test("BinanceExchange gives up on a request that is never answered", async () => {
  await using both = pair({ fault: () => "hang" }, { timeoutMs: 50, attempts: 2 });
  const error = await assertRejects(() => both.clock.run(both.exchange.info(["BTC/USDT"])), DomainError, "50 ms");
  assertEquals([error.code, error.traits.exit], ["exchange-unavailable", 4]);
});

Deno.test("BinanceExchange says so where nobody listens", async () => {
  await using both = pair({}, { origins: ["http://127.0.0.1:1"], attempts: 2 });
  const error = await assertRejects(() => both.clock.run(both.exchange.info(["BTC/USDT"])), DomainError, "2 times");
  assertEquals(error.code, "exchange-unavailable");
});

Deno.test("BinanceExchange waits as 429 asks, and is not banned", async () => {
  // Somebody else at the same address has used most of the minute's weight.
  await using both = pair({
    fault: (endpoint, count) => endpoint === "klines" && count <= 4 ? { status: 429, retryAfter: 30 } : undefined,
  });
  assertEquals(await countAll(both.exchange, both.clock), EXPECTED);
  assert(both.clock.monotonicMs() >= 30_000);
  assertEquals(both.fake.requests.filter(({ status }) => status === 418), []);
});

Deno.test("BinanceExchange stays within a small weight limit, and is never refused", async () => {
  await using both = pair({ weightPerMinute: 60 }, { pageRows: 50 });
  await both.clock.run(both.exchange.info(["BTC/USDT"]));
  assertEquals(await countAll(both.exchange, both.clock), EXPECTED);
  assertEquals(both.fake.requests.filter(({ status }) => status !== 200), []);
  const weights = [...both.fake.weights.values()];
  for (const weight of weights) assert(weight <= 60, String(weights));
  // All minutes but the first (which began before us) and the last are used up.
  for (const weight of weights.slice(1, -1)) assert(weight >= 54, String(weights));
});

Deno.test("BinanceExchange leaves a host of another region, warns, and asks the next", async () => {
  await using blocked = new FakeExchangeServer({
    markets: {},
    fault: () => ({ status: 451, body: '{\n"code": 0,\n"msg": "x"\n}' }),
  });
  await using both = pair();
  await using exchange = new BinanceExchange({
    origins: [blocked.origin, both.fake.origin],
    pageRows: 1000,
    inFlight: 4,
    timeoutMs: 5_000,
    attempts: 5,
    weightShare: 1,
    closedMarginMs: 2_000,
    clock: both.clock,
    random: seededRandom(1),
  });
  assertEquals((await both.clock.run(exchange.info(["BTC/USDT"])))!.symbols, ["BTC/USDT"]);
  assertEquals(exchange.warnings.map(({ code }) => code), ["host-refused"]);
  assertEquals(blocked.requests.length, 1);
});

Deno.test("BinanceExchange says that it is not served here where every host answers 451", async () => {
  await using both = pair({ fault: () => ({ status: 451 }) });
  const error = await assertRejects(() => both.clock.run(both.exchange.info(["BTC/USDT"])), DomainError, "451");
  assertEquals([error.code, error.traits.exit], ["region-blocked", 4]);
});

Deno.test("BinanceExchange tells from the trade numbers whether a span had trades", async () => {
  await using both = pair();
  const around = (range: typeof RANGE) => both.clock.run(both.exchange.tradesAround({ ...BTC, range }));
  const hole = (await around(CONTRACT_HOLE))!;
  assertEquals(hole.after.id, hole.before.id + 1);
  assert(hole.before.timeMs < CONTRACT_HOLE.startMs && hole.after.timeMs >= CONTRACT_HOLE.endMs);
  const busy = (await around({ startMs: RANGE.startMs + MINUTE_MS, endMs: RANGE.startMs + 5 * MINUTE_MS }))!;
  assert(busy.before.timeMs >= RANGE.startMs + MINUTE_MS);
});

Deno.test("BinanceExchange stops when it is told to", async () => {
  await using both = pair({ fault: () => "hang" });
  const controller = new AbortController();
  const asked = Array.fromAsync(both.exchange.candles(QUERY, { signal: controller.signal }));
  setTimeout(() => controller.abort(new DomainError("interrupted", "Stopped by the test")), 20);
  assertEquals((await assertRejects(() => both.clock.run(asked), DomainError)).code, "interrupted");
});
