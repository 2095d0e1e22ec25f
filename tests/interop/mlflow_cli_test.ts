/** MLflow's command line against our server, and the same against MLflow's own: it must say the same. */
import { dirname } from "node:path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openRegistryAt, openTrackerAt } from "../../src/MLOps/open.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { startMlflowUi } from "../e2e/mlflow_ui_server.ts";
import { openStores, startApi } from "../e2e/service_folder.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { freePort, interopTest, MLFLOW_ENV, pythonPath, runPython, startMlflowServer } from "./python.ts";

const CHECK = { file: "tests/interop/mlflow_cli_check.py" };
/** Refusals in which MLflow's server shows its SQL, or falls over; ours says what it should have said. */
const OURS: Readonly<Record<string, string>> = {
  "create again": "RestException: RESOURCE_ALREADY_EXISTS: Experiment(name=second) already exists.",
  "rename deleted": "RestException: INVALID_STATE: Cannot rename a non-active experiment.",
};

type Said = Readonly<Record<string, readonly [code: number, text: string]>>;

interopTest("mlflow experiments, runs and artifacts say of our server what they say of MLflow's", async () => {
  await using tmp = await tmpDir();
  for (const name of ["ours", "real"]) await Deno.mkdir(`${tmp.path}/${name}`);
  await using ui = await startMlflowUi({ folder: `${tmp.path}/ours` });
  await using real = await startMlflowServer(`${tmp.path}/real`, {
    args: [
      "--backend-store-uri",
      `sqlite:///${tmp.path}/real/mlflow.db`,
      "--artifacts-destination",
      `${tmp.path}/real/a`,
    ],
  });
  const ours = await runPython<Said>(CHECK, [ui.url]);
  const theirs = await runPython<Said>(CHECK, [real.url]);
  assertEquals(Object.keys(ours), Object.keys(theirs));
  for (const [name, said] of Object.entries(ours)) {
    assertEquals(said, OURS[name] === undefined ? theirs[name] : [1, OURS[name]], name);
  }
  assertEquals(ours["create"], [0, "Created experiment 'by cli ✓' with id 1"]);
});

