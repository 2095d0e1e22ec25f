import { assertEquals } from "@std/assert";
import { countTrials, type Run, type TrialsOf, triedRuns } from "../../src/core/mod.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";

const OF: TrialsOf = { symbol: "BTC/USDT", horizonMinutes: 15 };
const idsOf = (runs: readonly Run[]) => runs.map(({ info }) => info.runId);

/** A run of an experiment that starts at this time. */
async function startRun(tracker: MemoryTracker, experimentId: string, startTime: number, horizon = "15") {
  const { info: { runId } } = await tracker.createRun({ experimentId, startTime });
  await tracker.logBatch(runId, {
    params: [{ key: "symbol", value: OF.symbol }, { key: "horizon_minutes", value: horizon }],
  });
  return runId;
}

Deno.test("triedRuns() finds failed and deleted runs in every experiment, the newest first", async () => {
  const tracker = new MemoryTracker();
  const other = await tracker.createExperiment("other");
  const failed = await startRun(tracker, "0", 1), inOther = await startRun(tracker, other, 3);
  const deleted = await startRun(tracker, "0", 2);
  await startRun(tracker, "0", 4, "60");
  await tracker.updateRun(failed, { status: "FAILED" });
  await tracker.deleteRun(deleted);
  await tracker.deleteExperiment(other);
  assertEquals(idsOf(await Array.fromAsync(triedRuns(tracker, OF))), [inOther, deleted, failed]);
  const ofFailed = triedRuns(tracker, OF, "attributes.status = 'FAILED'");
  assertEquals(idsOf(await Array.fromAsync(ofFailed)), [failed]);
});

Deno.test("countTrials() counts runs one by one where the store keeps no record", async () => {
  const tracker = new MemoryTracker();
  for (const at of [1, 2, 3]) await startRun(tracker, "0", at);
  await tracker.deleteRun(await startRun(tracker, "0", 4));
  assertEquals(await countTrials(tracker, OF), 4);
  tracker.countTrials = () => Promise.resolve(undefined) as never;
  assertEquals(await countTrials(tracker, OF), 4);
});
