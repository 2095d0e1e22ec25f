import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { fitGbdt, prepareJob } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import { runTeam } from "../../../src/ml/gbdt/training/run_team.ts";
import { featureNames, syntheticRows } from "./rows.ts";

const TASK = {
  featureNames: featureNames(10),
  train: syntheticRows(20_000),
  options: { loss: { kind: "squared" }, trees: 100_000 },
} as const;
const WORKER_OPTIONS = { type: "module", deno: { permissions: "none" } } as const;
const trainer = () => new Worker(new URL("../../../src/ml/gbdt/training/worker.ts", import.meta.url), WORKER_OPTIONS);
const scripted = (code: string) => new Worker(`data:text/javascript,${encodeURIComponent(code)}`, WORKER_OPTIONS);

Deno.test("an abort ends the Workers and gives its reason", async () => {
  const controller = new AbortController(), reason = new Error("enough");
  let trees = 0;
  const onTree = (report: { readonly trees: number }) => {
    trees = report.trees;
    controller.abort(reason);
  };
  const error = await assertRejects(() => fitGbdt(TASK, { workers: 2, signal: controller.signal, onTree }));
  assertEquals(error, reason);
  assert(trees > 0);
});

Deno.test("a Worker that ends without a word is an error that says so, not a hang", async () => {
  const startWorker = (member: number) => member === 1 ? scripted("self.onmessage = () => self.close()") : trainer();
  await assertRejects(
    () => runTeam(prepareJob(TASK, 2), { startWorker, stallMs: 1000 }),
    DomainError,
    "no worker has done anything for 1 s: one of them was ended",
  );
});

Deno.test("a Worker that throws is an error with its message", async () => {
  const startWorker = (member: number) => member === 1 ? scripted("throw new Error('out of luck')") : trainer();
  await assertRejects(() => runTeam(prepareJob(TASK, 2), { startWorker }), DomainError, "out of luck");
});
