import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DomainError } from "../../../src/core/mod.ts";
import { tensorsOf } from "../../../src/ml/models/network.ts";
import { SEQUENCE_FAMILIES, sequenceShape } from "../../../src/ml/models/sequence_shapes.ts";
import { jobDigest, openCheckpoint } from "../../../src/ml/training/checkpoint.ts";
import type { EpochReport, TrainingJob, TrainingOutcome } from "../../../src/ml/training/protocol.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";
import { plantedJob } from "./planted_job.ts";

const bytesOf = ({ tensors }: TrainingOutcome) => tensors.map(({ buffer }) => [...new Uint8Array(buffer)]);

Deno.test("trainInWorker() gives equal bytes on one Worker and on two, by both engines", async () => {
  const arbitrary = fc.record({
    batchSize: fc.integer({ min: 256, max: 700 }),
    hidden: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 2 }),
    engine: fc.constantFrom("fused" as const, "tensors" as const),
    clipNorm: fc.constantFrom(null, 0.5),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ hidden, ...training }) => {
      const job = plantedJob({ hidden, trainRows: 3001, validationRows: 501, training: { epochs: 2, ...training } });
      const one = await trainInWorker(job, { workers: 1 }), two = await trainInWorker(job, { workers: 2 });
      assertEquals(bytesOf(two), bytesOf(one));
    }),
    { numRuns: 6, seed: 6 },
  );
});

for (const family of SEQUENCE_FAMILIES) {
  const job = plantedJob({
    ...{ width: 2 + 120 + 2, hidden: [6], trainRows: 900, validationRows: 101, training: { epochs: 3 } },
    sequence: { shape: sequenceShape(family, 5), window: { start: 2, steps: 60, channels: 2 } },
  });

  Deno.test(`trainInWorker() of ${family} gives equal bytes on one Worker, on two, and resumed`, async () => {
    await using tmp = await tmpDir();
    const one = await trainInWorker(job, { workers: 1 }), two = await trainInWorker(job, { workers: 2 });
    assertEquals(bytesOf(two), bytesOf(one));
    assert(`${bytesOf(one)}` !== `${tensorsOf(job.network).map(({ buffer }) => [...new Uint8Array(buffer)])}`);
    const folder = `${tmp.path}/checkpoints`;
    await trainAndStop(job, folder, 1);
    const reports: EpochReport[] = [];
    const resumed = await trainInWorker(job, { checkpoints: folder, onEpoch: (report) => reports.push(report) });
    assertEquals(reports[0]?.epoch, 2, "it went on, rather than anew");
    assertEquals(bytesOf(resumed), bytesOf(one));
  });
}

Deno.test("jobDigest() tells trunks of equal numbers apart", () => {
  const shapes = [[1, 2], [2, 1]].map(([dilation, stride]) => ({
    kind: "convolutions" as const,
    layers: [{ units: 3, kernelSize: 2, dilation: dilation!, stride: stride!, residual: false }],
  }));
  const digests = shapes.map((shape) =>
    jobDigest(plantedJob({ width: 24, sequence: { shape, window: { start: 2, steps: 10, channels: 2 } } }))
  );
  assert(digests[0] !== digests[1]);
});

/** Trains until an epoch is over, and ends the Workers there as a kill would. */
async function trainAndStop(job: TrainingJob, folder: string, afterEpoch: number): Promise<number> {
  const controller = new AbortController();
  const reports: EpochReport[] = [];
  await trainInWorker(job, {
    checkpoints: folder,
    signal: controller.signal,
    onEpoch(report) {
      reports.push(report);
      if (report.epoch === afterEpoch) controller.abort(new Error("killed"));
    },
  }).catch((error) => assertEquals(error.message, "killed"));
  return reports[0]?.epoch ?? -1;
}

Deno.test("trainInWorker() resumed after any epochs gives the bytes of a training in one go", async () => {
  const arbitrary = fc.record({
    stops: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }).map((stops) => stops.toSorted()),
    kind: fc.constantFrom("plateau" as const, "cosine" as const),
    rowStride: fc.constantFrom(1, 3),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ stops, kind, rowStride }) => {
      await using tmp = await tmpDir();
      const folder = `${tmp.path}/checkpoints`;
      const training = { epochs: 6, rowStride, weightDecay: 0.01, schedule: { kind, warmUpSteps: 40 } };
      const job = plantedJob({ variance: 0.2, training });
      const whole = await trainInWorker(job);
      for (const stop of stops) await trainAndStop(job, folder, stop);
      if (stops.length > 0) await Deno.writeTextFile(`${folder}/${jobDigest(job)}.checkpoint.1.draft`, "cut off");
      const reports: EpochReport[] = [];
      const resumed = await trainInWorker(job, { checkpoints: folder, onEpoch: (report) => reports.push(report) });
      if (stops.length > 0) assertEquals(reports[0]?.epoch, stops.at(-1)! + 1, "it went on, rather than anew");
      assertEquals(bytesOf(resumed), bytesOf(whole));
      assertEquals([resumed.bestEpoch, resumed.epochs, resumed.steps], [whole.bestEpoch, whole.epochs, whole.steps]);
      assertEquals(await Array.fromAsync(Deno.readDir(tmp.path)), [], "a finished training keeps nothing");
    }),
    { numRuns: 6, seed: 6 },
  );
});

Deno.test("openCheckpoint() names the file that is damaged, and knows another job's apart", async () => {
  await using folder = await tmpDir();
  const job = plantedJob({ training: { epochs: 5 } });
  await trainAndStop(job, folder.path, 2);
  const { path, state } = await openCheckpoint(folder.path, job);
  assertEquals(state?.epoch, 2);
  const whole = await Deno.readFile(path);
  for (const damage of [whole.slice(0, 300), whole.with(whole.length - 9, 77), whole.with(20, 65), new Uint8Array()]) {
    await Deno.writeFile(path, damage);
    const error = await assertRejects(() => openCheckpoint(folder.path, job), DomainError, path);
    assertEquals(error.code, "input-invalid");
  }
  const other = plantedJob({ training: { epochs: 5, learningRate: 0.02 } });
  assert(jobDigest(other) !== jobDigest(job));
  assertEquals((await openCheckpoint(folder.path, other)).state, undefined);
});
