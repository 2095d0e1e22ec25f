/** `register` beside an older version: what its predictions end before is forecast by its registered model. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type Answer, folderWithSample, runIn } from "./program_folder.ts";

Deno.test("register scores minutes after the incumbent's training with its registered model", async (t) => {
  await using sample = await folderWithSample(["--no-features"]);
  const folder = sample.path;
  const program = (command: string, ...args: readonly string[]) => runIn(folder, command, ["--json", ...args]);
  const check = (answer: Answer, name: string) =>
    answer.json.gate.checks.find((own: { name: string }) => own.name === name);
  // Fifteen days less than there are.
  const older = await program("track", "--quick", "--model", "har", "--until", "2023-04-17");
  assertEquals(older.code, 0, older.stderr + older.stdout);
  const first = await program("register", "--force", "--reason", "an incumbent");
  assertEquals(first.code, 0, first.stderr + first.stdout);
  const newer = await program("track", "--quick", "--model", "har");
  assertEquals(newer.code, 0, newer.stderr + newer.stdout);

  await t.step("fifteen of the common days are the model's, and it is as good as itself", async () => {
    const answer = await program("register", "--force", "--reason", "whatever the others say");
    assertEquals(answer.code, 0, answer.stderr + answer.stdout);
    const days = check(answer, "incumbent_days");
    assertEquals([days.passed, days.value], [true, 45], days.note);
    // The last fourteen minutes have no label of fifteen.
    assertEquals(days.note, `45 with version 1, ${15 * 1440 - 14} rows of them by its model`);
    const gain = check(answer, "qlike_vs_incumbent");
    assert(Math.abs(gain.value) < 0.05, JSON.stringify(gain));
    assertEquals(check(answer, "best_version").passed, true);
  });

  await t.step("candles that were changed since are not the data that were judged, and no force helps", async () => {
    const path = `${folder}/mlruns/mlflow.db`;
    const database = new DatabaseSync(path);
    const [{ run_uuid: runId, value }] = database.prepare(
      "SELECT run_uuid, value FROM tags WHERE key = 'dataset.sha256' AND run_uuid = ?",
    ).all(newer.json.runId) as [{ run_uuid: string; value: string }];
    // As if the store had other candles now: the run and its model say the same other digest.
    const other = "0".repeat(64);
    const set = (from: string, to: string) => {
      database.prepare("UPDATE tags SET value = ? WHERE run_uuid = ? AND value = ?").run(to, runId, from);
      database.prepare("UPDATE logged_model_tags SET tag_value = ? WHERE tag_value = ?").run(to, from);
    };
    set(value, other);
    const answer = await program("register", "--force", "--reason", "no force helps");
    assertEquals([answer.code, check(answer, "evaluation_complete").note], [
      7,
      "missing: its candles, which the feature store has changed since",
    ]);
    assertStringIncludes(answer.json.error.hint, "cannot pass over evaluation_complete");
    assertStringIncludes(answer.json.error.message, "evaluation_complete (missing: its candles, which the feature");
    const unforced = await program("register");
    assertEquals(unforced.json.error.hint, "Not even --force can pass over evaluation_complete: track it again");
    set(other, value);
    database.close();
  });

  await t.step("without candles there is no comparison, and the check says why", async () => {
    await program("register", "--rollback", "--reason", "again");
    await Deno.rename(`${folder}/feature_store`, `${folder}/elsewhere`);
    const answer = await program("register");
    assertEquals(answer.code, 7, answer.stderr + answer.stdout);
    const days = check(answer, "incumbent_days");
    assertEquals([days.passed, days.value], [false, null]);
    assertStringIncludes(days.note, "feature store");
  });
});
