import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError, type KeyValue, type ModelRegistry, plainCheck, type Run } from "../../../src/core/mod.ts";
import { promote, proveRunModel, readAliasMoves, selectRun, withAliasMove } from "../../../src/MLOps/promotion/mod.ts";
import { MemoryRegistry, MemoryTracker } from "../../fakes/memory_tracker.ts";
import { pairsOf } from "./evidence.ts";
import { anyModel, FILES, finishedRun, SIGNATURE } from "./finished_run.ts";

async function refused(run: () => Promise<unknown>, code: string, part: string): Promise<DomainError> {
  const error = await assertRejects(run, DomainError, part);
  assertEquals(error.code, code, error.message);
  return error;
}

Deno.test("selectRun() takes the newest run that ended, however it did, and names one that did not", async () => {
  const tracker = new MemoryTracker();
  await finishedRun(tracker, { startTime: 1 });
  const newest = await finishedRun(tracker, { startTime: 2, status: "FAILED" });
  assertEquals(await selectRun(tracker, "latest", "bitcoin"), { run: newest, unended: undefined });
  assertEquals((await selectRun(tracker, newest.info.runId, "elsewhere")).run.info.runId, newest.info.runId);
});

Deno.test("selectRun() is not held up by a run whose process was killed", async () => {
  const tracker = new MemoryTracker();
  await refused(() => selectRun(tracker, "latest", "bitcoin"), "not-found", "experiment");
  const dead = await finishedRun(tracker, { startTime: 9, status: "RUNNING" });
  await refused(() => selectRun(tracker, "latest", "bitcoin"), "not-found", "a finished run");
  const ended = await finishedRun(tracker, { startTime: 2 });
  assertEquals(await selectRun(tracker, "latest", "bitcoin"), { run: ended, unended: dead });
});

/** Ranks by a logged gain, as if all runs had so many days in common. */
const rankByMetric = (commonDays: number) => (runs: readonly Run[]) => {
  const gain = ({ metrics }: Run) => metrics.find(({ key }) => key === "qlike_gain_har_x")!.value;
  const run = [...runs].sort((a, b) => gain(b) - gain(a))[0]!;
  const check = plainCheck("chosen_gain_over_har_x", { passed: true, rule: `of ${runs.length}` });
  return Promise.resolve({ run, commonDays, check });
};

Deno.test("selectRun() takes as best the greatest gain of those that passed on the newest run's data", async () => {
  const tracker = new MemoryTracker();
  const gain = (value: number) => ({ qlike_gain_har_x: value });
  const best = await finishedRun(tracker, { startTime: 1, metrics: gain(0.02) });
  await finishedRun(tracker, { startTime: 2, metrics: gain(0.05), params: { until: "2023-06-01T00:00:00Z" } });
  await finishedRun(tracker, { startTime: 3, metrics: { ...gain(0.06), verdict_passed: 0 } });
  await finishedRun(tracker, { startTime: 4, metrics: gain(0.07), params: { horizon_minutes: "60" } });
  await finishedRun(tracker, { startTime: 5, metrics: gain(0.08), status: "FAILED" });
  await finishedRun(tracker, { startTime: 6, metrics: gain(0.01) });
  const { run, check } = await selectRun(tracker, "best", "bitcoin", rankByMetric(30));
  assertEquals([run.info.runId, check!.rule], [best.info.runId, "of 2"]);
  const few = await refused(
    () => selectRun(tracker, "best", "bitcoin", rankByMetric(29)),
    "gate-refused",
    "the 2 runs that passed have 29 days in common, and 30 are needed",
  );
  assertEquals(few.traits.exit, 7);
  const none = () => Promise.resolve(undefined);
  await refused(() => selectRun(tracker, "best", "bitcoin", none), "gate-refused", "none on the data");
});

Deno.test("selectRun() says what is not there and what was meant", async () => {
  const tracker = new MemoryTracker();
  const missing = await refused(() => selectRun(tracker, "latest", "bitcion"), "not-found", "experiment 'bitcion'");
  assertEquals(missing.hint, "Make a run first: task track");
  await tracker.createExperiment("bitcoin");
  const meant = await refused(() => selectRun(tracker, "latest", "bitcion"), "not-found", "experiment");
  assertEquals(meant.hint, "Did you mean --experiment 'bitcoin'?");
  await refused(() => selectRun(tracker, "latest", "bitcoin"), "not-found", "a finished run");
  await refused(() => selectRun(tracker, "best", "bitcoin"), "not-found", "a finished run");
  const word = await refused(() => selectRun(tracker, "lastest", "bitcoin"), "not-found", "run 'lastest'");
  assertEquals(word.hint, "Did you mean 'latest'?");
  await refused(() => selectRun(tracker, "f".repeat(32), "bitcoin"), "not-found", "Cannot find run");
  const run = await finishedRun(tracker, { metrics: { verdict_passed: 0 } });
  await refused(() => selectRun(tracker, "best", "bitcoin"), "gate-refused", "none");
  await tracker.deleteRun(run.info.runId);
  await refused(() => selectRun(tracker, run.info.runId, "bitcoin"), "not-found", "was deleted");
});

