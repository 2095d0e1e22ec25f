import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { openCheckpoint } from "../../../src/ml/training/checkpoint.ts";
import { type EpochReport, startsKept } from "../../../src/ml/training/protocol.ts";
import { trainingWorkerOptions, trainInWorker, wasmFilePath } from "../../../src/ml/training/train_in_worker.ts";
import { SEQUENCE_FAMILIES, sequenceShape } from "../../../src/ml/models/sequence_shapes.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";
import { plantedJob } from "./planted_job.ts";

const WIDTH = 8, TRAIN = 6_000, VALIDATION = 2_000;

Deno.test("trainInWorker() finds a planted signal, and reports the start and each epoch", async () => {
  const reports: EpochReport[] = [];
  let steps = 0;
  const outcome = await trainInWorker(plantedJob(), {
    onEpoch: (report) => reports.push(report),
    onStep: () => steps++,
  });
  const first = reports[0]!, best = reports[outcome.bestEpoch]!;
  assertEquals(reports.map(({ epoch }) => epoch), Array.from({ length: outcome.epochs + 1 }, (_, i) => i));
  assertAlmostEquals(first.validation.direction, Math.log(2), 1e-5);
  // Variance: the planted part is .125 of QLIKE (half its variance); direction: .1 of a standard normal, worth .0030.
  assert(first.validation.volatility - best.validation.volatility > 0.1, JSON.stringify(best.validation));
  assert(first.validation.direction - best.validation.direction > 0.001, JSON.stringify(best.validation));
  assert(steps > 0);
});

Deno.test("trainInWorker() keeps the start where there is nothing to find", async () => {
  const job = plantedJob({ direction: 0, variance: 0, training: { epochs: 6 } });
  const reports: EpochReport[] = [];
  const outcome = await trainInWorker(job, { onEpoch: (report) => reports.push(report) });
  const best = reports[outcome.bestEpoch]!.validation;
  assert(best.total <= reports[0]!.validation.total);
  assert(Math.abs(best.direction - Math.log(2)) < 0.002, `${best.direction}`);
});

Deno.test("trainInWorker() gives equal bytes for equal jobs, other bytes for another seed", async () => {
  const bytesOf = async (seed: number) => {
    const { tensors } = await trainInWorker(plantedJob({ seed, training: { epochs: 3, seed } }));
    return tensors.map((tensor) => [...new Uint8Array(tensor.buffer)]);
  };
  const first = await bytesOf(4);
  assertEquals(await bytesOf(4), first);
  assert(JSON.stringify(await bytesOf(5)) !== JSON.stringify(first));
});

Deno.test("trainInWorker() leaves the weights of flags that were never raised at 0", async () => {
  const job = plantedJob({ training: { epochs: 2 } });
  for (let i = 0; i < TRAIN + VALIDATION; i++) job.rows.inputs.fill(0, i * WIDTH + 6, (i + 1) * WIDTH);
  const { tensors } = await trainInWorker(job);
  assertEquals([...tensors[0]!.subarray(6 * 16)], new Array(32).fill(0));
  assert(tensors[0]!.subarray(0, 16).some((value) => value !== 0));
});

Deno.test("trainInWorker() stops at once when it is aborted, and rejects with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const started = performance.now();
  const training = trainInWorker(plantedJob({ training: { epochs: 100_000 } }), {
    signal: controller.signal,
    onEpoch: ({ epoch }) => epoch === 1 && controller.abort(reason),
  });
  assertEquals(await assertRejects(() => training, Error, "enough"), reason);
  assert(performance.now() - started < 10_000);
  await assertRejects(() => trainInWorker(plantedJob(), { signal: controller.signal }), Error, "enough");
});

Deno.test("trainInWorker() stops a loss that diverges, and says when and at which rate", async () => {
  const job = plantedJob();
  job.rows.realizedVarianceBps2.fill(NaN);
  const atStart = await assertRejects(() => trainInWorker(job), DomainError, "Training diverged at its start");
  assertEquals(atStart.code, "check-failed");
  const wild = plantedJob({ training: { learningRate: 1e30, schedule: { kind: "constant", warmUpSteps: 0 } } });
  const later = await assertRejects(() => trainInWorker(wild), DomainError, "at learning rate 1e+30");
  assert(/in step [2-9]/.test(later.message), later.message);
  assert(later.hint!.includes("mlp.clipNorm"));
});

