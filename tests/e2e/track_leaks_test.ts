import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openTrackerAt } from "../../src/MLOps/open.ts";
import { DuckDbSession } from "../../src/feature_store/duckdb_session.ts";
import { folderWithSample, runIn } from "./program_folder.ts";

const CHECK = { name: "truncation", passed: false, value: 1, limit: 0, skipped: false };

// deno-lint-ignore no-explicit-any -- as a command printed it
function truncationOf(checks: any): unknown {
  assertEquals([...new Set(checks.map(({ name }: { name: string }) => name))].slice(0, 3), [
    "truncation",
    "mutation",
    "labels",
  ]);
  const [{ figure: _, reason, ...check }] = checks;
  assertMatch(reason, /rv_31680 at 2023-\d\d-\d\dT\d\d:\d\d:00Z is/);
  return check;
}

Deno.test("a leak is exit 7, with every check in the object beside the error, and the run that keeps them", async () => {
  await using folder = await folderWithSample();
  const quick = ["--quick", "--folds", "1", "--model", "har", "--json", "--quiet", "--since", "2023-04-02"];
  // The store has two months of candles before the range, and features of them.
  const clean = await runIn(folder.path, "track", [...quick, "--check-leaks"]);
  assertEquals([clean.code, clean.json.error], [0, undefined], clean.stdout);
  {
    const path = `${folder.path}/feature_store/bitcoin.duckdb`;
    using session = await DuckDbSession.open(path, "write", { memoryLimit: "256MB", threads: 1 });
    await session.run("UPDATE features_flagship SET rv_31680 = rv_31680 * 1.5");
  }
  const alone = await runIn(folder.path, "track", [...quick, "--check-leaks"]);
  assertEquals([alone.code, alone.json.error?.code], [7, "leak-detected"], alone.stdout + alone.stderr);
  assertEquals(truncationOf(alone.json.checks), CHECK);
  assertMatch(alone.json.datasetDigest, /^[0-9a-f]{64}$/);

  const run = await runIn(folder.path, "track", quick);
  assertEquals([run.code, run.json.error.code], [7, "leak-detected"], run.stdout);
  assertEquals(truncationOf(run.json.leakChecks), CHECK);
  assertEquals(run.json.verdict.passed, false);
  const { runId } = run.json;
  assertStringIncludes(run.json.error.hint, `evaluation/leak_checks.json of run '${runId}'`);
  await using tracker = await openTrackerAt(`sqlite:///${folder.path}/mlruns/mlflow.db`, { readOnly: true });
  const { info, tags } = await tracker.getRun(runId);
  assertEquals(info.status, "FAILED");
  assertEquals(tags.find(({ key }) => key === "failure")?.value, run.json.error.message);
  const kept = JSON.parse(
    new TextDecoder().decode(await tracker.readArtifact({ runId }, "evaluation/leak_checks.json")),
  );
  assertEquals([kept.passed, kept.checks], [false, run.json.leakChecks]);

  const [, ...words] = quick, several = await runIn(folder.path, "track", ["--quick", ...words, "--horizon", "60,15"]);
  assertEquals([several.code, several.json.error.code], [7, "leak-detected"], several.stdout);
  const [child, ...others] = several.json.children;
  assertEquals([child.horizonMinutes, truncationOf(child.leakChecks), others], [60, CHECK, []]);
  assert(child.runId !== several.json.runId);
  assertEquals((await tracker.getRun(several.json.runId)).info.status, "FAILED");

  const sweep = { kind: "grid", base: { model: "har" }, space: { seed: [1, 2] } };
  await Deno.mkdir(`${folder.path}/config`);
  await Deno.writeTextFile(`${folder.path}/config/two.json`, JSON.stringify(sweep));
  const best = await runIn(folder.path, "track", ["--quick", "--json", "--folds", "1", "--sweep", "config/two.json"]);
  assertEquals([best.code, best.json.error.code], [7, "leak-detected"], best.stdout);
  assertStringIncludes(best.json.error.message, `Cannot train the best of sweep '${best.json.parentRunId}'`);
  assertEquals([truncationOf(best.json.leakChecks), best.json.sweep.counts.finished], [CHECK, 2]);
  assertEquals((await tracker.getRun(best.json.parentRunId)).info.status, "FAILED");

  const person = await runIn(folder.path, "track", ["--quick", "--model", "har", "--check-leaks", "--quiet"]);
  assertEquals(person.code, 7);
  assertMatch(person.stdout, /^truncation +features that differ +1 +0 +FAILED$/m);
  assertStringIncludes(person.stdout, "Checks found a leak in har, 15 minutes ahead");
  assertStringIncludes(person.stderr, "Cannot trust this run's scores as leak checks failed: truncation");
});
