import { assertEquals } from "@std/assert";
import { triedBefore } from "../../../src/ml/experiment/tried_before.ts";
import { MemoryTracker } from "../../fakes/memory_tracker.ts";

const OF = { symbol: "BTC/USDT", horizonMinutes: 15 };

Deno.test("triedBefore() counts every run, and takes ratios of those that were scored to the end, deleted ones too", async () => {
  const tracker = new MemoryTracker();
  const run = async (startTime: number, metrics: Readonly<Record<string, number>>, status?: "FINISHED" | "FAILED") => {
    const { info: { runId } } = await tracker.createRun({ experimentId: "0", startTime });
    await tracker.logBatch(runId, {
      params: [{ key: "symbol", value: OF.symbol }, { key: "horizon_minutes", value: "15" }],
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: startTime, step: 0 })),
    });
    if (status !== undefined) await tracker.updateRun(runId, { status, endTime: startTime + 1 });
    return runId;
  };
  await run(1, { test_days: 45, sharpe_daily_gross: -0.02 }, "FINISHED");
  await tracker.deleteRun(await run(2, { test_days: 45, sharpe_daily_gross: 0.1 }, "FINISHED"));
  await run(3, { test_days: 45, sharpe_daily_gross: 2 }, "FAILED"); // its leak made it rich
  await run(4, { validation_qlike: 0.4 }, "FINISHED"); // a trial of a sweep
  await run(5, { test_days: 45 }, "FINISHED"); // it never took a position
  assertEquals(await triedBefore(tracker, OF), { count: 5, sharpes: [0.1, -0.02] });
  await run(6, {});
  assertEquals((await triedBefore(tracker, OF)).count, 6);
  assertEquals(await triedBefore(tracker, { ...OF, horizonMinutes: 60 }), { count: 0, sharpes: [] });
});