for (const family of SEQUENCE_FAMILIES) {
  Deno.test(`trainInWorker() of ${family} stops a loss that diverges, and refuses fewer rows than a step takes`, async () => {
    const jobOf = (trainRows: number, learningRate = 0.01) =>
      plantedJob({
        ...{ width: 2 + 60 + 2, hidden: [5], trainRows, validationRows: 50 },
        sequence: { shape: sequenceShape(family, 4), window: { start: 2, steps: 60, channels: 1 } },
        training: { epochs: 2, learningRate, schedule: { kind: "constant", warmUpSteps: 0 } },
      });
    const wild = await assertRejects(() => trainInWorker(jobOf(1100, 1e30)), DomainError, "at learning rate 1e+30");
    assertEquals([wild.code, wild.hint!.includes("sequence.clipNorm")], ["check-failed", true]);
    const few = await assertRejects(() => trainInWorker(jobOf(255)), DomainError, "Cannot train on 255 rows");
    assertEquals(few.code, "input-invalid");
  });
}
Deno.test("trainInWorker() stops a loss that explodes and stays finite, before and after a resume", async () => {
  await using tmp = await tmpDir();
  const wild = plantedJob({ training: { learningRate: 1e6, schedule: { kind: "constant", warmUpSteps: 0 } } });
  const error = await assertRejects(() => trainInWorker(wild), DomainError, "Training diverged after epoch");
  assertEquals(error.code, "check-failed");
  assertMatch(error.message, /the validation loss is \S+e\+\d+, more than 1000 times the start's 1\.\d\d, at learning/);
  const controller = new AbortController();
  const late = plantedJob({ training: { learningRate: 100, schedule: { kind: "constant", warmUpSteps: 100_000 } } });
  const options = { checkpoints: tmp.path };
  const stopped = trainInWorker(late, { ...options, signal: controller.signal, onEpoch: () => controller.abort() });
  await assertRejects(() => stopped, DOMException);
  const { state } = await openCheckpoint(tmp.path, late);
  assertEquals(state?.startLoss, state?.best.total);
});

Deno.test("startsKept() says of how many networks no epoch was better than the start, or that there was none", {
  permissions: "none",
}, () => {
  const outcomes = (...epochs: number[]) =>
    epochs.map((bestEpoch) => ({ tensors: [], bestEpoch, epochs: 9, steps: 1 }));
  assertEquals(startsKept(outcomes(), "mlp"), undefined);
  assertEquals(startsKept(outcomes(1, 3), "mlp"), undefined);
  assertMatch(
    startsKept(outcomes(0), "mlp")!,
    /^No epoch of the network was better than the start: .* HAR-X and the logistic line$/,
  );
  assertMatch(startsKept(outcomes(0), "tcn")!, /the plain lines, log-HAR and the sign of the last move$/);
  assertMatch(startsKept(outcomes(2, 0, 0), "mlp")!, /^No epoch of 2 of 3 networks was better/);
  const untrained = { tensors: [], bestEpoch: 0, epochs: 0, steps: 0 };
  assertMatch(startsKept([untrained, untrained], "mlp")!, /^Fewer than 750 labels .* the model is the plain lines$/);
});

Deno.test("trainInWorker() rejects where a Worker ends without a word", async () => {
  const moduleOf = (code: string) => URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const dies = new URL(moduleOf("self.onmessage = () => self.close();"));
  const closed = () => trainInWorker(plantedJob(), { workerModule: dies, silentMs: 300 });
  const error = await assertRejects(closed, DomainError, "has said nothing for 0.3 s");
  assertEquals(error.code, "worker-lost");
});

Deno.test("the training Worker may read the WASM file and nothing else", async () => {
  const probe = `self.onmessage = async () => {
    const tries = {
      read: () => Deno.readTextFile("deno.json"),
      write: () => Deno.writeTextFile("forbidden.txt", ""),
      env: () => Deno.env.get("HOME"),
      net: () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
      run: () => new Deno.Command("deno").output(),
      sys: () => Deno.hostname(),
    };
    const refused = [];
    for (const [name, attempt] of Object.entries(tries)) {
      try { await attempt(); } catch (error) { if (error instanceof Deno.errors.NotCapable) refused.push(name); }
    }
    self.postMessage(refused);
  };`;
  const url = URL.createObjectURL(new Blob([probe], { type: "text/javascript" }));
  const worker = new Worker(url, trainingWorkerOptions(wasmFilePath()));
  const refused = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(0);
  });
  worker.terminate();
  assertEquals(refused, ["read", "write", "env", "net", "run", "sys"]);
});
