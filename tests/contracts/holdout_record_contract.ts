import { assertEquals, assertRejects } from "@std/assert";
import { DAY_MS, DomainError, type HoldoutOpening, type HoldoutRecord } from "../../src/core/mod.ts";

const START = Date.UTC(2023, 9, 1);
const OPENING: HoldoutOpening = {
  exchange: "binance",
  symbol: "BTC/USDT",
  range: { startMs: START, endMs: START + 30 * DAY_MS },
  openedAtMs: Date.UTC(2024, 0, 1),
  runId: "a".repeat(32),
  userId: "ana",
  reason: null,
};

const over = (fromDay: number, toDay: number): HoldoutOpening => ({
  ...OPENING,
  range: { startMs: START + fromDay * DAY_MS, endMs: START + toDay * DAY_MS },
});

/** What every record of the holdout promises; run by the fake and by the real one. */
export function testHoldoutRecord(name: string, open: () => Promise<HoldoutRecord>): void {
  const test = (behaviour: string, run: (record: HoldoutRecord) => Promise<void>) =>
    Deno.test(`${name} ${behaviour}`, async () => {
      await using record = await open();
      await run(record);
    });

  test("keeps an opening as it was", async (record) => {
    assertEquals(await record.openings(OPENING), []);
    await record.open(OPENING);
    assertEquals(await record.openings(OPENING), [OPENING]);
    assertEquals(await record.openings({ exchange: "binance", symbol: "ETH/USDT" }), []);
  });

  test("refuses a second look at any part of it, and keeps no trace of the attempt", async (record) => {
    await record.open(OPENING);
    for (const again of [OPENING, over(29, 60), over(-30, 1), over(10, 11)]) {
      const error = await assertRejects(() => record.open(again), DomainError, "as it was opened before");
      assertEquals([error.code, error.traits.exit], ["gate-refused", 7]);
    }
    assertEquals(await record.openings(OPENING), [OPENING]);
  });

  test("lets another symbol be opened, and data that nobody has looked at", async (record) => {
    await record.open(OPENING);
    await record.open({ ...OPENING, symbol: "ETH/USDT" });
    await record.open(over(30, 60));
    assertEquals((await record.openings(OPENING)).length, 2);
  });

  test("opens again by force, with a reason that is kept", async (record) => {
    await record.open(OPENING);
    for (const reason of [null, " "]) {
      const error = await assertRejects(() => record.open({ ...OPENING, reason }, { force: true }), DomainError);
      assertEquals(error.code, "usage");
    }
    const again = { ...OPENING, runId: null, reason: "The first run was of another horizon" };
    await assertRejects(() => record.open(again), DomainError, "as it was opened before"); // a reason alone is not enough
    await record.open(again, { force: true });
    assertEquals(await record.openings(OPENING), [OPENING, again]);
  });
}