/** Runs `mlflow` with these words to its end. */
async function mlflow(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(pythonPath(), {
    args: ["-m", "mlflow", ...words],
    env: { ...MLFLOW_ENV, ...env },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

interface Prediction {
  readonly probabilityUp: readonly (readonly number[])[];
  readonly volatilityBps: readonly (readonly number[])[];
  readonly quantilesBps: readonly (readonly number[])[];
}

/** The forecasts of `POST /predict`, laid out as pyfunc gives them. */
async function predictions(url: string, rows: readonly (readonly number[])[]): Promise<Prediction> {
  const response = await fetch(`${url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ features: rows }),
  });
  const { predictions } = await response.json() as {
    predictions: { probabilityUp: number; volatilityBps: number; quantilesBps: Record<string, number> }[];
  };
  return {
    probabilityUp: predictions.map((row) => [row.probabilityUp]),
    volatilityBps: predictions.map((row) => [row.volatilityBps]),
    quantilesBps: predictions.map((row) => Object.values(row.quantilesBps)),
  };
}

function largestDifference(a: Prediction, b: Prediction): number {
  const numbers = ({ probabilityUp, volatilityBps, quantilesBps }: Prediction) =>
    [probabilityUp, volatilityBps, quantilesBps].flat(2);
  const [left, right] = [numbers(a), numbers(b)];
  assertEquals(left.length, right.length);
  return Math.max(...left.map((value, i) => Math.abs(value - right[i]!) / Math.max(1, Math.abs(value))));
}

/** Starts `mlflow models serve` and waits until it answers. */
async function startServing(uri: string, env: Readonly<Record<string, string>>) {
  const url = `http://127.0.0.1:${freePort()}`;
  const child = new Deno.Command(pythonPath(), {
    args: ["-m", "mlflow", "models", "serve", "-m", uri, "--env-manager", "local", "--port", new URL(url).port],
    // It starts uvicorn by its name.
    env: { ...MLFLOW_ENV, ...env, PATH: `${dirname(pythonPath())}:${Deno.env.get("PATH")}` },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const server = {
    url,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // it has already ended
      }
      await child.status;
    },
  };
  for (const from = performance.now(); performance.now() - from < 180_000;) {
    try {
      const response = await fetch(`${url}/ping`);
      await response.body?.cancel();
      if (response.ok) return server;
    } catch {
      // not listening yet
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  await server[Symbol.asyncDispose]();
  throw new Error("mlflow models serve did not start");
}

interopTest("mlflow models serve and predict give the numbers of our API, from our registry and server", async (t) => {
  await using tmp = await tmpDir();
  const spec = harSpec();
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(spec));
  }
  await using ui = await startMlflowUi({ folder: `${tmp.path}/mlruns` });
  await using api = await startApi(tmp.path);
  const names = spec.featureNames;
  const rows = Array.from({ length: 20 }, (_, i) => names.map((_, j) => Math.fround(0.5 + ((i * 7 + j * 3) % 11) / 4)));
  const want = await predictions(api.url, rows);
  const bodies = {
    "dataframe_split": { columns: names, data: rows },
    "dataframe_records": rows.map((row) => Object.fromEntries(row.map((value, j) => [names[j]!, value]))),
    "inputs": rows,
    "instances": rows,
  };

  for (const [where, store] of [["database", `sqlite:///${tmp.path}/mlruns/mlflow.db`], ["server", ui.url]] as const) {
    await t.step(`models serve -m models:/bitcoin-model@production, by the ${where}`, async () => {
      await using serving = await startServing("models:/bitcoin-model@production", { MLFLOW_TRACKING_URI: store });
      for (const [kind, body] of Object.entries(bodies)) {
        const response = await fetch(`${serving.url}/invocations`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ [kind]: body }),
        });
        const answer = await response.json();
        assertEquals(response.status, 200, `${kind}: ${JSON.stringify(answer).slice(0, 500)}`);
        const difference = largestDifference(want, answer.predictions);
        assert(difference <= 1e-5, `${kind}: largest difference ${difference}`);
      }
    });
  }

  await t.step("models predict -m models:/bitcoin-model/1", async () => {
    await Deno.writeTextFile(`${tmp.path}/in.json`, JSON.stringify({ dataframe_split: bodies.dataframe_split }));
    const { code, stderr } = await mlflow([
      ...["models", "predict", "-m", "models:/bitcoin-model/1", "--env-manager", "local"],
      ...["-i", `${tmp.path}/in.json`, "-o", `${tmp.path}/out.json`],
    ], { MLFLOW_TRACKING_URI: ui.url });
    assertEquals(code, 0, stderr.slice(-2000));
    const { predictions } = JSON.parse(await Deno.readTextFile(`${tmp.path}/out.json`));
    assert(largestDifference(want, predictions) <= 1e-5);
  });
});

interopTest("mlflow gc and db upgrade on our database leave a store that we go on with", async (t) => {
  await using tmp = await tmpDir();
  const uri = `sqlite:///${tmp.path}/mlflow.db`, made = { kept: "", gone: "", experiment: "" };
  {
    await using tracker = await openTrackerAt(uri), registry = await openRegistryAt(uri);
    for (const name of ["kept", "gone"] as const) {
      const { info } = await tracker.createRun({ experimentId: "0", runName: name });
      await tracker.logBatch(info.runId, { metrics: [{ key: "loss", value: 1, timestamp: 1, step: 0 }] });
      await tracker.writeArtifact({ runId: info.runId }, "a.txt", new TextEncoder().encode("a"));
      made[name] = info.runId;
    }
    await tracker.deleteRun(made.gone);
    made.experiment = await tracker.createExperiment("gone too");
    await tracker.createRun({ experimentId: made.experiment });
    await tracker.deleteExperiment(made.experiment);
    await registry.createRegisteredModel("bitcoin-model");
  }

  await t.step("gc removes deleted runs with their files, and deleted experiments", async () => {
    const { code, stdout, stderr } = await mlflow(["gc", "--backend-store-uri", uri, "--tracking-uri", uri], {
      MLFLOW_TRACKING_URI: uri,
    });
    assertEquals(code, 0, stderr.slice(-2000));
    assertStringIncludes(stdout + stderr, made.gone);
    await using tracker = await openTrackerAt(uri);
    const { items } = await tracker.searchRuns({ experimentIds: ["0"], viewType: "ALL" });
    assertEquals(items.map(({ info }) => info.runId), [made.kept]);
    assertEquals((await tracker.searchExperiments({ viewType: "ALL" })).items.map(({ name }) => name), ["Default"]);
    assertEquals((await tracker.listArtifacts({ runId: made.kept })).map(({ path }) => path), ["a.txt"]);
    await assertRejects(() => Deno.stat(`${tmp.path}/artifacts/0/${made.gone}/artifacts`), Deno.errors.NotFound);
  });

  await t.step("gc removes files of deleted runs that a client uploaded, by our server", async () => {
    await using ui = await startMlflowUi({ folder: tmp.path });
    const code = `
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run(experiment_id=mlflow.create_experiment("by proxy")) as run:
    mlflow.log_text("by proxy", "deep/a.txt")
mlflow.delete_run(run.info.run_id)
print(json.dumps([run.info.run_id, run.info.artifact_uri]))`;
    const [runId, location] = await runPython<readonly [string, string]>({ code }, [ui.url]);
    const folder = `${tmp.path}/artifacts/${location.replace("mlflow-artifacts:/", "")}`;
    assertEquals(await Deno.readTextFile(`${folder}/deep/a.txt`), "by proxy");
    const answer = await mlflow(["gc", "--backend-store-uri", uri, "--tracking-uri", ui.url]);
    assertEquals(answer.code, 0, answer.stderr.slice(-2000));
    await assertRejects(() => Deno.stat(`${folder}/deep`), Deno.errors.NotFound);
    const gone = await fetch(`${ui.url}/api/2.0/mlflow/runs/get?run_id=${runId}`);
    await gone.body?.cancel();
    assertEquals(gone.status, 404);
  });

  await t.step("db upgrade is fine with it, twice", async () => {
    for (let i = 0; i < 2; i++) {
      const { code, stderr } = await mlflow(["db", "upgrade", uri]);
      assertEquals(code, 0, stderr.slice(-2000));
    }
    await using tracker = await openTrackerAt(uri), registry = await openRegistryAt(uri);
    const { info } = await tracker.createRun({ experimentId: "0", runName: "after" });
    assertEquals((await tracker.getRun(info.runId)).info.runName, "after");
    assertEquals((await registry.getRegisteredModel("bitcoin-model")).name, "bitcoin-model");
  });
});
