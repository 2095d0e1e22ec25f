import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MINUTE_MS, type SeriesId } from "../../src/core/mod.ts";
import { FollowSchedule } from "../../src/data_ingestion_service/following/follow_schedule.ts";
import { BTC } from "../fakes/archive_files.ts";

const START = Date.UTC(2024, 0, 10);
const HOURLY: SeriesId = { ...BTC, interval: "1h" };
const TIMING = { closedMarginMs: 2_000, graceMs: 3_000 };
const at = (minutes: number, ms = 0) => START + minutes * MINUTE_MS + ms;
const schedule = (...series: SeriesId[]) =>
  new FollowSchedule((series.length === 0 ? [BTC] : series).map((one) => ({ series: one, nextOpenMs: START })), TIMING);

Deno.test("FollowSchedule waits for word of a candle, and no longer than the grace", { permissions: "none" }, () => {
  const silent = schedule();
  assertEquals(silent.nextDueAtMs(), at(1, 5_000));
  assertEquals(silent.due(at(1, 4_999)), []);
  assertEquals(silent.due(at(1, 5_000)), [{ series: BTC, range: { startMs: at(0), endMs: at(1) }, by: "clock" }]);
  const told = schedule();
  told.noticed(BTC, at(0));
  assertEquals(told.nextDueAtMs(), at(1, 2_000), "a closed candle still waits for the margin");
  assertEquals(told.due(at(1, 1_999)), []);
  assertEquals(told.due(at(1, 2_000)), [{ series: BTC, range: { startMs: at(0), endMs: at(1) }, by: "stream" }]);
});

Deno.test("FollowSchedule asks for everything since the last candle that is settled", { permissions: "none" }, () => {
  const one = schedule();
  assertEquals(one.due(at(34, 30_000))[0]!.range, { startMs: at(0), endMs: at(34) });
  one.settled(BTC, at(34));
  assertEquals(one.due(at(35)), []);
  assertEquals(one.due(at(35, 5_000))[0]!.range, { startMs: at(34), endMs: at(35) });
  one.settled(BTC, at(10));
  assertEquals(one.nextDueAtMs(), at(35, 5_000), "it never goes back");
});

Deno.test("FollowSchedule pauses after failures, and forgets them once it works", { permissions: "none" }, () => {
  const one = schedule();
  one.failed(BTC, at(1, 5_000), 1);
  assertEquals(one.due(at(1, 5_900)), []);
  assertEquals(one.nextDueAtMs(), at(1, 6_000));
  one.failed(BTC, at(1, 6_000), 1);
  assertEquals(one.nextDueAtMs(), at(1, 8_000));
  for (let i = 0; i < 20; i++) one.failed(BTC, at(2), 1);
  assertEquals(one.nextDueAtMs(), at(2, 32_000), "half a minute at most");
  one.settled(BTC, at(2));
  assertEquals(one.nextDueAtMs(), at(3, 5_000));
});

Deno.test("FollowSchedule keeps series apart, each by its own length", { permissions: "none" }, () => {
  const both = schedule(BTC, HOURLY);
  both.noticed({ ...BTC, symbol: "ETH/USDT" }, at(0));
  both.noticed(HOURLY, at(0));
  assertEquals(both.due(at(59)).map(({ series }) => series.interval), ["1m"]);
  assertEquals(both.due(at(60, 2_000)).map(({ series, by }) => [series.interval, by]), [["1m", "clock"], [
    "1h",
    "stream",
  ]]);
});

Deno.test("FollowSchedule never calls a candle due before its margin, and never leaves one out", {
  permissions: "none",
}, () => {
  const event = fc.oneof(
    fc.record({ notice: fc.integer({ min: -5, max: 40 }) }),
    fc.record({ passMs: fc.integer({ min: 0, max: 90_000 }) }),
    fc.record({ fails: fc.boolean() }),
  );
  fc.assert(fc.property(fc.array(event, { maxLength: 80 }), (events) => {
    const one = schedule();
    let nowMs = START, settledMs = START, fails = false;
    for (const each of events) {
      if ("notice" in each) one.noticed(BTC, at(each.notice));
      else if ("fails" in each) fails = each.fails;
      else nowMs += each.passMs;
      for (const { range } of one.due(nowMs)) {
        assertEquals(range.startMs, settledMs, "what is due begins where the last ended");
        assert(range.endMs > range.startMs && range.endMs + TIMING.closedMarginMs <= nowMs);
        if (fails) one.failed(BTC, nowMs, 0.5);
        else one.settled(BTC, settledMs = range.endMs);
      }
      assert(one.due(nowMs).length === 0 || fails || one.nextDueAtMs() <= nowMs);
    }
    nowMs = Math.max(one.nextDueAtMs(), nowMs + 2 * MINUTE_MS);
    assert(one.due(nowMs).length === 1, "sooner or later it is due again");
  }));
});
