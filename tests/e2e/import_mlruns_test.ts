/** `import-mlruns` as a user meets it: an old store in mlruns/, its own permission set, exit codes, and the pages after it. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { experiment, run, writeTree } from "../MLOps/file_store/store_folder.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { startMlflowUi } from "./mlflow_ui_server.ts";
import { runIn } from "./program_folder.ts";

const RUN = "a".repeat(32), OTHER = "b".repeat(32);
const ID = "123456789012345677";

/** A store as it was written in `folder`/mlruns. */
function oldStore(folder: string) {
  const location = `file://${folder}/mlruns/${ID}`;
  return {
    ...experiment("0", { artifact_location: `file://${folder}/mlruns/0` }),
    ...experiment(ID, { name: "prices", artifact_location: location }),
    ...run(ID, RUN, { "metrics/loss": "1700000000000 0.5 0\n", "artifacts/notes/a.txt": "kept" }, {
      artifact_uri: `${location}/${RUN}/artifacts`,
    }),
  };
}

Deno.test("import-mlruns brings mlruns/ into the database in it, once, and mlflow-ui shows it with its files", async () => {
  await using tmp = await tmpDir();
  await writeTree(`${tmp.path}/mlruns`, oldStore(tmp.path));
  const program = (...args: string[]) => runIn(tmp.path, "import-mlruns", ["--json", ...args]);

  const dry = await program("--dry-run");
  assertEquals([dry.code, dry.json.imported.runs, dry.json.dryRun], [0, 1, true], dry.stdout + dry.stderr);
  await assertRejects(() => Deno.stat(`${tmp.path}/mlruns/mlflow.db`), Deno.errors.NotFound);
  const told = async () => {
    const ui = await startMlflowUi({ folder: `${tmp.path}/mlruns` });
    await (await fetch(`${ui.url}/health`)).body?.cancel();
    return (await ui.stop("SIGTERM")).stderr;
  };
  assertStringIncludes(await told(), "also holds an old MLflow file store that is not in the database");

  const { code, json, stdout } = await program();
  assertEquals(code, 0, stdout);
  assertEquals([json.target, json.imported.experiments, json.imported.runs, json.imported.metrics, json.warnings], [
    "sqlite:///mlruns/mlflow.db",
    2,
    1,
    1,
    [],
  ]);
  const again = await program();
  assertEquals([again.code, again.json.error.code], [3, "input-invalid"]);
  assertStringIncludes(again.json.error.message, `1 of its experiments already: '${ID}'`);

  assertEquals(await told(), "");
  await using ui = await startMlflowUi({ folder: `${tmp.path}/mlruns` });
  const page = await fetch(`${ui.url}/experiments/${ID}/runs/${RUN}`);
  assertStringIncludes(await page.text(), `run ${RUN}`);
  const file = await fetch(`${ui.url}/get-artifact?run_id=${RUN}&path=notes/a.txt`);
  assertEquals([file.status, await file.text()], [200, "kept"]);
});

Deno.test("mlflow-ui --artifact-folders shows the files of a store elsewhere, and without it refuses them", async () => {
  await using tmp = await tmpDir();
  await writeTree(`${tmp.path}/mlruns`, oldStore(tmp.path));
  const target = ["--target", "sqlite:///mlruns/new/mlflow.db"];
  assertEquals((await runIn(tmp.path, "import-mlruns", ["--json", ...target])).code, 0);
  const read = async (args: readonly string[], flags: readonly string[]) => {
    await using ui = await startMlflowUi({ folder: `${tmp.path}/mlruns/new`, args, flags });
    const file = await fetch(`${ui.url}/get-artifact?run_id=${RUN}&path=notes/a.txt`);
    return [file.status, await file.text()] as const;
  };
  const [status, text] = await read([], []);
  assertEquals(status, 403);
  assertStringIncludes(text, "--artifact-folders");
  const granted = [`--allow-read=.env,${tmp.path}`];
  assertEquals(await read(["--artifact-folders", `${tmp.path}/mlruns`], granted), [200, "kept"]);
});

