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

/** The error of a team of two whose second Worker runs other code. */
async function lossOf(code: string): Promise<DomainError> {
  const startWorker = (member: number) => member === 1 ? scripted(code) : trainer();
  const error = await assertRejects(() => runTeam(prepareJob(TASK, 2), { startWorker, stallMs: 1000 }), DomainError);
  assertEquals(error.code, "worker-lost");
  assert(error.hint?.includes("memory"), error.hint);
  return error;
}

for (const [what, code] of [["ends", "self.onmessage = () => self.close()"], ["hangs", "self.onmessage = () => {}"]]) {
  Deno.test(`a Worker that ${what} without a word is an error that names it, not a hang`, async () => {
    const { message } = await lossOf(code!);
    assertEquals(
      message,
      "Cannot train boosted trees as training worker 1 did nothing for 1 s, so it was ended or hangs",
    );
  });
}

Deno.test("a Worker that throws is an error with its message", async () => {
  const { message } = await lossOf("throw new Error('out of luck')");
  assertEquals(
    message,
    "Cannot train boosted trees as training worker 1 failed: Uncaught (in promise) Error: out of luck",
  );
});

Deno.test("a Worker that fails at its work is an error with its message", async () => {
  const reply = { type: "failed", message: "Array buffer allocation failed", stack: "" };
  const { message } = await lossOf(`self.onmessage = () => self.postMessage(${JSON.stringify(reply)})`);
  assertEquals(message, "Cannot train boosted trees as training worker 1 failed: Array buffer allocation failed");
});
