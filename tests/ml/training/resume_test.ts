import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, DomainError } from "../../../src/core/mod.ts";
import { tensorsOf } from "../../../src/ml/models/network.ts";
import { SEQUENCE_FAMILIES, sequenceShape } from "../../../src/ml/models/sequence_shapes.ts";
import { jobDigest, openCheckpoint } from "../../../src/ml/training/checkpoint.ts";
import type {
  EpochReport,
  ResumedFrom,
  TrainingJob,
  TrainingOutcome,
  TrainingState,
} from "../../../src/ml/training/protocol.ts";
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
      if (stops.length > 0) await writeAged(`${folder}/${jobDigest(job)}.checkpoint.1.draft`, 2 / 24);
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

/** A file that was last written so many days ago. */
async function writeAged(path: string, days: number): Promise<void> {
  await Deno.writeTextFile(path, "cut off");
  const then = new Date(Date.now() - days * DAY_MS);
  await Deno.utime(path, then, then);
}

const namesIn = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("two trainings of one job in one folder neither fail nor take from each other", async () => {
  await using tmp = await tmpDir();
  const folder = `${tmp.path}/checkpoints`, job = plantedJob({ training: { epochs: 2 } });
  await trainAndStop(job, folder, 1);
  const { state } = await openCheckpoint(folder, job);
  const first = await openCheckpoint(folder, job), second = await openCheckpoint(folder, job);
  for (let round = 0; round < 300; round++) {
    await Promise.all([first.save(state!), second.remove(), second.save(state!), first.remove()]);
  }
  const draft = `${jobDigest(job)}.checkpoint.2.draft`; // a moment ago by another process, who will rename it
  await first.save(state!);
  await writeAged(`${folder}/${draft}`, 0);
  await second.remove();
  assertEquals(await namesIn(folder), [draft]);
});

Deno.test("openCheckpoint() removes what nobody will go on from, and leaves what somebody may", async () => {
  await using folder = await tmpDir();
  const name = (digit: string) => `${digit.repeat(64)}.checkpoint`;
  await writeAged(`${folder.path}/${name("a")}`, 31);
  await writeAged(`${folder.path}/${name("b")}`, 29);
  await writeAged(`${folder.path}/${name("c")}.1.draft`, 2 / 24);
  await writeAged(`${folder.path}/notes.txt`, 400);
  await openCheckpoint(folder.path, plantedJob());
  assertEquals(await namesIn(folder.path), [name("b"), "notes.txt"]);
});

Deno.test("trainInWorker() keeps the state where a Worker is lost, and tells from where it goes on", async () => {
  await using folder = await tmpDir();
  const job = plantedJob({ training: { epochs: 4 } }), resumed: ResumedFrom[] = [];
  const options = { checkpoints: folder.path, onResume: (from: ResumedFrom) => void resumed.push(from) };
  await trainAndStop(job, folder.path, 2);
  const workerModule = new URL("../jobs/silent_worker.ts", import.meta.url);
  const lost = () => trainInWorker(job, { ...options, workerModule, silentMs: 300 });
  assertEquals((await assertRejects(lost, DomainError)).code, "worker-lost");
  assertEquals((await openCheckpoint(folder.path, job)).state?.epoch, 2);
  const { remove } = Deno;
  Deno.remove = () => Promise.reject(new Deno.errors.Busy("in use"));
  try {
    assertEquals(bytesOf(await trainInWorker(job, options)), bytesOf(await trainInWorker(job)));
  } finally {
    Deno.remove = remove;
  }
  assertEquals(resumed.map(({ epoch, owner }) => [epoch, owner]), [[2, null], [2, null]]);
});

Deno.test("a checkpoint that diverges is not gone on from", async () => {
  await using tmp = await tmpDir();
  const checkpoints = `${tmp.path}/checkpoints`;
  const job = plantedJob({ training: { learningRate: 1e30, schedule: { kind: "constant", warmUpSteps: 0 } } });
  assertEquals((await assertRejects(() => trainInWorker(job, { checkpoints }), DomainError)).code, "check-failed");
  assertEquals(await namesIn(tmp.path), []);
});

Deno.test("files of checkpoints that cannot be read or written are errors with path and hint", async () => {
  await using tmp = await tmpDir();
  const job = plantedJob({ training: { epochs: 2 } }), path = `${tmp.path}/${jobDigest(job)}.checkpoint`;
  await Deno.writeTextFile(`${tmp.path}/file`, "");
  const attempts: readonly [string, Promise<unknown>][] = [
    [`${tmp.path}/file`, openCheckpoint(`${tmp.path}/file`, job)],
    [
      path,
      openCheckpoint(tmp.path, job).then(async ({ save }) => {
        await Deno.mkdir(`${path}/in_the_way`, { recursive: true });
        await save(EMPTY_STATE);
      }),
    ],
  ];
  for (const [named, attempt] of attempts) {
    const error = await assertRejects(() => attempt, DomainError, `training checkpoint '${named}'`);
    assertEquals([error.code, typeof error.hint], ["input-invalid", "string"]);
  }
  const inTheWay = await assertRejects(
    () => openCheckpoint(tmp.path, job),
    DomainError,
    `training checkpoint '${path}'`,
  );
  assertEquals(inTheWay.code, "input-invalid");
  assertEquals((await namesIn(tmp.path)).filter((name) => name.endsWith(".draft")), []);
});

const EMPTY_STATE: TrainingState = {
  ...{ epoch: 1, steps: 1, bestEpoch: 0, sinceBest: 1, plateaus: 0, startLoss: 1 },
  best: { total: 1, direction: 1, volatility: 0, quantiles: 0 },
  ...{ weights: new Float32Array(2), bestWeights: new Float32Array(2) },
  optimizer: { step: 1, means: new Float32Array(2), squares: new Float32Array(2) },
};

Deno.test("jobDigest() tells builds of either module of kernels apart", async () => {
  const job = plantedJob();
  const read = (name: string) => Deno.readFile(new URL(`../../../src/ml/kernels/simd/${name}.wasm`, import.meta.url));
  const train = await read("train"), tensor = await read("tensor");
  assertEquals(jobDigest(job), jobDigest(job, [train, tensor]));
  assertNotEquals(jobDigest(job), jobDigest(job, [train, tensor.with(tensor.length - 1, 1 + tensor.at(-1)!)]));
  assertNotEquals(jobDigest(job), jobDigest(job, [train.with(train.length - 1, 1 + train.at(-1)!), tensor]));
});

Deno.test("trainInWorker() that is aborted while its checkpoint is opened, or is told of, trains nothing", async () => {
  await using tmp = await tmpDir();
  const job = plantedJob({ training: { epochs: 3 } }), epochs: number[] = [];
  const options = { checkpoints: tmp.path, onEpoch: ({ epoch }: { readonly epoch: number }) => epochs.push(epoch) };
  const stop = new AbortController();
  const opening = trainInWorker(job, { ...options, signal: stop.signal });
  stop.abort(new Error("Ctrl-C"));
  assertEquals([(await assertRejects(() => opening, Error)).message, epochs], ["Ctrl-C", []]);

  const kill = new AbortController();
  await assertRejects(
    () => trainInWorker(job, { ...options, signal: kill.signal, onEpoch: ({ epoch }) => epoch === 2 && kill.abort() }),
  );
  const again = new AbortController();
  const told = trainInWorker(job, {
    ...options,
    signal: again.signal,
    onResume: () => again.abort(new Error("Ctrl-C once more")),
  });
  assertEquals([(await assertRejects(() => told, Error)).message, epochs], ["Ctrl-C once more", []]);
});