Deno.test("import-mlruns ends with lines that work as they are: the import itself, then the pages", async () => {
  await using tmp = await tmpDir();
  await writeTree(`${tmp.path}/old/mlruns`, oldStore(`${tmp.path}/old`));
  const source = `${tmp.path}/old/mlruns`, target = `sqlite:///${tmp.path}/new/mlflow.db`;
  const granted = [`--allow-read=.env,mlruns,${source},${tmp.path}/new`, `--allow-write=${tmp.path}/new`];
  const grants = `READ=${source} WRITE=${tmp.path}/new`;
  const args = ["--source", source, "--target", target];
  // Not --quiet, which leaves them out.
  const told = async (...more: string[]) => {
    const { stderr } = await new Deno.Command("deno", {
      args: ["run", "-q", "--no-prompt", "-P=import-mlruns", ...granted, "main.ts", "import-mlruns", ...args, ...more],
    }).output();
    return new TextDecoder().decode(stderr);
  };
  assertStringIncludes(
    await told("--dry-run"),
    `task import-mlruns ${grants} -- --source ${source} --target ${target}\n`,
  );
  const shown = ["--backend-store-uri", target, "--artifact-folders", source];
  assertStringIncludes(await told(), `task mlflow-ui ${grants} -- ${shown.join(" ")}\n`);
  const flags = [`--allow-read=.env,${source},${tmp.path}/new`];
  await using ui = await startMlflowUi({ folder: `${tmp.path}/new`, args: shown.slice(2), flags });
  const file = await fetch(`${ui.url}/get-artifact?run_id=${RUN}&path=notes/a.txt`);
  assertEquals([file.status, await file.text()], [200, "kept"]);
});

Deno.test("import-mlruns names a bad file with its line and writes nothing; put right, it goes through", async () => {
  await using tmp = await tmpDir();
  const bad = `${ID}/${OTHER}/metrics/loss`;
  await writeTree(`${tmp.path}/mlruns`, {
    ...oldStore(tmp.path),
    ...run(ID, OTHER, { "metrics/loss": "1 0.5 0\n1 half 1\n" }),
  });
  const program = (...args: string[]) => runIn(tmp.path, "import-mlruns", args);
  const refused = await program("--json");
  assertEquals([refused.code, refused.json.error.code], [3, "input-invalid"]);
  assertStringIncludes(refused.json.error.message, `line 2 of '${tmp.path}/mlruns/${bad}'`);
  assertStringIncludes(refused.json.error.hint, "nothing was written");
  await Deno.writeTextFile(`${tmp.path}/mlruns/${bad}`, "1 0.5 0\n");
  const { code, stdout, stderr } = await program();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, `${tmp.path}/mlruns is now in sqlite:///mlruns/mlflow.db`);
  assertStringIncludes(stdout, "Artifacts stay where they are");
  assert(/^runs +2$/m.test(stdout), stdout);
});

Deno.test("import-mlruns says how to reach a store that was not granted, is none, or cannot be a target", async () => {
  await using tmp = await tmpDir();
  await writeTree(`${tmp.path}/old`, oldStore(tmp.path));
  await Deno.mkdir(`${tmp.path}/mlruns`);
  const program = (args: string[], read: string[] = [], env = {}) =>
    runIn(tmp.path, "import-mlruns", ["--json", ...args], { env, read });
  const old = [`${tmp.path}/old`], walled = await program(["--source", "old"]);
  assertEquals([walled.code, walled.json.error.code], [3, "permission-denied"]);
  assertStringIncludes(walled.json.error.hint, `task import-mlruns READ=${tmp.path}/old`);
  const granted = await program(["--source", "old"], old);
  assertEquals([granted.code, granted.json.warnings[0].code], [0, "artifacts-elsewhere"]);
  assertStringIncludes(granted.json.warnings[0].message, "--moved-from");
  const dryRun = ["--source", "old", "--dry-run", "--target", "sqlite:///mlruns/x.db"];
  const dry = await runIn(tmp.path, "import-mlruns", dryRun, { read: old });
  assertEquals(dry.code, 0, dry.stderr);
  const moved = await program(
    ["--source", "old", "--moved-from", `${tmp.path}/mlruns`, "--target", "sqlite:///mlruns/second.db"],
    old,
  );
  assertEquals([moved.code, moved.json.warnings, moved.json.movedLocations], [0, [], 3]);
  const empty = await program([]);
  assertEquals([empty.code, empty.json.error.code], [3, "input-invalid"]);
  const absent = await program(["--source", "mlruns/none"]);
  assertEquals([absent.code, absent.json.error.code], [6, "not-found"]);
  const server = await program([], [], { MLFLOW_TRACKING_URI: "http://127.0.0.1:5000" });
  assertEquals([server.code, server.json.error.code], [2, "usage"]);
});

Deno.test("an old store as MLFLOW_TRACKING_URI is refused with the command that imports it", async () => {
  await using tmp = await tmpDir();
  for (const uri of ["./mlruns", `file://${tmp.path}/mlruns`]) {
    const { code, json } = await runIn(tmp.path, "register", ["--json"], { env: { MLFLOW_TRACKING_URI: uri } });
    assertEquals([code, json.error.code], [3, "config-invalid"]);
    assertStringIncludes(json.error.hint, "task import-mlruns -- --source");
  }
});
