import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type CandleColumns,
  type CandlePage,
  type CandleQuery,
  concatCandles,
  DomainError,
  type Exchange,
  mergeRanges,
  MINUTE_MS,
  type SeriesId,
  type TimeRange,
} from "../../src/core/mod.ts";
import { within } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";

/** The exchange's clock in the contract: some seconds into a minute. */
export const CONTRACT_NOW = Date.UTC(2024, 0, 10, 12, 0, 31);
const MINUTE = Math.floor(CONTRACT_NOW / MINUTE_MS) * MINUTE_MS;
const minutesAgo = (from: number, to: number): TimeRange => ({
  startMs: MINUTE - from * MINUTE_MS,
  endMs: MINUTE - to * MINUTE_MS,
});

/** Minutes that the exchange has no candle of. */
export const CONTRACT_HOLE = minutesAgo(900, 860);

/** What the exchange knows in the contract, the forming candle and one of the future included. */
export function contractCandles(): CandleColumns {
  return walkCandles(minutesAgo(3500, -2), [CONTRACT_HOLE]);
}

/** How an exchange under test is opened: its clock stands at `nowMs`. */
export type OpenExchange = (nowMs: number) => Promise<Exchange & AsyncDisposable>;

/** What every exchange promises; `series` is the one it knows, of {@linkcode contractCandles}. */
export function testExchange(name: string, series: SeriesId, open: OpenExchange): void {
  const test = (behaviour: string, run: (exchange: Exchange) => Promise<void>, nowMs = CONTRACT_NOW) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      await using exchange = await open(nowMs);
      await run(exchange);
    });
  const query = (range: TimeRange): CandleQuery => ({ ...series, range });
  const times = (pages: readonly CandlePage[]) => [...concatCandles(pages.map(({ columns }) => columns)).openTimeMs];

  test("tells its clock and knows its symbols", async (exchange) => {
    const info = await exchange.info([series.symbol]);
    assert(Math.abs(info.serverTimeMs - CONTRACT_NOW) < 5_000);
    assert(info.symbols.includes(series.symbol));
    assert(exchange.tally.count >= 1);
    const error = await assertRejects(() => exchange.info(["NONE/USDT"]), DomainError, "NONE/USDT");
    assertEquals([error.code, error.traits.exit], ["symbol-unknown", 3]);
  });

  test("gives pages that cover the range in order, and each candle once", async (exchange) => {
    await exchange.info([series.symbol]);
    const range = minutesAgo(3200, 100);
    const pages = await Array.fromAsync(exchange.candles(query(range)));
    assert(pages.length >= 3);
    assertEquals(mergeRanges(pages.map((page) => page.range)), [range]);
    for (const { range: { startMs, endMs }, columns } of pages) {
      for (const ms of columns.openTimeMs) assert(ms >= startMs && ms < endMs);
    }
    assertEquals(times(pages), [...within(contractCandles(), range).openTimeMs]);
    const got = concatCandles(pages.map(({ columns }) => columns)), expected = within(contractCandles(), range);
    for (const field of ["open", "high", "low", "close", "volume"] as const) {
      assertEquals([...got[field]], [...expected[field]]);
    }
  });

  test("never gives a forming candle", async (exchange) => {
    await exchange.info([series.symbol]);
    const pages = await Array.fromAsync(exchange.candles(query(minutesAgo(5, -2))));
    assertEquals(times(pages), [5, 4, 3, 2, 1].map((ago) => MINUTE - ago * MINUTE_MS));
  });

  test("does not call a candle closed in the margin after its end", async (exchange) => {
    await exchange.info([series.symbol]);
    const pages = await Array.fromAsync(exchange.candles(query(minutesAgo(5, -2))));
    assertEquals(times(pages).at(-1), MINUTE - 2 * MINUTE_MS);
  }, MINUTE + 1_200);

  test("gives an empty page where it has nothing", async (exchange) => {
    await exchange.info([series.symbol]);
    const pages = await Array.fromAsync(exchange.candles(query(CONTRACT_HOLE)));
    assertEquals(mergeRanges(pages.map((page) => page.range)), [CONTRACT_HOLE]);
    assertEquals(times(pages), []);
  });

  test("names a symbol it does not know when asked for its candles", async (exchange) => {
    const range = minutesAgo(5, 1);
    const asked = () => Array.fromAsync(exchange.candles({ ...series, symbol: "NONE/USDT", range }));
    assertEquals((await assertRejects(asked, DomainError)).code, "symbol-unknown");
  });

  test("says when a series begins, or that it does not know", async (exchange) => {
    const first = await exchange.firstOpenTime(series);
    assert(first === undefined || first === contractCandles().openTimeMs[0]);
  });
}
