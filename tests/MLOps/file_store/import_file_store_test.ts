/** What an import takes, leaves out and refuses, on hand-made stores. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { importFileStore, type ImportOptions, type ImportSummary } from "../../../src/MLOps/file_store/mod.ts";
import { SqliteRegistry, SqliteTracker } from "../../../src/MLOps/mod.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";
import { experiment, loggedModel, modelVersion, run, type Tree, writeTree, yaml } from "./store_folder.ts";

const A = "a".repeat(32), B = "b".repeat(32), MODEL = `m-${"c".repeat(32)}`;
const LONG_ID = "123456789012345677";

/** A store with these files, imported into a new database, and what the database then says. */
async function imported(
  tree: Tree,
  use: (
    seen: {
      readonly tracker: SqliteTracker;
      readonly registry: SqliteRegistry;
      readonly summary: ImportSummary;
      readonly root: string;
    },
  ) => Promise<void>,
  options: ImportOptions = {},
): Promise<void> {
  await using tmp = await tmpDir();
  const root = `${tmp.path}/mlruns`, uri = `sqlite:///${tmp.path}/mlflow.db`;
  await writeTree(root, tree);
  const summary = await importFileStore(root, uri, options);
  await using tracker = await SqliteTracker.open(uri), registry = await SqliteRegistry.open(uri);
  await use({ tracker, registry, summary, root });
}

/** A small text that would be a large one with its aliases put in. */
function bomb(): string {
  const letters = [..."bcdef"];
  const lines = letters.map((letter, i) => `${letter}: &${letter} [${Array(9).fill(`*${"abcdef"[i]}`).join(", ")}]`);
  return ["a: &a [x]", ...lines].join("\n");
}

/** The error of an import of these files, after which the database is as it was. */
async function refused(tree: Tree): Promise<{ readonly error: DomainError; readonly root: string }> {
  await using tmp = await tmpDir();
  const root = `${tmp.path}/mlruns`, uri = `sqlite:///${tmp.path}/mlflow.db`;
  await writeTree(root, tree);
  for (const dryRun of [true, false]) {
    await assertRejects(() => importFileStore(root, uri, { dryRun }), DomainError);
  }
  const error = await assertRejects(() => importFileStore(root, uri), DomainError);
  await using tracker = await SqliteTracker.open(uri);
  assertEquals((await tracker.searchExperiments({ viewType: "ALL" })).items.map(({ name }) => name), ["Default"]);
  assertEquals((await tracker.searchRuns({ experimentIds: ["0", "1"], viewType: "ALL" })).items, []);
  return { error, root };
}

