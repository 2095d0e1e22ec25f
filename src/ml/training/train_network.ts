import { DomainError, seededRandom } from "../../core/mod.ts";
import type { TrainModule } from "../kernels/train_module.ts";
import { AdamW } from "./adam_w.ts";
import type { GradientEngine, LossScale, LossSums } from "./gradient_engine.ts";
import { learningRateAt, PLATEAU_EPOCHS } from "./learning_rate.ts";
import type {
  EpochReport,
  JointLoss,
  StepPoint,
  TrainingJob,
  TrainingOutcome,
  TrainingRows,
  TrainingState,
} from "./protocol.ts";
import { type ShardGroup, shardOf } from "./shard_group.ts";

/** What training tells while it runs. */
export interface TrainingListener {
  step(epoch: number, done: number, total: number): void;
  /** After the start and after each epoch; `state` makes a copy of all that the rest depends on. */
  epoch(report: EpochReport, state: () => TrainingState): void;
}

/** What {@linkcode trainNetwork} works with. */
export interface TrainingParts {
  readonly module: TrainModule;
  readonly engine: GradientEngine;
  readonly group: ShardGroup;
  readonly listener: TrainingListener;
  /** Where an earlier training of the same job stood. */
  readonly resume?: TrainingState;
}

const FEWEST_STEPS = 64;
const FEWEST_BATCH_ROWS = 256;
const POINTS_PER_EPOCH = 10;
/** A validation loss of so many times the start's is no overfitting; it could grow for ever without becoming infinite. */
const EXPLODED_TIMES = 1000;

/**
 * The training loop of every network: AdamW on shuffled batches, the validation loss after each epoch, the weights of
 * the best epoch given back (the start's, where no epoch was better). Equal jobs give equal bytes, on one Worker or two,
 * in one go or resumed.
 *
 * @throws {DomainError} `check-failed` where the loss diverges: it is no number, or 1000 times the start's, `input-invalid` where rows are fewer than a step takes.
 * @throws {WorkStopped} a step later than the group was stopped.
 */
export function trainNetwork(job: TrainingJob, parts: TrainingParts): TrainingOutcome {
  const { module, engine, group, listener, resume } = parts;
  const { rows, options } = job;
  requireRows(rows);
  const optimizer = new AdamW(module, engine.decays, options);
  const weights = () => optimizer.weights.values.subarray(0, engine.start.length);
  const stride = Math.max(1, Math.min(options.rowStride, Math.floor(rows.trainRows / FEWEST_BATCH_ROWS)));
  const batchSize = batchRows(Math.floor(rows.trainRows / stride), options.batchSize);
  const validationRows = strided(rows.trainRows, rows.trainRows + rows.validationRows, stride, 0);
  const validate = () => meanLosses(job, weights(), validationRows, engine, group);
  const epochOrder = shuffledEpochs(options.seed, rows.trainRows, stride);

  optimizer.weights.values.set(resume?.weights ?? engine.start);
  if (resume !== undefined) optimizer.restore(resume.optimizer);
  let epoch = 0, steps = resume?.steps ?? 0, bestEpoch = resume?.bestEpoch ?? 0;
  let sinceBest = resume?.sinceBest ?? 0, plateaus = resume?.plateaus ?? 0, learningRate = options.learningRate;
  let best = resume?.best ?? validate(), bestWeights = resume?.bestWeights ?? engine.start;
  const startLoss = resume?.startLoss ?? best.total;
  const state = (): TrainingState => ({
    ...{ epoch, steps, bestEpoch, best, sinceBest, plateaus, startLoss, bestWeights },
    weights: weights().slice(),
    optimizer: optimizer.state(),
  });
  if (resume === undefined) {
    requireFinite(job, best.total, "at its start", options.learningRate);
    listener.epoch({ epoch, steps, trainLoss: NaN, validation: best, learningRate, isBest: true, points: [] }, state);
  }
  for (; epoch < (resume?.epoch ?? 0); epoch++) epochOrder(epoch + 1); // so that the next shuffle is the same
  while (epoch < options.epochs && sinceBest < options.patience) {
    epoch++;
    const order = epochOrder(epoch);
    // The last, shorter batch is dropped: its gradient would weigh as much as a full one's.
    const batches = Math.max(1, Math.floor(order.length / batchSize)), totalSteps = batches * options.epochs;
    const points = new PointCollector(batches);
    let lossSum = 0;
    for (let batch = 0; batch < batches; batch++) {
      const picked = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      const loss = batchGradient(job, optimizer, picked, engine, group);
      requireFinite(job, loss, `in step ${steps + 1}`, learningRate);
      learningRate = learningRateAt(options.learningRate, options.schedule ?? {}, { steps, totalSteps, plateaus });
      const gradientNorm = optimizer.apply(learningRate);
      lossSum += loss;
      points.add(++steps, loss, gradientNorm);
      listener.step(epoch, batch + 1, batches);
    }
    const validation = validate();
    requireFinite(job, validation.total, `after epoch ${epoch}`, learningRate);
    requireBounded(job, validation.total, { startLoss, when: `after epoch ${epoch}`, learningRate });
    const isBest = options.keep === "last" || validation.total < best.total;
    if (isBest) [best, bestEpoch, sinceBest, bestWeights] = [validation, epoch, 0, weights().slice()];
    else if (++sinceBest % PLATEAU_EPOCHS === 0) plateaus++;
    const report = { epoch, steps, trainLoss: lossSum / batches, validation, learningRate, isBest };
    listener.epoch({ ...report, points: points.all }, state);
  }
  return { tensors: engine.tensors(bestWeights), bestEpoch, epochs: epoch, steps };
}

