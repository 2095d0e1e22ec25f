/** The service beside the real MLflow: the same numbers in Python, MLflow's own client, and a remote registry. */
import { assert, assertEquals } from "@std/assert";
import { openRegistryAt, openTrackerAt } from "../../src/MLOps/open.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { openStores, startApi } from "../e2e/service_folder.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { interopTest, runPython, startMlflowServer } from "./python.ts";

/** Asks pyfunc, `/predict` and MLflow's client for the same rows, a missing value among them. */
const SAME_NUMBERS = `
import json, sys, urllib.request
import numpy as np, pandas as pd, mlflow
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
url, store = sys.argv[1:3]
mlflow.set_tracking_uri(store)
features = json.load(urllib.request.urlopen(url + "/v1/models"))["serving"]["features"]
names = [feature["name"] for feature in features]
rows = np.abs(np.random.default_rng(1).normal(size=(40, len(names))) * 5).astype(np.float32)
for j, feature in enumerate(features):
    if feature["nullable"]:
        rows[j % 40, j] = np.nan
python = mlflow.pyfunc.load_model("models:/bitcoin-model@production").predict(rows)
python = np.concatenate([python[name] for name in ("probabilityUp", "volatilityBps", "quantilesBps")], axis=1)
body = json.dumps({"features": [[None if np.isnan(v) else float(v) for v in row] for row in rows]}).encode()
request = urllib.request.Request(url + "/predict", data=body, headers={"content-type": "application/json"})
served = json.load(urllib.request.urlopen(request))["predictions"]
served = np.array([[row["probabilityUp"], row["volatilityBps"], *row["quantilesBps"].values()] for row in served])
client = ScoringServerClient("127.0.0.1", int(url.rsplit(":", 1)[1]))
client.ping()
scored = client.invoke(pd.DataFrame(rows, columns=names))["predictions"]
scored = np.concatenate([np.array(scored[name]) for name in ("probabilityUp", "volatilityBps", "quantilesBps")], axis=1)
try:
    client.invoke(pd.DataFrame(rows[:, 1:], columns=names[1:]))
    refused = None
except Exception as error:
    refused = str(error)
print(json.dumps({
    "difference": float(np.max(np.abs(python - served) / np.maximum(1, np.abs(python)))),
    "client": float(np.max(np.abs(scored - served))),
    "version": client.get_version(),
    "refused": refused,
}))
`;

interopTest("POST /predict, mlflow.pyfunc and MLflow's scoring client give the same numbers", async () => {
  await using tmp = await tmpDir();
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(harSpec()));
  }
  await using api = await startApi(tmp.path);
  const seen = await runPython<{ difference: number; client: number; version: string; refused: string }>(
    { code: SAME_NUMBERS },
    [api.url, `sqlite:///${tmp.path}/mlruns/mlflow.db`],
    { cwd: tmp.path },
  );
  assert(seen.difference <= 1e-5, `largest difference ${seen.difference}`);
  assertEquals(seen.client, 0);
  assert(seen.refused.includes("422") && seen.refused.includes("return_1"), seen.refused);
});

interopTest("api serves from a real MLflow server and follows its alias", async () => {
  await using tmp = await tmpDir();
  await using server = await startMlflowServer(tmp.path);
  await using tracker = await openTrackerAt(server.url);
  await using registry = await openRegistryAt(server.url);
  await registerModel({ tracker, registry }, modelFiles(harSpec({ logit: 1 })));
  await using api = await startApi(tmp.path, [], { MLFLOW_TRACKING_URI: server.url });
  const version = async () => (await (await fetch(`${api.url}/health`)).json()).model.version;
  assertEquals(await version(), "1");
  await registerModel({ tracker, registry }, modelFiles(harSpec({ logit: 2 })));
  const from = performance.now();
  while (await version() !== "2") {
    assert(performance.now() - from < 60_000, "the swap never came");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