Deno.test("importFileStore() brings an experiment, a run and all that hangs on it", async () => {
  const dataset = { name: "toy", digest: "12e45678", source_type: "code", source: "{}", schema: "{}", profile: null };
  await imported({
    ...experiment("0"),
    ...experiment(LONG_ID, { name: "prices: ✓" }),
    [`${LONG_ID}/tags/mlflow.note.content`]: "two\nlines",
    [`${LONG_ID}/datasets/d1/meta.yaml`]: yaml(dataset).replace('"12e45678"', "12e45678"),
    ...run(LONG_ID, A, {
      "metrics/loss": "1700000000000 0.5 0\n1700000000001 0.25 1\n1700000000001 0.25 1\n",
      "metrics/n/acc": "1700000000000 nan\n",
      "params/dir/depth": "3",
      "params/none": "",
      "tags/mlflow.user": "ada",
      "tags/.DS_Store": new Uint8Array([0, 255]),
      "inputs/i1/meta.yaml": yaml({
        source_type: "DATASET",
        source_id: "d1",
        destination_type: "RUN",
        destination_id: "d1",
        tags: { "mlflow.data.context": "training" },
      }),
      "outputs/o1/meta.yaml": yaml({
        source_type: "RUN_OUTPUT",
        destination_type: "MODEL_OUTPUT",
        destination_id: MODEL,
        step: 3,
      }),
    }, { run_name: "null", status: 4, end_time: 1_700_000_000_009 }),
    ...loggedModel(LONG_ID, MODEL, {
      "metrics/accuracy": `1700000000000 0.9 2 ${A} toy 12e45678\n`,
      "params/units": "8",
    }),
  }, async ({ tracker, summary }) => {
    const found = await tracker.getExperiment(LONG_ID);
    assertEquals([found.name, found.creationTime, found.artifactLocation, found.tags], [
      "prices: ✓",
      1_700_000_000_000,
      `file:///old/mlruns/${LONG_ID}`,
      [{ key: "mlflow.note.content", value: "two\nlines" }],
    ]);
    const { info, metrics, params, tags, datasetInputs, modelOutputs } = await tracker.getRun(A);
    assertEquals([info.experimentId, info.runName, info.status, info.endTime], [
      LONG_ID,
      "null",
      "FAILED",
      1_700_000_000_009,
    ]);
    assertEquals(metrics.map(({ key, value, step }) => [key, value, step]), [["loss", 0.25, 1], ["n/acc", NaN, 0]]);
    assertEquals((await tracker.metricHistory(A, "loss")).items.length, 2);
    assertEquals(params, [{ key: "dir/depth", value: "3" }, { key: "none", value: "" }]);
    assertEquals(tags, [{ key: "mlflow.user", value: "ada" }]);
    assertEquals(datasetInputs.map(({ dataset, tags }) => [dataset.digest, tags]), [
      ["12e45678", [{ key: "mlflow.data.context", value: "training" }]],
    ]);
    assertEquals(modelOutputs, [{ modelId: MODEL, step: 3 }]);
    const model = await tracker.getLoggedModel(MODEL);
    assertEquals(
      model.metrics.map(({ key, value, step, runId, datasetDigest }) => [key, value, step, runId, datasetDigest]),
      [
        ["accuracy", 0.9, 2, A, "12e45678"],
      ],
    );
    assertEquals([summary.repeatedMetricLines, summary.imported.runs, summary.skipped], [1, 1, []]);
  });
});

Deno.test("importFileStore() brings registered models, versions with their stages, aliases and deleted numbers", async () => {
  await imported({
    ".trash/": "",
    "models/price model/meta.yaml": yaml({
      name: "price model",
      creation_timestamp: 1,
      last_updated_timestamp: 2,
      description: "d",
    }),
    "models/price model/tags/a/b": "c",
    "models/price model/aliases/production": "1",
    "models/price model/aliases/lost": "9",
    ...modelVersion("price model", 1, { current_stage: "Production" }),
    "models/price model/version-1/tags/gate": "passed",
    ...modelVersion("price model", 2, { current_stage: "Deleted_Internal" }),
    ...modelVersion("price model", 10, { source: "./mlruns/0/model" }),
  }, async ({ registry, summary, root }) => {
    const model = await registry.getRegisteredModel("price model");
    assertEquals([model.description, model.tags, model.aliases], [
      "d",
      [{ key: "a/b", value: "c" }],
      [{ alias: "production", version: "1" }],
    ]);
    const version = await registry.getModelVersion("price model", "1");
    assertEquals([version.currentStage, version.tags], ["Production", [{ key: "gate", value: "passed" }]]);
    await assertRejects(() => registry.getModelVersion("price model", "2"), DomainError, "not found");
    assertEquals((await registry.getModelVersion("price model", "10")).source, `${root}/0/model`);
    const next = await registry.createModelVersion({ name: "price model", source: "s3://bucket/model" });
    assertEquals(next.version, "11");
    assertEquals(summary.skipped.map(({ why }) => why), ["there is no version 9"]);
  });
});

