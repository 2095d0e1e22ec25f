/** What `track` logs, read by the real MLflow: the model's numbers in Python, and a run on a real server. */
import { assert, assertEquals } from "@std/assert";
import { isSequenceFamily, SEQUENCE_FAMILIES } from "../../src/ml/models/sequence_shapes.ts";
import { folderWithSample, runIn } from "../e2e/program_folder.ts";
import { interopTest, runPython, startMlflowServer } from "./python.ts";

interface GoldenCheck {
  readonly largestDifference: number;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly flavors: readonly string[];
  readonly exampleRows: number;
  readonly checked: boolean;
}

/** Loads a model with mlflow.pyfunc and compares its outputs with the golden ones of forecast.json. */
const CHECK_GOLDEN = `
import json, sys, os
import numpy as np, mlflow, onnx
uri, path = sys.argv[1], sys.argv[2]
mlflow.set_tracking_uri(sys.argv[3])
model = mlflow.pyfunc.load_model(uri)
folder = path or mlflow.artifacts.download_artifacts(uri)
document = json.load(open(os.path.join(folder, "forecast.json")))
rows = np.array([[np.nan if v is None else v for v in row] for row in document["golden"]["inputs"]], dtype=np.float32)
out = model.predict(rows)
worst = 0.0
for name, golden in document["golden"]["outputs"].items():
    want = np.array(golden).reshape(len(rows), -1)
    got = np.asarray(out[name])
    worst = max(worst, float(np.max(np.abs(got - want) / np.maximum(1, np.abs(want)))))
onnx.checker.check_model(onnx.load(os.path.join(folder, "model.onnx")), full_check=True)
example = mlflow.models.Model.load(uri).load_input_example()
whole = rows[~np.isnan(rows).any(axis=1)]
assert np.allclose(np.asarray(example, dtype=np.float32), whole[: len(example)])
print(json.dumps({
    "exampleRows": len(example),
    "largestDifference": worst,
    "shapes": {name: list(np.asarray(value).shape) for name, value in out.items()},
    "flavors": sorted(model.metadata.flavors),
    "checked": True,
}))
`;

interopTest("mlflow.pyfunc gives the forecasts of forecast.json for every family", async (t) => {
  await using folder = await folderWithSample(["--no-features"]);
  await Deno.mkdir(`${folder.path}/config`, { recursive: true });
  // Members of few units and one epoch: what is compared is how they are computed.
  const sequence = { units: 8, epochs: 1, members: 2 };
  await Deno.writeTextFile(`${folder.path}/config/model.json`, JSON.stringify({ sequence }));
  const isNetwork = (family: string) => family === "mlp" || isSequenceFamily(family);
  for (
    const [family, horizon] of [
      ...[["mlp", "15"], ["mlp", "60"], ["gbdt", "15"], ["linear", "60"]],
      ...[["har", "15"], ["contrarian", "5"], ["climatology", "1"]],
      ...SEQUENCE_FAMILIES.map((family) => [family, "15"]),
    ]
  ) {
    await t.step(`${family}, ${horizon} minutes`, async () => {
      const { json, stderr } = await runIn(folder.path, "track", [
        ...["--quick", "--folds", "1", "--json", "--quiet", "--model", family!, "--horizon", horizon!],
      ]);
      assert(json?.modelUri !== undefined, stderr);
      const { largestDifference, shapes, flavors, exampleRows, checked } = await runPython<GoldenCheck>({
        code: CHECK_GOLDEN,
      }, [
        json.modelUri,
        "",
        `sqlite:///${folder.path}/mlruns/mlflow.db`,
      ], { cwd: folder.path });
      assert(largestDifference <= 1e-5, `${largestDifference}`);
      assertEquals(shapes, { probabilityUp: [17, 1], quantilesBps: [17, 9], volatilityBps: [17, 1] });
      assertEquals(flavors, [isNetwork(family!) ? "tfjs" : "bitcoin_ml", "onnx", "python_function"].sort());
      assertEquals(exampleRows, 2);
      assert(checked);
    });
  }
});