function requireRows({ trainRows, validationRows }: TrainingRows): void {
  if (trainRows >= FEWEST_BATCH_ROWS && validationRows > 0) return;
  throw new DomainError(
    "input-invalid",
    `Cannot train on ${trainRows} rows with ${validationRows} to validate: a step takes ${FEWEST_BATCH_ROWS}`,
    { hint: "Take a longer range" },
  );
}

function requireFinite(job: TrainingJob, loss: number, when: string, learningRate: number): void {
  if (!Number.isFinite(loss)) throw diverged(job, `${when}: the loss is ${loss} at learning rate ${learningRate}`);
}

function requireBounded(
  job: TrainingJob,
  loss: number,
  { startLoss, when, learningRate }: {
    readonly startLoss: number;
    readonly when: string;
    readonly learningRate: number;
  },
): void {
  if (!(startLoss > 0 && loss > EXPLODED_TIMES * startLoss)) return;
  const seen = `${loss.toPrecision(3)}, more than ${EXPLODED_TIMES} times the start's ${startLoss.toPrecision(3)}`;
  throw diverged(job, `${when}: the validation loss is ${seen}, at learning rate ${learningRate}`);
}

function diverged({ network }: TrainingJob, how: string): DomainError {
  const section = network.sequence === undefined ? "mlp" : "sequence";
  return new DomainError("check-failed", `Training diverged ${how}`, {
    hint: `Lower ${section}.learningRate, or bound the gradient with ${section}.clipNorm`,
  });
}

/** Writes the gradient of the batch's joint loss to the optimizer; returns the loss. */
function batchGradient(
  { rows, options: { lossWeights } }: TrainingJob,
  optimizer: AdamW,
  picked: Int32Array,
  engine: GradientEngine,
  group: ShardGroup,
): number {
  let moved = 0;
  for (let i = 0; i < picked.length; i++) if (rows.returnBps[picked[i]!] !== 0) moved++;
  const scale: LossScale = {
    direction: lossWeights.direction / Math.max(1, moved),
    volatility: lossWeights.volatility / picked.length,
    quantiles: lossWeights.quantiles / picked.length,
  };
  const weights = optimizer.weights.values.subarray(0, engine.start.length);
  const [first, second] = group.exchange((shard, slot) => {
    const sums = engine.gradient(weights, shardOf(picked, shard), scale, slot.gradient);
    slot.sums[0] = scale.direction * sums.direction + scale.volatility * sums.volatility +
      scale.quantiles * sums.quantiles;
  });
  const total = optimizer.gradient.values, a = first!.gradient, b = second!.gradient;
  for (let i = 0; i < weights.length; i++) total[i] = a[i]! + b[i]!;
  return first!.sums[0]! + second!.sums[0]!;
}

/** Mean losses over rows, batch by batch, each Worker its half. */
function meanLosses(
  { options: { lossWeights, batchSize } }: TrainingJob,
  weights: Float32Array,
  rows: Int32Array,
  engine: GradientEngine,
  group: ShardGroup,
): JointLoss {
  const [first, second] = group.exchange((shard, slot) => {
    const sums: LossSums = { direction: 0, volatility: 0, quantiles: 0, moved: 0 };
    const mine = shardOf(rows, shard);
    for (let start = 0; start < mine.length; start += batchSize) {
      group.throwIfStopped();
      const part = engine.losses(weights, mine.subarray(start, start + batchSize));
      for (const key of ["direction", "volatility", "quantiles", "moved"] as const) sums[key] += part[key];
    }
    slot.sums.set([sums.direction, sums.volatility, sums.quantiles, sums.moved]);
  });
  const sum = (i: number) => first!.sums[i]! + second!.sums[i]!;
  const direction = sum(0) / Math.max(1, sum(3));
  const volatility = sum(1) / rows.length, quantiles = sum(2) / rows.length;
  const total = lossWeights.direction * direction + lossWeights.volatility * volatility +
    lossWeights.quantiles * quantiles;
  return { total, direction, volatility, quantiles };
}

/** Means of an epoch's losses at about ten points. */
class PointCollector {
  readonly all: StepPoint[] = [];
  readonly #every: number;
  #lossSum = 0;
  #count = 0;

  constructor(batches: number) {
    this.#every = Math.ceil(batches / POINTS_PER_EPOCH);
  }

  add(steps: number, loss: number, gradientNorm: number): void {
    this.#lossSum += loss;
    if (++this.#count < this.#every) return;
    this.all.push({ steps, trainLoss: this.#lossSum / this.#count, gradientNorm });
    this.#lossSum = this.#count = 0;
  }
}

/** Rows of a step: few enough for 64 steps an epoch, so that little data is not learnt in a handful of steps. */
function batchRows(epochRows: number, most: number): number {
  const wanted = Math.floor(epochRows / FEWEST_STEPS);
  return Math.min(most, Math.max(FEWEST_BATCH_ROWS, wanted));
}

/** Row numbers of an epoch in a new order; call it once for each, in turn. */
function shuffledEpochs(seed: number, trainRows: number, stride: number): (epoch: number) => Int32Array {
  const random = seededRandom(seed);
  return (epoch) => {
    const order = strided(0, trainRows, stride, epoch % stride);
    for (let i = order.length - 1; i > 0; i--) { // Fisher–Yates
      const j = random.integer(i + 1), kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  };
}

/** Every `stride`-th number of `[start, end)` from `start + phase` on. */
function strided(start: number, end: number, stride: number, phase: number): Int32Array {
  const numbers = new Int32Array(Math.max(0, Math.ceil((end - start - phase) / stride)));
  for (let i = 0; i < numbers.length; i++) numbers[i] = start + phase + i * stride;
  return numbers;
}
