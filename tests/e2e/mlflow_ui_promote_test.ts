/** The promote button as a browser presses it: real runs, the command's own permission set, the gate of `register`. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RestRegistry, RestTracker } from "../../src/MLOps/mod.ts";
import { readAliasMoves } from "../../src/MLOps/promotion/mod.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { startMlflowUi } from "./mlflow_ui_server.ts";
import { folderWithSample, runIn, wordsFor } from "./program_folder.ts";

const ASKED = { alias: "production", by: "ada", why: "better on the newest rows" };

async function track(folder: string, args: readonly string[]): Promise<string> {
  const { code, stderr, json } = await runIn(folder, "track", ["--quick", "--json", ...args]);
  assertEquals(code, 0, stderr);
  return json.runId;
}

async function startUi(folder: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const args = await wordsFor("mlflow-ui", folder, ["--port", "0"], { net: ["127.0.0.1"] });
  const child = new Deno.Command("deno", { args, cwd: folder, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: value.trim(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
    },
  };
}

Deno.test("mlflow-ui says on the page why it cannot promote where it may not write the runs' files", async () => {
  await using tmp = await tmpDir();
  await using elsewhere = await tmpDir();
  await using ui = await startMlflowUi({ folder: tmp.path, args: ["--artifacts-destination", elsewhere.path] });
  const tracker = new RestTracker(ui.url), registry = new RestRegistry(ui.url);
  const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
  await registry.createRegisteredModel("m");
  await registry.createModelVersion({ name: "m", source: `runs:/${runId}/model`, runId });
  const text = await (await fetch(`${ui.url}/models/m/versions/1`)).text();
  assertStringIncludes(text, "This server may not write where its runs keep their files");
  const headers = { origin: ui.url };
  const body = new URLSearchParams(ASKED);
  const answer = await fetch(`${ui.url}/models/m/versions/1/promote`, { method: "POST", headers, body });
  assertEquals([answer.status, await registry.getVersionByAlias("m", "production")], [403, undefined]);
  await answer.body?.cancel();
});

Deno.test("mlflow-ui promotes by the gate of register, under its own permissions, and takes the alias back", async (t) => {
  await using folder = await folderWithSample();
  const [good, weak] = [
    await track(folder.path, ["--model", "linear"]),
    await track(folder.path, ["--model", "climatology"]),
  ];
  await using ui = await startUi(folder.path);
  const tracker = new RestTracker(ui.url), registry = new RestRegistry(ui.url);
  const post = async (path: string, fields: Record<string, string> = ASKED) => {
    const headers = { origin: ui.url };
    const body = new URLSearchParams(fields);
    const answer = await fetch(ui.url + path, { method: "POST", redirect: "manual", headers, body });
    return { status: answer.status, location: answer.headers.get("location"), text: await answer.text() };
  };
  const holder = async () => (await registry.getVersionByAlias("bitcoin-model", "production"))?.version;
  const { info: { experimentId } } = await tracker.getRun(good);

  await t.step("a run that holds becomes version 1 at production", async () => {
    const answer = await post(`/experiments/${experimentId}/runs/${good}/promote`);
    assertEquals([answer.status, answer.location], [303, "/models/bitcoin-model/versions/1#gate"], answer.text);
    assertEquals(await holder(), "1");
  });

  await t.step("its pages show what there is, under the command's own permissions", async () => {
    const { modelOutputs: [output] } = await tracker.getRun(good);
    const pages = {
      "/models/bitcoin-model/versions/1": "Model card",
      [`/logged-models/${output!.modelId}`]: "Model card",
      "/models/bitcoin-model/versions/1/artifacts?path=MLmodel": "loader_module: mlflow.onnx",
      [`/experiments/${experimentId}/runs/${good}`]: "Scores beside baselines",
      [`/compare?run=${good}&run=${weak}`]: "Parallel coordinates",
    };
    for (const [path, part] of Object.entries(pages)) {
      const answer = await fetch(ui.url + path);
      assertEquals(answer.status, 200, path);
      assertStringIncludes(await answer.text(), part);
    }
  });

  await t.step("a version that does not hold: the checks, and nothing moves", async () => {
    const { modelOutputs: [output] } = await tracker.getRun(weak);
    const { modelId } = output!;
    await registry.createModelVersion({ name: "bitcoin-model", source: `models:/${modelId}`, modelId, runId: weak });
    const answer = await post("/models/bitcoin-model/versions/2/promote");
    assertEquals(answer.status, 422);
    for (const part of ["qlike_vs_incumbent", "model_files", "stays at version 1"]) {
      assertStringIncludes(answer.text, part);
    }
    assertEquals(await holder(), "1");
    // The command finds the same of the same run.
    const { code, json } = await runIn(folder.path, "register", ["--run-id", weak, "--json"]);
    assertEquals(code, 7);
    for (const { name } of json.gate.checks) assertStringIncludes(answer.text, `>${name}<`);
  });

  await t.step("scores that were written into the store do not help", async () => {
    using database = new DatabaseSync(`${folder.path}/mlruns/mlflow.db`);
    database.prepare("UPDATE latest_metrics SET value = 0.9 WHERE run_uuid = ? AND key = 'qlike_gain_har_low'")
      .run(weak);
    const answer = await post("/models/bitcoin-model/versions/2/promote");
    assertEquals(answer.status, 422);
    assertStringIncludes(answer.text, "its logged qlike_gain_har_low is 0.9 where its predictions give");
    assertEquals(await holder(), "1");
  });

  await t.step("a second run that holds, then back to the first, each with who and why", async () => {
    const second = await track(folder.path, ["--model", "linear"]);
    const answer = await post(`/experiments/${experimentId}/runs/${second}/promote`);
    assertEquals([answer.status, await holder()], [303, "3"], answer.text);
    const back = await post("/models/bitcoin-model/rollback", { ...ASKED, to: "1", why: "alerts since noon" });
    assertEquals([back.status, await holder()], [303, "1"], back.text);
    const moves = readAliasMoves(await registry.getRegisteredModel("bitcoin-model"), "production");
    assertEquals(moves.map(({ from, to, by, kind, why }) => [from, to, by, kind, why]), [
      [undefined, "1", "ada", "promotion", ASKED.why],
      ["1", "3", "ada", "promotion", ASKED.why],
      ["3", "1", "ada", "rollback", "alerts since noon"],
    ]);
  });
});
