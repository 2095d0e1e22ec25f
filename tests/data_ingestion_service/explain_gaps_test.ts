import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, mergeRanges, MINUTE_MS, type TimeRange } from "../../src/core/mod.ts";
import {
  explainGaps,
  type GapEvidence,
  NOT_THERE,
  toGaps,
} from "../../src/data_ingestion_service/planning/explain_gaps.ts";

const START = Date.UTC(2023, 2, 24);
const minutes = (from: number, to: number): TimeRange => ({
  startMs: START + from * MINUTE_MS,
  endMs: START + to * MINUTE_MS,
});
const NOTHING: GapEvidence = {
  archive: [],
  rest: [],
  trades: [],
  outages: [],
  archivePublishes: false,
  nowMs: START + 400 * DAY_MS,
};
const GAP = minutes(760, 840);
const FILE = { ...minutes(0, 1440), by: "BTCUSDT-1m-2023-03-24.zip" };
const OUTAGE = { ...GAP, evidence: "trading halted" };
const causes = (missing: readonly TimeRange[], evidence: Partial<GapEvidence>) =>
  explainGaps(missing, { ...NOTHING, ...evidence }).map(({ startMs, endMs, cause }) => [
    (startMs - START) / MINUTE_MS,
    (endMs - START) / MINUTE_MS,
    cause,
  ]);

Deno.test({
  name: "explainGaps() finds the cause of each kind of gap",
  permissions: "none",
  fn() {
    const rest = { ...minutes(0, 2880), by: "binance" };
    assertEquals(causes([GAP], { archive: [FILE], outages: [OUTAGE] }), [[760, 840, "outage"]]);
    assertEquals(causes([GAP], { archive: [FILE] }), [[760, 840, "unknown"]]);
    assertEquals(causes([GAP], { archive: [FILE], rest: [rest] }), [[760, 840, "outage"]]);
    assertEquals(causes([GAP], { rest: [rest] }), [[760, 840, "unknown"]]);
    assertEquals(causes([GAP], { rest: [rest], outages: [OUTAGE] }), [[760, 840, "outage"]]);
    const none = [{ ...GAP, none: true, evidence: "trades 7 and 8" }];
    assertEquals(causes([GAP], { rest: [rest], trades: none }), [[760, 840, "outage"]]);
    const some = [{ ...GAP, none: false, evidence: "trades" }];
    assertEquals(causes([GAP], { archive: [FILE], rest: [rest], trades: some }), [[760, 840, "unknown"]]);
    assertEquals(causes([GAP], { archive: [{ ...FILE, failure: "it is corrupt" }] }), [[760, 840, "fetch_failed"]]);
    assertEquals(causes([GAP], { archive: [{ ...FILE, failure: NOT_THERE }] }), [[760, 840, "fetch_failed"]]);
    assertEquals(causes([GAP], { rest: [{ ...rest, failure: "503" }] }), [[760, 840, "fetch_failed"]]);
    assertEquals(causes([GAP], {}), [[760, 840, "fetch_failed"]]);
    assertEquals(causes([GAP], { rest: [rest], listedAtMs: GAP.endMs }), [[760, 840, "not_listed"]]);
  },
});

Deno.test({
  name: "explainGaps() calls a young day of a publishing archive not yet published",
  permissions: "none",
  fn() {
    const archive = [{ ...FILE, failure: NOT_THERE }];
    const young = { archive, nowMs: START + 2 * DAY_MS, archivePublishes: true };
    assertEquals(causes([minutes(0, 1440)], young), [[0, 1440, "not_yet_published"]]);
    assertEquals(causes([minutes(0, 1440)], { ...young, archivePublishes: false }), [[0, 1440, "fetch_failed"]]);
    assertEquals(causes([minutes(0, 1440)], { ...young, nowMs: START + 4 * DAY_MS }), [[0, 1440, "fetch_failed"]]);
    const refused = [{ ...minutes(0, 1440), by: "binance", failure: "451" }];
    assertEquals(causes([minutes(0, 1440)], { ...young, rest: refused }), [[0, 1440, "fetch_failed"]]);
  },
});

Deno.test({
  name: "explainGaps() splits where the evidence ends, and joins what has the same",
  permissions: "none",
  fn() {
    const next = { ...minutes(1440, 2880), by: "BTCUSDT-1m-2023-03-25.zip", failure: NOT_THERE };
    const last = { ...minutes(2880, 4320), by: "BTCUSDT-1m-2023-03-26.zip", failure: NOT_THERE };
    const evidence = { archive: [FILE, next, last], outages: [OUTAGE], listedAtMs: START + 700 * MINUTE_MS };
    assertEquals(causes([minutes(600, 4000)], evidence), [
      [600, 700, "not_listed"],
      [700, 760, "unknown"],
      [760, 840, "outage"],
      [840, 1440, "unknown"],
      [1440, 4000, "fetch_failed"],
    ]);
    const [gap] = toGaps(explainGaps([GAP], { ...NOTHING, archive: [FILE], outages: [OUTAGE] }), 5);
    assertEquals([gap!.minutes, gap!.firstSeenAtMs], [80, 5]);
    assert(gap!.evidence.includes("BTCUSDT-1m-2023-03-24.zip") && gap!.evidence.includes("trading halted"));
  },
});

Deno.test({
  name: "explainGaps() gives every missing minute to exactly one span, whatever is known",
  permissions: "none",
  fn() {
    const range = fc.tuple(fc.nat({ max: 200 }), fc.integer({ min: 1, max: 60 })).map(([from, n]) =>
      minutes(from, from + n)
    );
    const asked = fc.array(
      fc.record({ range, failure: fc.option(fc.constantFrom("503", NOT_THERE), { nil: undefined }) }).map((one) => ({
        ...one.range,
        by: "x",
        ...(one.failure === undefined ? {} : { failure: one.failure }),
      })),
      { maxLength: 4 },
    );
    const evidence = fc.record({
      archive: asked,
      rest: asked,
      trades: fc.array(fc.tuple(range, fc.boolean()).map(([span, none]) => ({ ...span, none, evidence: "t" })), {
        maxLength: 2,
      }),
      outages: fc.array(range.map((span) => ({ ...span, evidence: "o" })), { maxLength: 2 }),
      archivePublishes: fc.boolean(),
      nowMs: fc.nat({ max: 300 }).map((n) => START + 2 * DAY_MS + n * MINUTE_MS + 17),
    });
    fc.assert(fc.property(fc.array(range, { maxLength: 5 }), evidence, (missing, known) => {
      const spans = explainGaps(missing, known);
      assertEquals(mergeRanges(spans), mergeRanges(missing));
      for (let i = 1; i < spans.length; i++) assert(spans[i]!.startMs >= spans[i - 1]!.endMs);
      for (const { startMs, endMs } of spans) assert(startMs % MINUTE_MS === 0 && endMs > startMs);
    }));
  },
});
