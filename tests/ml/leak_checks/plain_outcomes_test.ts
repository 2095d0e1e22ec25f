import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { MINUTE_MS } from "../../../src/core/mod.ts";
import { MinuteGrid } from "../../../src/ml/features/mod.ts";
import { computeLabels } from "../../../src/ml/labels/mod.ts";
import { plainOutcomes } from "../../../src/ml/leak_checks/mod.ts";
import { randomCandles } from "../candles.ts";

Deno.test("plainOutcomes() are the labels of every minute, gaps and ends included", { permissions: "none" }, () => {
  const missing = new Set([0, 500, 501, 777, 1999]);
  const candles = randomCandles(2000, { seed: 3, missing: (minute) => missing.has(minute) });
  const startMs = candles.openTimeMs[0]! - 5 * MINUTE_MS;
  const times = Float64Array.from({ length: 2010 }, (_, i) => startMs + i * MINUTE_MS);
  for (const horizonMinutes of [1, 15, 60]) {
    const { returnBps, realizedVarianceBps2 } = plainOutcomes(candles, times, horizonMinutes);
    // The grid begins on a whole hour: times before it have no row there.
    const rows = times.filter((ms) => ms > candles.openTimeMs[0]!), skipped = times.length - rows.length;
    const labels = computeLabels(new MinuteGrid(candles), rows, { horizonMinutes });
    let known = 0;
    rows.forEach((_, row) => {
      assertEquals(Number.isNaN(returnBps[row + skipped]!), Number.isNaN(labels.returnBps[row]!));
      if (Number.isNaN(labels.returnBps[row]!)) return;
      known++;
      assertAlmostEquals(labels.returnBps[row]!, returnBps[row + skipped]!, 1e-4);
      assertAlmostEquals(labels.realizedVarianceBps2[row]! / realizedVarianceBps2[row + skipped]!, 1, 1e-6);
    });
    assert(known > 1500);
    assert(returnBps.slice(0, skipped).every(Number.isNaN));
  }
});