Deno.test("selectRun() refuses a parent run and names its children", async () => {
  const tracker = new MemoryTracker();
  const parent = await finishedRun(tracker), child = await finishedRun(tracker);
  await tracker.logBatch(child.info.runId, { tags: [{ key: "mlflow.parentRunId", value: parent.info.runId }] });
  const error = await refused(() => selectRun(tracker, parent.info.runId, "bitcoin"), "usage", child.info.runId);
  assertEquals(error.traits.exit, 2);
  assertEquals((await selectRun(tracker, child.info.runId, "bitcoin")).run.info.runId, child.info.runId);
});

Deno.test("proveRunModel() refuses incomplete runs and damaged files", async () => {
  const tracker = new MemoryTracker();
  const prove = (run: Run, load = anyModel) => proveRunModel(tracker, run, load);
  const { logged, fileCount } = await prove(await finishedRun(tracker));
  assertEquals([logged.status, fileCount], ["READY", 4]);
  for (const status of ["RUNNING", "FAILED"] as const) {
    const run = await finishedRun(tracker, { status });
    assertEquals((await refused(() => prove(run), "gate-refused", `its status is ${status}`)).traits.exit, 7);
  }
  const pending = await finishedRun(tracker, { model: "PENDING" });
  await refused(() => prove(pending), "gate-refused", "is PENDING");
  const none = await finishedRun(tracker, { model: "none" });
  await refused(() => prove(none), "gate-refused", "no logged model");
  for (const lost of ["MLmodel", "model.onnx", "forecast.json"]) {
    const run = await finishedRun(tracker, { files: FILES.filter((name) => name !== lost) });
    assertEquals((await refused(() => prove(run), "model-invalid", `lacks '${lost}'`)).traits.exit, 5);
  }
  for (
    const [mlModel, reason] of [
      [{ flavors: { onnx: {} } }, "lacks the flavor 'python_function'"],
      [{ runId: "another" }, "is of run 'another'"],
      [{ signature: { ...SIGNATURE, inputs: [{ ...SIGNATURE.inputs[0]!, shape: [-1, 3] }] } }, "takes 3"],
      [{ signature: { ...SIGNATURE, inputs: [] } }, "takes no tensor"],
    ] as const
  ) {
    const run = await finishedRun(tracker, { mlModel });
    assertEquals((await refused(() => prove(run), "model-invalid", reason)).traits.exit, 5);
  }
  const run = await finishedRun(tracker);
  const damaged = () => Promise.reject(new DomainError("model-invalid", "'weights.bin' was changed"));
  await refused(() => prove(run, damaged), "model-invalid", "'weights.bin' was changed");
});

Deno.test("proveRunModel() hands over every file but what MLflow adds on loading", async () => {
  const tracker = new MemoryTracker();
  const run = await finishedRun(tracker, { files: [...FILES, "code/a.py", "registered_model_meta"] });
  let seen: string[] = [];
  await proveRunModel(tracker, run, (files) => {
    seen = [...files.keys()].sort();
    return anyModel(files);
  });
  assertEquals(seen, ["MLmodel", "code/a.py", "forecast.json", "model.onnx", "weights.bin"]);
});

/** As registerRun() asks for it: compared with what holds the alias now. */
async function promotionOf(registry: ModelRegistry, run: Run, tags: Readonly<Record<string, string>> = {}) {
  const holder = await registry.getVersionByAlias("bitcoin-model", "production");
  return {
    name: "bitcoin-model",
    alias: "production",
    run,
    from: holder?.version,
    logged: { modelId: run.modelOutputs[0]!.modelId } as never,
    description: "a line",
    tags: pairsOf({ "gate.passed": "true", ...tags }),
    move: { atMs: 1, kind: "promotion" },
  } as const;
}

