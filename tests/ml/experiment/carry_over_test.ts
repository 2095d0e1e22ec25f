import { assertEquals } from "@std/assert";
import { carryOver, TrackedRun } from "../../../src/ml/experiment/mod.ts";
import { MemoryTracker } from "../../fakes/memory_tracker.ts";

const start = (tracker: MemoryTracker) =>
  TrackedRun.start(tracker, { experimentName: "e", runName: "r", tags: [], nowMs: () => 9 });
const at = (key: string, step: number) => ({ key, step, value: step / 10, timestamp: 5 });
const tagsOf = async (tracker: MemoryTracker, runId: string) =>
  Object.fromEntries((await tracker.getRun(runId)).tags.map(({ key, value }) => [key, value]));

Deno.test("carryOver() ends the killed run and copies what its training had told by then, of that network alone", async () => {
  const tracker = new MemoryTracker();
  const killed = await start(tracker), run = await start(tracker);
  const epochs = [0, 1, 2, 3].flatMap((step) => [at("validation_loss", step), at("member_2/validation_loss", step)]);
  await killed.log({ metrics: [...epochs, at("step_loss", 40), at("step_loss", 90), at("qlike", 1)] });
  await carryOver(tracker, run, { owner: killed.runId, epoch: 2, steps: 64, member: 1 }, 9);
  await run.flush();
  const points = async (key: string) => (await tracker.metricHistory(run.runId, key)).items.map(({ step }) => step);
  assertEquals(await points("validation_loss"), [0, 1, 2]);
  assertEquals(await points("step_loss"), [40]);
  assertEquals((await tracker.getRun(run.runId)).metrics.map(({ key }) => key).sort(), [
    "step_loss",
    "validation_loss",
  ]);
  const { info } = await tracker.getRun(killed.runId);
  assertEquals([info.status, info.endTime], ["KILLED", 9]);
  assertEquals((await tagsOf(tracker, killed.runId))["resumed_by"], run.runId);
  assertEquals(
    await tagsOf(tracker, run.runId).then((tags) => [tags["resumed_from_epoch"], tags["resumed_from_run"]]),
    [
      "2",
      killed.runId,
    ],
  );
  const second = await start(tracker);
  await carryOver(tracker, second, { owner: killed.runId, epoch: 1, steps: 64, member: 2 }, 9);
  await second.flush();
  assertEquals((await tracker.metricHistory(second.runId, "member_2/validation_loss")).items.map(({ step }) => step), [
    0,
    1,
  ]);
  assertEquals((await tagsOf(tracker, second.runId))["member_2/resumed_from_epoch"], "1");
});

Deno.test("carryOver() from a run that is gone, or that did not say whose it was, says where it went on alone", async () => {
  const tracker = new MemoryTracker();
  for (const owner of [null, "f".repeat(32)]) {
    const run = await start(tracker);
    await carryOver(tracker, run, { owner, epoch: 2, steps: 64, member: 1 }, 9);
    await run.flush();
    const { metrics } = await tracker.getRun(run.runId);
    assertEquals([metrics, (await tagsOf(tracker, run.runId))["resumed_from_epoch"]], [[], "2"]);
  }
});
