import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PARENT_RUN_TAG } from "../../src/core/mod.ts";
import { openTrackerAt } from "../../src/MLOps/open.ts";
import { folderWithSample, runIn } from "./program_folder.ts";

Deno.test("track --horizon 15,60 makes a run of each under one parent, which cannot be registered", async () => {
  await using folder = await folderWithSample(["--no-features"]);
  const args = ["--quick", "--folds", "2", "--model", "har", "--json"];
  const { code, json, stderr } = await runIn(folder.path, "track", [...args, "--horizon", "15,60", "--tag", "of=me"]);
  assertEquals(code, 0, stderr);
  assertEquals(json.children.map((child: { horizonMinutes: number }) => child.horizonMinutes), [15, 60]);
  const alone = await runIn(folder.path, "track", [...args, "--horizon", "60"]);
  // It is the second of its kind.
  const { deflated_sharpe: _, ...metrics } = alone.json.metrics;
  assertEquals(json.children[1].metrics, metrics, "as if it had been trained alone");
  assert(json.children[0].seconds > 0 && json.children[1].seconds < json.children[0].seconds + 60);
  {
    await using tracker = await openTrackerAt(`sqlite:///${folder.path}/mlruns/mlflow.db`, { readOnly: true });
    const parent = await tracker.getRun(json.runId);
    assertEquals([parent.info.status, parent.info.runName], ["FINISHED", "har-15-60m"]);
    assertEquals(parent.params, [{ key: "horizons", value: "15,60" }, { key: "model", value: "har" }]);
    for (const { runId } of json.children) {
      const { tags, info } = await tracker.getRun(runId);
      const tag = (key: string) => tags.find((each) => each.key === key)?.value;
      assertEquals([info.status, tag(PARENT_RUN_TAG), tag("of")], ["FINISHED", json.runId, "me"]);
    }
  }
  const refused = await runIn(folder.path, "register", ["--run-id", json.runId, "--json"]);
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.json.error.message, json.children[0].runId);
  for (const asked of [["--check-leaks"], ["--sweep", "none.json"]]) {
    const one = await runIn(folder.path, "track", [...args, ...asked, "--horizon", "15,60"]);
    assertEquals([one.code, one.json.error.code], [2, "usage"]);
    assertStringIncludes(one.json.error.message, "one horizon");
  }
  const twice = await runIn(folder.path, "track", [...args, "--horizon", "60,15,60"]);
  assertEquals([twice.code, twice.json.error.code], [2, "usage"]);
  assertStringIncludes(twice.json.error.message, "60 stands twice in '60,15,60'");
});