Deno.test("importFileStore() keeps deleted things deleted, and what lies in the trash", async () => {
  const inTrash = Object.fromEntries(
    Object.entries({ ...experiment("7", { lifecycle_stage: "active" }), ...run("7", A) }).map((
      [path, content],
    ) => [`.trash/${path}`, content]),
  );
  await imported({
    ...inTrash,
    ...experiment("1"),
    ...run("1", B, {}, { lifecycle_stage: "deleted", deleted_time: 1_700_000_000_100 }),
  }, async ({ tracker }) => {
    assertEquals((await tracker.getExperiment("7")).lifecycleStage, "deleted");
    assertEquals((await tracker.getRun(A)).info.experimentId, "7");
    assertEquals((await tracker.getRun(B)).info.lifecycleStage, "deleted");
    await tracker.restoreExperiment("7");
    await tracker.restoreRun(B);
    assertEquals((await tracker.getRun(B)).info.lifecycleStage, "active");
  });
});

Deno.test("importFileStore() says what it leaves out, and why", async () => {
  const { [`1/${B}/artifacts/`]: _, ...noArtifacts } = run("1", B);
  const other = "d".repeat(32), stray = "e".repeat(32), empty = "f".repeat(32);
  await imported({
    ...experiment("1"),
    ...run("1", A, {
      "metrics/none": "",
      "inputs/i/meta.yaml": yaml({ source_type: "DATASET", source_id: "gone", tags: null }),
    }),
    ...noArtifacts,
    ...run("1", other, {}, { run_id: A }),
    ...run("1", stray, {}, { experiment_id: "2" }),
    ...run("1", empty),
    [`1/${empty}/meta.yaml`]: "",
    "1/notes/": "",
    "1/traces/tr-1/": "",
    ...experiment("3", { experiment_id: "4" }),
    "5/": "",
    ...experiment("one"),
    ...experiment("99999999999999999999"),
    "artifacts/0/": "",
    ...loggedModel("1", MODEL, {
      "metrics/m": `1 nan 0 ${A}\n1 0.5 0 ${"0".repeat(32)}\n1 0.5 0 ${A}\n1 0.7 0 ${A}\n`,
    }),
  }, async ({ tracker, summary, root }) => {
    assertEquals([summary.tracesLeftOut, summary.metricLinesLeftOut, summary.incompleteRuns], [1, 3, 1]);
    assertEquals(
      Object.fromEntries(summary.skipped.map(({ path, why }) => [path.slice(root.length + 1), why])),
      {
        [`1/${A}/inputs/i`]: "its experiment has no dataset 'gone'",
        [`1/${A}/metrics/none`]: "it holds no line",
        [`1/${other}`]: `its meta.yaml says that it is run '${A}'`,
        [`1/${stray}`]: "its meta.yaml says that it belongs to experiment '2'",
        [`1/${empty}`]: "its meta.yaml is empty",
        "1/notes": "it has no meta.yaml, so MLflow knows no such run",
        "3": "its meta.yaml says that it is experiment '4'",
        "5": "its meta.yaml is missing or empty, so MLflow knows no such experiment",
        "one": "its name is no integer of 64 bits, which an experiment's id in a database is",
        "99999999999999999999": "its name is no integer of 64 bits, which an experiment's id in a database is",
      },
    );
    const { items } = await tracker.searchRuns({ experimentIds: ["1"] });
    assertEquals(items.map((one) => one.info.runId).sort(), [A, B]);
  });
});

