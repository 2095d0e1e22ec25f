import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type CandlePage,
  type CandleQuery,
  DAY_MS,
  DomainError,
  intersectRanges,
  isEmptyRange,
  mergeRanges,
  MINUTE_MS,
  subtractRanges,
  type TimeRange,
} from "../../src/core/mod.ts";
import { dailyFile } from "../../src/data_ingestion_service/archive/archive_layout.ts";
import { ingest } from "../../src/data_ingestion_service/ingest.ts";
import { BTC, within } from "../fakes/archive_files.ts";
import { MemoryExchange } from "../fakes/memory_exchange.ts";
import { CANDLES, HOLE, MemoryArchive, setup, START } from "./ingest_setup.ts";

const DAYS = 5;

/** An exchange that fails on pages that begin in some hours. */
class PatchyExchange extends MemoryExchange {
  failing: readonly TimeRange[] = [];

  override async *candles(query: CandleQuery): AsyncGenerator<CandlePage> {
    for await (const page of super.candles(query)) {
      if (this.failing.some((range) => !isEmptyRange(intersectRanges(range, page.range)))) {
        throw new DomainError("exchange-unavailable", "GET /klines was answered 503");
      }
      yield page;
    }
  }
}

interface Round {
  readonly source: "auto" | "archive" | "rest";
  readonly fromHour: number;
  readonly hours: number;
  /** Days whose file is gone, and days whose file is damaged. */
  readonly gone: readonly number[];
  readonly damaged: readonly number[];
  /** Hours in which REST fails. */
  readonly failing: readonly number[];
}

const hour = (at: number): TimeRange => ({
  startMs: START + at * 60 * MINUTE_MS,
  endMs: START + (at + 1) * 60 * MINUTE_MS,
});
const round = fc.record<Round>({
  source: fc.constantFrom("auto", "archive", "rest"),
  fromHour: fc.integer({ min: 0, max: DAYS * 24 - 2 }),
  hours: fc.integer({ min: 1, max: DAYS * 24 }),
  gone: fc.array(fc.integer({ min: 0, max: DAYS - 1 }), { maxLength: 3 }),
  damaged: fc.array(fc.integer({ min: 0, max: DAYS - 1 }), { maxLength: 2 }),
  failing: fc.array(fc.integer({ min: 0, max: DAYS * 24 - 1 }), { maxLength: 3 }),
});

Deno.test("whatever sources give and fail, each missing minute lies in exactly one open gap, and no stored one in any", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async (rounds) => {
      const archive = new MemoryArchive("http");
      const { store, deps, clock } = setup({ archive });
      const exchange = new PatchyExchange({ BTCUSDT: CANDLES }, clock);
      let asked: TimeRange[] = [];
      for (const { source, fromHour, hours, gone, damaged, failing } of rounds) {
        for (let day = 0; day < DAYS; day++) archive.put(dailyFile(BTC, START + day * DAY_MS));
        for (const day of damaged) archive.put(dailyFile(BTC, START + day * DAY_MS), new Uint8Array(50));
        for (const day of gone) archive.files.delete(dailyFile(BTC, START + day * DAY_MS).name);
        exchange.failing = failing.map(hour);
        const sinceMs = hour(fromHour).startMs,
          untilMs = Math.min(START + DAYS * DAY_MS, sinceMs + hours * 60 * MINUTE_MS);
        const { archive: _, ...rest } = { ...deps, exchange };
        const sources = source === "rest" ? rest : source === "archive" ? deps : { ...rest, archive };
        const result = await ingest({ series: BTC, source, sinceMs, untilMs }, sources);
        asked = mergeRanges([...asked, result.range]);

        const everything = { startMs: START, endMs: START + DAYS * DAY_MS };
        const covered = await store.coverage(BTC, everything);
        const open = await store.gaps(BTC, everything);
        const missing = asked.flatMap((range) => subtractRanges([range], covered));
        const inAsked = open.flatMap((gap) => asked.map((range) => intersectRanges(gap, range)))
          .filter((part) => !isEmptyRange(part));
        assertEquals(mergeRanges(inAsked), mergeRanges(missing));
        const sum = (ranges: readonly TimeRange[]) =>
          ranges.reduce((total, { startMs, endMs }) => total + endMs - startMs, 0);
        assertEquals(sum(inAsked), sum(missing), "no minute in two gaps");
        for (const gap of open) {
          assertEquals(gap.minutes, (gap.endMs - gap.startMs) / MINUTE_MS);
          assert(gap.evidence.length > 0);
        }
        // What is stored is what the exchange has, and what the hole lacks is never called fetched.
        const stored = await store.loadCandles({ ...BTC, range: everything });
        for (const ms of stored.openTimeMs) assert(ms < HOLE.startMs || ms >= HOLE.endMs);
      }
      // With everything at hand, only the hole is left, and it is an outage.
      archive.files.clear();
      for (let day = 0; day < DAYS; day++) archive.put(dailyFile(BTC, START + day * DAY_MS));
      exchange.failing = [];
      const whole = { series: BTC, source: "auto", sinceMs: START, untilMs: START + DAYS * DAY_MS } as const;
      const result = await ingest(whole, { ...deps, exchange });
      assertEquals(result.error, undefined);
      assertEquals(result.rows.present, within(CANDLES, result.range).length);
      assertEquals(mergeRanges(result.gaps), [HOLE]);
      assertEquals([...new Set(result.gaps.map(({ cause }) => cause))], ["outage"]);
      const closed = await store.gaps(BTC, result.range, { closed: true });
      assert(
        closed.every((gap) =>
          gap.closedAtMs !== undefined || result.gaps.some(({ startMs }) => startMs === gap.startMs)
        ),
      );
    }),
    { numRuns: 25, seed: 7 },
  );
});
