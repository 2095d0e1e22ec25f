import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { TrainModule } from "../../../src/ml/kernels/train_module.ts";
import { AdamW } from "../../../src/ml/training/adam_w.ts";
import type { GradientEngine, LossScale, LossSums } from "../../../src/ml/training/gradient_engine.ts";
import { learningRateAt } from "../../../src/ml/training/learning_rate.ts";
import type { EpochReport, TrainingJob, TrainingOptions, TrainingState } from "../../../src/ml/training/protocol.ts";
import { ShardGroup, shareShards } from "../../../src/ml/training/shard_group.ts";
import { trainNetwork } from "../../../src/ml/training/train_network.ts";
import { plantedJob } from "./planted_job.ts";

const TRAIN_ROWS = 1024, VALIDATION_ROWS = 100, BATCHES = 4, MOVED = 0.75;
const DECAYS = Uint8Array.of(1, 0, 1);

/** Four batches an epoch; every fourth row has not moved. */
function smallJob(training: Partial<TrainingOptions>): TrainingJob {
  const job = plantedJob({ trainRows: TRAIN_ROWS, validationRows: VALIDATION_ROWS, training });
  job.rows.returnBps.forEach((_, row) => job.rows.returnBps[row] = row % 4 === 0 ? 0 : 1);
  return job;
}

interface Script {
  /** Mean QLIKE of the validation rows at the start and after each epoch; the last one from then on. */
  readonly volatility: readonly number[];
  readonly training?: Partial<TrainingOptions>;
  readonly resume?: TrainingState;
}

/** Runs the loop with an engine of three weights whose gradients and validation losses are written down beforehand. */
function runScript({ volatility, training = {}, resume }: Script) {
  const job = smallJob({ lossWeights: { direction: 0, volatility: 1, quantiles: 0 }, ...training });
  const reports: EpochReport[] = [], weightsAt: Float32Array[] = [], scales: LossScale[] = [];
  const validated: number[] = [];
  let shards = 0, validations = 0;
  const engine: GradientEngine = {
    start: Float32Array.of(1, -2, 3),
    decays: DECAYS,
    gradient(_weights, rows, scale, gradient): LossSums {
      scales.push(scale);
      gradient.set(gradientOf(shards++));
      return { direction: 0, volatility: rows.length, quantiles: 0, moved: rows.length * MOVED };
    },
    losses(weights, rows) {
      validated.push(...rows);
      const epoch = Math.floor(validations++ / 2), mean = volatility[Math.min(epoch, volatility.length - 1)]!;
      weightsAt[epoch] = weights.slice();
      const moved = rows.length * MOVED;
      return { direction: 0.6 * moved, volatility: mean * rows.length, quantiles: 0.2 * rows.length, moved };
    },
    tensors: (weights) => [weights],
  };
  const outcome = trainNetwork(job, {
    module: new TrainModule(),
    engine,
    group: new ShardGroup(shareShards(DECAYS.length, 1), 0),
    ...(resume === undefined ? {} : { resume }),
    listener: { step() {}, epoch: (report) => reports.push(report) },
  });
  return { outcome, reports, weightsAt, scales, validated };
}

/** Long at first, short later: clipping then changes more than the scale, which Adam does not see. */
function gradientOf(shard: number): Float32Array {
  const length = shard < 4 ? 100 : 0.1;
  return Float32Array.of(length, -length / 2, length * ((shard % 3) - 1));
}

const QUIET = { permissions: "none" } as const;
const CONSTANT = { kind: "constant", warmUpSteps: 0 } as const;

Deno.test("trainNetwork() gives back the weights of the best epoch, not the last", QUIET, () => {
  const { outcome, weightsAt } = runScript({ volatility: [1, 0.5, 0.8, 0.9], training: { epochs: 3 } });
  assertEquals([outcome.bestEpoch, outcome.epochs, outcome.steps], [1, 3, 3 * BATCHES]);
  assertEquals(outcome.tensors, [weightsAt[1]!]);
  assertEquals(weightsAt[1]![0] === weightsAt[3]![0], false);
});

Deno.test("trainNetwork() validates on each validation row once, and on no other", QUIET, () => {
  const { validated } = runScript({ volatility: [1], training: { epochs: 1 } });
  const rows = Array.from({ length: VALIDATION_ROWS }, (_, i) => TRAIN_ROWS + i);
  assertEquals(validated, [...rows, ...rows]);
});

Deno.test("trainNetwork() stops patience epochs after the best; a tie is not better", QUIET, () => {
  const at = (volatility: readonly number[], patience: number) => {
    const { outcome: { bestEpoch, epochs } } = runScript({ volatility, training: { epochs: 20, patience } });
    return [bestEpoch, epochs];
  };
  assertEquals(at([1, 0.9, 0.8, 0.85], 3), [2, 5]);
  assertEquals(at([1, 0.9, 0.8, 0.85], 1), [2, 3]);
  assertEquals(at([1, 1, 1], 2), [0, 2]);
  assertEquals(at([1, 0.9, 0.9, 0.9, 0.8], 4), [4, 8]);
});