Deno.test("importFileStore() names the file, the line and the value that it cannot take, and writes nothing", async () => {
  const meta = experiment("1")["1/meta.yaml"] as string;
  const cases: readonly (readonly [Tree, string])[] = [
    [
      { "1/meta.yaml": meta.replace("1700000000000", "soon") },
      `line 2 of 'ROOT/1/meta.yaml' as its field 'creation_time' must be an integer: current value is "soon"`,
    ],
    [
      { "1/meta.yaml": meta.replace('"active"', '"gone"') },
      `line 5 of 'ROOT/1/meta.yaml' as its field 'lifecycle_stage' must be 'active' or 'deleted': current value is "gone"`,
    ],
    [
      { "1/meta.yaml": meta.replace(/^name:.*$/m, "") },
      `'ROOT/1/meta.yaml' as its field 'name' must be a text: current value is "nothing"`,
    ],
    [{ "1/meta.yaml": "a: [1\n" }, "of 'ROOT/1/meta.yaml' as it is no YAML"],
    [{ "1/meta.yaml": "name: *lost\n" }, "'ROOT/1/meta.yaml' as it is no YAML"],
    [{ "1/meta.yaml": bomb() }, "'ROOT/1/meta.yaml' as it is no YAML (aliases exceeded maxAliases"],
    [{ "1/meta.yaml": "- 1\n" }, "'ROOT/1/meta.yaml' as it must be a mapping"],
    [
      run("1", A, {}, { status: 9 }),
      `as its field 'status' must be one of 1 (RUNNING), 2 (SCHEDULED), 3 (FINISHED), 4 (FAILED), 5 (KILLED): current value is "9"`,
    ],
    [
      run("1", A, { "metrics/loss": "1 1 1\n2 two 2\n" }),
      `line 2 of 'ROOT/1/${A}/metrics/loss' as its value 'two' is no number: current value is "2 two 2"`,
    ],
    [
      run("1", A, { "metrics/loss": `${"1 1 1\n".repeat(90_000)}1\n` }),
      `line 90001 of 'ROOT/1/${A}/metrics/loss' as it has 1 field`,
    ],
    [run("1", A, { "metrics/loss": "1".repeat(300_000) }), "as it is longer than 262144 bytes"],
    [
      run("1", A, { "params/p": new Uint8Array([97, 10, 98, 255]) }),
      `line 2 of 'ROOT/1/${A}/params/p' as it is no UTF-8: current value is "b\ufffd"`,
    ],
    [run("1", A, { "tags/t": "a\0b" }), `line 1 of 'ROOT/1/${A}/tags/t' as it holds the character NUL`],
    [run("1", A, { "params/a=b": "1" }), `'ROOT/1/${A}/params/a=b' as MLflow would not take its name for a key`],
    [
      { ...experiment("2", { name: "experiment 1" }) },
      "as two of its experiments are named 'experiment 1': 'ROOT/1' and 'ROOT/2'",
    ],
    [
      { "models/m/meta.yaml": yaml({ name: "m" }), ...modelVersion("m", 1), "models/m/aliases/x": "one" },
      `'ROOT/models/m/aliases/x' as it must hold the number of a version: current value is "one"`,
    ],
  ];
  for (const [tree, message] of cases) {
    const { error, root } = await refused({ ...experiment("1"), ...run("1", B, { "metrics/ok": "1 1 1\n" }), ...tree });
    assertEquals(error.code, "input-invalid");
    assertStringIncludes(error.message.replaceAll(root, "ROOT"), message);
    assert(error.hint !== undefined);
  }
});

Deno.test("importFileStore() refuses what the database already has, and says which", async () => {
  await using tmp = await tmpDir();
  const uri = `sqlite:///${tmp.path}/mlflow.db`;
  const into = async (name: string, tree: Tree) => {
    await writeTree(`${tmp.path}/${name}`, tree);
    return await importFileStore(`${tmp.path}/${name}`, uri);
  };
  await into("first", {
    ...experiment("1"),
    ...run("1", A),
    ...loggedModel("1", MODEL),
    "models/m/meta.yaml": yaml({ name: "m" }),
  });
  const cases: readonly (readonly [Tree, string])[] = [
    [experiment("1", { name: "other" }), "has 1 of its experiments already: '1'"],
    [{ ...experiment("2"), ...run("2", A) }, `has 1 of its runs already: '${A}'`],
    [{ ...experiment("2"), ...loggedModel("2", MODEL) }, `has 1 of its logged models already: '${MODEL}'`],
    [experiment("2", { name: "experiment 1" }), "has 1 of the names of its experiments already: 'experiment 1'"],
    [{ "models/m/meta.yaml": yaml({ name: "m" }) }, "has 1 of the names of its registered models already: 'm'"],
  ];
  for (const [i, [tree, message]] of cases.entries()) {
    await writeTree(`${tmp.path}/again${i}`, tree);
    for (const dryRun of [true, false]) {
      await assertRejects(() => importFileStore(`${tmp.path}/again${i}`, uri, { dryRun }), DomainError, message);
    }
  }
});

