/** `register` as a user meets it: real runs on the bundled sample, its own permission set, exit codes, a kill. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { seededRandom } from "../../src/core/mod.ts";
import { SqliteRegistry, SqliteTracker } from "../../src/MLOps/mod.ts";
import { readAliasMoves } from "../../src/MLOps/promotion/mod.ts";
import { type Answer, folderWithSample, runIn, wordsFor } from "./program_folder.ts";

async function track(folder: string, args: readonly string[]): Promise<string> {
  const answer = await runIn(folder, "track", ["--quick", "--json", "--quiet", ...args]);
  assertEquals(answer.code, 0, answer.stderr + answer.stdout);
  return answer.json.runId;
}

Deno.test("register promotes by evidence, says what it refuses, and survives a kill", async (t) => {
  await using sample = await folderWithSample(["--no-features"]);
  const folder = sample.path;
  const uri = `sqlite:///${folder}/mlruns/mlflow.db`;
  const register = (...args: readonly string[]) => runIn(folder, "register", ["--json", ...args]);
  const checks = (answer: Answer, passed: boolean): string[] =>
    answer.json.gate.checks.filter((check: { passed: boolean }) => check.passed === passed)
      .map((check: { name: string }) => check.name);
  let good = "", weak = "";

  await t.step("before any run: exit 6, and no store is made", async () => {
    const answer = await register();
    assertEquals([answer.code, answer.json.error.code], [6, "not-found"]);
    assertStringIncludes(answer.json.error.hint, "task track");
    await assertRejects(() => Deno.stat(`${folder}/mlruns`), Deno.errors.NotFound);
  });

  await t.step("a run that holds: version 1 at production, evidence with run and version", async () => {
    // Trees pass beside HAR-X on the sample whatever the default family does.
    good = await track(folder, ["--model", "linear"]);
    const { code, json, stderr } = await register();
    assertEquals(code, 0, stderr + JSON.stringify(json));
    assertEquals([json.name, json.version, json.alias, json.runId, json.previousVersion], [
      "bitcoin-model",
      "1",
      "production",
      good,
      null,
    ]);
    assertEquals([json.gate.passed, json.gate.forced, json.warnings], [true, false, []]);
    for (const check of json.gate.checks) {
      assertEquals(Object.keys(check).sort(), ["interval", "limit", "name", "note", "passed", "rule", "value"]);
    }
    await using registry = await SqliteRegistry.open(uri), tracker = await SqliteTracker.open(uri);
    const version = await registry.getVersionByAlias("bitcoin-model", "production");
    const tags = Object.fromEntries(version!.tags.map(({ key, value }) => [key, value]));
    assertEquals([version!.runId, tags["gate.passed"], tags["gate.forced"], tags["evidence"]], [
      good,
      "true",
      "false",
      "quick",
    ]);
    const run = await tracker.getRun(good);
    assertEquals(tags["dataset.sha256"], run.tags.find(({ key }) => key === "dataset.sha256")?.value);
    assertEquals(tags["code.commit"], run.tags.find(({ key }) => key === "mlflow.source.git.commit")?.value);
    const evidence = JSON.parse(new TextDecoder().decode(await tracker.readArtifact({ runId: good }, "gate.json")));
    assertEquals([evidence.allowed, evidence.passed, evidence.modelId], [true, true, version!.modelId]);
    assertEquals(evidence.checks, json.gate.checks);
  });

  await t.step("again: the same version, no second one; a person reads a table and the next command", async () => {
    assertEquals((await register()).json.version, "1");
    const { code, stdout } = await runIn(folder, "register", []);
    assertEquals(code, 0);
    for (
      const part of [
        "qlike_vs_ewma",
        "Gate: passed.",
        "bitcoin-model version 1 (registered before) is now @production",
      ]
    ) {
      assertStringIncludes(stdout, part);
    }
    await using registry = await SqliteRegistry.open(uri);
    assertEquals((await registry.searchModelVersions()).items.length, 1);
  });

  await t.step("a run that does not hold: exit 7, the alias stays, the evidence is kept", async () => {
    weak = await track(folder, ["--model", "climatology"]);
    const answer = await register();
    assertEquals([answer.code, answer.json.error.code], [7, "gate-refused"]);
    assertEquals([answer.json.version, answer.json.alias, answer.json.previousVersion], [null, null, "1"]);
    assert(checks(answer, false).includes("qlike_vs_har_x") && checks(answer, false).includes("qlike_vs_incumbent"));
    assertEquals(checks(answer, true).includes("model_files"), true);
    await using registry = await SqliteRegistry.open(uri), tracker = await SqliteTracker.open(uri);
    assertEquals((await registry.getVersionByAlias("bitcoin-model", "production"))?.version, "1");
    assertEquals((await tracker.listArtifacts({ runId: weak })).some(({ path }) => path === "gate.json"), true);
  });

  await t.step("--force wants a reason, and keeps it", async () => {
    assertEquals((await register("--force")).code, 2);
    assertEquals((await register("--reason", "x")).code, 2);
    const { code, json } = await register("--force", "--reason", "canary");
    assertEquals([code, json.version, json.previousVersion], [0, "2", "1"]);
    assertEquals([json.gate.passed, json.gate.forced, json.warnings[0].code], [false, true, "gate-forced"]);
    await using registry = await SqliteRegistry.open(uri);
    const { tags } = await registry.getModelVersion("bitcoin-model", "2");
    assertEquals(tags.find(({ key }) => key === "gate.reason")?.value, "canary");
  });

  await t.step(
    "--rollback goes to the version before, with a reason, and the history says who, when and why",
    async () => {
      assertEquals((await register("--rollback")).code, 2);
      assertEquals((await register("--rollback", "--force", "--reason", "x")).code, 2);
      const { code, json } = await register("--rollback", "--reason", "alerts since noon");
      assertEquals([code, json.version, json.previousVersion, json.runId], [0, "1", "2", good]);
      const again = await register("--rollback", "--reason", "once more");
      assertEquals([again.code, again.json.error.code], [6, "not-found"]);
      await using registry = await SqliteRegistry.open(uri);
      assertEquals((await registry.getVersionByAlias("bitcoin-model", "production"))?.version, "1");
      const moves = readAliasMoves(await registry.getRegisteredModel("bitcoin-model"), "production");
      assertEquals(moves.map(({ from, to, kind, why }) => [from, to, kind, why]), [
        [undefined, "1", "promotion", undefined],
        ["1", "2", "forced", "canary"],
        ["2", "1", "rollback", "alerts since noon"],
      ]);
      assert(moves.every(({ atMs }) => Math.abs(Date.now() - atMs) < 600_000));
      await registry.setAlias("bitcoin-model", "production", "2"); // as any client of MLflow may
    },
  );

  await t.step("best is the run that holds; registering it rolls back", async () => {
    const { code, json } = await register("--run-id", "best");
    assertEquals([code, json.runId, json.version, json.previousVersion], [0, good, "1", "2"]);
  });

  await t.step("killed at random moments, then done again: one version, the alias where it belongs", async () => {
    const random = seededRandom(11);
    const third = await track(folder, ["--model", "linear"]);
    for (let i = 0; i < 6; i++) {
      const words = await wordsFor("register", folder, ["--run-id", third]);
      const child = new Deno.Command("deno", { args: words, cwd: folder, stdout: "null", stderr: "null" }).spawn();
      await new Promise((done) => setTimeout(done, 60 + random.integer(200)));
      try {
        child.kill("SIGKILL");
      } catch {
        // it was quicker
      }
      await child.status;
    }
    const { code, json, stderr } = await register("--run-id", third);
    assertEquals(code, 0, stderr + JSON.stringify(json));
    assertEquals([json.version, json.previousVersion], ["3", "1"]);
    await using registry = await SqliteRegistry.open(uri);
    const { items } = await registry.searchModelVersions({ filter: `run_id = '${third}'` });
    assertEquals(items.map(({ version, aliases }) => [version, aliases]), [["3", ["production"]]]);
  });

  await t.step("unfinished, unknown and unreachable: exit 7, 6, 4; an odd alias: 2", async () => {
    await using tracker = await SqliteTracker.open(uri);
    const experiment = await tracker.getExperimentByName("bitcoin");
    const { info } = await tracker.createRun({ experimentId: experiment!.experimentId });
    const running = await register("--run-id", info.runId);
    assertEquals([running.code, running.json.error.code], [7, "gate-refused"]);
    assertStringIncludes(running.json.error.message, "its status is RUNNING");
    const latest = await register();
    assertEquals([latest.code, latest.json.version, latest.json.warnings[0].code], [0, "3", "newer-run-unended"]);
    assertStringIncludes(latest.json.warnings[0].message, info.runId);
    await tracker.deleteRun(info.runId);
    assertEquals((await register("--run-id", info.runId)).code, 6);
    assertEquals((await register("--run-id", "f".repeat(32))).code, 6);
    assertEquals((await register("--alias", "latest")).code, 2);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = `127.0.0.1:${listener.addr.port}`;
    listener.close();
    const env = { MLFLOW_TRACKING_URI: `http://${address}` };
    const unreachable = await runIn(folder, "register", ["--json"], { env, net: [address] });
    assertEquals([unreachable.code, unreachable.json.error.code], [4, "tracking-unavailable"]);
    const walled = await runIn(folder, "register", ["--json"], { env });
    assertEquals([walled.code, walled.json.error.code], [3, "permission-denied"]);
  });

  await t.step("scores that were written into the store: exit 5, and no force helps", async () => {
    const database = new DatabaseSync(`${folder}/mlruns/mlflow.db`);
    const set = (value: number) =>
      database.prepare("UPDATE latest_metrics SET value = ? WHERE run_uuid = ? AND key = 'qlike_gain_har_x_low'")
        .run(value, weak);
    const { value } = database.prepare(
      "SELECT value FROM latest_metrics WHERE run_uuid = ? AND key = 'qlike_gain_har_x_low'",
    ).get(weak) as { value: number };
    set(0.9);
    const forced = await register("--run-id", weak, "--force", "--reason", "no force helps");
    assertEquals([forced.code, forced.json.error.code], [5, "model-invalid"]);
    assertStringIncludes(
      forced.json.error.message,
      `its logged qlike_gain_har_x_low is 0.9 where its predictions give ${value}`,
    );
    set(value);
    database.close();
    assertEquals((await register("--run-id", weak)).code, 7);
  });

  await t.step("predictions that are damaged or lost: exit 5 or 7, as candidate and as holder", async () => {
    await using tracker = await SqliteTracker.open(uri), registry = await SqliteRegistry.open(uri);
    const holder = await registry.getVersionByAlias("bitcoin-model", "production");
    const fileOf = async (runId: string, name: string) =>
      `${(await tracker.getRun(runId)).info.artifactUri}/evaluation/${name}.parquet`;
    const path = await fileOf(good, "predictions"), bytes = await Deno.readFile(path);
    const half = bytes.slice(0, bytes.length / 2);
    await Deno.writeFile(path, half);
    const damaged = await register("--run-id", good);
    assertEquals([damaged.code, damaged.json.error.code], [5, "model-invalid"]);
    await Deno.remove(path);
    const lost = await register("--run-id", good, "--force", "--reason", "no force helps");
    assertEquals([lost.code, lost.json.error.code], [7, "gate-refused"]);
    assertEquals(lost.json.gate.checks[0].note, "missing: evaluation/predictions.parquet");
    await Deno.writeFile(path, bytes);

    const theirs = await fileOf(holder!.runId, "predictions"), theirBytes = await Deno.readFile(theirs);
    await Deno.copyFile(await fileOf(weak, "predictions"), theirs);
    const exchanged = await register("--run-id", good);
    const days = exchanged.json.gate.checks.find(({ name }: { name: string }) => name === "incumbent_days");
    assertEquals([exchanged.code, days.note], [
      7,
      "version 3's predictions were changed after it was judged",
    ]);
    await Deno.remove(theirs);
    assert((await register("--run-id", good)).stdout.includes("version 3 has lost its predictions"));
    await Deno.writeFile(theirs, theirBytes);
    assertEquals((await registry.getVersionByAlias("bitcoin-model", "production"))?.version, "3");
  });

  await t.step(
    "a model whose features this program does not compute: exit 5, as no service could serve it",
    async () => {
      await using tracker = await SqliteTracker.open(uri);
      const model = await tracker.getLoggedModel((await tracker.getRun(good)).modelOutputs[0]!.modelId);
      const path = `${model.artifactUri}/forecast.json`, text = await Deno.readTextFile(path);
      await Deno.writeTextFile(
        path,
        text.replace(/"featureSetDigest": "\w+"/, `"featureSetDigest": "${"0".repeat(64)}"`),
      );
      const unknown = await register("--run-id", good, "--force", "--reason", "no force helps");
      assertEquals([unknown.code, unknown.json.error.code], [5, "model-invalid"]);
      assertStringIncludes(unknown.json.error.message, "its feature set is not the one that this program computes");
      await Deno.writeTextFile(path, text);
    },
  );

  await t.step("a damaged or missing model file: exit 5, the alias stays", async () => {
    await using tracker = await SqliteTracker.open(uri);
    const model = await tracker.getLoggedModel((await tracker.getRun(good)).modelOutputs[0]!.modelId);
    const { files } = JSON.parse(await Deno.readTextFile(`${model.artifactUri}/forecast.json`));
    const name = Object.keys(files)[0]!, path = `${model.artifactUri}/${name}`;
    const bytes = await Deno.readFile(path);
    bytes[100]! ^= 1;
    await Deno.writeFile(path, bytes);
    const damaged = await register("--run-id", good, "--force", "--reason", "no force helps");
    assertEquals([damaged.code, damaged.json.error.code], [5, "model-invalid"]);
    assertStringIncludes(damaged.json.error.message, `'${name}' was changed`);
    await Deno.remove(path);
    assertEquals((await register("--run-id", good)).code, 5);
    await using registry = await SqliteRegistry.open(uri);
    assertEquals((await registry.getVersionByAlias("bitcoin-model", "production"))?.version, "3");
  });
});