interface SeenRun {
  readonly status: string;
  readonly name: string;
  readonly user: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly epochs: readonly number[];
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly dataset: { readonly name: string; readonly digest: string; readonly rows: number; readonly context: string };
  readonly artifacts: readonly string[];
  readonly models: readonly string[];
  readonly modelStatus: string;
  readonly modelMetrics: number;
}

/** A run as the Python client sees it. */
const SEE_RUN = `
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
run = client.get_run(sys.argv[2])
dataset = run.inputs.dataset_inputs[0]
model = client.get_logged_model(run.outputs.model_outputs[0].model_id)
print(json.dumps({
    "status": run.info.status, "name": run.info.run_name, "user": run.info.user_id,
    "metrics": run.data.metrics,
    "epochs": [m.step for m in client.get_metric_history(run.info.run_id, "validation_qlike")],
    "params": run.data.params, "tags": run.data.tags,
    "dataset": {"name": dataset.dataset.name, "digest": dataset.dataset.digest,
                "rows": json.loads(dataset.dataset.profile)["num_rows"], "context": dataset.tags[0].value},
    "artifacts": sorted(f.path for f in client.list_artifacts(run.info.run_id, "evaluation")),
    "models": [model.name], "modelStatus": str(model.status), "modelMetrics": len(model.metrics),
}))
`;

function checkRun(seen: SeenRun, json: { metrics: Record<string, number>; datasetDigest: string }): void {
  assertEquals([seen.status, seen.name, seen.user], ["FINISHED", "mlp-15m", "ada"]);
  for (const [name, value] of Object.entries(json.metrics)) assertEquals(seen.metrics[name], value, name);
  assertEquals(seen.epochs[0], 0);
  assert(seen.epochs.length >= 2);
  assertEquals([seen.params["model"], seen.params["horizon_minutes"], seen.params["quick"]], ["mlp", "15", "true"]);
  assertEquals(seen.tags["dataset.sha256"], json.datasetDigest);
  assertEquals(seen.dataset, {
    name: "binance BTC/USDT 1m",
    digest: json.datasetDigest.slice(0, 36),
    rows: 90 * 1440 - 80,
    context: "training",
  });
  assertEquals(seen.artifacts, [
    "evaluation/ablation.json",
    "evaluation/baselines.parquet",
    "evaluation/leak_checks.json",
    "evaluation/predictions.parquet",
    "evaluation/refit.json",
    "evaluation/summary.json",
  ]);
  assertEquals([seen.models, seen.modelStatus], [["mlp-15m"], "READY"]);
  assert(seen.modelMetrics > 20);
}

interopTest("track logs the same run to a local store and to a real mlflow server", async (t) => {
  await using folder = await folderWithSample(["--no-features"]);
  const env = { USER: "ada" }, args = ["--quick", "--folds", "2", "--json", "--quiet"];
  const local = await runIn(folder.path, "track", args, { env });
  await t.step("the Python client reads the local store", async () => {
    const store = `sqlite:///${folder.path}/mlruns/mlflow.db`;
    checkRun(await runPython<SeenRun>({ code: SEE_RUN }, [store, local.json.runId]), local.json);
  });
  await t.step("MLFLOW_TRACKING_URI=http://…", async () => {
    await Deno.mkdir(`${folder.path}/server`);
    await using server = await startMlflowServer(`${folder.path}/server`);
    const refused = await runIn(folder.path, "track", args, { env: { ...env, MLFLOW_TRACKING_URI: server.url } });
    assertEquals([refused.code, refused.json.error.code], [3, "permission-denied"], "the set has no host");
    const remote = await runIn(folder.path, "track", args, {
      env: { ...env, MLFLOW_TRACKING_URI: server.url },
      net: [new URL(server.url).host],
    });
    assertEquals(remote.code, 0, remote.stdout + remote.stderr);
    assertEquals(remote.json.metrics, local.json.metrics);
    checkRun(await runPython<SeenRun>({ code: SEE_RUN }, [server.url, remote.json.runId]), remote.json);
    const { largestDifference } = await runPython<GoldenCheck>({ code: CHECK_GOLDEN }, [
      remote.json.modelUri,
      "",
      server.url,
    ], { cwd: folder.path });
    assert(largestDifference <= 1e-5, `${largestDifference}`);
  });
});