Deno.test("importFileStore() takes the store's Default for an unused one, and adds its runs to one in use", async () => {
  const tree = { ...experiment("0", { name: "renamed" }), ...run("0", A), "0/tags/team": "quant" };
  await imported(tree, async ({ tracker, summary }) => {
    const { name, artifactLocation, tags } = await tracker.getExperiment("0");
    assertEquals([name, artifactLocation, tags], ["renamed", "file:///old/mlruns/0", [{
      key: "team",
      value: "quant",
    }]]);
    assertEquals(summary.keptDefault, false);
  });
  await using tmp = await tmpDir();
  const uri = `sqlite:///${tmp.path}/mlflow.db`;
  await using tracker = await SqliteTracker.open(uri);
  await tracker.createRun({ experimentId: "0" });
  await writeTree(`${tmp.path}/mlruns`, tree);
  for (const dryRun of [true, false]) {
    assertEquals((await importFileStore(`${tmp.path}/mlruns`, uri, { dryRun })).keptDefault, true);
  }
  assertEquals((await tracker.getExperiment("0")).name, "Default");
  assertEquals((await tracker.searchRuns({ experimentIds: ["0"] })).items.length, 2);
});

Deno.test("importFileStore() leaves locations as they are, makes relative ones absolute and follows a store that was moved", async () => {
  const locations = {
    "1": ["/old/mlruns/1", "ROOT/1"],
    "2": ["file:///old/mlruns/2", "ROOT/2"],
    "3": ["./mlruns/3", "ROOT/3"],
    "4": ["file:mlruns/4", "ROOT/4"],
    "5": ["s3://bucket/5", "s3://bucket/5"],
    "6": ["mlflow-artifacts:/6", "mlflow-artifacts:/6"],
    "7": ["/old/mlruns2/7", "/old/mlruns2/7"],
    "8": ["C:\\old\\8", "C:\\old\\8"],
    "12": ["file:///old/ml%20runs/9", "file:///old/ml%20runs/9"],
  };
  const tree = Object.assign(
    {},
    ...Object.entries(locations).map(([id, [given]]) => experiment(id, { artifact_location: given! })),
  );
  await imported(tree, async ({ tracker, summary, root }) => {
    for (const [id, [given, moved]] of Object.entries(locations)) {
      const isRelative = id === "3" || id === "4";
      assertEquals(
        (await tracker.getExperiment(id)).artifactLocation,
        isRelative ? moved!.replace("ROOT", root) : given,
      );
    }
    assertEquals([summary.relativeLocations, summary.locationsElsewhere, summary.firstLocationElsewhere], [
      2,
      4,
      "/old/mlruns/1",
    ]);
  });
  await imported(tree, async ({ tracker, summary, root }) => {
    for (const [id, [, moved]] of Object.entries(locations)) {
      assertEquals((await tracker.getExperiment(id)).artifactLocation, moved!.replace("ROOT", root));
    }
    assertEquals([summary.movedLocations, summary.locationsElsewhere], [2, 2]);
  }, { movedFrom: "/old/mlruns" });
});

Deno.test("importFileStore() takes an empty store, and tells a folder that is none from the store beside it", async () => {
  await imported({ ".trash/": "" }, async ({ summary }) => {
    await Promise.resolve();
    assertEquals([summary.imported.experiments, summary.skipped], [0, []]);
  });
  await using tmp = await tmpDir();
  await writeTree(tmp.path, {
    ...Object.fromEntries(Object.entries(experiment("0")).map(([path, text]) => [`mlruns/${path}`, text])),
    "empty/": "",
    "file": "",
  });
  const hintFor = async (path: string) => {
    const error = await assertRejects(() => importFileStore(`${tmp.path}${path}`, "sqlite:///:memory:"), DomainError);
    return [error.code, error.hint?.replaceAll(tmp.path, "TMP")];
  };
  assertEquals(await hintFor(""), ["input-invalid", "Name the store in it: task import-mlruns -- --source TMP/mlruns"]);
  assertEquals(await hintFor("/mlruns/0"), [
    "input-invalid",
    "Name the whole store, which is a folder above: that with 0/ and .trash/ in it",
  ]);
  assertEquals((await hintFor("/empty"))[0], "input-invalid");
  assertEquals((await hintFor("/file"))[0], "not-found");
  assertEquals((await hintFor("/nowhere"))[0], "not-found");
});

