/** The real Python client against our server, and the same against MLflow's own: it must not see a difference. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { SqliteTracker } from "../../src/MLOps/mod.ts";
import { startMlflowUi } from "../e2e/mlflow_ui_server.ts";
import { interopTest, runPython, startMlflowServer } from "./python.ts";

const CHECK = "tests/interop/mlflow_client_check.py";

type Seen = Readonly<Record<string, unknown>>;

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mlflow-client-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interopTest(
  "MLflow's Python client logs, searches, registers and loads through mlflow-ui",
  () =>
    withFolder(async (folder) => {
      await using ui = await startMlflowUi({ folder });
      const seen = await runPython<Seen>({ file: CHECK }, [ui.url]);

      const { experiment } = seen["ids"] as { experiment: string };
      assertEquals(seen["artifactLocation"], [`mlflow-artifacts:/${experiment}`, experiment]);
      assertEquals(seen["experimentTags"], { team: "quant" });
      assertEquals(seen["experiments"], ["Default", "interop ✓", "renamed"]);
      assertEquals(seen["run"], {
        name: "first",
        status: "FINISHED",
        ended: true,
        params: { alpha: "0.5", layers: "3", name: "héllo" },
        loss: 0.2,
        auc: 0.75,
        bad: "nan",
        kind: "demo",
        note: "A note",
        removed: true,
        inputs: [["toy", "code", { "mlflow.data.context": "training", source: "made up" }]],
      });
      assertEquals(seen["history"], [[0, 1], [1, 1 / 2], [2, 1 / 3], [3, 1 / 4], [4, 1 / 5]]);
      assertEquals(seen["files"], ["config.json", "config.yaml", "deep", "folder", "notes", "table.json"]);
      assertEquals(seen["deep"], [["deep/er/with space ü.bin", false, 1_048_576]]);
      assertEquals([seen["binary"], seen["text"], seen["dict"]], [true, "plain text ✓", { a: [1, 2] }]);
      assertEquals(seen["searched"], ["batch 10", "batch 08", "batch 06", "batch 04"]);
      assertEquals(seen["pages"], [5, 5, 3]);
      assertEquals(seen["loaded"], true);
      assertEquals(seen["alias"], "2");
      assertEquals(seen["registered"], ["All of them", { owner: "me" }, { production: "2" }]);
      assertEquals((seen["auto"] as Seen)["models"], 1);
      const search = seen["gridSearch"] as Seen;
      assertEquals(
        ["status", "bestC", "bestScore", "sameForecast", "example"].map((key) => search[key]),
        ["FINISHED", true, true, true, true],
      );
      assertEquals(search["children"], [
        ["FINISHED", "10.0", true, 1],
        ["FINISHED", "1.0", true, 2],
        ["FINISHED", "0.1", true, 3],
      ]);
      assertEquals(search["models"], ["best_estimator", "model"]);
      assertEquals(search["byDataset"], ["auto", "candidate", "candidate", "candidate", "search"]);
      assertEquals(seen["noAlias"], [
        "INVALID_PARAMETER_VALUE",
        "INVALID_PARAMETER_VALUE: Registered model alias production not found.",
      ]);

      await using real = await startMlflowServer(folder, {
        args: ["--backend-store-uri", `sqlite:///${folder}/real.db`, "--artifacts-destination", `${folder}/real`],
      });
      assertEquals(comparable(seen), comparable(await runPython<Seen>({ file: CHECK }, [real.url])));
    }),
);

interopTest(
  "MLflow's Python client reads through mlflow-ui what commands on this machine logged",
  () =>
    withFolder(async (folder) => {
      await using tracker = await SqliteTracker.open(`sqlite:///${folder}/mlflow.db`);
      const experimentId = await tracker.createExperiment("local");
      const { info } = await tracker.createRun({ experimentId, runName: "by track" });
      await tracker.logBatch(info.runId, { metrics: [{ key: "loss", value: 0.5, timestamp: 1, step: 3 }] });
      await tracker.writeArtifact({ runId: info.runId }, "notes/a.txt", new TextEncoder().encode("written locally"));
      assertMatch(info.artifactUri, /^\//);
      await using ui = await startMlflowUi({ folder });
      const code = `
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
run = mlflow.get_run(sys.argv[2])
print(json.dumps({
  "name": run.info.run_name,
  "loss": run.data.metrics["loss"],
  "text": mlflow.artifacts.load_text(f"runs:/{sys.argv[2]}/notes/a.txt"),
}))`;
      const seen = await runPython<Seen>({ code }, [ui.url, info.runId]);
      assertEquals(seen, { name: "by track", loss: 0.5, text: "written locally" });
      const served = await fetch(`${ui.url}/get-artifact?run_id=${info.runId}&path=notes/a.txt`);
      assertEquals(await served.text(), "written locally");
      const page = await fetch(`${ui.url}/experiments/${experimentId}/runs/${info.runId}/artifacts?path=notes/a.txt`);
      assertStringIncludes(await page.text(), "written locally");
    }),
);

/** What the client saw, without ids and times, and without what MLflow's own server says of its database. */
function comparable(seen: Seen): Seen {
  const text = JSON.stringify({ ...seen, ids: null, experimentTaken: null, artifactLocation: null })
    .replaceAll(/[0-9a-f]{32}/g, "<id>")
    // MLflow's server writes a number where its client writes a text into the same tag.
    .replaceAll(/"version":\s*(\d+)/g, '"version":"$1"');
  return JSON.parse(text);
}
