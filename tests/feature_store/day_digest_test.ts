import { createHash } from "node:crypto";
import { assertEquals } from "@std/assert";
import { DAY_MS, MINUTE_MS, MISSING_COUNT } from "../../src/core/mod.ts";
import { canonicalBytes, digestDataset, digestDays } from "../../src/feature_store/day_digest.ts";
import { walkCandles } from "../fakes/candles.ts";

const START = Date.UTC(2024, 0, 10);

Deno.test({
  name: "canonicalBytes() lays a candle out as the design says",
  permissions: "none",
  fn() {
    const columns = walkCandles({ startMs: START, endMs: START + 2 * MINUTE_MS });
    columns.quoteVolume[1] = NaN;
    columns.tradeCount[1] = MISSING_COUNT;
    // Written a second way: one DataView call a field, the 64-bit integers as BigInt.
    const expected = new DataView(new ArrayBuffer(168));
    for (const i of [0, 1]) {
      const at = i * 84;
      expected.setBigInt64(at, BigInt(columns.openTimeMs[i]!), true);
      [columns.open, columns.high, columns.low, columns.close, columns.volume].forEach((column, k) =>
        expected.setFloat64(at + 8 + 8 * k, column[i]!, true)
      );
      expected.setBigInt64(at + 48, BigInt(columns.closeTimeMs[i]!), true);
      if (i === 0) expected.setFloat64(at + 56, columns.quoteVolume[i]!, true);
      else expected.setBigUint64(at + 56, 0x7ff8000000000000n, true);
      expected.setInt32(at + 64, columns.tradeCount[i]!, true);
      expected.setFloat64(at + 68, columns.takerBuyBaseVolume[i]!, true);
      expected.setFloat64(at + 76, columns.takerBuyQuoteVolume[i]!, true);
    }
    assertEquals([...canonicalBytes(columns)], [...new Uint8Array(expected.buffer)]);
  },
});

Deno.test({
  name: "digestDataset() hashes each day's date and digest in order",
  permissions: "none",
  fn() {
    const days = digestDays(walkCandles({ startMs: START, endMs: START + DAY_MS + MINUTE_MS }));
    assertEquals(days.map(({ day, rows }) => [day, rows]), [["2024-01-10", 1440], ["2024-01-11", 1]]);
    const bytes = days.map(({ day, sha256 }) => [...new TextEncoder().encode(day), ...Uint8Array.fromHex(sha256)]);
    assertEquals(digestDataset(days), createHash("sha256").update(new Uint8Array(bytes.flat())).digest("hex"));
    assertEquals(digestDataset([]), createHash("sha256").digest("hex"));
  },
});