Deno.test("promote() makes a version, moves the alias, and says what held it before", async () => {
  const tracker = new MemoryTracker(), registry = new MemoryRegistry(tracker);
  const first = await finishedRun(tracker), second = await finishedRun(tracker);
  const promoted = async (run: Run, tags = {}) => await promote(registry, await promotionOf(registry, run, tags));
  const one = await promoted(first, { "gate.check.incumbent": "passed" });
  assertEquals([one.version.version, one.previousVersion, one.reused], ["1", undefined, false]);
  assertEquals(one.version.aliases, ["production"]);
  const two = await promoted(second);
  assertEquals([two.version.version, two.previousVersion, two.reused], ["2", "1", false]);
  assertEquals((await registry.getModelVersion("bitcoin-model", "1")).aliases, []);

  // The same run again: the same version, with the new evidence; its predecessor stays what it was.
  const again = await promoted(second, { "gate.passed": "false" });
  assertEquals([again.version.version, again.previousVersion, again.reused], ["2", "1", true]);
  assertEquals(again.version.tags.find(({ key }) => key === "gate.passed")?.value, "false");

  const back = await promoted(first); // a rollback by registering the earlier run
  assertEquals([back.version.version, back.previousVersion, back.reused], ["1", "2", true]);
  assertEquals(back.version.tags.some(({ key }) => key === "gate.check.incumbent"), false); // of the earlier judgement
  assertEquals((await registry.searchModelVersions()).items.length, 2);
});

Deno.test("promote() that is cut off anywhere is finished by doing it again", async () => {
  const steps = ["createRegisteredModel", "createModelVersion", "setModelVersionTag", "moveAlias"] as const;
  for (const cut of steps) {
    const tracker = new MemoryTracker(), registry = new MemoryRegistry(tracker);
    const run = await finishedRun(tracker);
    for (const when of ["before", "after"] as const) {
      const cutting = new Proxy<ModelRegistry>(registry, {
        get(target, name: keyof ModelRegistry) {
          const method = target[name] as unknown;
          if (typeof method !== "function") return method;
          return async (...args: unknown[]) => {
            if (name === cut && when === "before") throw new Error("cut");
            const result = await method.apply(target, args);
            if (name === cut) throw new Error("cut");
            return result;
          };
        },
      });
      await promote(cutting, await promotionOf(registry, run)).catch(() => {});
    }
    const { version } = await promote(registry, await promotionOf(registry, run));
    const { items } = await registry.searchModelVersions();
    assertEquals([items.length, version.version, version.aliases], [1, "1", ["production"]], cut);
    assert(version.tags.some(({ key, value }) => key === "gate.passed" && value === "true"));
    const history = readAliasMoves(await registry.getRegisteredModel("bitcoin-model"), "production");
    assertEquals(history.map(({ to }) => to), ["1"], cut);
  }
});

Deno.test("promote() refuses where the alias moved since the run was compared with what held it", async () => {
  const tracker = new MemoryTracker(), registry = new MemoryRegistry(tracker);
  const runs = [await finishedRun(tracker), await finishedRun(tracker)];
  const [one, two] = await Promise.all(runs.map((run) => promotionOf(registry, run)));
  await promote(registry, one!);
  const error = await refused(
    () => promote(registry, two!),
    "gate-refused",
    "points at version 1 by now, not at no version",
  );
  assertEquals(error.traits.exit, 7);
  assertEquals((await registry.getVersionByAlias("bitcoin-model", "production"))?.version, "1");
});

Deno.test("withAliasMove() keeps the newest moves within the length of MLflow's column, and readAliasMoves() what it can", () => {
  let model: { tags: KeyValue[] } = { tags: [] };
  for (let i = 1; i <= 70; i++) {
    const why = "a reason of some length, as people give them, ".repeat(i % 5);
    model = { tags: [withAliasMove(model, "production", { to: String(i), atMs: i, kind: "forced", why })] };
  }
  assert(model.tags[0]!.value.length <= 5_000);
  const moves = readAliasMoves(model, "production");
  assert(moves.length > 10 && moves.length <= 50);
  assertEquals(moves.map(({ atMs }) => atMs), Array.from(moves, (_, i) => 70 - moves.length + 1 + i));
  assertEquals(readAliasMoves(model, "other"), []);
  // A reason of any length takes the place of few.
  const long = withAliasMove(model, "production", { to: "71", atMs: 71, kind: "forced", why: "x".repeat(9_000) });
  const kept = readAliasMoves({ tags: [long] }, "production");
  assert(kept.length > moves.length - 8 && kept.at(-1)!.why!.length === 500);
  const broken = { tags: [{ key: "alias.production.history", value: '[{"to":"1","atMs":1},{"to":2},nu' }] };
  assertEquals(readAliasMoves(broken, "production"), []);
  assertEquals(
    readAliasMoves({ tags: [{ key: "alias.a.history", value: '[{"to":"1","atMs":1},{"to":2},null]' }] }, "a"),
    [
      { to: "1", atMs: 1 } as never,
    ],
  );
});