Deno.test("trainNetwork() halves the rate after every second epoch without a better loss", QUIET, () => {
  const training = { epochs: 8, patience: 8, learningRate: 1, schedule: { kind: "plateau", warmUpSteps: 0 } } as const;
  const { reports } = runScript({ volatility: [1, 0.9, 1, 0.8, 1, 1, 1, 1, 1], training });
  assertEquals(reports.map(({ isBest }) => isBest), [true, true, false, true, false, false, false, false, false]);
  assertEquals(reports.slice(1).map(({ learningRate }) => learningRate), [1, 1, 1, 1, 1, 0.5, 0.5, 0.25]);
});

Deno.test("trainNetwork() lets a cosine fall over all epochs, whatever the patience", QUIET, () => {
  const schedule = { kind: "cosine", warmUpSteps: 0 } as const;
  const { reports } = runScript({
    volatility: [1],
    training: { epochs: 10, patience: 3, learningRate: 0.5, schedule },
  });
  assertEquals(reports.length, 4);
  reports.slice(1).forEach(({ learningRate, epoch }) => {
    const steps = epoch * BATCHES - 1;
    assertAlmostEquals(learningRate, 0.25 * (1 + Math.cos(Math.PI * steps / (10 * BATCHES))), 1e-12);
  });
});

Deno.test("trainNetwork() refuses a validation loss that is no number, and says after which epoch", QUIET, () => {
  const run = () => runScript({ volatility: [1, 0.9, NaN], training: { epochs: 5 } });
  const error = assertThrows(run, DomainError, "Training diverged after epoch 2: the loss is NaN");
  assertEquals(error.code, "check-failed");
});

Deno.test("trainNetwork() stops where the validation loss is more than 1000 times the start's", QUIET, () => {
  const run = (loss: number) => () => runScript({ volatility: [2, 1, loss], training: { epochs: 3 } });
  assertEquals(run(1999)().outcome.bestEpoch, 1);
  assertThrows(
    run(2001),
    DomainError,
    "after epoch 2: the validation loss is 2.00e+3, more than 1000 times the start's 2.00",
  );
});

Deno.test(
  "trainNetwork() measures an explosion by the start's loss after a resume too, not by the best one",
  QUIET,
  () => {
    const resume: TrainingState = {
      ...{ epoch: 1, steps: BATCHES, bestEpoch: 1, sinceBest: 0, plateaus: 0, startLoss: 2 },
      best: { total: 0.001, direction: 0.6, volatility: 0.001, quantiles: 0.2 },
      ...{ weights: new Float32Array(3), bestWeights: Float32Array.of(7, 7, 7) },
      optimizer: { step: BATCHES, means: new Float32Array(4), squares: new Float32Array(4) },
    };
    const run = (loss: number) => () => runScript({ volatility: [loss], training: { epochs: 2 }, resume });
    assertEquals(run(1999)().outcome.tensors, [resume.bestWeights]);
    assertThrows(run(2001), DomainError, "more than 1000 times the start's 2.00");
  },
);

Deno.test("trainNetwork() hands the decay and the clipping of its options to AdamW", QUIET, () => {
  for (const options of [{}, { weightDecay: 0.5 }, { clipNorm: 0.3 }, { weightDecay: 0.5, clipNorm: 0.3 }]) {
    const training = { ...options, epochs: 2, learningRate: 0.01, schedule: CONSTANT };
    const { outcome, weightsAt } = runScript({ volatility: [3, 2, 1], training });
    const expected = new AdamW(new TrainModule(), DECAYS, options);
    expected.weights.values.set([1, -2, 3]);
    for (let step = 0; step < 2 * BATCHES; step++) {
      const [a, b] = [gradientOf(2 * step), gradientOf(2 * step + 1)];
      expected.gradient.values.set(a.map((value, i) => value + b[i]!));
      expected.apply(learningRateAt(0.01, CONSTANT, { steps: step, totalSteps: 2 * BATCHES, plateaus: 0 }));
    }
    assertEquals(outcome.tensors, [expected.weights.values.slice(0, 3)]);
    assertEquals(weightsAt.length, 3);
  }
});

Deno.test("trainNetwork() takes direction as the mean over rows that moved, the others over all", QUIET, () => {
  const lossWeights = { direction: 3, volatility: 2, quantiles: 5 };
  const { scales, reports } = runScript({ volatility: [1], training: { epochs: 20, patience: 20, lossWeights } });
  let moved = 0;
  for (const { direction, volatility, quantiles } of scales) {
    assertEquals([volatility, quantiles], [2 / 256, 5 / 256]);
    moved += 3 / direction / scales.length; // of the whole batch: each of its two shards is told
  }
  assertAlmostEquals(moved, 256 * MOVED, 1e-6);
  const { total, ...means } = reports[0]!.validation;
  for (const [key, mean] of Object.entries({ direction: 0.6, volatility: 1, quantiles: 0.2 })) {
    assertAlmostEquals(means[key as keyof typeof means], mean, 1e-12);
  }
  assertAlmostEquals(total, 3 * 0.6 + 2 * 1 + 5 * 0.2, 1e-12);
  assertAlmostEquals(reports[1]!.trainLoss, 2, 1e-12); // what the engine told: volatility alone
});
