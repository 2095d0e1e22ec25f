/** `register` beside an older version: what its predictions end before is forecast by its registered model. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Answer, ROOT, runProgram } from "./program.ts";

Deno.test("register scores minutes after the incumbent's training with its registered model", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "register-later-" });
  const program = (command: string, ...args: readonly string[]) => runProgram(folder, command, ["--json", ...args]);
  const check = (answer: Answer, name: string) =>
    answer.json.gate.checks.find((own: { name: string }) => own.name === name);
  try {
    await Deno.mkdir(`${folder}/config`);
    for (const name of ["bitcoin_ingest", "model"]) {
      await Deno.copyFile(`config/${name}.json`, `${folder}/config/${name}.json`);
    }
    const archive = ["--archive-dir", `${ROOT}/feature_store/sample`, "--no-report", "--no-features"];
    assertEquals((await program("ingest", ...archive)).code, 0);
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
      assertEquals(days.note, `45 with version 1, ${15 * 1440} rows of them by its model`);
      const gain = check(answer, "qlike_vs_incumbent");
      assert(Math.abs(gain.value) < 0.05, JSON.stringify(gain));
      assertEquals(check(answer, "best_version").passed, true);
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
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
