/** The families that read windows, from `track` to a forecast over HTTP, small and on the bundled sample. */
import { assert, assertEquals } from "@std/assert";
import { SEQUENCE_FAMILIES } from "../../src/ml/models/sequence_shapes.ts";
import { openStores, startApi } from "./service_folder.ts";
import { folderWithSample, runIn } from "./program_folder.ts";

const SMALL = { units: 4, hidden: [4], epochs: 1, members: 2 };

Deno.test("track, register and api take every family that reads windows", async (t) => {
  await using folder = await folderWithSample(["--no-features"]);
  await Deno.mkdir(`${folder.path}/config`, { recursive: true });
  await Deno.writeTextFile(`${folder.path}/config/model.json`, JSON.stringify({ sequence: SMALL }));
  for (const [i, family] of SEQUENCE_FAMILIES.entries()) {
    await t.step(family, async () => {
      const tracked = await runIn(folder.path, "track", [
        ...["--quick", "--folds", "1", "--json", "--quiet", "--model", family],
      ]);
      assertEquals(tracked.code, 0, tracked.stderr + tracked.stdout);
      const { metrics, runId } = tracked.json;
      // Hardly trained, it is the plain lines still, which are close to log-HAR; far better would be a leak.
      assert(Math.abs(metrics.qlike - metrics.baseline_har_qlike) < 0.1, JSON.stringify(metrics));
      assert(metrics.auc > 0.5 && metrics.auc < 0.56, `${metrics.auc}`);

      const registered = await runIn(folder.path, "register", [
        ...["--json", "--run-id", runId, "--force", "--reason", "one epoch proves the way, not the model"],
      ]);
      assertEquals(registered.code, 0, registered.stderr + registered.stdout);
      await using api = await startApi(folder.path);
      const models = await (await fetch(`${api.url}/v1/models`)).json();
      assertEquals([models.serving.version, models.serving.family], [`${i + 1}`, family]);
      assertEquals(models.serving.features.length, 267);
      const forecast = await (await fetch(`${api.url}/v1/forecast`)).json();
      assertEquals([forecast.model.version, forecast.asOf], [`${i + 1}`, "2023-05-02T00:00:00Z"]);
      assert(forecast.volatilityBps > 1 && forecast.volatilityBps < 200, JSON.stringify(forecast));
      await using stores = await openStores(folder.path);
      const { params } = await stores.tracker.getRun(runId);
      const value = (name: string) => params.find(({ key }) => key === name)?.value;
      assertEquals([value("feature_set"), value("feature_count"), value("members")], ["window", "267", "2"]);
    });
  }
});
