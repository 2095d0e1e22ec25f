/** The line from candles to a model at an alias, on a real `mlflow server`, as Python then sees it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { folderWithSample, runIn } from "../e2e/program_folder.ts";
import { interopTest, runPython, startMlflowServer } from "./python.ts";

interface Seen {
  readonly run: {
    readonly status: string;
    readonly qlike: number;
    readonly epochs: number;
    readonly artifacts: string[];
  };
  readonly version: {
    readonly version: string;
    readonly runId: string;
    readonly source: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly outputs: readonly string[];
}

const LOOK = `
import sys, json, mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
version = client.get_model_version_by_alias("bitcoin-model", "production")
run = client.get_run(version.run_id)
model = mlflow.pyfunc.load_model("models:/bitcoin-model@production")
print(json.dumps({
    "run": {
        "status": run.info.status,
        "qlike": run.data.metrics["qlike"],
        "epochs": len(client.get_metric_history(version.run_id, "validation_loss")),
        "artifacts": sorted(f.path for f in client.list_artifacts(version.run_id)),
    },
    "version": {"version": str(version.version), "runId": version.run_id, "source": version.source, "tags": version.tags},
    "outputs": [o.name for o in model.metadata.signature.outputs],
}))`;

interopTest("track and register work on a real mlflow server, and Python loads what they made", async () => {
  await using sample = await folderWithSample(["--no-features"]);
  const folder = sample.path;
  await using server = await startMlflowServer(folder, {
    args: ["--backend-store-uri", `sqlite:///${folder}/real.db`],
  });
  const net = [new URL(server.url).host];
  const remote = async (name: string, args: readonly string[]) => {
    const answer = await runIn(folder, name, ["--json", ...args], { env: { MLFLOW_TRACKING_URI: server.url }, net });
    assertEquals(answer.code, 0, answer.stderr + answer.stdout);
    return answer.json;
  };
  const tracked = await remote("track", ["--quick"]);
  const registered = await remote("register", []);
  assertEquals([registered.version, registered.runId, registered.gate.passed], ["1", tracked.runId, true]);
  assertEquals((await remote("register", [])).version, "1");

  const seen = await runPython<Seen>({ code: LOOK }, [server.url], { cwd: folder });
  assertEquals([seen.run.status, seen.run.qlike], ["FINISHED", tracked.metrics.qlike]);
  assert(seen.run.epochs > 1, `${seen.run.epochs} epochs`);
  assert(
    seen.run.artifacts.includes("gate.json") && seen.run.artifacts.includes("evaluation"),
    seen.run.artifacts.join(),
  );
  assertEquals([seen.version.version, seen.version.runId, seen.version.source], [
    "1",
    tracked.runId,
    tracked.modelUri,
  ]);
  assertEquals(seen.version.tags["gate.passed"], "true");
  assertStringIncludes(seen.version.tags["gate.check.qlike_vs_ewma"]!, "passed: ");
  assertEquals(seen.outputs, ["probabilityUp", "volatilityBps", "quantilesBps"]);
});
