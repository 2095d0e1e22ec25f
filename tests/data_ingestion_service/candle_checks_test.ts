import { assertEquals, assertStringIncludes } from "@std/assert";
import { type CandleColumns, MINUTE_MS, MISSING_COUNT } from "../../src/core/mod.ts";
import { checkCandles, MAX_VIOLATIONS, violationText } from "../../src/data_ingestion_service/candle_checks.ts";
import { walkCandles } from "../fakes/candles.ts";

const START = Date.UTC(2024, 0, 10);
const RANGE = { startMs: START, endMs: START + 30 * MINUTE_MS };
const RULES = { interval: "1m", range: RANGE, priceTolerance: 1e-6, closeTimeExceptions: new Map() } as const;

Deno.test({
  name: "checkCandles() finds nothing in sound candles, unknown values included",
  permissions: "none",
  fn() {
    const candles = walkCandles(RANGE, [{ startMs: START + 3 * MINUTE_MS, endMs: START + 6 * MINUTE_MS }]);
    candles.quoteVolume[2] = NaN;
    candles.takerBuyBaseVolume[2] = NaN;
    candles.takerBuyQuoteVolume[2] = NaN;
    candles.tradeCount[2] = MISSING_COUNT;
    candles.volume[4] =
      candles.quoteVolume[4] =
      candles.takerBuyBaseVolume[4] =
      candles.takerBuyQuoteVolume[4] =
        0;
    assertEquals(checkCandles(candles, RULES), { violations: [], violationCount: 0, oddCloseTimes: [] });
  },
});

Deno.test("checkCandles() finds each thing that cannot be true, and says it", async (t) => {
  const broken: Readonly<Record<string, (candles: CandleColumns) => void>> = {
    "not on the grid": ({ openTimeMs }) => openTimeMs[5]! += 1,
    "lies outside": ({ openTimeMs }) => openTimeMs[29] = RANGE.endMs,
    "there twice": ({ openTimeMs }) => openTimeMs[5] = openTimeMs[4]!,
    "before the row above": ({ openTimeMs }) => openTimeMs[5] = openTimeMs[2]!,
    "prices disagree": ({ high, close }) => high[5] = close[5]! * 0.9,
    "prices disagree: open NaN": ({ open }) => open[5] = NaN,
    "prices disagree: open -1": ({ open, low }) => open[5] = low[5] = -1,
    "volume is negative": ({ volume }) => volume[5] = -0.1,
    "volume is negative or not finite: Infinity": ({ volume }) => volume[5] = Infinity,
    "takers bought": ({ takerBuyBaseVolume, volume }) => takerBuyBaseVolume[5] = volume[5]! + 1e-8,
    "trade count is negative": ({ tradeCount }) => tradeCount[5] = -1,
    "mean price": ({ quoteVolume }) => quoteVolume[5]! *= 1.01,
    "close time": ({ closeTimeMs }) => closeTimeMs[5]! += 1,
  };
  for (const [problem, damage] of Object.entries(broken)) {
    await t.step(problem, () => {
      const candles = walkCandles(RANGE);
      damage(candles);
      const { violations, violationCount } = checkCandles(candles, RULES);
      assertEquals(violationCount, 1);
      assertStringIncludes(violationText(violations[0]!), problem);
      assertStringIncludes(violationText(violations[0]!), `row ${problem === "lies outside" ? 30 : 6} (`);
    });
  }
});

Deno.test({
  name: "checkCandles() notes a candle that closes early, unless it is a listed exception",
  permissions: "none",
  fn() {
    const candles = walkCandles(RANGE);
    const at = candles.openTimeMs[9]!;
    candles.closeTimeMs[9] = at + 41_646;
    assertEquals(checkCandles(candles, RULES).oddCloseTimes, [at]);
    const closeTimeExceptions = new Map([[at, at + 41_646]]);
    assertEquals(checkCandles(candles, { ...RULES, closeTimeExceptions }).oddCloseTimes, []);
    // Outside its interval it is a violation, unless listed with that very time.
    candles.closeTimeMs[9] = at + 3 * MINUTE_MS;
    assertEquals(checkCandles(candles, { ...RULES, closeTimeExceptions }).violationCount, 1);
    const listed = new Map([[at, at + 3 * MINUTE_MS]]);
    assertEquals(checkCandles(candles, { ...RULES, closeTimeExceptions: listed }).violationCount, 0);
  },
});

Deno.test({
  name: "checkCandles() counts all violations and describes the first",
  permissions: "none",
  fn() {
    const candles = walkCandles(RANGE);
    candles.low.fill(0);
    const { violations, violationCount } = checkCandles(candles, RULES);
    assertEquals([violations.length, violationCount], [MAX_VIOLATIONS, 30]);
  },
});

Deno.test(
  "checkCandles() admits a listed row whatever its values, but not out of its place",
  { permissions: "none" },
  () => {
    const candles = walkCandles(RANGE), at = candles.openTimeMs[5]!;
    candles.high[5] = candles.low[5]! / 2;
    candles.takerBuyBaseVolume[5] = candles.volume[5]! * 3;
    assertEquals(checkCandles(candles, RULES).violationCount, 1);
    const listed = { ...RULES, admitted: new Set([at]) };
    assertEquals(checkCandles(candles, listed), { violations: [], violationCount: 0, oddCloseTimes: [] });
    candles.close[5] = NaN;
    assertEquals(checkCandles(candles, listed).violationCount, 1, "what is no number cannot be stored");
    candles.close[5] = 1;
    candles.openTimeMs[5] = candles.openTimeMs[4]!;
    assertEquals(checkCandles(candles, { ...RULES, admitted: new Set([candles.openTimeMs[4]!]) }).violationCount, 1);
  },
);