Deno.test("importFileStore() follows links as MLflow does: folders of the store and files, not folders of keys", async () => {
  await using tmp = await tmpDir();
  await writeTree(tmp.path, {
    ...Object.fromEntries(
      Object.entries({ ...experiment("1"), ...run("1", A, { "params/p": "1" }) }).map((
        [path, content],
      ) => [`disk/${path}`, content]),
    ),
    "mlruns/.trash/": "",
    "elsewhere/value": "linked",
  });
  await Deno.symlink(`${tmp.path}/disk/1`, `${tmp.path}/mlruns/1`);
  await Deno.symlink(`${tmp.path}/elsewhere/value`, `${tmp.path}/disk/1/${A}/params/linked`);
  await Deno.symlink(`${tmp.path}/disk/1/${A}/params`, `${tmp.path}/disk/1/${A}/params/ring`);
  await Deno.symlink(`${tmp.path}/nowhere`, `${tmp.path}/disk/1/${A}/params/broken`);
  const uri = `sqlite:///${tmp.path}/mlflow.db`;
  await importFileStore(`${tmp.path}/mlruns`, uri);
  await using tracker = await SqliteTracker.open(uri);
  assertEquals((await tracker.getRun(A)).params, [{ key: "linked", value: "linked" }, { key: "p", value: "1" }]);
});

Deno.test("importFileStore() reads stores of old releases: ids as numbers, run_uuid, names in tags", async () => {
  const meta = `artifact_uri: ./mlruns/0/${A}/artifacts
end_time: 1500000000001
entry_point_name: main
experiment_id: 0
name: ''
run_uuid: ${A}
source_name: train.py
source_type: 3
source_version: abc
start_time: 1500000000000
status: 3
tags: []
user_id: ada
`;
  await imported({
    "0/meta.yaml": "artifact_location: ./mlruns/0\nexperiment_id: 0\nlifecycle_stage: active\nname: Default\n",
    ...experiment("0012"),
    ...run("0", A, { "metrics/loss": "1500000000 0.5\n1500000001 0.25\n", "tags/mlflow.runName": "by tag" }),
    [`0/${A}/meta.yaml`]: meta,
  }, async ({ tracker, root }) => {
    const { info, metrics } = await tracker.getRun(A);
    assertEquals([info.runName, info.status, info.artifactUri], ["by tag", "FINISHED", `${root}/0/${A}/artifacts`]);
    assertEquals(metrics.map(({ value, timestamp, step }) => [value, timestamp, step]), [[0.25, 1_500_000_001, 0]]);
    assertEquals((await tracker.getExperiment("12")).name, "experiment 0012");
  });
});

Deno.test("importFileStore() ends early where it is asked to, and nothing is written", async () => {
  await using tmp = await tmpDir();
  const uri = `sqlite:///${tmp.path}/mlflow.db`;
  await writeTree(`${tmp.path}/mlruns`, {
    ...experiment("1"),
    ...run("1", A, { "metrics/m": "1 1 1\n".repeat(300_000) }),
  });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DomainError("interrupted", "Stopped")), 5);
  await assertRejects(
    () => importFileStore(`${tmp.path}/mlruns`, uri, { signal: controller.signal }),
    DomainError,
    "Stopped",
  );
  await using tracker = await SqliteTracker.open(uri);
  assertEquals((await tracker.searchExperiments()).items.map(({ name }) => name), ["Default"]);
});
