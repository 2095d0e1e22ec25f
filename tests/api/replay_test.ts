import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type CandleColumns, DAY_MS, DomainError, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { parseReplayRange, replayableRange, ReplayClock, ReplayFeed } from "../../src/api/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { randomCandles } from "../ml/candles.ts";
import { MemoryFeed } from "./service_fixture.ts";

const PURE = { permissions: "none" } as const;
const MARCH = Date.UTC(2023, 2, 1);
const SERIES = { exchange: "binance", symbol: "BTC/USDT", interval: "1m" } as const;

Deno.test(
  "a replay's range is START/END, an open end or a duration of as many decisions as it has minutes",
  PURE,
  () => {
    const known = { startMs: MARCH, endMs: MARCH + 20 * DAY_MS };
    const day = (n: number) => MARCH + n * DAY_MS;
    const cases: readonly [text: string, startMs: number, endMs: number][] = [
      ["2023-03-03/2023-03-05", day(2), day(4)],
      ["2023-03-03T00:00:30Z/2023-03-05", day(2) + MINUTE_MS, day(4)],
      ["2023-03-03/", day(2), day(20)],
      ["2023-03-20", day(19), day(20)],
      ["P7D", day(13), day(20)],
      ["PT1M", day(20) - MINUTE_MS, day(20)],
      ["PT90M/2023-03-05", day(4) - 90 * MINUTE_MS, day(4)],
      ["2023-03-01/2023-03-02", day(0) + MINUTE_MS, day(1)],
      ["2023-03-03/2023-03-21T00:01Z", day(2), day(20) + MINUTE_MS],
    ];
    for (const [text, startMs, endMs] of cases) {
      assertEquals([text, replayableRange(parseReplayRange(text), known)], [text, { range: { startMs, endMs } }]);
    }
    for (const text of ["", "/", "/2023-03-05", "2023-03-05/2023-03-05", "a/b", "2023-03-01/2023-03-02/2023-03-03"]) {
      assertEquals(assertThrows(() => parseReplayRange(text), DomainError).code, "usage", text);
    }
    for (const text of ["2022-01-01/2022-01-02", "2023-03-21/", "2023-03-21T00:01Z/2023-03-22", "P1D/2023-03-01"]) {
      assertEquals(
        assertThrows(() => replayableRange(parseReplayRange(text), known), DomainError).code,
        "not-found",
        text,
      );
    }
  },
);

Deno.test("replayableRange() tells what was asked for where the store has only a part of it", PURE, () => {
  const known = { startMs: MARCH, endMs: MARCH + 20 * DAY_MS };
  const first = MARCH + MINUTE_MS, end = known.endMs + MINUTE_MS;
  const cases: readonly [text: string, range: [number, number], cutFrom: [number, number]][] = [
    ["2023-02-01/2023-03-02", [first, MARCH + DAY_MS], [Date.UTC(2023, 1, 1), MARCH + DAY_MS]],
    ["2023-03-20/2024-01-01", [MARCH + 19 * DAY_MS, end], [MARCH + 19 * DAY_MS, Date.UTC(2024, 0, 1)]],
    ["P30D", [first, known.endMs], [known.endMs - 30 * DAY_MS, known.endMs]],
  ];
  for (const [text, range, cutFrom] of cases) {
    const found = replayableRange(parseReplayRange(text), known);
    assertEquals([text, found.range.startMs, found.range.endMs], [text, ...range]);
    assertEquals([found.cutFrom?.startMs, found.cutFrom?.endMs], cutFrom);
  }
});

Deno.test("ReplayFeed never shows a candle that had not closed, and shows all that had", PURE, async () => {
  const days = 40, lookbackMinutes = 600;
  const all = randomCandles(days * 1440, { startMs: MARCH, missing: (i) => i % 997 === 5 });
  const store = new MemoryFeed(all);
  const feed = new ReplayFeed(store, { series: SERIES, lookbackMinutes });
  const visible = (range: { startMs: number; endMs: number }) =>
    feed.read<CandleColumns>((reader) => reader.loadCandles({ ...SERIES, range }));
  let seen = "";
  for (let nowMs = MARCH + 2 * DAY_MS; nowMs < MARCH + days * DAY_MS; nowMs += 7 * 60 * MINUTE_MS) {
    await feed.reveal(nowMs);
    const closed = all.openTimeMs.filter((ms) => ms + MINUTE_MS <= nowMs && ms >= nowMs - lookbackMinutes * MINUTE_MS);
    const range = { startMs: nowMs - lookbackMinutes * MINUTE_MS, endMs: Infinity };
    assertEquals((await visible(range)).openTimeMs, closed);
    assertEquals(await feed.read((reader) => reader.countCandles({ ...SERIES, range })), closed.length);
    const span = await feed.read((reader) => reader.span(SERIES));
    assertEquals(span?.endMs, closed.at(-1)! + MINUTE_MS);
    const version = await feed.version();
    assertEquals(version !== seen, true, "new candles are news");
    seen = version;
    assertEquals(await feed.version(), version);
  }
  assertEquals(store.loadedMinutes.every((minutes) => minutes <= 15 * 1440), true, "the store is read in parts");
  const empty = new ReplayFeed(new MemoryFeed(sliceCandles(all, 0, 0)), { series: SERIES, lookbackMinutes });
  await empty.reveal(MARCH);
  assertEquals(await empty.read((reader) => reader.span(SERIES)), undefined);
  await assertRejects(() => empty.read(() => Promise.reject(new Error("mine"))), Error, "mine");
});

Deno.test("ReplayClock goes on only when told to, and never back", PURE, () => {
  const clock = new ReplayClock(MARCH, new ManualClock(0));
  clock.set(MARCH + 5);
  assertEquals([clock.nowMs(), clock.monotonicMs()], [MARCH + 5, 5]);
  assertThrows(() => clock.set(MARCH), RangeError);
  assertThrows(() => clock.set(NaN), RangeError);
});
